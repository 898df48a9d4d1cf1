"""Set-based reading and locking: from the keys some drafts name to everything known about them (design 5.4).

Two writers never decide about the same key or the same profile at once. The keys are locked first, which keeps
others from taking a key that nobody holds yet; then the profiles behind them, because two keys of one person share
no lock; then the keys are looked up again, since a profile may have moved while its lock was waited for. Only what
is read after that is decided upon.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection, models

from profiles import sets, shape
from profiles.keys import MatchKey, email_match_key, identity_match_key, mobile_match_key
from profiles.models import (
    COLLECTION_MODELS,
    Identity,
    Location,
    Organisation,
    Profile,
    Region,
    RoleDefinition,
    Status,
)
from profiles.values import Directory, ProfileSnapshot, ReferenceName, RowKey, Rows, StatusTerm

# Two-part advisory locks are a space of their own, apart from the keys' one-part locks.
_HUB_LOCK: Final = (0x6875, 1)

Holders = Mapping[MatchKey, UUID]
Survivors = Mapping[UUID, UUID]


class ProfilesMovedError(Exception):
    """A key led to another profile by the time the first one was locked; start over, locking these too."""

    def __init__(self, profile_ids: frozenset[UUID]) -> None:
        super().__init__(profile_ids)
        self.profile_ids = profile_ids


def open_directory(  # noqa: PLR0913 what to lock, and what to know
    keys: Sequence[MatchKey],
    *,
    targets: Iterable[UUID] = (),
    collections: Collection[str],
    references: Collection[ReferenceName] = (),
    also_lock: Iterable[UUID] = (),
    whole_hub: bool = False,
) -> Directory:
    """Lock the keys and the profiles behind them until the transaction ends, and return what is known of them.

    `collections` names the collections to load, `references` the reference data to look up. `whole_hub` keeps every
    other writer out instead of locking keys one by one. Raises `ProfilesMovedError`. Runs inside the caller's
    transaction; queries.
    """
    named = {*targets, *also_lock}
    if sets.is_postgresql():
        _lock_keys(keys, whole_hub=whole_hub)
        locked = _lock_profiles(named | _behind(*_find(keys, named)))
        holders, survivors = _find(keys, named)
        if not _behind(holders, survivors) <= locked:
            raise ProfilesMovedError(frozenset(_behind(holders, survivors) | locked))
    else:
        # SQLite has one writer, and the caller's transaction already is it.
        holders, survivors = _find(keys, named)
    wanted = (named | _behind(holders, survivors)) - survivors.keys()
    return Directory(
        holders=holders,
        survivors=survivors,
        profiles=load_snapshots(wanted, collections=collections),
        references=load_references(references),
    )


def load_snapshots(ids: Collection[UUID], *, collections: Collection[str]) -> dict[UUID, ProfileSnapshot]:
    """Return the profiles as stored, with the named collections; one query for each table."""
    if not ids:
        return {}
    rows_of = {name: _load_rows(shape.COLLECTIONS[name], ids) for name in collections}
    none: tuple[Rows, Mapping[RowKey, int]] = ({}, {})
    snapshots = {}
    columns = ("id", "version", *shape.JSON_COLUMNS, *shape.COLUMNS.values())
    for profile_id, version, categories, appearance, *values in Profile.objects.filter(id__among=ids).values_list(
        *columns
    ):
        loaded = {name: rows.get(profile_id, none) for name, rows in rows_of.items()}
        fields = dict(zip(shape.COLUMNS, values, strict=True))
        for name in shape.TIME_FIELDS:
            if fields[name] is not None:
                fields[name] = shape.utc_text(fields[name])
        if fields["merged_into"] is not None:
            fields["merged_into"] = str(fields["merged_into"])
        fields |= {f"comms/{name}": value for name, value in categories.items()}
        fields |= {f"appearance/{name}": value for name, value in appearance.items()}
        snapshots[profile_id] = ProfileSnapshot(
            id=profile_id,
            version=version,
            fields=fields,
            collections={name: rows for name, (rows, _) in loaded.items()},
            row_ids={name: row_ids for name, (_, row_ids) in loaded.items()},
        )
    return snapshots


def _load_rows(
    collection: shape.Collection, ids: Collection[UUID]
) -> dict[UUID, tuple[dict[RowKey, dict[str, Any]], dict[RowKey, int]]]:
    loaded: dict[UUID, tuple[dict[RowKey, dict[str, Any]], dict[RowKey, int]]] = {}
    width = len(collection.key)
    model = COLLECTION_MODELS[collection.name]
    # Columns whose values are JSON as they come; the others are turned into it.
    as_they_come = (models.CharField, models.BooleanField, models.JSONField, models.ForeignKey)
    turned = [name for name in collection.fields if not isinstance(model._meta.get_field(name), as_they_come)]
    key_turned = any(not isinstance(model._meta.get_field(name), models.CharField) for name in collection.key)
    for row_id, profile_id, *values in model._default_manager.filter(profile_id__among=ids).values_list(
        "id", "profile_id", *collection.key, *collection.fields
    ):
        entry = loaded.get(profile_id)
        if entry is None:
            entry = loaded[profile_id] = ({}, {})
        key = tuple(map(str, values[:width])) if key_turned else tuple(values[:width])
        row = dict(zip(collection.fields, values[width:], strict=True))
        for name in turned:
            row[name] = _as_json(row[name])
        entry[0][key] = row
        entry[1][key] = row_id
    return loaded


def _as_json(value: Any) -> Any:  # noqa: ANN401 any column's value
    if isinstance(value, dt.datetime):
        return shape.utc_text(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


# --- Reference data ----------------------------------------------------------------------------------------------

_BY: Final[Mapping[tuple[str, str], tuple[type[models.Model], str, str]]] = {
    ("location", "id"): (Location, "id", "id"),
    ("location", "external_id"): (Location, "external_id", "id"),
    ("location", "external_code"): (Location, "external_code", "id"),
    ("region", "id"): (Region, "id", "handle"),
    ("region", "handle"): (Region, "handle", "handle"),
    ("status", "handle"): (Status, "handle", "handle"),
    ("organisation", "id"): (Organisation, "id", "handle"),
    ("role", "id"): (RoleDefinition, "id", "handle"),
    ("profile", "id"): (Profile, "id", "COALESCE(merged_into_id, id)"),
}
"""By what a record may name a row: its table, the column that is named and the column that says what is meant."""


def load_references(names: Collection[ReferenceName]) -> dict[ReferenceName, Any]:
    """Return what the names mean, in one query; those that mean nothing are missing."""
    if not names:
        return {}
    values: dict[tuple[str, str], list[str]] = {}
    for name in names:
        values.setdefault((name.kind, name.by), []).append(name.value)
    parts = [_reference_query(kind, by) for kind, by in values]
    params = [_reference_param(kind, wanted) for (kind, _), wanted in values.items()]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        return dict(_reference(row) for row in cursor.fetchall())


def _reference_query(kind: str, by: str) -> str:
    model, column, meaning = _BY[kind, by]
    number = by == "id" and kind != "profile"
    if sets.is_postgresql():
        among = f"= ANY(%s::{'uuid' if kind == 'profile' else 'bigint' if number else 'text'}[])"
    else:
        among = f"IN (SELECT CAST(value AS {'integer' if number else 'text'}) FROM json_each(%s))"  # noqa: S608 likewise
    term = _TERM if kind == "status" else _NO_TERM
    return (
        f"SELECT '{kind}', '{by}', CAST({column} AS text), CAST({meaning} AS text), {term} "  # noqa: S608 our names
        f"FROM {model._meta.db_table} WHERE {column} {among}"
    )


def _reference_param(kind: str, wanted: list[str]) -> str:
    if sets.is_postgresql():
        return sets.array_literal(wanted)
    return orjson.dumps([_stored_id(UUID(one)) for one in wanted] if kind == "profile" else wanted).decode()


_TERM: Final = "period, period_type, CAST(absolute_expiry AS text)"
_NO_TERM: Final = "CAST(NULL AS integer), CAST(NULL AS text), CAST(NULL AS text)"


def _reference(row: tuple[Any, ...]) -> tuple[ReferenceName, Any]:
    kind, by, value, meant, period, period_type, expiry = row
    meaning: Any = meant
    if kind == "profile":
        value, meaning = str(UUID(value)), str(UUID(meant))
    elif kind == "location":
        meaning = int(meant)
    elif kind == "status":
        end = None
        if expiry is not None:
            moment = dt.datetime.fromisoformat(expiry)
            end = shape.utc_text(moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))
        meaning = StatusTerm(period, period_type or None, end)
    return ReferenceName(kind, by, value), meaning


# --- Finding -----------------------------------------------------------------------------------------------------

_PROFILE: Final = Profile._meta.db_table
_IDENTITY: Final = Identity._meta.db_table
_FIND: Final = {
    "postgresql": f"""
        SELECT 'email', email_key, '', id, merged_into_id FROM {_PROFILE} WHERE email_key = ANY(%s::text[])
        UNION ALL
        SELECT 'mobile', mobile_phone, '', id, merged_into_id FROM {_PROFILE} WHERE mobile_phone = ANY(%s::text[])
        UNION ALL
        SELECT 'identity', i.identifier, i.handle, p.id, p.merged_into_id
        FROM unnest(%s::text[], %s::text[]) AS k(handle, identifier)
        JOIN {_IDENTITY} i ON i.handle = k.handle AND i.identifier = k.identifier
        JOIN {_PROFILE} p ON p.id = i.profile_id
        UNION ALL
        SELECT '', '', '', id, merged_into_id FROM {_PROFILE} WHERE id = ANY(%s::uuid[])
    """,  # noqa: S608 table names
    "sqlite": f"""
        SELECT 'email', email_key, '', id, merged_into_id FROM {_PROFILE}
        WHERE email_key IN (SELECT value FROM json_each(%s))
        UNION ALL
        SELECT 'mobile', mobile_phone, '', id, merged_into_id FROM {_PROFILE}
        WHERE mobile_phone IN (SELECT value FROM json_each(%s))
        UNION ALL
        SELECT 'identity', i.identifier, i.handle, p.id, p.merged_into_id
        FROM json_each(%s) AS h JOIN json_each(%s) AS v ON v.key = h.key
        CROSS JOIN {_IDENTITY} i ON i.handle = h.value AND i.identifier = v.value
        CROSS JOIN {_PROFILE} p ON p.id = i.profile_id
        UNION ALL
        SELECT '', '', '', id, merged_into_id FROM {_PROFILE} WHERE id IN (SELECT value FROM json_each(%s))
    """,  # noqa: S608 table names; CROSS JOIN keeps the identities' index on the inside
}


def _find(keys: Iterable[MatchKey], ids: Iterable[UUID]) -> tuple[Holders, Survivors]:
    """Return whose row holds each key, and which of those (and of `ids`) live on in another profile."""
    emails, mobiles, handles, identifiers = [], [], [], []
    for key in keys:
        if key.kind == "email":
            emails.append(key.value)
        elif key.kind == "mobile":
            mobiles.append(key.value)
        else:
            handles.append(key.handle)
            identifiers.append(key.value)
    arrays = [emails, mobiles, handles, identifiers, [_stored_id(one) for one in ids]]
    with connection.cursor() as cursor:
        cursor.execute(
            _FIND[connection.vendor],
            [sets.array_literal(array) for array in arrays]
            if sets.is_postgresql()
            else [orjson.dumps(array).decode() for array in arrays],
        )
        found = cursor.fetchall()
    holders: dict[MatchKey, UUID] = {}
    survivors: dict[UUID, UUID] = {}
    for kind, value, handle, profile_id, merged_into_id in found:
        holder = _loaded_id(profile_id)
        if kind == "email":
            holders[email_match_key(value)] = holder
        elif kind == "mobile":
            holders[mobile_match_key(value)] = holder
        elif kind == "identity":
            holders[identity_match_key(handle, value)] = holder
        if merged_into_id is not None:
            survivors[holder] = _loaded_id(merged_into_id)
    return holders, survivors


def _behind(holders: Holders, survivors: Survivors) -> set[UUID]:
    return {*holders.values(), *survivors.keys(), *survivors.values()}


def _stored_id(profile_id: UUID) -> str:
    return str(profile_id) if sets.is_postgresql() else profile_id.hex


def _loaded_id(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


# --- Locking (PostgreSQL) ----------------------------------------------------------------------------------------


def _lock_keys(keys: Sequence[MatchKey], *, whole_hub: bool) -> None:
    """Lock the keys in one order for everybody; past the budget lock the hub, as the lock table has an end."""
    distinct = sorted({_lock_number(key) for key in keys})
    whole_hub = whole_hub or len(distinct) > settings.HUB_LOCK_BUDGET
    with connection.cursor() as cursor:
        if whole_hub:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", _HUB_LOCK)
            return
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", _HUB_LOCK)
        cursor.execute(
            "SELECT count(pg_advisory_xact_lock(k)) FROM unnest(%s::bigint[]) AS k", [sets.array_literal(distinct)]
        )


def _lock_number(key: MatchKey) -> int:
    digest = hashlib.blake2b("\x00".join(key).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _lock_profiles(ids: Collection[UUID]) -> set[UUID]:
    """Lock the profiles' rows in the order of their ids; return those that are there."""
    if not ids:
        return set()
    locked = Profile.objects.filter(id__among=ids).order_by("id").select_for_update(no_key=True)
    return set(locked.values_list("id", flat=True))
