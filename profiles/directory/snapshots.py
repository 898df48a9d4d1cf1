"""Reading profiles as stored, with the collections asked for, in one query."""

from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from profiles import shape
from profiles.db import families
from profiles.models import COLLECTION_MODELS, Profile
from profiles.reconcile.sources import loaded_sources
from profiles.values import Origin, ProfileSnapshot, RowKey, Rows

_ORIGINS: Final = {
    name: tuple(member for member in shape.ORIGIN_MEMBERS if member in {field.name for field in model._meta.fields})
    for name, model in COLLECTION_MODELS.items()
}
"""What each collection's table knows of where a row comes from."""


def load_snapshots(ids: Collection[UUID], *, collections: Collection[str]) -> dict[UUID, ProfileSnapshot]:
    """Return the profiles as stored, with the named collections, in one query."""
    children = {
        name: (
            COLLECTION_MODELS[name],
            (*_ORIGINS[name], *shape.COLLECTIONS[name].key, *shape.COLLECTIONS[name].fields),
        )
        for name in collections
    }
    times = ("effective_times", "source_times")
    columns = ("id", "version", "email_key", *times, *shape.JSON_COLUMNS, *shape.COLUMNS.values())
    snapshots = {}
    for values, rows_of in families.read_families(Profile, columns, ids, children=children, parent="profile_id"):
        profile_id, version, email_key, effective, sources, categories, appearance, *plain = values
        fields = dict(zip(shape.COLUMNS, plain, strict=True))
        for name, value in categories.items():
            fields[f"comms/{name}"] = value
        for name, value in appearance.items():
            fields[f"appearance/{name}"] = value
        loaded: dict[str, Rows] = {}
        origins: dict[str, Mapping[RowKey, Origin]] = {}
        for name, rows in rows_of.items():
            loaded[name], origins[name] = _by_key(shape.COLLECTIONS[name], rows)
        snapshot = ProfileSnapshot(
            UUID(profile_id), version, fields, loaded, email_key, origins, effective or {}, loaded_sources(sources)
        )
        snapshots[snapshot.id] = snapshot
    return snapshots


def _by_key(collection: shape.Collection, rows: Sequence[Sequence[Any]]) -> tuple[Rows, Mapping[RowKey, Origin]]:
    """Return the rows by their natural key, and so their origins, in the order they were made.

    The databases give them as they lie; a merge takes them over in this order, and the API shows it.
    """
    start = len(_ORIGINS[collection.name])
    end = start + len(collection.key)
    by_key = {}
    origins = {}
    for row in sorted(rows, key=itemgetter(0)) if len(rows) > 1 else rows:
        key = tuple(row[start:end])
        by_key[key] = dict(zip(collection.fields, row[end:], strict=True))
        origins[key] = Origin(row[0], row[1] if start > 1 else None)
    return by_key, origins
