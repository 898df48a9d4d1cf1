"""Taking back changes and batches, through the database (rules 10)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from profiles import conducting, directory, undoing
from profiles.directory import load_snapshots
from profiles.directory.ledgers import load_rows
from profiles.keys import email_match_key, identity_match_key, mobile_match_key
from profiles.merging import Merge, merge_profiles
from profiles.models import Profile, ProfileChange
from profiles.shape import COLLECTIONS
from profiles.undoing import RecordSince, Target, take_back, target_of_change, targets_of_batch, targets_of_operation
from profiles.values import Cause, CauseKind
from tests.batches.test_processing import full_records
from tests.builders import make_profile, process
from tests.profiles.api.test_views import full_record

pytestmark = pytest.mark.django_db
STAFF = Cause(CauseKind.ADMIN, actor_id=1, actor_label="staff")


def undo(targets, **options):
    with transaction.atomic():
        return take_back(targets, cause=STAFF, now=timezone.now(), **options)


def undo_change(profile, version, **options):
    return undo([target_of_change(profile.id, version)], **options)[0]


def stored(profile):
    """Return the profile with all its rows and where they come from, but for its version."""
    snapshot = load_snapshots([profile.id], collections=tuple(COLLECTIONS))[profile.id]
    return (
        {name: value for name, value in snapshot.fields.items() if value is not None},
        {name: rows for name, rows in snapshot.collections.items() if rows},
        {name: origins for name, origins in snapshot.origins.items() if origins},
        snapshot.email_key,
        snapshot.effective_times,
        snapshot.source_times,
    )


def test_change_of_a_field_goes_back():
    process([{"email": "ann@example.com", "company": "Acme"}])
    process([{"email": "ann@example.com", "company": "Bakers"}])
    ann = Profile.objects.get(email_key="ann@example.com")

    reversal = undo_change(ann, 2, note="wrong file")

    ann.refresh_from_db()
    assert (ann.company, ann.version) == ("Acme", 3)
    assert reversal.outcome.kind == "updated"
    row = ProfileChange.objects.get(profile=ann, version=3)
    assert (row.action, row.changes, row.reverts, row.note, row.actor_label) == (
        "reverted",
        {"/company": {"from": "Bakers", "to": "Acme"}},
        {"versions": [2], "except": [], "kept": {}},
        "wrong file",
        "staff",
    )
    assert row.operation_id == reversal.change.operation_id


def test_created_profile_ends_and_its_keys_are_free():
    record = {"email": "ann@example.com", "identities": [{"handle": "pos", "identifier": "7"}], "tags": ["vip"]}
    batch = process([record])
    ann = Profile.objects.get(email_key="ann@example.com")

    (reversal,) = undo(targets_of_batch(batch.id))

    assert reversal.ends
    assert stored(ann) == (
        {"first_name": "", "last_name": "", "profile_type": "deleted", "ended": "undone"},
        {},
        {},
        None,
        {},
        {},
    )
    again = process([record])
    assert list(again.records.values_list("outcome", flat=True)) == ["created"]


def test_rows_come_back_as_the_rows_they_were():
    record = full_record() | {"email": "ann@example.com"}
    process([record])
    ann = Profile.objects.get(email_key="ann@example.com")
    before, created_at = stored(ann), ann.created_at
    assert sorted(before[1]) == sorted(COLLECTIONS.keys() - {"date_links"})

    undo_change(ann, 1)
    undo_change(ann, 2)

    assert stored(ann) == before
    assert Profile.objects.get(id=ann.id).created_at == created_at


def test_removed_row_comes_back_by_its_id_and_a_later_one_keeps_its_own():
    process([{"email": "ann@example.com", "tags": ["vip"]}])
    ann = Profile.objects.get(email_key="ann@example.com")
    before = stored(ann)
    process([{"email": "ann@example.com", "tags": []}])
    process([{"email": "ann@example.com", "tags": ["new"]}])

    undo_change(ann, 2)

    shown = stored(ann)[2]["tags"]
    assert shown.keys() == {("vip",), ("new",)}
    assert shown["vip",] == before[2]["tags"]["vip",]


def test_row_that_was_first_stored_by_an_undo_keeps_its_id_from_then_on():
    batch = process([{"email": "ann@example.com", "tags": ["a"]}, {"email": "ann@example.com", "tags": ["b"]}])
    ann = Profile.objects.get(email_key="ann@example.com")
    undo(
        targets_of_batch(batch.id, positions=[1])
    )  # the tag is stored for the first time: it lived within a batch only
    before = stored(ann)
    process([{"email": "ann@example.com", "tags": []}])

    undo_change(ann, 4)

    assert before[1]["tags"].keys() == {("a",)}
    assert stored(ann) == before


def test_emails_that_were_swapped_are_swapped_back():
    process([{"email": f"{name}@example.com", "identities": [pos(name)]} for name in ("ann", "bob")])
    batch = process(
        [
            {"identities": [pos("ann")], "email": "free@example.com"},
            {"identities": [pos("bob")], "email": "ann@example.com"},
            {"identities": [pos("ann")], "email": "bob@example.com"},
        ],
        "pos",
    )
    assert batch.updated_count == 3

    reversals = undo(targets_of_batch(batch.id))

    assert [one.outcome.kind for one in reversals] == ["updated", "updated", "updated"]
    emails = Profile.objects.order_by("id").values_list("email", flat=True)
    assert list(emails) == ["ann@example.com", "bob@example.com"]


def test_name_of_an_address_goes_back_to_the_one_that_had_it():
    home = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}
    work = {**home, "address_line_1": "9 Quay St"}
    ann = make_profile(email="ann@example.com", addresses=[home, work])
    process([{"email": "ann@example.com", "addresses": [home | {"external_id": "h"}]}])
    undo_change(ann, 2)
    process([{"email": "ann@example.com", "addresses": [work | {"external_id": "h"}]}])

    undo([Target(ann.id, 4), Target(ann.id, 3)])

    rows = stored(ann)[1]["addresses"].values()
    assert [(row["address_line_1"], row["external_id"]) for row in rows] == [("1 Main St", "h"), ("9 Quay St", None)]


def pos(identifier):
    return {"handle": "pos", "identifier": identifier}


def test_alias_of_a_merged_profile_keeps_its_key():
    ann, anna = make_profile(email="ann@example.com"), make_profile(email="anna@example.com")
    with transaction.atomic():
        merge_profiles(Merge(anna.id, ann.id), cause=STAFF, now=timezone.now())
    process([{"email": "ann@example.com", "company": "Acme"}])

    assert undo_change(ann, 3).outcome.kind == "updated"
    refused = [undo_change(one, version).outcome for one, version in ((ann, 2), (anna, 2))]

    assert [[error.code for error in outcome.errors] for outcome in refused] == [["merged_since"]] * 2
    assert list(ProfileChange.objects.filter(profile=ann).values_list("action", flat=True).order_by("version")) == [
        "created",
        "merged",
        "updated",
        "reverted",
    ]


def test_preview_is_what_the_undo_does_and_writes_nothing():
    process([{"email": "ann@example.com", "company": "Acme"}])
    batch = process([{"email": "ann@example.com", "company": "Bakers"}, {"email": "bob@example.com"}])
    process([{"email": "ann@example.com", "title": "Dr", "company": "Cafe"}])
    targets = targets_of_batch(batch.id)
    before = list(ProfileChange.objects.values()), list(Profile.objects.order_by("id").values())

    shown = undo(targets, write=False)

    assert (list(ProfileChange.objects.values()), list(Profile.objects.order_by("id").values())) == before
    done = undo(targets)
    assert [(one.outcome, one.change.changes, one.kept) for one in shown] == [
        (one.outcome, one.change.changes, one.kept) for one in done
    ]
    assert [(one.ends, [kept.code for kept in one.kept]) for one in done] == [(True, []), (False, ["kept_newer"])]


def test_batch_is_taken_back_from_its_end_and_by_the_positions_asked_for():
    batch = process([{"email": "ann@example.com"}, {"email": "bob@example.com"}, {"email": "ann@example.com"}])
    ann, bob = Profile.objects.order_by("id").values_list("id", flat=True)

    assert targets_of_batch(batch.id, unchanged={2: ann}) == [Target(ann, None), Target(bob, 1), Target(ann, 1)]
    assert targets_of_batch(batch.id, positions=[0, 2], unchanged={2: ann}) == [Target(ann, None), Target(ann, 1)]
    assert targets_of_batch(batch.id, positions=[1]) == [Target(bob, 1)]
    assert target_of_change(ann, 2) is None


def test_undo_that_is_a_batch_is_taken_back_by_it():
    process([{"email": "ann@example.com", "company": "Acme"}])
    batch = process([{"email": "ann@example.com", "company": "Bakers"}, {"email": "bob@example.com", "company": "B"}])
    ann, bob = Profile.objects.order_by("id")
    undo_batch = uuid4()
    told = []

    with transaction.atomic():
        take_back(
            targets_of_batch(batch.id),
            cause=Cause(CauseKind.BATCH, batch_id=undo_batch),
            now=timezone.now(),
            store_outcomes=told.append,
        )

    [outcomes] = told
    assert [(one.profile_id, one.kind, one.cause.position) for one in outcomes] == [
        (bob.id, "updated", 0),
        (ann.id, "updated", 1),
    ]
    undo(targets_of_batch(undo_batch))
    assert list(Profile.objects.order_by("id").values_list("company", "ended")) == [("Bakers", None), ("B", None)]


def test_version_that_is_not_there_is_refused():
    ann = make_profile()

    (reversal,) = undo([Target(ann.id, 9)])

    assert [error.code for error in reversal.outcome.errors] == ["unknown_reference"]


def test_operation_finds_the_rows_of_an_undo():
    process([{"email": "ann@example.com", "company": "Acme"}])
    ann = Profile.objects.get(email_key="ann@example.com")
    reversal = undo_change(ann, 1)

    assert targets_of_operation(reversal.change.operation_id) == [Target(ann.id, 2)]


@pytest.mark.parametrize(("kind", "most"), [("changes", 22), ("creations", 24)])
def test_statements_are_the_same_for_any_number_of_targets(kind, most):
    taken = []
    for count in (1, 3, 500):
        records = full_records(range(count), version=count)
        batch = process(records)
        if kind == "changes":
            batch = process(full_records(range(count), version=count + 1))
        targets = targets_of_batch(batch.id)
        assert len(targets) == count
        with CaptureQueriesContext(connection) as queries:
            reversals = undo(targets)
        assert {one.outcome.kind.value for one in reversals} == {"updated"}
        taken.append(len([query for query in queries if "SAVEPOINT" not in query["sql"]]))

    assert taken[0] == taken[1] == taken[2]
    assert taken[0] <= most


# --- Races -----------------------------------------------------------------------------------------------------------


def test_profile_changed_after_its_ledger_was_read_is_decided_anew(monkeypatch):
    process([{"email": "ann@example.com", "company": "Acme"}])
    process([{"email": "ann@example.com", "company": "Bakers"}])
    ann = Profile.objects.get(email_key="ann@example.com")
    read = []

    def load(versions):
        rows = load_rows(versions)
        read.append(versions)
        if len(read) == 1:
            Profile.objects.filter(id=ann.id).update(version=7)  # goes with the attempt that notices
        return rows

    monkeypatch.setattr(undoing, "load_rows", load)
    reversal = undo_change(ann, 2)

    assert (len(read), reversal.outcome.kind, reversal.change.version) == (2, "updated", 3)


def test_only_keys_that_come_back_are_locked(monkeypatch):
    locked = []
    real = directory.open_directory
    monkeypatch.setattr(
        conducting, "open_directory", lambda scope, **options: locked.append(scope.keys) or real(scope, **options)
    )
    process([{"email": "ann@example.com", "identities": [pos("1")], "mobile_phone": "+61404123121"}])
    batch = process([{"identities": [pos("1")], "email": "ann@example.org"}], "pos")
    ann = Profile.objects.get(email_key="ann@example.org")
    locked.clear()

    undo(targets_of_batch(batch.id))
    undo_change(ann, 1)
    undo_change(ann, 4)

    mine = [email_match_key("ann@example.com"), identity_match_key("pos", "1"), mobile_match_key("+61404123121")]
    assert locked == [
        [mine[0]],
        [email_match_key("ann@example.org")],
        sorted([*mine, email_match_key("ann@example.org")]),
    ]


@pytest.mark.django_db(transaction=True)
def test_of_two_undos_at_once_one_does_it_and_the_other_finds_it_done(engine):
    if engine == "sqlite":
        pytest.skip("SQLite has one writer")
    for number in range(10):
        email = f"p{number}@example.com"
        batch = process([{"email": email, "company": "Acme"}, {"email": email, "company": "Bakers"}])
        targets = targets_of_batch(batch.id)
        start = threading.Barrier(2)

        def race(targets=targets, start=start):
            try:
                start.wait()
                return sorted(one.outcome.kind.value for one in undo(targets))
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            done = [pool.submit(race) for _ in range(2)]
            kinds = sorted(one.result() for one in done)

        assert kinds == [["unchanged", "unchanged"], ["updated", "updated"]]
        assert ProfileChange.objects.filter(profile_id=targets[0].profile_id, action="reverted").count() == 2


def test_record_that_comes_before_the_locks_are_held_is_read_too():
    profile = make_profile(email="ann@example.com", company="Old")
    process([{"email": "ann@example.com", "company": "Acme"}])
    record = RecordSince(profile.id, 2, uuid4(), 0, "2026-01-01T00:00:00+00:00")
    asked = []

    def records_since(profiles, *, read):
        asked.append(read)
        return [record] if len(asked) > 1 else []

    with transaction.atomic():
        (undone,) = take_back(
            [target_of_change(profile.id, 2)],
            cause=Cause(CauseKind.API),
            now=timezone.now(),
            records_since=records_since,
        )

    assert asked == [True, False, True, False]
    assert [kept.code for kept in undone.kept] == ["later_records"]
