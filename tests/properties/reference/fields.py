"""What becomes of a person's own fields."""

import datetime as dt

from profiles import keys
from profiles.keys import MatchKey
from profiles.values import CauseKind, ProfileDraft
from tests.properties.reference.names import location_of
from tests.properties.reference.people import Person


def set_fields(person: Person, draft: ProfileDraft, aliases: set[MatchKey]) -> None:
    """Set what the record sent; what it did not send stays."""
    for name, value in draft.fields.items():
        if name.startswith("comms/"):
            continue
        stored = person.fields[name]
        if name == "email":
            key = keys.email_match_key(keys.email_key(value))
            same_email = stored is not None and keys.email_key(stored) == key.value
            if key in aliases or (same_email and draft.cause.kind is not CauseKind.ADMIN):
                continue
        if name == "mobile_phone" and value is not None and keys.mobile_match_key(value) in aliases:
            continue
        if name == "joined_at" and stored is not None:
            continue
        person.fields[name] = value


def set_locations(person: Person, draft: ProfileDraft) -> None:
    """Set the locations the record names."""
    for name in ("joined_location_id", "preferred_location_id"):
        if (one := draft.locations.get(name)) is not None:
            person.fields[name] = location_of(one.names[0][0])


def is_birthday_sound(person: Person) -> bool:
    """Whether day and month are there together, the year only with them, and the date is one of the calendar."""
    day, month, year = (person.fields[name] for name in ("birth_day", "birth_month", "birth_year"))
    if day is None or month is None:
        return day is None and month is None and year is None
    a_leap_year = 2000
    try:
        dt.date(year or a_leap_year, month, day)
    except ValueError:
        return False
    return True
