"""A plan becomes rows and ledger: in sets, only what changed, and not at all where somebody else was faster."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from profiles import keys
from profiles.db.ids import new_id
from profiles.directory import load_snapshots
from profiles.models import DuplicateCandidate, Profile, ProfileChange, Tag
from profiles.values import (
    Cause,
    CauseKind,
    Change,
    ChangeAction,
    DuplicatePair,
    ErrorCode,
    Plan,
    ProfileResult,
)
from profiles.writing import StaleWriteError, write_plan
from tests.builders import make_profile

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
CAUSE = Cause(CauseKind.COMMAND, actor_label="test")
COLLECTIONS = ("identities", "tags", "addresses")


def changed(profile, collections=None, **fields):
    """Return the profile with other fields and collections, as a plan has it."""
    snapshot = load_snapshots([profile.id], collections=COLLECTIONS)[profile.id]
    return ProfileResult(
        id=snapshot.id,
        version=snapshot.version + 1,
        fields={**snapshot.fields, **fields},
        collections={**snapshot.collections, **(collections or {})},
        email_key=keys.email_key(fields["email"]) if "email" in fields else snapshot.email_key,
        before=snapshot,
        effective_times=snapshot.effective_times,
    )


def added(email):
    fields = {"first_name": "Ada", "last_name": "Lovelace", "profile_type": "active", "email": email}
    return ProfileResult(
        id=new_id(), version=1, fields=fields, collections={}, email_key=keys.email_key(email), before=None
    )


def ledger(result):
    return Change(result.id, result.version, ChangeAction.UPDATED, {"/company": {"from": None, "to": "Acme"}}, CAUSE)


def write(*results, changes=(), duplicates=()):
    write_plan(Plan(outcomes=[], results=results, changes=changes, duplicates=duplicates), now=NOW)


def test_new_profile_is_written_with_what_is_derived_from_it():
    result = added("Ada@Example.COM")

    write(result)

    profile = Profile.objects.get(id=result.id)
    assert (profile.email, profile.email_key) == ("Ada@Example.COM", "ada@example.com")
    assert (profile.search_name, profile.search_last) == ("adalovelace", "lovelace")
    assert (profile.version, profile.created_at, profile.updated_at) == (1, NOW, NOW)


def test_change_is_written_with_its_row_of_the_ledger():
    profile = make_profile(company="Before", occupation="Clerk")
    result = changed(profile, company="Acme")

    write(result, changes=[ledger(result)])

    profile.refresh_from_db()
    assert (profile.company, profile.occupation, profile.version, profile.updated_at) == ("Acme", "Clerk", 2, NOW)
    row = ProfileChange.objects.get(profile=profile, version=2)
    assert (row.changes, row.at, row.cause_kind, row.actor_label, row.times) == (
        {"/company": {"from": None, "to": "Acme"}},
        NOW,
        "command",
        "test",
        None,
    )


def test_profile_changed_meanwhile_is_not_overwritten():
    profile = make_profile(company="Before")
    result = changed(profile, company="Mine")
    Profile.objects.filter(id=profile.id).update(company="Theirs", version=2)

    with pytest.raises(StaleWriteError), transaction.atomic():
        write(result, changes=[])

    profile.refresh_from_db()
    assert profile.company == "Theirs"


def test_key_taken_meanwhile_is_an_integrity_error():
    make_profile(email="ada@example.com")

    with pytest.raises(IntegrityError), transaction.atomic():
        write(added("ADA@example.com"))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_emails_change_hands_in_any_order(order):
    people = [make_profile(email="a@example.com"), make_profile(email="b@example.com")]
    results = [changed(people[0], email="b@example.com"), changed(people[1], email="a@example.com")]

    write(*(results[number] for number in order))

    assert [Profile.objects.get(id=one.id).email_key for one in people] == ["b@example.com", "a@example.com"]


def test_flag_goes_from_row_to_row_at_once():
    profile = make_profile(
        addresses=[
            {"external_id": name, "address_line_1": name, "city": "Sydney", "postcode": "2000", "country": "AU"}
            for name in ("home", "work")
        ]
    )
    result = changed(profile)
    rows = {key: {**row, "is_default": not row["is_default"]} for key, row in result.collections["addresses"].items()}

    write(changed(profile, {"addresses": rows}))

    assert profile.addresses.get(is_default=True).external_id == "work"


def test_only_rows_that_changed_are_written():
    profile = make_profile(identities=[{"handle": "pos", "identifier": str(number)} for number in range(3)])
    before = changed(profile).collections["identities"]
    after = dict(before)
    del after["pos", "0"]
    after["pos", "1"] = {**before["pos", "1"], "is_active": False}
    after["shop", "9"] = {"is_primary": False, "is_active": True, "merged_from": None}
    ids = dict(profile.identities.values_list("identifier", "id"))

    write(changed(profile, {"identities": after}))

    stored = {one.identifier: one for one in profile.identities.all()}
    assert stored.keys() == {"1", "2", "9"}
    assert (stored["1"].id, stored["1"].is_active, stored["1"].updated_at) == (ids["1"], False, NOW)
    assert (stored["2"].id, stored["2"].updated_at == NOW) == (ids["2"], False)


def test_effective_times_alone_make_no_version():
    profile = make_profile()
    snapshot = load_snapshots([profile.id], collections=())[profile.id]
    times = {"comms/email_promo": "2026-01-01T00:00:00Z"}

    write(ProfileResult(profile.id, snapshot.version, snapshot.fields, {}, snapshot.email_key, snapshot, times))

    stored = Profile.objects.get(id=profile.id)
    assert (stored.effective_times, stored.version, stored.updated_at) == (times, 1, profile.updated_at)
    assert stored.changes.count() == 1


def test_tag_is_defined_once():
    people = [make_profile(tags=["vip"]), make_profile()]
    results = [changed(one, {"tags": {("vip",): {}, ("new",): {}}}) for one in people]

    write(*results)

    assert sorted(Tag.objects.values_list("handle", flat=True)) == ["new", "vip"]
    assert Tag.objects.get(handle="new").created_at == NOW


def test_pair_is_noted_once_as_it_was_first_seen():
    low, high = sorted(make_profile().id for _ in range(2))

    write(duplicates=[DuplicatePair(low, high, ErrorCode.AMBIGUOUS, CAUSE)])
    write(duplicates=[DuplicatePair(low, high, ErrorCode.CLAIMED_ELSEWHERE, CAUSE)])

    assert DuplicateCandidate.objects.get().reason == "ambiguous"


def statements(count):
    people = [make_profile(tags=["vip"]) for _ in range(count)]
    results = [changed(one, {"tags": {(f"tag-{one.id}",): {}}}, company="Acme") for one in people]
    with CaptureQueriesContext(connection) as queries:
        write(*results, *(added(f"{number}-of-{count}@example.com") for number in range(count)),
              changes=[ledger(one) for one in results])  # fmt: skip
    return len(queries)


def test_statements_do_not_grow_with_the_profiles():
    assert statements(1) == statements(3) == statements(50)
