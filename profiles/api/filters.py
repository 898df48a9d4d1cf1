"""What profiles are found by (rules 8.15)."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat, Left
from django.utils import timezone

from profiles import keys
from profiles.db import lookups
from profiles.db.ids import read_id
from profiles.http.filtering import BracketFilterSet, NormalFilter, TimeFilter, several
from profiles.models import Identity, Profile, ProfileStatus, ProfileTag
from profiles.searching import find_profiles
from profiles.values import Gender, ProfileType

SECOND: Final = dt.timedelta(seconds=1)
_TRUTHS: Final = {"1": True, "true": True, "0": False, "false": False}


def folded_name(written: str) -> str:
    """Return a name as it is searched; raises `InvalidValueError` for what no name can be."""
    folded = keys.search_name(keys.text(written))
    if not folded:
        raise keys.InvalidValueError("The name must hold a letter.")
    return folded


def _word(words: type[Gender | ProfileType]) -> Callable[[str], str]:
    def normal(written: str) -> str:
        word = written.strip().lower()
        if word not in list(words):
            raise keys.InvalidValueError(f"The filter must be one of {', '.join(words)}.")
        return word

    return normal


def _mobile(written: str) -> str:
    return keys.phone(written, default_country=settings.PHONE_DEFAULT_COUNTRY)


def _number(written: str) -> int:
    text = written.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 of 32 bits
        raise keys.InvalidValueError("The filter must be a whole number.")
    return int(text)


def _id(written: str) -> str:
    found = read_id(written.strip())
    if found is None:
        raise keys.InvalidValueError("The filter must be an id.")
    return str(found)


def truth(written: str) -> bool:
    """Return what 1 or 0 says; raises `InvalidValueError`."""
    if written.strip().lower() not in _TRUTHS:
        raise keys.InvalidValueError("The filter must be 1 or 0.")
    return _TRUTHS[written.strip().lower()]


def _text(written: str) -> str:
    return keys.text(written)


_COMPARED: Final = {"gt": "after", "gte": "from … on", "lt": "before", "lte": "up to"}
_FIELDS: Final[Mapping[str, tuple[str, Callable[[str], Any], bool]]] = {
    "id": ("id", _id, False),
    "title": ("title", _text, False),
    "email": ("email_key", keys.email_key, False),
    "gender": ("gender", _word(Gender), False),
    "currency": ("currency", lambda written: _text(written).upper(), False),
    "mobile_phone": ("mobile_phone", _mobile, False),
    "secondary_phone": ("secondary_phone", _mobile, False),
    "birth_day": ("birth_day", _number, True),
    "birth_month": ("birth_month", _number, True),
    "birth_year": ("birth_year", _number, True),
    "company": ("company", _text, False),
    "occupation": ("occupation", _text, False),
    "avatar_url": ("avatar_url", _text, False),
    "joined_location_id": ("joined_location_id", _number, True),
    "preferred_location_id": ("preferred_location_id", _number, True),
    "profile_type": ("profile_type", _word(ProfileType), False),
}
"""By the contract's name: the column, the normal form of a value, and whether values have an order."""
_TIMES: Final = ("joined_at", "created_at", "updated_at")


def _filters() -> dict[str, Any]:
    """Return the filters of every field, with the operators that make sense of it."""
    found: dict[str, Any] = {}
    for name, (column, normal, is_ordered) in _FIELDS.items():
        found[name] = NormalFilter(normal=normal, field_name=column, label=f"The {name}, in any spelling of it.")
        found[f"{name}__ne"] = NormalFilter(
            normal=normal, field_name=column, exclude=True, label="Any other, or none."
        )
        found[f"{name}__in"] = NormalFilter(
            normal=several(normal), field_name=column, lookup_expr="in", label="One of these, with commas between."
        )
        found[f"{name}__nullable"] = NormalFilter(
            normal=truth, field_name=column, lookup_expr="isnull", label="1: those without, 0: those with one."
        )
        for operator, told in _COMPARED.items() if is_ordered else ():
            found[f"{name}__{operator}"] = NormalFilter(
                normal=normal, field_name=column, lookup_expr=operator, label=f"Those {told}."
            )
    for name in _TIMES:
        found[name] = TimeFilter(field_name=name, method="at_second", label="Within this second.")
        for operator, told in _COMPARED.items():
            found[f"{name}__{operator}"] = TimeFilter(field_name=name, lookup_expr=operator, label=f"Those {told}.")
    found["joined_at__nullable"] = NormalFilter(
        normal=truth, field_name="joined_at", lookup_expr="isnull", label="1: those without, 0: those with one."
    )
    return found


class ProfileFilters(BracketFilterSet):
    """What profiles are found by; keys, names, tags, statuses and locations by an index."""

    wire_names: ClassVar = {
        "identities.identifier": "identities_identifier",
        "tags.handle": "tags_handle",
        "statuses.handle": "statuses_handle",
    }
    other_parameters: ClassVar = frozenset({"sort"})
    plain_names: ClassVar = frozenset({"search"})
    repeatable: ClassVar = frozenset({"tags_handle", "statuses_handle"})

    first_name = NormalFilter(
        normal=folded_name, method="by_first_name", label="The first name; case, accents and apostrophes do not count."
    )
    last_name = NormalFilter(
        normal=folded_name,
        field_name="search_last",
        label="The last name; case, accents and apostrophes do not count.",
    )
    is_completed = NormalFilter(normal=truth, method="by_completed", label="0: those of the type incomplete.")
    identities_identifier = NormalFilter(
        normal=keys.name, method="by_identifier", label="An identifier under any handle."
    )
    tags_handle = NormalFilter(normal=keys.tag, method="by_tag", label="A tag; several: all of them.")
    statuses_handle = NormalFilter(normal=keys.name, method="by_status", label="A status that is held now.")
    search = NormalFilter(
        normal=_text,
        method="by_search",
        label="A key, or the beginnings of names in any order, of an email or of a phone.",
    )

    locals().update(_filters())

    def at_second(self, rows: QuerySet[Profile], name: str, value: dt.datetime) -> QuerySet[Profile]:
        """Find by a time as the wire tells it, which knows no fractions."""
        start = value.replace(microsecond=0)
        return rows.filter(**{f"{name}__gte": start, f"{name}__lt": start + SECOND})

    def by_first_name(self, rows: QuerySet[Profile], name: str, value: str) -> QuerySet[Profile]:
        """Find by the whole first name: what is left when the last name is taken away."""
        whole = Left(Concat(Value(value), F("search_last")), keys.NAME_LENGTH)
        return rows.filter(lookups.starts_with("search_name", value), search_name=whole)

    def by_completed(self, rows: QuerySet[Profile], name: str, value: bool) -> QuerySet[Profile]:  # noqa: FBT001 django-filter's
        """Find those about whom details are still to be captured, or the others."""
        incomplete = Q(profile_type="incomplete")
        return rows.exclude(incomplete) if value else rows.filter(incomplete)

    def by_identifier(self, rows: QuerySet[Profile], name: str, value: str) -> QuerySet[Profile]:
        """Find the owners of an identifier."""
        return rows.filter(Exists(Identity.objects.filter(profile=OuterRef("pk"), identifier=value)))

    def by_tag(self, rows: QuerySet[Profile], name: str, value: str) -> QuerySet[Profile]:
        """Find those with a tag."""
        return rows.filter(Exists(ProfileTag.objects.filter(profile=OuterRef("pk"), tag__handle=value)))

    def by_status(self, rows: QuerySet[Profile], name: str, value: str) -> QuerySet[Profile]:
        """Find those who hold a status now."""
        held = ProfileStatus.objects.filter(profile=OuterRef("pk"), status__handle=value, is_active=True)
        return rows.filter(Exists(held.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))))

    def by_search(self, rows: QuerySet[Profile], name: str, value: str) -> QuerySet[Profile]:
        """Find as staff do."""
        return rows & find_profiles(value)
