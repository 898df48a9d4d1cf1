"""Reading profiles with everything of theirs as rows of the models, for showing them; in one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from profiles.db.families import Columns, Values, read_families
from profiles.db.instances import columns_of, instance_maker
from profiles.models import (
    Address,
    CustomAttribute,
    DateLink,
    Identity,
    ImportantDate,
    OrganisationMembership,
    Profile,
    ProfileRegion,
    ProfileStatus,
    ProfileTag,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.db.models import Model

_CHILDREN: Final[dict[str, tuple[type[Model], tuple[str, ...]]]] = {
    "identities": (Identity, ()),
    "addresses": (Address, ()),
    "attributes": (CustomAttribute, ()),
    "dates": (ImportantDate, ()),
    "date_links": (DateLink, ()),
    "tags": (ProfileTag, ()),
    "statuses": (ProfileStatus, ("status",)),
    "regions": (ProfileRegion, ("region",)),
    "memberships": (OrganisationMembership, ("organisation", "role")),
}
"""The rows of a profile, and what of the reference data is shown with each."""
_LOCATIONS: Final = ("joined_location", "preferred_location")


@dataclass(frozen=True, slots=True)
class WholeProfile:
    """A profile with its locations, and the rows of its collections, each in the order they were made."""

    profile: Profile
    identities: Sequence[Identity]
    addresses: Sequence[Address]
    attributes: Sequence[CustomAttribute]
    dates: Sequence[ImportantDate]
    date_links: Sequence[DateLink]
    tags: Sequence[ProfileTag]
    statuses: Sequence[ProfileStatus]
    regions: Sequence[ProfileRegion]
    memberships: Sequence[OrganisationMembership]


def load_wholes(ids: Sequence[UUID]) -> list[WholeProfile]:
    """Return the profiles with everything, of one moment, in the order given; one query."""
    columns, children, make_profile, makers = _plan()
    found = {}
    for values, rows_of in read_families(Profile, columns, ids, children=children, parent="profile_id"):
        profile = make_profile(values)
        rows: dict[str, Any] = {
            name: sorted(map(makers[name], some), key=_row_id) if some else [] for name, some in rows_of.items()
        }
        found[profile.pk] = WholeProfile(profile, **rows)
    return [found[profile_id] for profile_id in ids if profile_id in found]


def _row_id(row: Model) -> Any:
    return row.pk


@cache
def _plan() -> tuple[
    Columns,
    dict[str, tuple[type[Model], Columns]],
    Callable[[Values], Profile],
    dict[str, Callable[[Values], Model]],
]:
    """Return the columns asked for, and what makes rows of them."""
    children = {name: (model, columns_of(model, *pointed)) for name, (model, pointed) in _CHILDREN.items()}
    makers = {name: instance_maker(model, *pointed) for name, (model, pointed) in _CHILDREN.items()}
    return columns_of(Profile, *_LOCATIONS), children, instance_maker(Profile, *_LOCATIONS), makers
