"""Days and times as files write them: in an order that is told, never guessed."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

_DAY: Final = re.compile(r"([0-9]{1,4})[-/. ]{1,2}([0-9]{1,2})(?:[-/. ]{1,2}([0-9]{1,4}))?\.?", re.ASCII)
_MOMENT: Final = re.compile(
    r"([0-9/.\-]+)[ T,]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?\s*([AaPp][Mm])?\s*"
    r"(Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})?",
    re.ASCII,
)
_SERIAL: Final = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,12})?", re.ASCII)
_SERIALS_BEGIN: Final = dt.datetime(1899, 12, 30)  # noqa: DTZ001 a spreadsheet's days have no zone
_YEAR_DIGITS: Final = 4
_SHORT_YEAR_DIGITS: Final = 2
_A_LEAP_YEAR: Final = 2000
EXAMPLES: Final = {"ymd": "1990-12-31", "dmy": "31/12/1990", "mdy": "12/31/1990"}


class Day(NamedTuple):
    """A day, perhaps without its year."""

    year: int | None
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class DayTerms:
    """How a source writes days and times; ISO 8601 is always read."""

    order: str = ""
    """`ymd`, `dmy` or `mdy`; without one days and times are left as they are, for the schema to read."""
    two_digit_years_from: int | None = None
    """The first year that one of two digits may mean; a hundred years up to this one unless told."""
    serials: bool = False
    """Whether a bare number is a spreadsheet's day."""
    time_zone: ZoneInfo | None = None
    """Of times without one; they are UTC otherwise."""

    @property
    def is_told(self) -> bool:
        """Whether anything is told: the schema knows ISO 8601 by itself."""
        return bool(self.order or self.serials or self.time_zone)

    @property
    def example(self) -> str:
        """A day as the source writes it."""
        return EXAMPLES[self.order or "ymd"]


def read_day(text: str, terms: DayTerms) -> Day | None:
    """Return the day that a text says; `None` where it says none of the calendar."""
    text = text.strip()
    if terms.serials and _SERIAL.fullmatch(text):
        moment = _of_serial(text)
        return Day(moment.year, moment.month, moment.day)
    if text[:_YEAR_DIGITS].isdecimal():
        text = text.partition("T")[0]
    found = _DAY.fullmatch(text.removeprefix("--"))
    if found is None:
        return None
    first, _, third = found.groups()
    order = "ymd" if len(first) == _YEAR_DIGITS else terms.order or "ymd"
    if third is None:
        order = order.replace("y", "")
    parts = dict(zip(order, found.groups(), strict=False))
    day = Day(_year(parts["y"], terms) if "y" in parts else None, int(parts["m"]), int(parts["d"]))
    try:
        dt.date(_A_LEAP_YEAR if day.year is None else day.year, day.month, day.day)
    except ValueError:
        return None
    return day


def read_date(text: str, terms: DayTerms) -> str:
    """Return the day in ISO 8601; what is none, or has no year, stays as it is."""
    day = read_day(text, terms)
    return text if day is None or day.year is None else f"{day.year:04}-{day.month:02}-{day.day:02}"


def read_time(text: str, terms: DayTerms) -> str:
    """Return the time in ISO 8601, with its zone; a day alone is its midnight, what is no time stays as it is."""
    text = text.strip()
    if terms.serials and _SERIAL.fullmatch(text):
        return _in_zone(_of_serial(text), "", terms)
    found = _MOMENT.fullmatch(text)
    written, hour, minute, second, half, zone = found.groups() if found else (text, "0", "0", "0", None, None)
    day = read_day(written, terms)
    if day is None or day.year is None:
        return text
    hours = int(hour)
    if half:
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    try:
        return _in_zone(
            dt.datetime(day.year, day.month, day.day, hours, int(minute), int(second or 0)),  # noqa: DTZ001 it comes
            zone or "",
            terms,
        )
    except ValueError:
        return text


def _year(written: str, terms: DayTerms) -> int:
    if len(written) > _SHORT_YEAR_DIGITS:
        return int(written)
    first = terms.two_digit_years_from
    if first is None:
        first = dt.datetime.now(dt.UTC).year - 99
    return first + (int(written) - first) % 100


def _of_serial(text: str) -> dt.datetime:
    return _SERIALS_BEGIN + dt.timedelta(seconds=round(float(text) * 86_400))


def _in_zone(moment: dt.datetime, zone: str, terms: DayTerms) -> str:
    if not zone:
        return moment.replace(tzinfo=terms.time_zone or dt.UTC).isoformat()
    return dt.datetime.fromisoformat(f"{moment.isoformat()}{'Z' if zone.isalpha() else zone}").isoformat()
