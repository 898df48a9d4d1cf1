"""Which rows of a ledger are live, and what shows by them."""

import pytest

from profiles.reconcile.difference import State
from profiles.reconcile.replaying import History, Life, floor_of, lives_of
from profiles.values import Cause, CauseKind, ChangeAction, LedgerRow, TakenBack

DEAD, ALIVE = Life(is_live=False), Life()


def but(*registers, is_live):
    return Life(is_live, frozenset(registers))


LIVES = {
    "nothing is taken back": ({}, {}),
    "a row is taken back": ({3: TakenBack((2,))}, {2: DEAD, 3: ALIVE}),
    "and back again": ({3: TakenBack((2,)), 4: TakenBack((3,))}, {2: ALIVE, 3: DEAD, 4: ALIVE}),
    "and taken back once more": (
        {3: TakenBack((2,)), 4: TakenBack((3,)), 5: TakenBack((4,))},
        {2: DEAD, 3: ALIVE, 4: DEAD, 5: ALIVE},
    ),
    "twice over": ({3: TakenBack((2,)), 4: TakenBack((2,))}, {2: DEAD, 3: ALIVE, 4: ALIVE}),
    "one of two was taken back itself": (
        {3: TakenBack((2,)), 4: TakenBack((2,)), 5: TakenBack((3,))},
        {2: DEAD, 3: DEAD, 4: ALIVE, 5: ALIVE},
    ),
    "several at once": ({4: TakenBack((2, 3))}, {2: DEAD, 3: DEAD, 4: ALIVE}),
    "but for a register": ({3: TakenBack((2,), ("/title",))}, {2: but("/title", is_live=False), 3: ALIVE}),
    "which goes with another one": (
        {3: TakenBack((2,), ("/title",)), 4: TakenBack((2,))},
        {2: DEAD, 3: ALIVE, 4: ALIVE},
    ),
    "and back again but for it": (
        {3: TakenBack((2,)), 4: TakenBack((3,), ("/title",))},
        {2: but("/title", is_live=True), 3: but("/title", is_live=False), 4: ALIVE},
    ),
}


@pytest.mark.parametrize(("reverts", "lives"), LIVES.values(), ids=LIVES)
def test_row_is_dead_where_a_live_one_takes_it_back(reverts, lives):
    assert lives_of(reverts) == lives


@pytest.mark.parametrize(
    ("reverts", "oldest", "floor"),
    [({}, 5, 5), ({7: TakenBack((6,))}, 5, 5), ({7: TakenBack((6, 2))}, 5, 2), ({3: TakenBack((1,))}, 5, 1)],
)
def test_floor_is_the_oldest_that_may_be_dead(reverts, oldest, floor):
    assert floor_of(reverts, oldest=oldest) == floor


def row(version, changes, action=ChangeAction.UPDATED):
    return LedgerRow(version, action, changes, Cause(CauseKind.ADMIN), at="2026-01-01T00:00:00Z")


def test_newest_live_row_shows_and_what_was_before_all_of_them_else():
    rows = [
        row(2, {"/company": {"from": "A", "to": "B"}}),
        row(3, {"/company": {"from": "B", "to": "C"}}),
        row(4, {"/company": {"from": "C", "to": "A"}}, ChangeAction.REVERTED),
    ]
    history = History(rows, State({"company": "A"}))

    shown = {
        taken: history.replay({9: TakenBack(taken)}).fields["/company"]["company"]
        for taken in ((), (3,), (2,), (2, 3))
    }

    assert shown == {(): "C", (3,): "B", (2,): "C", (2, 3): "A"}


def test_what_is_written_together_shows_together():
    rows = [
        row(2, {"/birth_day": {"from": None, "to": 29}, "/birth_month": {"from": None, "to": 2}}),
        row(3, {"/birth_year": {"from": None, "to": 1980}}),
    ]
    present = State({"birth_day": 29, "birth_month": 2, "birth_year": 1980})

    shown = History(rows, present).replay({4: TakenBack((2,))})

    assert shown.fields == {"/birth_day": {"birth_day": 29, "birth_month": 2, "birth_year": 1980}}
    assert shown.writers["/birth_day"].version == 3


def test_row_that_was_made_by_what_is_dead_shows_while_somebody_changes_it():
    made = {"/custom_attributes/n/h/type": {"to": "string"}, "/custom_attributes/n/h/value": {"to": "a"}}
    rows = [row(2, made), row(3, {"/custom_attributes/n/h/value": {"from": "a", "to": "b"}})]
    place = ("custom_attributes", ("n", "h"))
    present = State(collections={"custom_attributes": {("n", "h"): {"type": "string", "value": "b"}}})
    history = History(rows, present)

    used = history.replay({4: TakenBack((2,))})
    unused = history.replay({4: TakenBack((2, 3))})

    assert (used.rows[place], unused.rows[place]) == ({"type": "string", "value": "b"}, None)
    assert {register: one.version for register, one in used.users.items()} == {"/custom_attributes/n/h": 3}


def test_row_that_came_by_a_merge_does_not_stay_for_being_changed():
    made = {"/custom_attributes/n/h/type": {"to": "string"}, "/custom_attributes/n/h/value": {"to": "a"}}
    rows = [
        row(2, made, ChangeAction.MERGED),
        row(3, {"/custom_attributes/n/h/value": {"from": "a", "to": "b"}}),
    ]
    present = State(collections={"custom_attributes": {("n", "h"): {"type": "string", "value": "b"}}})

    shown = History(rows, present).replay({4: TakenBack((2,))})

    assert (shown.rows["custom_attributes", ("n", "h")], shown.users) == (None, {})


def test_merges_are_told_until_they_are_taken_apart():
    history = History([row(2, {}, ChangeAction.MERGED), row(3, {}, ChangeAction.MERGED)], State())

    assert [one.version for one in history.merges({})] == [2, 3]
    assert [one.version for one in history.merges({4: TakenBack((3,))})] == [2]
