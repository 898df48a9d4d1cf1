"""Finding a profile by anything staff may have at hand; every question is one look into an index."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from profiles import keys
from profiles.db.ids import read_id
from profiles.db.lookups import starts_with
from profiles.models import Identity, Profile

MOST_FOUND: Final = 500
# A name of more words is looked for with its last name at the first few of them.
MOST_SPLIT: Final = 6


def find_profiles(term: str) -> set[UUID]:
    """Return the ids of profiles with this email, mobile phone, identifier, id, or beginning of the name; queries."""
    try:
        term = keys.name(term)
    except keys.InvalidValueError:
        return set()
    return {found for question in _questions(term) for found in question[:MOST_FOUND]}


def _questions(term: str) -> Iterator[QuerySet[Profile, UUID] | QuerySet[Identity, UUID]]:
    profiles = Profile.objects.values_list("id", flat=True)
    if (profile_id := read_id(term)) is not None:
        yield profiles.filter(id=profile_id)
    if (email_key := _email_key(term)) is not None:
        yield profiles.filter(email_key=email_key)
    if (mobile := _mobile(term)) is not None:
        yield profiles.filter(mobile_phone=mobile)
    handle, _, identifier = (part.strip() for part in term.partition(":"))
    named = Q(identifier=term) | Q(handle=handle, identifier=identifier) if identifier else Q(identifier=term)
    yield Identity.objects.filter(named).values_list("profile_id", flat=True)
    if folded := keys.search_name(term):
        yield profiles.filter(starts_with("search_name", folded))
        yield profiles.filter(_last_name_first(term, folded))


def _last_name_first(term: str, folded: str) -> Q:
    """Match the beginning of the last name, or all of it and the beginning of the first: where it ends is not told."""
    asked = starts_with("search_last", folded)
    words = [word for word in map(keys.search_name, term.replace(",", " ").split()) if word]
    for end in range(1, min(len(words), MOST_SPLIT)):
        last, first = "".join(words[:end]), "".join(words[end:])
        asked |= Q(search_last=last[: keys.NAME_LENGTH]) & starts_with("search_name", first[: keys.NAME_LENGTH])
    return asked


def _email_key(term: str) -> str | None:
    try:
        return keys.email_key(term) if "@" in term else None
    except keys.InvalidValueError:
        return None


def _mobile(term: str) -> str | None:
    try:
        return keys.phone(term, default_country=settings.PHONE_DEFAULT_COUNTRY)
    except keys.InvalidValueError:
        return None
