"""Any mix of records, edits and undos: what is stored is what the live rows of the ledger say, in any order."""

import datetime as dt
from dataclasses import replace

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from profiles import models
from profiles.applying import apply_drafts
from profiles.directory import load_snapshots
from profiles.history import fold
from profiles.reconcile.consent import is_tight
from profiles.schema import parse_record
from profiles.shape import COLLECTIONS
from profiles.undoing import UndoOptions, take_back, target_of_change, targets_of_batch
from profiles.values import Cause, CauseKind, WarningCode
from tests.properties.concentrated import Sends, batches, histories
from tests.properties.reference import id_of
from tests.properties.reference.taken_back import TakenBackLedger
from tests.properties.stored import START, rolled_back
from tests.properties.strategies import batch_id, examples, with_ids

pytestmark = pytest.mark.django_db
STAFF = Cause(CauseKind.ADMIN, actor_id=1, actor_label="staff")


def send(sends, number):
    """Apply the records as the batch of that number; those of staff as edits."""
    drafts = []
    for position, sent in enumerate(sends.records):
        cause = STAFF if sent.by_staff else Cause(CauseKind.BATCH, batch_id(number), position, actor_id=2)
        draft = parse_record(with_ids(sent.record), cause=cause)
        drafts.append(replace(draft, is_explicit=sent.by_staff))
    with transaction.atomic():
        return apply_drafts(drafts, criteria=("id",), now=START + dt.timedelta(days=number + 1))


def targets_of(undoes):
    """Return what is meant: rows of the ledger by their place, or all of their batches."""
    rows = list(models.ProfileChange.objects.order_by("id"))
    chosen = [rows[number % len(rows)] for number in undoes.numbers] if rows else []
    if undoes.whole_batch:
        ids = dict.fromkeys(row.batch_id for row in reversed(chosen) if row.batch_id is not None)
        return [target for id_ in ids for target in targets_of_batch(id_)]
    newest_first = sorted({(row.id, row.profile_id, row.version) for row in chosen}, reverse=True)
    return [target_of_change(profile_id, version) for _, profile_id, version in newest_first]


def undo(targets, number, *, loosens=False):
    with transaction.atomic():
        reversals = take_back(
            targets,
            cause=STAFF,
            now=START + dt.timedelta(days=number + 1),
            options=UndoOptions(loosen_consent=loosens),
        )
    kept = [one.code for reversal in reversals for one in reversal.kept]
    assert WarningCode.KEPT_UNCLEAR not in kept
    return reversals


def walk(history):
    # Somebody whom dates can concern, by hand: of them no ledger tells.
    models.Profile.objects.create(id=id_of(0), created_at=START, updated_at=START)
    for number, step in enumerate(history):
        if isinstance(step, Sends):
            send(step, number)
        else:
            before = tight_flags()
            undo(targets_of(step), number, loosens=step.loosens)
            if not step.loosens:
                after = tight_flags()
                assert {id_: flags - after[id_] for id_, flags in before.items() if id_ in after} == {
                    id_: set() for id_ in before if id_ in after
                }


def tight_flags():
    """Return the flags of everybody who has not ended that keep us from sending."""
    snapshots = everybody().values()
    return {
        one.id: {name for name, value in one.fields.items() if is_tight(name, value)}
        for one in snapshots
        if one.fields["ended"] is None
    }


def everybody():
    ids = list(models.Profile.objects.values_list("id", flat=True))
    return load_snapshots(ids, collections=tuple(COLLECTIONS))


def plainly(fields, collections):
    """Return a state without what is null and what is empty."""
    return (
        {name: value for name, value in fields.items() if value is not None},
        {
            name: {key: {part: value for part, value in row.items() if value is not None} for key, row in rows.items()}
            for name, rows in collections.items()
            if rows
        },
    )


def whole(snapshot):
    """Return everything that is stored of a profile, but for its version."""
    return (
        *plainly(snapshot.fields, snapshot.collections),
        {name: origins for name, origins in snapshot.origins.items() if origins},
        snapshot.email_key,
        snapshot.effective_times,
        snapshot.source_times,
    )


def assert_is_what_the_ledger_says():
    for snapshot in everybody().values():
        if snapshot.id == id_of(0):
            continue
        ledger = list(models.ProfileChange.objects.filter(profile_id=snapshot.id).order_by("version"))
        stored = plainly(snapshot.fields, snapshot.collections)
        folded = fold(entry.changes for entry in ledger)
        assert plainly(folded.fields, folded.collections) == stored
        said = TakenBackLedger(ledger)
        if said.has_ended:
            left = {"first_name": "", "last_name": "", "profile_type": "deleted", "ended": "undone"}
            assert stored == (left, {})
        else:
            assert (said.shown_fields(), said.shown_rows()) == stored


@examples(150, torture=1_500)
@given(history=histories())
def test_what_is_stored_is_what_the_live_rows_say(history):
    with rolled_back():
        walk(history)

        assert_is_what_the_ledger_says()


def everything(*, but_times=False):
    """Return all that is stored of everybody who has not ended, but for versions."""
    found = {id_: whole(one) for id_, one in everybody().items() if one.fields["ended"] is None}
    return {id_: told[:4] for id_, told in found.items()} if but_times else found


@examples(100, torture=1_500)
@given(history=histories(most=5), last=batches())
def test_undo_of_a_batch_nobody_followed_leaves_what_was_before_and_undoing_that_what_was_after(history, last):
    with rolled_back():
        walk(history)
        before = everything()
        outcomes = send(last, 100)
        rows = sum(outcome.kind in {"created", "updated"} for outcome in outcomes)
        by_staff = any(sent.by_staff for sent in last.records)
        # What a record that changes nothing says of times is in no ledger.
        but_times = any(outcome.kind == "unchanged" for outcome in outcomes)
        after = everything(but_times=but_times)

        undone = undo(newest(rows) if by_staff else targets_of_batch(batch_id(100)), 101, loosens=True)

        assert everything(but_times=but_times) == {
            id_: told[:4] if but_times else told for id_, told in before.items()
        }

        undo(
            [target_of_change(one.target.profile_id, one.change.version) for one in reversed(undone)],
            102,
            loosens=True,
        )

        assert everything(but_times=but_times) == after
        assert_is_what_the_ledger_says()


def newest(count):
    """Return the newest rows of the ledger as targets."""
    rows = models.ProfileChange.objects.order_by("-id")[:count]
    return [target_of_change(row.profile_id, row.version) for row in rows]


@examples(60, torture=1_000)
@given(history=st.lists(batches(), min_size=1, max_size=5))
def test_everything_undone_newest_first_leaves_nobody_and_the_same_again_is_as_at_first(history):
    with rolled_back():
        walk([])
        nobody = everything()
        first = [outcome.kind for number, sends in enumerate(history) for outcome in send(sends, number)]

        undo(newest(models.ProfileChange.objects.count()), 100)

        assert everything() == nobody
        assert [outcome.kind for number, sends in enumerate(history) for outcome in send(sends, 200 + number)] == first


@examples(60, torture=1_000)
@given(history=histories(most=5), last=batches())
def test_batch_taken_back_at_once_is_its_rows_taken_back_one_by_one(history, last):
    with rolled_back():
        walk(history)
        send(last, 100)
        targets = targets_of_batch(batch_id(100))
        with rolled_back():
            undo(targets, 101)
            at_once = everything()

        for target in targets:
            undo([target], 101)

        assert everything() == at_once
        assert_is_what_the_ledger_says()


@examples(60, torture=1_000)
@given(history=histories(most=5), order=st.randoms(use_true_random=False))
def test_undos_come_to_the_same_in_any_order(history, order):
    with rolled_back():
        walk(history)
        plain = models.ProfileChange.objects.filter(reverts__isnull=True).order_by("-id")[:6]
        targets = [target_of_change(row.profile_id, row.version) for row in plain]
        with rolled_back():
            for target in targets:
                undo([target], 101, loosens=True)
            in_order = everything()
        order.shuffle(targets)

        kept = [one for target in targets for one in undo([target], 101, loosens=True)]

        if not any(one.outcome.errors or EXCEPTED & {kept.code for kept in one.kept} for one in kept):
            assert {id_: told[:2] for id_, told in everything().items()} == {
                id_: told[:2] for id_, told in in_order.items()
            }
        assert_is_what_the_ledger_says()


EXCEPTED = {WarningCode.KEPT_KEY_TAKEN, WarningCode.KEPT_REFERENCE_GONE}
