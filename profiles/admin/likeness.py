"""What two profiles have in common and in what they differ, for those who judge whether they are one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Window
from django.db.models.functions import RowNumber

from profiles.models import Profile

UNKNOWN: Final = "Unknown"
MOST_OF_EACH: Final = 5
MOST_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known of both, or of one of them."""

    title: str
    low: tuple[str, ...]
    high: tuple[str, ...]

    @property
    def is_shared(self) -> bool:
        """Whether both have a value in common, whatever its case."""
        return bool({value.casefold() for value in self.low} & {value.casefold() for value in self.high})

    @property
    def differs(self) -> bool:
        """Whether both have a value and none in common."""
        return bool(self.low and self.high) and not self.is_shared


def compare_fields(low: Profile, high: Profile) -> list[Fact]:
    """Return what their own fields tell; does not query. A second phone may be the other one's mobile."""
    return [
        Fact(title, *sides)
        for title, sides in (
            ("first name", (_told(low.first_name), _told(high.first_name))),
            ("last name", (_told(low.last_name), _told(high.last_name))),
            ("email", (_told(low.email_key), _told(high.email_key))),
            ("phone", (_phones(low), _phones(high))),
            ("birthday", (_birthday(low), _birthday(high))),
            ("company", (_told(low.company), _told(high.company))),
        )
        if any(sides)
    ]


def compare_rows(low: Profile, high: Profile) -> list[Fact]:
    """Return what their identities, by their handles, and their addresses tell; queries both for each."""
    sides = [_identities(one) for one in (low, high)]
    facts = [
        Fact(f"identity {handle}", *(tuple(side.get(handle, ())) for side in sides))
        for handle in sorted(sides[0].keys() | sides[1].keys())
    ]
    places = [_places(one) for one in (low, high)]
    return [*facts, Fact("address", *places)] if any(places) else facts


def _told(value: str | None) -> tuple[str, ...]:
    return (value,) if value and value != UNKNOWN else ()


def _phones(profile: Profile) -> tuple[str, ...]:
    return tuple(number for number in (profile.mobile_phone, profile.secondary_phone) if number)


def _birthday(profile: Profile) -> tuple[str, ...]:
    if profile.birth_day is None or profile.birth_month is None:
        return ()
    day = f"{profile.birth_month:02}-{profile.birth_day:02}"
    return (day if profile.birth_year is None else f"{profile.birth_year:04}-{day}",)


def _identities(profile: Profile) -> dict[str, list[str]]:
    place = Window(RowNumber(), partition_by="handle", order_by="-id")
    rows = profile.identities.annotate(place=place).filter(place__lte=MOST_OF_EACH).order_by("handle", "-id")
    found: dict[str, list[str]] = {}
    for handle, identifier in rows.values_list("handle", "identifier")[:MOST_SHOWN]:
        found.setdefault(handle, []).append(identifier)
    return found


def _places(profile: Profile) -> tuple[str, ...]:
    rows = profile.addresses.order_by("-is_default", "id").values_list("address_line_1", "city", "postcode")
    return tuple(", ".join(part for part in row if part) for row in rows[:MOST_OF_EACH])


def titles(facts: Sequence[Fact], *, shared: bool) -> str:
    """Return the names of what they share, or of what they differ in."""
    return ", ".join(fact.title for fact in facts if (fact.is_shared if shared else fact.differs)) or "-"
