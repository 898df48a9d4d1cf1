"""Which records leave a profile with more than one person should have: they may be several people (rules 2.11).

Pure, and after the fact: the records apply as ever. It looks at a plan that is made, so that records by which nothing
of it grows cost nothing more.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from profiles import shape
from profiles.keys import folded
from profiles.values import Alarm, Change, Growth, Plan

MANY: Final = 5
"""The different email or mobile in a profile's life that raises the alarm."""

GROWTHS: Final[Mapping[str, Growth]] = {"email": Growth.EMAILS, "mobile_phone": Growth.MOBILES}
"""By the field that holds the contact."""

# Each identity that is made says so in the ledger, as it always has a value.
_MADE: Final = ("/identities/", "/is_active")


class Contact(NamedTuple):
    """An email or mobile that a profile had or has."""

    name: str
    """Of the field."""
    value: str


Contacts = Mapping[UUID, Collection[Contact]]
"""What each profile has had."""


def long_lived(changes: Sequence[Change]) -> set[UUID]:
    """Return the profiles that got an email or mobile and have lived long enough for it to be one of many.

    Of the others, which are nearly all, nobody need know what they had before.
    """
    return {change.profile_id for change in changes if change.version >= MANY and any(_contacts(change))}


def alarms_of(plan: Plan, *, most_identities: int, contacts: Contacts) -> list[Alarm]:
    """Return the alarms that the plan's records raise, each profile once for what has grown.

    `contacts` tells of the profiles that are `long_lived` what the ledger has of them so far.
    """
    grown = _grown_identities(plan, most_identities)
    found: dict[tuple[UUID, Growth], Alarm] = {}
    for alarm in (*grown, *_many_contacts(plan.changes, contacts)):
        found.setdefault((alarm.profile_id, alarm.growth), alarm)
    return list(found.values())


def _grown_identities(plan: Plan, most: int) -> Iterator[Alarm]:
    name = shape.IDENTITIES.name
    stored = {
        result.id: 0 if result.before is None else len(result.before.collections[name])
        for result in plan.results
        if len(result.collections.get(name, ())) > most
    }
    for change in plan.changes if stored else ():
        if change.profile_id in stored and (made := _count_made(change)):
            stored[change.profile_id] += made
            if stored[change.profile_id] > most:
                yield Alarm(change.profile_id, Growth.IDENTITIES, stored[change.profile_id], change.cause)


def _count_made(change: Change) -> int:
    """Return how many identities the record added."""
    start, end = _MADE
    return sum(
        pointer.startswith(start) and pointer.endswith(end) and "from" not in sides
        for pointer, sides in change.changes.items()
    )


def _many_contacts(changes: Sequence[Change], contacts: Contacts) -> Iterator[Alarm]:
    had = {profile_id: {_normal(*one) for one in known} for profile_id, known in contacts.items()}
    for change in changes:
        for contact in _contacts(change) if change.profile_id in had else ():
            known = had[change.profile_id]
            if contact in known:
                continue
            known.add(contact)
            count = sum(name == contact.name for name, _ in known)
            if count >= MANY:
                yield Alarm(change.profile_id, GROWTHS[contact.name], count, change.cause)


def _contacts(change: Change) -> Iterator[Contact]:
    """Yield the email and mobile that a record gave the profile."""
    for name in GROWTHS:
        sides = change.changes.get(f"/{name}")
        if sides is not None and isinstance(value := sides.get("to"), str):
            yield _normal(name, value)


def _normal(name: str, value: str) -> Contact:
    """Return the contact as it is compared: another spelling is not another email."""
    return Contact(name, folded(value) if name == "email" else value)
