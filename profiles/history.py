"""Reading the ledger: a profile's timeline, and its state as the ledger tells it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from django.db.models import F, QuerySet

from profiles import shape
from profiles.models import ProfileChange
from profiles.overmerging import GROWTHS, Contact
from profiles.reconcile import State
from profiles.values import RowKey

ROWS_LOOKED_AT: Final = 1_000
"""How many rows of a profile's ledger a batch may be kept waiting for."""


def timeline(profile_id: UUID) -> QuerySet[ProfileChange]:
    """Return the profile's rows of the ledger, newest first."""
    return ProfileChange.objects.filter(profile_id=profile_id).order_by("-version")


def contacts_of(profile_ids: Collection[UUID]) -> dict[UUID, set[Contact]]:
    """Return the emails and mobiles that each of the profiles has had, by the newest rows of its ledger."""
    contacts: dict[UUID, set[Contact]] = {profile_id: set() for profile_id in profile_ids}
    rows = ProfileChange.objects.filter(
        profile__among=profile_ids,
        version__gt=F("profile__version") - ROWS_LOOKED_AT,
        changes__has_any_keys=[f"/{name}" for name in GROWTHS],
    )
    values = rows.values_list("profile_id", *(f"changes__/{name}__to" for name in GROWTHS))
    for profile_id, *found in values:
        contacts[profile_id].update(
            Contact(name, value) for name, value in zip(GROWTHS, found, strict=True) if value is not None
        )
    return contacts


def fold(history: Iterable[Mapping[str, Mapping[str, Any]]]) -> State:
    """Return the state that a profile's changes, oldest first, add up to.

    Every promise that reads the ledger (undo, timelines, provenance) stands on this giving the stored state.
    """
    fields: dict[str, Any] = dict.fromkeys(shape.COLUMNS)
    collections: dict[str, dict[RowKey, dict[str, Any]]] = {name: {} for name in shape.COLLECTIONS}
    for changes in history:
        for pointer, change in changes.items():
            name, *parts = (part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))
            if name in shape.COLLECTIONS:
                _fold_row(collections[name], shape.COLLECTIONS[name], parts, change)
            else:
                fields["/".join((name, *parts))] = change.get("to")
    for name in shape.MEMBERS.keys() & fields.keys():
        if fields[name] is None:  # as stored: a missing member is null
            del fields[name]
    return State(fields, collections)


def without_origins(changes: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the changes but for what removed rows tell only so that they can come back as the same rows."""
    return {pointer: change for pointer, change in changes.items() if not shape.is_of_origin(pointer)}


def _fold_row(
    rows: dict[RowKey, dict[str, Any]],
    collection: shape.Collection,
    parts: list[str],
    change: Mapping[str, Any],
) -> None:
    width = len(collection.key)
    key = tuple(parts[:width])
    if "to" not in change:  # each member of a removed row says so, its origin too; the first one is enough
        rows.pop(key, None)
    else:
        row = rows.setdefault(key, dict.fromkeys(collection.fields))
        if len(parts) > width:
            row[parts[width]] = change["to"]
