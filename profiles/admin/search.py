"""Finding a profile by anything staff may have at hand; every question is one look into an index."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from profiles import keys
from profiles.admin.lists import as_uuid, starts_with
from profiles.models import Identity, Profile

MOST_FOUND: Final = 500


def find_profiles(term: str) -> set[UUID]:
    """Return the ids of profiles with this email, mobile phone, identifier, id, or beginning of the name; queries."""
    try:
        term = keys.name(term)
    except keys.InvalidValueError:
        return set()
    return {found for question in _questions(term) for found in question[:MOST_FOUND]}


def _questions(term: str) -> Iterator[QuerySet[Profile, UUID] | QuerySet[Identity, UUID]]:
    profiles = Profile.objects.values_list("id", flat=True)
    if (profile_id := as_uuid(term)) is not None:
        yield profiles.filter(id=profile_id)
    if (email_key := _email_key(term)) is not None:
        yield profiles.filter(email_key=email_key)
    if (mobile := _mobile(term)) is not None:
        yield profiles.filter(mobile_phone=mobile)
    handle, _, identifier = (part.strip() for part in term.partition(":"))
    named = Q(identifier=term) | Q(handle=handle, identifier=identifier) if identifier else Q(identifier=term)
    yield Identity.objects.filter(named).values_list("profile_id", flat=True)
    yield profiles.filter(starts_with("search_name", keys.search_name(term)))
    yield profiles.filter(last_name=term)


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
