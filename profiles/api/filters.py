"""What profiles are found by; each by an index."""

from typing import ClassVar

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Concat, Left

from profiles import keys
from profiles.db import lookups
from profiles.http.filtering import BracketFilterSet, ChoiceFilter, NormalFilter
from profiles.models import Profile
from profiles.values import ProfileType


def folded_name(written: str) -> str:
    """Return a name as it is searched; raises `InvalidValueError` for what no name can be."""
    folded = keys.search_name(keys.text(written))
    if not folded:
        raise keys.InvalidValueError("The name must hold a letter.")
    return folded


class ProfileFilters(BracketFilterSet):
    """What profiles are found by; each by an index."""

    wire_names: ClassVar = {"identities.identifier": "identities_identifier"}
    other_parameters: ClassVar = frozenset({"sort"})

    email = NormalFilter(
        normal=keys.email_key, field_name="email_key", label="The email, in any spelling of its case."
    )
    first_name = NormalFilter(
        normal=folded_name, method="by_first_name", label="The first name; case, accents and apostrophes do not count."
    )
    last_name = NormalFilter(
        normal=folded_name,
        field_name="search_last",
        label="The last name; case, accents and apostrophes do not count.",
    )
    profile_type = ChoiceFilter(
        field_name="profile_type",
        words=ProfileType,
        label="Deleted profiles are shown only when asked for.",
    )
    identities_identifier = NormalFilter(
        normal=keys.name, method="by_identifier", label="An identifier under any handle."
    )

    def by_first_name(self, rows: QuerySet[Profile], name: str, value: str) -> QuerySet[Profile]:
        """Find by the whole first name: what is left when the last name is taken away."""
        whole = Left(Concat(Value(value), F("search_last")), keys.NAME_LENGTH)
        return rows.filter(lookups.starts_with("search_name", value), search_name=whole)

    def by_identifier(self, rows: QuerySet[Profile], name: str, value: str) -> QuerySet[Profile]:
        """Find the owners of an identifier."""
        return rows.filter(identities__identifier=value).distinct()
