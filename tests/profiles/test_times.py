"""A time is in UTC, and one without a zone is meant so."""

import datetime as dt

import pytest

from profiles.times import as_utc, utc_text

SYDNEY = dt.timezone(dt.timedelta(hours=10))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (dt.datetime(2020, 5, 5, 15, 20, 32), dt.datetime(2020, 5, 5, 15, 20, 32, tzinfo=dt.UTC)),  # noqa: DTZ001
        (dt.datetime(2020, 5, 5, 15, 20, 32, tzinfo=dt.UTC), dt.datetime(2020, 5, 5, 15, 20, 32, tzinfo=dt.UTC)),
        (dt.datetime(2020, 5, 6, 1, 20, 32, tzinfo=SYDNEY), dt.datetime(2020, 5, 5, 15, 20, 32, tzinfo=dt.UTC)),
    ],
)
def test_times_are_taken_to_utc(moment, expected):
    assert as_utc(moment) == expected
    assert as_utc(moment).tzinfo is dt.UTC


def test_no_time_lies_before_the_calendar():
    with pytest.raises(OverflowError):
        as_utc(dt.datetime(1, 1, 1, tzinfo=SYDNEY))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (dt.datetime(2020, 5, 6, 1, 20, 32, tzinfo=SYDNEY), "2020-05-05T15:20:32Z"),
        (dt.datetime(2020, 5, 5, 15, 20, 32, 1000, tzinfo=dt.UTC), "2020-05-05T15:20:32.001000Z"),
    ],
)
def test_states_write_times_in_utc(moment, expected):
    assert utc_text(moment) == expected
