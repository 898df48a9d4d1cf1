"""What came before a merge is taken back as if it had never been there when the two became one."""

import pytest
from django.db import transaction
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from profiles import models
from profiles.history import fold
from profiles.merging import Merge, MergeError, merge_profiles
from profiles.undoing import target_of_change
from profiles.values import OutcomeKind, WarningCode
from tests.properties.concentrated import Sends, Sent, batches
from tests.properties.stored import START, rolled_back
from tests.properties.strategies import examples
from tests.properties.test_taking_back import STAFF, everybody, plainly, send, undo, walk

pytestmark = pytest.mark.django_db

BOTH = Sends(tuple(Sent({"identities": [{"handle": "id", "identifier": one}]}, by_staff=False) for one in "AB"))
# Of these the answer may depend on who had the key, or the definition, at the time.
EXCEPTED = {WarningCode.KEPT_KEY_TAKEN, WarningCode.KEPT_REFERENCE_GONE, WarningCode.KEPT_IN_USE}
HISTORIES = st.lists(batches(), min_size=1, max_size=4)
NUMBERS = st.lists(st.integers(0, 99), min_size=1, max_size=2)


def begin(history):
    """Send it, and return Ann and Bob."""
    walk([BOTH, *history])
    held = dict(models.Identity.objects.filter(handle="id").values_list("identifier", "profile_id"))
    assume(set(held) == {"A", "B"} and len(set(held.values())) == 2)
    return held["A"], held["B"]


def merge(merged, survivor):
    try:
        with transaction.atomic():
            merge_profiles(Merge(merged, survivor), cause=STAFF, now=START)
    except MergeError:
        reject()


def some_rows(numbers, *, with_creations):
    """Return some plain rows of the ledger as targets, the newest first."""
    rows = models.ProfileChange.objects.exclude(action="merged").filter(reverts__isnull=True).order_by("id")
    rows = list(rows if with_creations else rows.exclude(action="created"))
    assume(rows)
    chosen = sorted({rows[number % len(rows)].pk for number in numbers}, reverse=True)
    return [target_of_change(row.profile_id, row.version) for pk in chosen for row in rows if row.pk == pk]


def states(*, but_times=False):
    """Return the fields, rows and times of everybody who has not ended."""
    return {
        id_: (
            *plainly(one.fields, one.collections),
            {} if but_times else one.effective_times,
            {} if but_times else one.source_times,
        )
        for id_, one in everybody().items()
        if one.fields["ended"] is None
    }


def check_ledgers():
    for snapshot in everybody().values():
        rows = list(models.ProfileChange.objects.filter(profile_id=snapshot.id).order_by("version"))
        if rows:
            assert [row.version for row in rows] == list(range(1, snapshot.version + 1))
            folded = fold(row.changes for row in rows)
            assert plainly(folded.fields, folded.collections) == plainly(snapshot.fields, snapshot.collections)


def keep_only_newer(reversals):
    return all(
        one.outcome.kind is not OutcomeKind.REJECTED and not EXCEPTED & {kept.code for kept in one.kept}
        for one in reversals
    )


@examples(150, torture=4_000)
@given(history=HISTORIES, numbers=NUMBERS, swapped=st.booleans())
def test_undo_after_the_merge_is_the_merge_after_the_undo(history, numbers, swapped):
    with rolled_back():
        ann, bob = begin(history)
        pair = (bob, ann) if swapped else (ann, bob)
        targets = some_rows(numbers, with_creations=False)
        with rolled_back():
            first = undo(targets, 100, loosens=True)
            merge(*pair)
            expected = states()
        merge(*pair)

        then = undo(targets, 100, loosens=True)

        check_ledgers()
        assume(keep_only_newer(first) and keep_only_newer(then))
        assert states() == expected


@examples(100, torture=3_000)
@given(history=HISTORIES, since=st.lists(batches(), max_size=2), numbers=NUMBERS, swapped=st.booleans())
def test_redo_of_an_undo_through_a_merge_leaves_everything_as_it_was(history, since, numbers, swapped):
    with rolled_back():
        ann, bob = begin(history)
        merge(*((bob, ann) if swapped else (ann, bob)))
        for number, sends in enumerate(since):
            send(sends, 50 + number)
        before = states()
        targets = some_rows(numbers, with_creations=True)

        undone = undo(targets, 100, loosens=True)
        check_ledgers()
        redone = undo(
            [
                target_of_change(one.target.profile_id, one.change.version)
                for one in reversed(undone)
                if one.change is not None
            ],
            101,
            loosens=True,
        )

        check_ledgers()
        assume(keep_only_newer(redone))
        assert states() == before


# What a record that changes nothing says of times is in no ledger.
@examples(60, torture=2_000)
@given(history=HISTORIES, since=st.lists(batches(), max_size=2), swapped=st.booleans(), last=st.booleans())
def test_undos_through_a_merge_come_to_the_same_in_any_order(history, since, swapped, last):
    with rolled_back():
        ann, bob = begin(history)
        merge(*((bob, ann) if swapped else (ann, bob)))
        for number, sends in enumerate(since):
            send(sends, 50 + number)
        targets = some_rows(range(5), with_creations=last)
        with rolled_back():
            ordered = [one for target in targets for one in undo([target], 100, loosens=True)]
            expected = states(but_times=True)

        backwards = [one for target in reversed(targets) for one in undo([target], 100, loosens=True)]

        check_ledgers()
        assume(keep_only_newer(ordered) and keep_only_newer(backwards))
        assert states(but_times=True) == expected
