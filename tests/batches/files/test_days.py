"""Days and times as files write them."""

from zoneinfo import ZoneInfo

import pytest

from batches.files.days import DayTerms, read_date, read_day, read_time

DMY, MDY, YMD = (DayTerms(order) for order in ("dmy", "mdy", "ymd"))
SERIALS = DayTerms("dmy", serials=True)
OLD = DayTerms("dmy", two_digit_years_from=1900)
NEW = DayTerms("dmy", two_digit_years_from=1950)
SYDNEY = DayTerms("dmy", time_zone=ZoneInfo("Australia/Sydney"))


@pytest.mark.parametrize(
    ("text", "terms", "day"),
    [
        ("31/12/1990", DMY, (1990, 12, 31)),
        ("12/31/1990", MDY, (1990, 12, 31)),
        ("31.12.1990", DMY, (1990, 12, 31)),
        ("31. 12. 1990", DMY, (1990, 12, 31)),
        ("1-2-1990", DMY, (1990, 2, 1)),
        ("1-2-1990", MDY, (1990, 1, 2)),
        # A year of four digits in front is ISO's order, whatever the source's.
        ("1990-12-31", DMY, (1990, 12, 31)),
        ("1990/12/31", MDY, (1990, 12, 31)),
        ("1990-12-31T10:00:00Z", DMY, (1990, 12, 31)),
        ("31/12/90", OLD, (1990, 12, 31)),
        ("31/12/07", OLD, (1907, 12, 31)),
        ("31/12/07", NEW, (2007, 12, 31)),
        ("31/12/50", NEW, (1950, 12, 31)),
        ("31/12/49", NEW, (2049, 12, 31)),
        ("31/12", DMY, (None, 12, 31)),
        ("12/31", MDY, (None, 12, 31)),
        ("--12-31", YMD, (None, 12, 31)),
        ("29/2", DMY, (None, 2, 29)),
        ("33238", SERIALS, (1990, 12, 31)),
        ("33238", DMY, None),
        ("12/31/1990", DMY, None),
        ("29/02/1990", DMY, None),
        ("0/1/1990", DMY, None),
        ("31 December 1990", DMY, None),
        ("", DMY, None),
    ],
)
def test_day(text, terms, day):
    assert read_day(text, terms) == day


@pytest.mark.parametrize(("text", "date"), [("31/12/1990", "1990-12-31"), ("31/12", "31/12"), ("soon", "soon")])
def test_date_is_iso_or_as_it_was(text, date):
    assert read_date(text, DMY) == date


@pytest.mark.parametrize(
    ("text", "terms", "time"),
    [
        ("31/12/1990 14:05", DMY, "1990-12-31T14:05:00+00:00"),
        ("12/31/1990, 2:05:09 PM", MDY, "1990-12-31T14:05:09+00:00"),
        ("12/31/1990 12:00 am", MDY, "1990-12-31T00:00:00+00:00"),
        ("2020-05-05 15:20:32 -0400", MDY, "2020-05-05T15:20:32-04:00"),
        ("2020-05-05 15:20:32 UTC", MDY, "2020-05-05T15:20:32+00:00"),
        ("2020-05-05T15:20:32.123Z", MDY, "2020-05-05T15:20:32+00:00"),
        ("2020-05-05T15:20:32+10:00", SYDNEY, "2020-05-05T15:20:32+10:00"),
        ("05/05/2020 15:20", SYDNEY, "2020-05-05T15:20:00+10:00"),
        ("05/01/2020 15:20", SYDNEY, "2020-01-05T15:20:00+11:00"),
        ("05/05/2020", DMY, "2020-05-05T00:00:00+00:00"),
        ("33238.5", SERIALS, "1990-12-31T12:00:00+00:00"),
        ("31/12/1990 25:00", DMY, "31/12/1990 25:00"),
        ("31/31/1990 10:00", DMY, "31/31/1990 10:00"),
        ("soon", DMY, "soon"),
    ],
)
def test_time(text, terms, time):
    assert read_time(text, terms) == time


def test_years_of_two_digits_are_of_the_hundred_up_to_now(monkeypatch):
    class Now(__import__("datetime").datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 11, 27, tzinfo=tz)

    monkeypatch.setattr("batches.files.days.dt.datetime", Now)

    assert [read_day(f"1/1/{year}", DMY).year for year in ("26", "27", "99")] == [2026, 1927, 1999]
