"""One batch from its body to its outcomes."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batches import drafts, leases
from batches.drafts import Drafts
from batches.models import Batch, BatchRecord
from batches.processing import process_batch
from profiles.models import Address, BlockedValue, IdentityLimit, Profile, ProfileChange
from tests.builders import make_profile, process, process_waiting, raw_record, submit
from tests.profiles.api.test_views import full_record

pytestmark = pytest.mark.django_db
MOST_STATEMENTS = 45
POS = [{"handle": "pos", "identifier": "7"}]
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}
WORK = {"address_line_1": "2 Side St", "city": "Perth", "postcode": "6000", "country": "AU"}


def attribute(value):
    """Return a custom attribute with any JSON for a value."""
    return {"namespace": "a", "handle": "b", "type": "json", "value": value}


def nested(depth):
    """Return a list in a list in a list."""
    value = []
    for _ in range(depth):
        value = [value]
    return value


def full_records(numbers, *, version=0):
    """Return records that use every collection, of the persons with these numbers."""
    record = full_record()
    return [
        {
            **record,
            "email": f"p{number}@example.com",
            "mobile_phone": f"+614{number:08}",
            "company": f"Company {version}",
            "identities": [{"handle": "pos", "identifier": number}],
            "custom_attributes": [{"namespace": "n", "handle": "h", "type": "integer", "value": version}],
        }
        for number in numbers
    ]


def statements_of(records):
    """Process the records as one batch and return how many statements that took, savepoints aside."""
    submit(records)
    with CaptureQueriesContext(connection) as queries:
        batch = leases.claim(worker="test")
        process_batch(batch, Drafts(batch))
    assert batch.rejected_count == 0
    return len([query for query in queries if "SAVEPOINT" not in query["sql"]])


def test_statements_are_the_same_for_any_number_of_records():
    process(full_records(range(250)))

    counts = [
        statements_of(full_records([*range(known), *range(first, first + new)], version=first))
        for known, new, first in ((1, 1, 1_000), (2, 1, 2_000), (250, 250, 3_000))
    ]

    assert len(set(counts)) == 1
    assert counts[0] <= MOST_STATEMENTS


def test_rules_about_keys_cost_no_statement_and_count_from_the_next_batch_on():
    plain = statements_of([raw_record(mobile_phone="+61404000999", identities=POS)])
    BlockedValue.objects.create(kind="mobile", exact="+61 404 000 999")
    BlockedValue.objects.create(kind="identity", handle="shop", exact="7")
    BlockedValue.objects.create(kind="email", pattern="*@example.com", is_active=False)
    IdentityLimit.objects.create(handle="pos", most=5)

    blocked = statements_of([raw_record(mobile_phone="+61404000999", identities=[{**POS[0], "identifier": "8"}])])

    assert blocked == plain
    record = BatchRecord.objects.latest("id")
    assert [(one["code"], one["pointer"]) for one in record.warnings] == [("blocked_value", "/mobile_phone")]
    assert list(Profile.objects.filter(mobile_phone="+61404000999").values_list("version", flat=True)) == [1]


def test_limit_of_identities_rejects_what_would_be_too_many():
    IdentityLimit.objects.create(handle="pos", most=1)
    email = {"email": "a@example.com"}

    batch = process([{**email, "identities": POS}, {**email, "identities": [{**POS[0], "identifier": "8"}]}])

    assert (batch.created_count, batch.rejected_count) == (1, 1)
    (error,) = BatchRecord.objects.get(batch=batch, position=1).errors
    assert (error["code"], error["pointer"]) == ("too_many", "/identities/0")


def test_placeholders_make_nobody_of_two_strangers():
    zeros = {"mobile_phone": "000-000-0000", "identities": [{"handle": "pos", "identifier": "0000000"}]}

    batch = process([raw_record(**zeros), raw_record(**zeros), {"email": "noemail@example.com", **zeros}])

    assert (batch.created_count, batch.rejected_count) == (2, 1)
    refused = BatchRecord.objects.get(batch=batch, position=2)
    assert (refused.error_code, len(refused.warnings)) == ("no_match_value", 3)
    assert set(Profile.objects.values_list("mobile_phone", flat=True)) == {None}


def test_collection_nobody_sent_costs_no_statement():
    process([raw_record(email="a@example.com")])
    submit([{"email": "a@example.com", "company": "Acme"}])

    with CaptureQueriesContext(connection) as queries:
        batch = leases.claim(worker="test")
        process_batch(batch, Drafts(batch))

    told = " ".join(query["sql"] for query in queries)
    for table in ("address", "customattribute", "importantdate", "profilestatus", "profileregion", "profiletag"):
        assert f"profiles_{table}" not in told


def test_resent_batch_writes_nothing():
    records = [{**record, "statuses": ["gold"]} for record in full_records(range(3))]
    process(records)
    before = set(Profile.objects.values_list("id", "updated_at", "version"))
    ledger = ProfileChange.objects.count()

    batch = process(records)

    assert (batch.unchanged_count, batch.total_count) == (3, 3)
    assert set(Profile.objects.values_list("id", "updated_at", "version")) == before
    assert ProfileChange.objects.count() == ledger


def test_emails_and_mobiles_may_change_hands_within_a_batch():
    one = {
        "identities": [{"handle": "pos", "identifier": 1}],
        "email": "a@example.com",
        "mobile_phone": "+61404000001",
    }
    two = {
        "identities": [{"handle": "pos", "identifier": 2}],
        "email": "b@example.com",
        "mobile_phone": "+61404000002",
    }
    process([one, two], "pos")

    batch = process(
        [
            {**one, "email": "c@example.com", "mobile_phone": None},
            {**two, "email": "a@example.com", "mobile_phone": "+61404000001"},
            {**one, "email": "b@example.com", "mobile_phone": "+61404000002"},
        ],
        "pos",
    )

    assert batch.updated_count == 3
    held = Profile.objects.order_by("email").values_list("identities__identifier", "email", "mobile_phone")
    assert list(held) == [("2", "a@example.com", "+61404000001"), ("1", "b@example.com", "+61404000002")]


def test_bad_record_never_touches_its_neighbours():
    batch = process([raw_record(), {"email": "x", "tags": 5, "birth_day": 1}, raw_record()])

    assert (batch.created_count, batch.rejected_count) == (2, 1)
    errors = BatchRecord.objects.get(outcome="rejected").errors
    assert sorted(error["pointer"] for error in errors) == ["/birth_month", "/email", "/tags"]


def test_criterion_nobody_has_is_told_of_the_batch():
    batch = process([{"company": "x", "identities": [{"handle": "other", "identifier": 1}]}], "typo")

    assert [warning["code"] for warning in batch.warnings] == ["unused_handle"]
    assert Batch.objects.get().rejected_count == 1


@pytest.mark.parametrize(
    ("criteria", "message"),
    [
        ("till", "No profile has an identity with the handle till."),
        ("Email", "No profile has an identity with the handle Email; did you mean email?"),
        ("till,email", "No profile has an identity with the handle till."),
        (
            ["a,b", "till", "emial"],
            "No profile has an identity with the handle a,b or till or emial; did you mean email?",
        ),
    ],
)
def test_handle_nobody_has_is_told(criteria, message):
    batch = process([{"email": "a@example.com"}], criteria=criteria)

    assert [warning["message"] for warning in batch.warnings] == [message]


def test_handles_somebody_has_are_not_told():
    batch = process([raw_record(identities=[{"handle": "a,b", "identifier": 1}])], criteria=["email", "a,b"])

    assert batch.warnings == []


# --- Records that cannot be read ---------------------------------------------------------------------------------


def test_record_that_cannot_be_read_is_the_only_one_rejected(monkeypatch, caplog):
    real = drafts.parse_record

    def parse(raw, **options):
        return real(raw, **options) if raw["email"] != "secret@example.com" else 1 / 0

    monkeypatch.setattr(drafts, "parse_record", parse)

    batch = process([raw_record(), raw_record(email="secret@example.com", reference="r"), raw_record()])

    assert (batch.state, batch.created_count, batch.rejected_count, batch.attempt) == ("done", 2, 1, 1)
    record = BatchRecord.objects.get(outcome="rejected")
    assert (record.position, record.error_code, len(record.errors)) == (1, "internal", 1)
    (told,) = [entry.msg for entry in caplog.records if entry.name == "batches.drafts"]
    assert (told["event"], told["error"], told["position"]) == ("record_unreadable", "builtins.ZeroDivisionError", 1)
    assert "secret@" not in str(told)


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_halving_finds_the_record_before_it_is_read(monkeypatch, size):
    class Killed(BaseException):
        """What ends a process."""

    real = drafts.parse_record

    def parse(raw, **options):
        if raw.get("company") == "poison":
            raise Killed
        return real(raw, **options)

    monkeypatch.setattr(drafts, "parse_record", parse)
    records = [raw_record() for _ in range(size)]
    records[size // 2]["company"] = "poison"
    batch = submit(records)

    kills = 0
    while Batch.objects.filter(id=batch.id).exclude(state="done").exists():
        Batch.objects.filter(state="running").update(lease_until=timezone.now() - dt.timedelta(seconds=1))
        claimed = leases.claim(worker="test")
        try:
            process_batch(claimed, Drafts(claimed))
        except Killed:
            kills += 1
        assert kills < 20

    batch.refresh_from_db()
    assert (batch.created_count, batch.rejected_count) == (size - 1, 1)
    record = BatchRecord.objects.get(outcome="rejected")
    assert (record.position, record.error_code) == (size // 2, "internal")
    assert kills == {1: 4, 2: 4, 5: 7, 8: 6}[size]


@pytest.mark.parametrize(
    ("record", "errors"),
    [
        ({"email": "a@example.com", "custom_attributes": [attribute(2**63)]}, ["/custom_attributes/0/value"]),
        ({"email": "a@example.com", "custom_attributes": [attribute(nested(700))]}, ["/custom_attributes"]),
        ({"email": "a@example.com", "addresses": [{"meta": nested(700)}]}, ["/addresses"]),
        ({"email": "a@example.com", "organisations": [{"id": 2**64}]}, ["/organisations/0/id"]),
        ({"email": 2**64, "company": "x"}, ["/email"]),
        ({"email": "a@example.com", "identities": [{"handle": "pos", "identifier": 2**64}]},
         ["/identities/0/identifier"]),
        ({"email": "a@example.com", "tags": [2**64, "a"]}, ["/tags/0"]),
        ({"email": "a@example.com", "birth_day": 2**64, "birth_month": 1}, ["/birth_day"]),
        ({"email": "a@example.com", "company": "x" * 300_000}, [""]),
        ({"email": "a@example.com", "custom_attributes": [attribute(dict.fromkeys(map(str, range(1_001))))]},
         ["/custom_attributes/0/value"]),
        ({"email": "a@example.com", **{f"k{n}": 0 for n in range(1_001)}}, [""]),
        ({"email": "a@example.com", "company": "a" + "\u0327\u0301" * 100}, ["/company"]),
    ],
)  # fmt: skip
def test_flaw_is_told_once_and_meets_nobody(record, errors):
    process([{"identities": [{"handle": "pos", "identifier": "0"}], "email": "zero@example.com"}])

    batch = process([record, raw_record()])

    assert (batch.created_count, batch.rejected_count) == (1, 1)
    rejected = BatchRecord.objects.get(outcome="rejected")
    assert [error["pointer"] for error in rejected.errors] == errors
    assert rejected.considered == []


def test_each_record_tells_the_version_its_profile_had_after_it():
    records = [
        {"email": "ann@example.com", "company": "Acme"},
        {"email": "bob@example.com"},
        {"email": "ann@example.com", "company": "Other"},
        {"email": "bob@example.com"},
        {"email": "nobody"},
        {"email": "ann@example.com", "company": "Other"},
    ]

    batch = process(records)

    rows = batch.records.order_by("position").values_list("outcome", "profile_version")
    assert list(rows) == [
        ("created", 1),
        ("created", 1),
        ("updated", 2),
        ("unchanged", 1),
        ("rejected", None),
        ("unchanged", 2),
    ]


def test_attempt_made_again_gives_the_same_ids(monkeypatch):
    records = [{"email": f"p{number}@example.com", "addresses": [HOME, WORK]} for number in range(3)]
    submit(records)
    tried = ids_of_an_attempt_taken_back(monkeypatch)
    assert Profile.objects.count() == 0
    batch = Batch.objects.get()
    process_batch(batch, Drafts(batch))

    assert stored_ids() == tried
    profiles, addresses = stored_ids()
    assert (len(profiles), len(addresses)) == (3, 6)
    assert sorted(profiles) == profiles
    assert {profile_id.int >> 80 for profile_id in profiles} == {int(batch.received_at.timestamp() * 1_000)}


def ids_of_an_attempt_taken_back(monkeypatch):
    """Have the waiting batch processed up to its last step, which fails, and return the ids it had given."""
    tried = []

    def fail(batch, **progress):
        tried.append(stored_ids())
        raise DatabaseError

    with monkeypatch.context() as patched:
        patched.setattr(leases, "finish", fail)
        with pytest.raises(DatabaseError):
            process_waiting()
    return tried[0]


def stored_ids():
    """Return the ids of the profiles in the order of their emails, and the keys of the addresses by line."""
    profiles = Profile.objects.order_by("email").values_list("id", flat=True)
    addresses = Address.objects.order_by("profile__email", "address_line_1").values_list("key", flat=True)
    return list(profiles), list(addresses)


def test_address_keeps_its_key_where_the_record_meets_another_state(monkeypatch):
    submit([{"email": "ann@example.com", "addresses": [HOME, WORK]}])
    _, [_, work] = ids_of_an_attempt_taken_back(monkeypatch)
    make_profile(email="ann@example.com", addresses=[HOME])
    batch = Batch.objects.get()

    process_batch(batch, Drafts(batch))

    assert Address.objects.get(address_line_1=WORK["address_line_1"]).key == work


def test_record_with_more_addresses_than_ids_have_room_for_is_rejected():
    batch = process([{"email": "ann@example.com", "addresses": [{**HOME, "external_id": f"{n}"} for n in range(100)]}])

    [record] = batch.records.all()
    assert (record.outcome, record.error_code) == ("rejected", "too_many")
