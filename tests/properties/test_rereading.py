"""A batch taken back with later records read again comes to what would be had it never been sent (rules 10.11)."""

import datetime as dt
from dataclasses import replace
from functools import partial

import pytest
from django.db import transaction
from hypothesis import assume, given
from hypothesis import strategies as st

from profiles.applying import apply_drafts
from profiles.db.ids import derived_ids
from profiles.schema import parse_record
from profiles.times import utc_text
from profiles.undoing import RecordSince, UndoOptions, take_back, targets_of_batch
from profiles.values import Cause, CauseKind, OutcomeKind, WarningCode
from tests.properties.concentrated import Sends, batches, histories
from tests.properties.stored import START, rolled_back
from tests.properties.strategies import batch_id, examples, with_ids
from tests.properties.test_taking_back import (
    STAFF,
    assert_is_what_the_ledger_says,
    everybody,
    plainly,
    targets_of,
    walk,
)

pytestmark = pytest.mark.django_db


def time_of(number: int) -> dt.datetime:
    return START + dt.timedelta(days=number + 1)


def drafts_of(sends: Sends, number: int):
    return [
        parse_record(with_ids(sent.record), cause=Cause(CauseKind.BATCH, batch_id(number), position, actor_id=2))
        for position, sent in enumerate(sends.records)
    ]


def send(sends: Sends, number: int):
    with transaction.atomic():
        return apply_drafts(drafts_of(sends, number), criteria=("id",), now=time_of(number))


def records_of(sends: Sends, number: int, outcomes):
    """Yield what is known of the batch's records, of those that were accepted."""
    now = time_of(number)
    for draft, outcome in zip(drafts_of(sends, number), outcomes, strict=True):
        if outcome.profile_id is not None and outcome.kind is not OutcomeKind.REJECTED:
            yield RecordSince(
                outcome.profile_id,
                outcome.profile_version,
                batch_id(number),
                draft.cause.position,
                utc_text(now),
                is_changing=outcome.kind is not OutcomeKind.UNCHANGED,
                draft=draft,
                received_at=now,
                new_id=partial(derived_ids(batch_id(number), at=now), draft.cause.position),
            )


def people():
    """Return everybody who has not ended, by their number in the shop, without what depends on who came first."""
    found = {}
    for one in everybody().values():
        if one.fields["ended"] is None and (keys := one.collections["identities"].keys()):
            names = [key for key in keys if key[0] == "id"]
            assume(len(names) == 1)  # what was sent of two people was taken to be of one
            found[names[0]] = plainly(one.fields, one.collections)
    return found


class Known:
    """The records that have meant anybody, as what takes back asks for them."""

    def __init__(self, records=()):
        self.records = list(records)

    def __call__(self, profiles, *, read):
        return [
            one
            for one in sorted(self.records, key=lambda one: one.profile_version)
            if one.profile_id in profiles and one.profile_version >= profiles[one.profile_id]
        ]


def refused(outcomes):
    return [outcome.kind is OutcomeKind.REJECTED for outcome in outcomes]


@examples(150, torture=3_000)
@given(
    before=st.lists(batches(), max_size=2),
    middle=batches(),
    later=st.lists(batches(), min_size=1, max_size=3),
)
def test_undo_of_a_batch_comes_to_what_would_be_without_it(before, middle, later):
    with rolled_back():
        walk([])
        for number, sends in enumerate(before):
            send(sends, number)
        with rolled_back():
            first = [send(sends, 20 + number) for number, sends in enumerate(later)]
            without = people()
        send(middle, 10)
        then = [send(sends, 20 + number) for number, sends in enumerate(later)]
        # What is refused only with or only without it is not sent again.
        assume(not any(any(refused(outcomes)) for outcomes in (*first, *then)))
        known = [
            record
            for number, (sends, outcomes) in enumerate(zip(later, then, strict=True))
            for record in records_of(sends, 20 + number, outcomes)
        ]
        people()

        with transaction.atomic():
            undone = take_back(
                targets_of_batch(batch_id(10)),
                cause=STAFF,
                now=time_of(50),
                options=UndoOptions(loosen_consent=True),
                records_since=Known(known),
            )

        assume(not any(kept.code != "kept_newer" for one in undone for kept in one.kept))
        assume(not any(one.outcome.errors for one in undone))
        with_it_undone = people()
        # Who deletes somebody does not stand on them (rules 10.4).
        gone = {who for who, (fields, _) in without.items() if fields["profile_type"] == "deleted"}
        assert with_it_undone == {
            who: told for who, told in without.items() if who in with_it_undone or who not in gone
        }


@examples(100, torture=2_000)
@given(history=histories())
def test_what_is_stored_is_what_the_live_rows_say_where_records_are_read_again(history):
    with rolled_back():
        walk([])
        known = Known()
        for number, step in enumerate(history):
            if isinstance(step, Sends):
                plain = Sends(tuple(replace(sent, by_staff=False) for sent in step.records))
                known.records += records_of(plain, number, send(plain, number))
            else:
                targets = targets_of(step)
                with transaction.atomic():
                    undone = take_back(
                        targets,
                        cause=STAFF,
                        now=time_of(number),
                        options=UndoOptions(loosen_consent=step.loosens),
                        records_since=known,
                    )
                assert WarningCode.KEPT_UNCLEAR not in [kept.code for one in undone for kept in one.kept]

            assert_is_what_the_ledger_says()
