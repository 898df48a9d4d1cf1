"""People as they are stored, out of the hub again: as records that can be sent, in slices of one moment (way 1.9)."""

import datetime as dt
from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from profiles import shape
from profiles.criteria import EMAIL, Criteria
from profiles.db.moments import one_moment
from profiles.directory import load_snapshots
from profiles.models import Organisation, Profile, RoleDefinition
from profiles.schema.writing import LeftOut, ReferenceIds, Told, tell
from profiles.values import ProfileSnapshot

__all__ = ["Exported", "LeftOut", "Wanted", "export_profiles"]

PROFILES_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which profiles are exported, and by what their records are to be matched."""

    criteria: Criteria = (EMAIL,)
    since: dt.datetime | None = None
    """Those changed then or later."""
    profile_types: Sequence[str] = ()
    """Of one of these types; of any but `deleted` if empty."""
    tags: Sequence[str] = ()
    """Those that bear all of these tags."""
    regions: Sequence[str] = ()
    """Those that belong to one of these regions, by handle."""

    def narrow(self) -> QuerySet[Profile]:
        """Return the profiles that are wanted, but for those merged into others and those that have ended."""
        profiles = Profile.objects.filter(merged_into=None, ended=None)
        if self.since is not None:
            profiles = profiles.filter(updated_at__gte=self.since)
        if self.profile_types:
            profiles = profiles.filter(profile_type__in=self.profile_types)
        for tag in self.tags:
            profiles = profiles.filter(profile_tags__tag__handle=tag)
        if self.regions:
            profiles = profiles.filter(profile_regions__region__handle__in=self.regions).distinct()
        return profiles


@dataclass(frozen=True, slots=True)
class Exported:
    """One profile, as it was told."""

    profile_id: UUID
    told: Told


def export_profiles(wanted: Wanted, *, now: dt.datetime) -> Generator[Exported, None, None]:
    """Yield every profile that is wanted, the oldest first, as it is at one moment; four statements for 500.

    `now` decides which statuses have expired. Memory depends on the slice only. Holds a transaction open until the
    last one is taken, or it is closed.
    """
    with one_moment():
        after: UUID | None = None
        while True:
            page = wanted.narrow().order_by("id").values_list("id", flat=True)
            ids = list((page if after is None else page.filter(id__gt=after))[:PROFILES_AT_ONCE])
            snapshots = load_snapshots(ids, collections=list(shape.COLLECTIONS))
            named = _ids_named(snapshots.values())
            for profile_id in ids:
                yield Exported(profile_id, tell(snapshots[profile_id], criteria=wanted.criteria, ids=named, now=now))
            if len(ids) < PROFILES_AT_ONCE:
                return
            after = ids[-1]


def _ids_named(snapshots: Iterable[ProfileSnapshot]) -> ReferenceIds:
    """Return the ids of the organisations and roles that these profiles are members of; two queries at most."""
    rows = [row for one in snapshots for row in one.collections["organisations"].items()]
    organisations = {handle for (handle,), _ in rows}
    roles = {row["role"] for _, row in rows} - {None}
    return ReferenceIds(_by_handle(Organisation, organisations), _by_handle(RoleDefinition, roles))


def _by_handle(model: type[Organisation] | type[RoleDefinition], handles: Collection[str]) -> dict[str, int]:
    rows = model._default_manager.filter(handle__among=list(handles)).values_list("handle", "id")
    return dict(rows) if handles else {}
