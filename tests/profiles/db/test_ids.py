"""Ids that lie in the order of time, and those that are the same whenever they are asked for."""

import datetime as dt
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.db.ids import derived_ids, new_id

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
ONE, OTHER = UUID("0199c0de-0000-7000-8000-000000000001"), UUID("0199c0de-0000-7000-8000-000000000002")

spots = st.tuples(st.integers(0, 2**20 - 1), st.integers(0, 2**6 - 1))
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
times = st.integers(0, 2**52).map(lambda microseconds: EPOCH + dt.timedelta(microseconds=microseconds))


def test_random_ids_are_each_later_than_the_one_before():
    made = [new_id() for _ in range(10_000)]

    assert made == sorted(set(made))


@pytest.mark.parametrize(
    ("spot", "expected"),
    [
        ((0, 0), "019e830e-1a00-7000-8000-3f6e7f9bd333"),
        ((0, 1), "019e830e-1a00-7000-8001-3f6e7f9bd333"),
        ((1, 0), "019e830e-1a00-7000-8040-3f6e7f9bd333"),
        ((499, 50), "019e830e-1a00-7001-bcf2-3f6e7f9bd333"),
    ],
)
def test_derived_id_is_told_by_its_source_time_position_and_place(spot, expected):
    assert str(derived_ids(ONE, at=NOON)(*spot)) == expected


@given(st.uuids(), times, spots)
def test_derived_ids_are_of_version_7_and_the_same_whenever_they_are_asked_for(source, at, spot):
    named = derived_ids(source, at=at)(*spot)
    derived_ids.cache_clear()

    assert derived_ids(source, at=at)(*spot) == named
    assert (named.version, named.variant) == (7, "specified in RFC 4122")
    assert named.int >> 80 == (at - EPOCH) // dt.timedelta(milliseconds=1)


@given(st.lists(st.tuples(st.sampled_from([ONE, OTHER]), spots), unique=True, max_size=50))
def test_derived_ids_differ_by_source_position_and_place_and_lie_in_their_order(asked):
    named = {(source, spot): derived_ids(source, at=NOON)(*spot) for source, spot in asked}

    assert len(set(named.values())) == len(asked)
    for source in (ONE, OTHER):
        of_source = [named[one] for one in sorted(named) if one[0] == source]
        assert of_source == sorted(of_source)


@given(times, times, st.uuids(), st.uuids(), spots, spots)
def test_what_was_received_a_millisecond_later_has_later_ids(early, late, source, other, spot, another):
    early, late = sorted((early, late + dt.timedelta(milliseconds=1)))

    if late - early >= dt.timedelta(milliseconds=1):
        assert derived_ids(source, at=early)(*spot) < derived_ids(other, at=late)(*another)


@pytest.mark.parametrize("spot", [(2**20, 0), (0, 2**6), (-1, 0), (0, -1)])
def test_what_an_id_has_no_room_for_is_refused(spot):
    with pytest.raises(ValueError, match="no id has room"):
        derived_ids(ONE, at=NOON)(*spot)
