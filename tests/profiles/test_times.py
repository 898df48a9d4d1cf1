"""What times without a zone mean, and how all are written (rules 8.13)."""

import datetime as dt

import pytest

from profiles.times import as_utc, utc_text


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ("2020-05-05T15:20:32", "2020-05-05T15:20:32Z"),
        ("2020-05-05T15:20:32Z", "2020-05-05T15:20:32Z"),
        ("2020-05-05T15:20:32.5+10:00", "2020-05-05T05:20:32.500000Z"),
        ("2020-01-01T00:30:00+01:00", "2019-12-31T23:30:00Z"),
    ],
)
def test_time_is_written_in_utc(sent, written):
    assert utc_text(as_utc(dt.datetime.fromisoformat(sent))) == written


def test_time_beyond_the_calendar_is_refused():
    with pytest.raises(OverflowError):
        as_utc(dt.datetime.fromisoformat("0001-01-01T00:00:00+01:00"))
