"""What becomes of two who are taken apart is planned whole: sides, changes that move, and what stays (rules 11)."""

import pytest
from django.db import transaction
from django.utils import timezone

from batches.unmerging import records_of
from profiles.merging import Merge, merge_profiles
from profiles.parting import GoneError, MergedSinceError, UnmergeError
from profiles.unmerging import Unmerge, unmerge_profiles
from profiles.values import Cause, CauseKind, ChangeAction, WarningCode
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
CAUSE = Cause(CauseKind.ADMIN, actor_id=1, actor_label="staff")


@pytest.fixture
def pair():
    ann = make_profile(first_name="Ann", email="ann@example.com", comms_attributes={"email_promo": True})
    anna = make_profile(first_name="Anna", email="anna@example.com", occupation="Nurse")
    with transaction.atomic():
        merge_profiles(Merge(anna.id, ann.id), cause=CAUSE, now=timezone.now())
    return anna, ann


def planned(merged, **terms):
    with transaction.atomic():
        return unmerge_profiles(
            Unmerge(merged.id, **terms), cause=CAUSE, now=timezone.now(), records_of=records_of, write=False
        )


def test_sides_and_their_differences_are_told(pair):
    anna, ann = pair
    plan = planned(anna)

    assert plan.sides == (anna.id, ann.id)
    assert plan.differences[ann.id] == {"/occupation": {"from": "Nurse", "to": None}}
    assert {change.action for change in plan.changes} == {ChangeAction.UNMERGED}
    assert len({change.operation_id for change in plan.changes}) == 1


def test_change_by_a_key_of_the_merged_profile_moves(pair):
    anna, ann = pair
    process([{"email": "anna@example.com", "title": "Dr"}, {"email": "ann@example.com", "company": "Acme"}])

    plan = planned(anna)

    assert [row.changes for row in plan.moved] == [{"/title": {"from": None, "to": "Dr"}}]
    assert plan.differences[anna.id]["/title"]["to"] == "Dr"
    assert "/company" not in plan.differences[ann.id]


def test_change_that_is_named_moves_whoever_made_it(pair):
    anna, _ = pair
    process([{"email": "ann@example.com", "company": "Acme"}])

    assert [row.version for row in planned(anna, to_merged=[3]).moved] == [3]
    assert list(planned(anna).moved) == []


def test_refusal_that_nobody_knows_of_whom_it_was_is_kept_on_both(pair):
    anna, ann = pair
    process([{"email": "ann@example.com", "comms_attributes": {"sms_optout": True}}])
    ann.changes.filter(version=3).update(batch_id=None, position=None, cause_kind="admin")

    plan = planned(anna)

    assert (anna.id, WarningCode.KEPT_CONSENT) in [(profile, kept.code) for profile, kept in plan.kept]
    assert plan.differences[anna.id]["/comms/sms_optout"]["to"] is True


def test_newer_merge_is_taken_apart_first(pair):
    anna, ann = pair
    third = make_profile(email="third@example.com")
    with transaction.atomic():
        merge_profiles(Merge(third.id, ann.id), cause=CAUSE, now=timezone.now())

    with pytest.raises(MergedSinceError):
        planned(anna)


def test_refusals_are_told_as_one_kind():
    assert issubclass(GoneError, UnmergeError)
    assert str(GoneError()) == "One of the two profiles has been taken back or erased since."
