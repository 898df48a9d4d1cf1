"""Finding the merges by which profiles became one."""

from collections.abc import Collection
from uuid import UUID

from django.db.models.functions import Coalesce

from profiles.directory.ledgers import takers_of
from profiles.models import Profile, ProfileChange
from profiles.reconcile.families import LiveMerge
from profiles.values import ChangeAction


def find_families(ids: Collection[UUID]) -> list[list[LiveMerge]]:
    """Return the live merges of each family the profiles are of, the oldest first; three queries, one for none."""
    named = Profile.objects.filter(id__among=ids).annotate(root=Coalesce("merged_into", "id"))
    merged_ones = Profile.objects.filter(merged_into__in=named.values("root")).values_list("id", "merged_into")
    family_of = {id_: root for id_, root in merged_ones if root is not None}
    if not family_of:
        return []
    family_of |= {root: root for root in family_of.values()}
    dead = takers_of(family_of)
    rows = ProfileChange.objects.filter(profile__among=family_of, action=ChangeAction.MERGED).order_by("id")
    merged: dict[UUID, tuple[UUID, int]] = {}
    survivors: dict[UUID, tuple[UUID, int]] = {}
    for profile_id, version, operation_id, changes in rows.values_list(
        "profile_id", "version", "operation_id", "changes"
    ):
        if (profile_id, version) in dead or operation_id is None:
            continue
        into = changes.get("/merged_into")
        if into is None:
            survivors[operation_id] = profile_id, version
        elif into.get("from") is None:  # else it only goes along with whoever it lives on in
            merged[operation_id] = profile_id, version
    found: dict[UUID, list[LiveMerge]] = {}
    for operation_id, survivor in survivors.items():
        if operation_id in merged:
            found.setdefault(family_of[survivor[0]], []).append(LiveMerge(*merged[operation_id], *survivor))
    return list(found.values())
