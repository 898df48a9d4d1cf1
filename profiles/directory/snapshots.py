"""Reading profiles as stored, with the collections asked for, in one query."""

from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any
from uuid import UUID

from profiles import shape
from profiles.db import families
from profiles.models import COLLECTION_MODELS, Profile
from profiles.values import ProfileSnapshot, RowKey, Rows


def load_snapshots(ids: Collection[UUID], *, collections: Collection[str]) -> dict[UUID, ProfileSnapshot]:
    """Return the profiles as stored, with the named collections, in one query."""
    children = {
        name: (COLLECTION_MODELS[name], ("id", *shape.COLLECTIONS[name].key, *shape.COLLECTIONS[name].fields))
        for name in collections
    }
    columns = ("id", "version", "email_key", "effective_times", *shape.JSON_COLUMNS, *shape.COLUMNS.values())
    snapshots = {}
    for values, rows_of in families.read_families(Profile, columns, ids, children=children, parent="profile_id"):
        profile_id, version, email_key, times, categories, appearance, *plain = values
        fields = dict(zip(shape.COLUMNS, plain, strict=True))
        for name, value in categories.items():
            fields[f"comms/{name}"] = value
        for name, value in appearance.items():
            fields[f"appearance/{name}"] = value
        loaded: dict[str, Rows] = {}
        row_ids: dict[str, Mapping[RowKey, int]] = {}
        for name, rows in rows_of.items():
            loaded[name], row_ids[name] = _by_key(shape.COLLECTIONS[name], rows)
        snapshot = ProfileSnapshot(UUID(profile_id), version, fields, loaded, email_key, row_ids, times or {})
        snapshots[snapshot.id] = snapshot
    return snapshots


def _by_key(collection: shape.Collection, rows: Sequence[Sequence[Any]]) -> tuple[Rows, Mapping[RowKey, int]]:
    """Return the rows by their natural key, and so their primary keys, in the order they were made.

    The databases give them as they lie; a merge takes them over in this order, and the API shows it.
    """
    end = 1 + len(collection.key)
    by_key = {}
    row_ids = {}
    for row in sorted(rows, key=itemgetter(0)) if len(rows) > 1 else rows:
        key = tuple(row[1:end])
        by_key[key] = dict(zip(collection.fields, row[end:], strict=True))
        row_ids[key] = row[0]
    return by_key, row_ids
