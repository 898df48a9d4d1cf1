"""Who holds a value as a key, before it is blocked: bounded, and by an index where a whole value is asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from profiles.keyrules import EMAIL, IDENTITY, MOBILE, BlockedEntry, compiled_for, forms_of
from profiles.models import Identity, Profile

MOST_COUNTED: Final = 1_000
NEWEST_LOOKED_AT: Final = 50_000  # a third of a second
MOST_SHOWN: Final = 10

_COLUMNS: Final = {EMAIL: "email_key", MOBILE: "mobile_phone"}


@dataclass(frozen=True, slots=True)
class Holders:
    """Some of the profiles that hold a value, and how many there are."""

    shown: list[Profile]
    count: str
    """In words, with how far was looked."""


def find_holders(entry: BlockedEntry) -> Holders:
    """Return who holds the value as a key, or one the pattern matches among the newest; queries."""
    ids = list(dict.fromkeys(_matching(entry) if entry.pattern else _holding(entry)))
    shown = Profile.objects.filter(id__in=ids[:MOST_SHOWN]).order_by("-id")
    return Holders(list(shown), _count(len(ids), is_pattern=bool(entry.pattern)))


def _holding(entry: BlockedEntry) -> QuerySet[Profile, UUID] | QuerySet[Identity, UUID]:
    forms = forms_of(entry)
    if entry.kind == IDENTITY:
        identities = Identity.objects.filter(identifier__in=forms)
        if entry.handle:
            identities = identities.filter(handle=entry.handle)
        return identities.values_list("profile_id", flat=True)[: MOST_COUNTED + 1]
    return Profile.objects.filter(**{f"{_COLUMNS[entry.kind]}__in": forms}).values_list("id", flat=True)


def _matching(entry: BlockedEntry) -> Iterable[UUID]:
    """Yield the profiles among the newest whose value the pattern matches: no index can tell."""
    pattern = compiled_for(entry.kind, entry.pattern)
    if entry.kind == IDENTITY:
        newest = Identity.objects.order_by("-id").values_list("profile_id", "handle", "identifier")[:NEWEST_LOOKED_AT]
        held = ((profile_id, value) for profile_id, handle, value in newest if entry.handle in {"", handle})
    else:
        column = _COLUMNS[entry.kind]
        newest_profiles = Profile.objects.order_by("-id").values_list("id", column)[:NEWEST_LOOKED_AT]
        held = ((profile_id, value) for profile_id, value in newest_profiles if value is not None)
    return (profile_id for profile_id, value in held if pattern.fullmatch(value))


def _count(count: int, *, is_pattern: bool) -> str:
    number = (
        "No" if not count else f"{count:,}" if is_pattern or count <= MOST_COUNTED else f"More than {MOST_COUNTED:,}"
    )
    noun, verb = ("profile", "holds") if count in {0, 1} else ("profiles", "hold")
    told = f"{number} {noun} {verb} {'a value of this pattern' if is_pattern else 'this value'}"
    return f"{told}, as far as the newest {NEWEST_LOOKED_AT:,} tell." if is_pattern else f"{told}."
