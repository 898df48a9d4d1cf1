"""What came before a merge is taken back, and the merge computed again without it (rules 10.9)."""

import datetime as dt

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from batches.unmerging import records_of
from profiles.history import fold
from profiles.merging import Merge, merge_profiles
from profiles.models import Identity, Profile, ProfileChange
from profiles.reconcile import families
from profiles.reconcile.uniting import unite
from profiles.undoing import Target, UndoOptions, take_back, targets_of_batch, targets_of_operation
from profiles.unmerging import UndoneAcrossError, Unmerge, unmerge_profiles
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
STAFF = Cause(CauseKind.ADMIN, actor_id=1, actor_label="staff")


def merge(merged, survivor):
    with transaction.atomic():
        merge_profiles(Merge(merged.id, survivor.id), cause=STAFF, now=NOW)


def undo(profile, version, **options):
    with transaction.atomic():
        (found,) = take_back([Target(profile.id, version)], cause=STAFF, now=NOW, options=UndoOptions(**options))
    for one in Profile.objects.all():
        rows = ProfileChange.objects.filter(profile=one).order_by("version")
        folded = fold(row.changes for row in rows).fields
        assert (folded.get("company"), folded.get("email")) == (one.company, one.email)
    return found


def send(**record):
    return process([record])


def company(*profiles):
    return [Profile.objects.get(id=one.id).company for one in profiles]


def reasons(reversal):
    return [(str(one.code), one.pointer) for one in reversal.kept]


@pytest.fixture
def anna():
    return make_profile(email="anna@example.com", first_name="Anna", last_name="Lee")


@pytest.fixture
def ann():
    return make_profile(email="ann@example.com", first_name="Ann", last_name="Lee")


def test_what_the_survivor_took_over_goes_back_too(ann, anna):
    send(email="anna@example.com", company="Acme")
    send(email="anna@example.com", company="Bakers")
    merge(anna, ann)

    undone = undo(anna, 3)

    assert company(anna, ann) == ["Acme", "Acme"]
    (beside,) = undone.beside
    assert (beside.profile_id, beside.changes) == (ann.id, {"/company": {"from": "Bakers", "to": "Acme"}})
    row = ProfileChange.objects.filter(profile=ann).latest("version")
    assert (row.action, row.reverts, row.operation_id) == (
        "reverted",
        {"versions": [], "except": [], "kept": {}},
        undone.change.operation_id,
    )


def test_what_somebody_has_said_since_stays(ann, anna):
    send(email="anna@example.com", company="Bakers")
    merge(anna, ann)
    send(email="ann@example.com", company="Cafe")

    undone = undo(anna, 2)

    assert (company(anna, ann), undone.beside) == ([None, "Cafe"], ())


def test_later_word_taken_back_after_that_shows_what_is_left(ann, anna):
    send(email="anna@example.com", company="Acme")
    send(email="anna@example.com", company="Bakers")
    merge(anna, ann)
    send(email="ann@example.com", company="Cafe")
    undo(anna, 3)

    undo(ann, 3)

    assert company(anna, ann) == ["Acme", "Acme"]


def test_survivors_own_word_goes_and_the_other_ones_fills_the_blank(ann, anna):
    send(email="anna@example.com", company="Acme", tags=["a"])
    send(email="ann@example.com", company="Bakers", tags=["b"])
    merge(anna, ann)

    undo(ann, 2)

    assert company(ann) == ["Acme"]
    assert list(ann.profile_tags.values_list("tag_id", flat=True)) == ["a"]


def test_undo_is_taken_back_by_its_operation(ann, anna):
    send(email="anna@example.com", company="Bakers", identities=[{"handle": "pos", "identifier": "7"}])
    identity = Identity.objects.get().pk
    merge(anna, ann)
    undone = undo(anna, 2)
    assert (company(anna, ann), Identity.objects.count()) == ([None, None], 0)

    with transaction.atomic():
        take_back(targets_of_operation(undone.change.operation_id), cause=STAFF, now=NOW)

    assert company(anna, ann) == ["Bakers", "Bakers"]
    assert list(Identity.objects.values_list("profile_id", "pk", "merged_from")) == [(ann.id, identity, anna.id)]


def test_what_follows_is_not_taken_back_alone(ann, anna):
    send(email="anna@example.com", company="Bakers")
    merge(anna, ann)
    undo(anna, 2)

    refused = undo(ann, 3)

    assert [error.message for error in refused.outcome.errors] == [
        "It follows from what was taken back of a profile that became one with this one: take that undo back."
    ]


def test_merged_profile_ends_and_the_survivor_loses_what_came_by_it(ann):
    batch = process(
        [{"email": "anna@example.com", "company": "Acme", "identities": [{"handle": "pos", "identifier": "7"}]}]
    )
    anna = Profile.objects.get(email_key="anna@example.com")
    merge(anna, ann)

    undone = undo(anna, 1)

    assert undone.ends
    anna.refresh_from_db()
    assert (anna.ended, anna.email, company(ann), Identity.objects.count()) == ("undone", None, [None], 0)
    again = process([{"email": "anna@example.com", "identities": [{"handle": "pos", "identifier": "7"}]}])
    assert (batch.created_count, again.created_count) == (1, 1)


def test_survivor_is_in_use(ann, anna):
    merge(anna, ann)

    undone = undo(ann, 1)

    assert not undone.ends
    assert reasons(undone) == [("kept_in_use", "")]
    assert Profile.objects.get(id=ann.id).ended is None


def test_alias_keeps_the_email_of_the_survivor(ann, anna):
    send(email="anna@example.com", identities=[{"handle": "pos", "identifier": "7"}])
    process([{"email": "anna.new@example.com", "identities": [{"handle": "pos", "identifier": "7"}]}], criteria="pos")
    send(email="anna@example.com", first_name="Somebody")
    merge(anna, ann)

    undone = undo(anna, 3)

    assert reasons(undone) == [("kept_key_taken", "/email")]
    assert Profile.objects.get(id=anna.id).email == "anna.new@example.com"


def test_refusal_of_the_merged_one_does_not_loosen(ann, anna):
    send(email="anna@example.com", comms_attributes={"sms_promo": True})
    send(email="anna@example.com", comms_attributes={"sms_promo": False})
    merge(anna, ann)

    undone = undo(anna, 3)

    assert reasons(undone)[0] == ("kept_consent", "/comms/sms_promo")
    assert [Profile.objects.get(id=one.id).sms_promo for one in (anna, ann)] == [False, False]
    assert not undo(anna, 3, loosen_consent=True).outcome.errors
    assert [Profile.objects.get(id=one.id).sms_promo for one in (anna, ann)] == [True, True]


def test_identity_that_somebody_has_by_now_stays_theirs(ann, anna):
    send(email="anna@example.com", identities=[{"handle": "pos", "identifier": "7"}])
    with transaction.atomic():
        take_back([Target(anna.id, 2)], cause=STAFF, now=NOW)
    bob = make_profile(identities=[{"handle": "pos", "identifier": "7"}])
    merge(anna, ann)

    undone = undo(anna, 3)

    assert ("kept_key_taken", "/identities/pos/7") in reasons(undone)
    assert Identity.objects.get().profile_id == bob.id


def test_chain_of_merges_is_computed_again_to_its_end(ann, anna):
    last = make_profile(email="last@example.com")
    send(email="anna@example.com", company="Acme")
    send(email="anna@example.com", company="Bakers")
    merge(anna, ann)
    merge(ann, last)

    undone = undo(anna, 3)

    assert company(anna, ann, last) == ["Acme"] * 3
    assert [one.profile_id for one in undone.beside] == [ann.id, last.id]


def test_two_are_taken_apart_once_the_undo_across_is_taken_back(ann, anna):
    send(email="anna@example.com", company="Bakers")
    merge(anna, ann)
    undone = undo(anna, 2)

    def unmerge():
        with transaction.atomic():
            unmerge_profiles(Unmerge(anna.id), cause=STAFF, now=NOW, records_of=records_of)

    with pytest.raises(UndoneAcrossError):
        unmerge()
    with transaction.atomic():
        take_back(targets_of_operation(undone.change.operation_id), cause=STAFF, now=NOW)
    unmerge()

    assert company(anna, ann) == ["Bakers", None]


def test_batch_is_taken_back_whole_across_merges(ann, anna):
    batch = process(
        [
            {"email": "anna@example.com", "company": "Bakers"},
            {"email": "ann@example.com", "title": "Dr"},
            {"email": "zoe@example.com"},
        ]
    )
    merge(anna, ann)

    with transaction.atomic():
        done = take_back(targets_of_batch(batch.id), cause=STAFF, now=NOW)

    assert [str(one.outcome.kind) for one in done] == ["updated"] * 3
    ann.refresh_from_db()
    assert (company(anna, ann), ann.title) == ([None, None], None)


def test_statements_do_not_depend_on_how_much_came_before():
    counts = []
    for count in (2, 1, 3, 30):
        survivor, merged = (
            make_profile(
                email=f"{name}{count}@example.com",
                identities=[{"handle": f"{name}{count}", "identifier": str(number)} for number in range(count)],
            )
            for name in "ab"
        )
        process([{"email": f"b{count}@example.com", "tags": [f"t{number}" for number in range(count)]}])
        merge(merged, survivor)
        with CaptureQueriesContext(connection) as queries:
            undo_once(merged)
        counts.append(len(queries))
    assert len(set(counts[1:])) == 1  # Django looks some things up the first time only


def undo_once(profile):
    with transaction.atomic():
        take_back([Target(profile.id, 2)], cause=STAFF, now=NOW)


def test_each_merge_is_computed_again_a_few_times_however_many_there_are(ann, monkeypatch):
    """A profile of many merges holds nobody up: with all of them asking for all it took a minute for 60."""
    send(email="ann@example.com", company="Acme")
    counts, calls = [], []
    monkeypatch.setattr(families, "unite", lambda *states, **ids: calls.append(1) or unite(*states, **ids))
    for number in range(12):
        merge(make_profile(email=f"m{number}@example.com"), ann)
        calls.clear()
        with transaction.atomic():
            take_back([Target(ann.id, 2)], cause=STAFF, now=NOW, write=False)
        counts.append(len(calls) / (number + 1))

    assert counts[0] >= 2
    assert len(set(counts)) == 1
