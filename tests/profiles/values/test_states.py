"""What is stored, as values: equal by what they hold, never changed, and sharing nothing."""

import copy
import dataclasses
import pickle
from uuid import UUID

import pytest

from profiles.keys import email_match_key
from profiles.reconcile import state_of
from profiles.values import Directory, Origin, ProfileSnapshot, ReferenceName, SourceWord, StatusTerm

ANN = UUID(int=1)
WORD = SourceWord("2026-01-31T00:00:00Z", ANN, 3)
FULL = ProfileSnapshot(
    ANN,
    7,
    {"email": "Ann@example.com"},
    {"tags": {("vip",): {}}},
    "ann@example.com",
    {"tags": {("vip",): Origin(4, None)}},
    {"email_promo": "2026-01-31T00:00:00Z"},
    {"9": {"/company": WORD}},
)
VALUES = [
    FULL,
    WORD,
    Origin(4, None),
    ReferenceName("region", "handle", "victoria"),
    StatusTerm(1, "months"),
    Directory({email_match_key("ann@example.com"): ANN}, {}, {ANN: FULL}),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_value_is_equal_to_its_copy_and_cannot_be_changed(value):
    assert copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == value  # noqa: S301 its own
    name = value._fields[0] if isinstance(value, tuple) else dataclasses.fields(value)[0].name
    with pytest.raises(AttributeError):
        setattr(value, name, None)


@pytest.mark.parametrize(
    "other",
    [
        ReferenceName("region", "handle", "tasmania"),
        ReferenceName("region", "id", "victoria"),
        ReferenceName("status", "handle", "victoria"),
    ],
)
def test_name_refers_by_its_kind_column_and_value(other):
    known = {ReferenceName("region", "handle", "victoria"): "victoria"}

    assert (known.get(ReferenceName("region", "handle", "victoria")), known.get(other)) == ("victoria", None)


def test_status_without_a_term_is_held_for_good():
    assert StatusTerm() == StatusTerm(None, None, None) != StatusTerm(1, "days")


def test_what_is_not_loaded_is_empty_and_each_ones_own():
    one, other = (ProfileSnapshot(ANN, 1, {}, {}, None) for _ in range(2))
    here, there = (Directory({}, {}, {}) for _ in range(2))

    for name in ("origins", "effective_times", "source_times"):
        assert getattr(one, name) == {}
        assert getattr(one, name) is not getattr(other, name)
    assert (here.references, here.merged) == ({}, {})
    assert here.references is not there.references


def test_state_holds_all_that_the_snapshot_does():
    state = state_of(FULL)

    told = {one.name for one in dataclasses.fields(state)}
    assert {name: getattr(state, name) for name in told} == {name: getattr(FULL, name) for name in told}
    assert told == {one.name for one in dataclasses.fields(FULL)} - {"id", "version"}
