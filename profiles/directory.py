"""Set-based reading and locking: from the keys some drafts name to everything known about them (design 5.4).

Two writers never decide about the same key or the same profile at once. The keys are locked first, which keeps
others from taking a key that nobody holds yet; then the profiles behind them, because two keys of one person share
no lock; only then the profiles are read. Where one of them changed while its lock was waited for, the keys are
looked up again.

All locks are advisory ones of the transaction. Locking the profiles' rows would write to each of them, which after a
checkpoint costs as much as changing them. Rows that somebody else moves all the same are found out by their version
(see `writing`).
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
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


class ProfilesMovedError(Exception):
    """A key led to another profile by the time the first one was locked; start over, locking these too."""

    def __init__(self, profile_ids: Collection[UUID]) -> None:
        super().__init__(profile_ids)
        self.profile_ids = frozenset(profile_ids)


class TooManyLocksError(ProfilesMovedError):
    """There are more profiles behind the keys than may be locked one by one; start over with the whole hub."""


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
    # SQLite has one writer, and the caller's transaction already is it.
    is_locked = sets.is_postgresql()
    if is_locked:
        whole_hub = _lock_keys(keys, whole_hub=whole_hub)
    found = _find(keys, named)
    locked = named | found.behind
    if is_locked and not whole_hub:
        _lock_profiles(locked, beside=len(keys))
    profiles = load_snapshots(locked - found.survivors.keys(), collections=collections)
    if is_locked and not found.still_holds(profiles):
        found = _find(keys, named)
        if not found.behind <= locked:
            raise ProfilesMovedError(found.behind | locked)
        profiles = load_snapshots(locked - found.survivors.keys(), collections=collections)
    return Directory(found.holders, found.survivors, profiles, load_references(references))


def load_snapshots(ids: Collection[UUID], *, collections: Collection[str]) -> dict[UUID, ProfileSnapshot]:
    """Return the profiles as stored, with the named collections, in one query."""
    children = {
        name: (COLLECTION_MODELS[name], ("id", *shape.COLLECTIONS[name].key, *shape.COLLECTIONS[name].fields))
        for name in collections
    }
    columns = ("id", "version", *shape.JSON_COLUMNS, *shape.COLUMNS.values())
    snapshots = {}
    for values, rows_of in sets.read_families(Profile, columns, ids, children=children, parent="profile_id"):
        profile_id, version, categories, appearance, *plain = values
        fields = dict(zip(shape.COLUMNS, plain, strict=True))
        for name, value in categories.items():
            fields[f"comms/{name}"] = value
        for name, value in appearance.items():
            fields[f"appearance/{name}"] = value
        loaded: dict[str, Rows] = {}
        row_ids: dict[str, Mapping[RowKey, int]] = {}
        for name, rows in rows_of.items():
            loaded[name], row_ids[name] = _by_key(shape.COLLECTIONS[name], rows)
        snapshot = ProfileSnapshot(UUID(profile_id), version, fields, loaded, row_ids)
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
# Keeps the look-up of each key by itself, in an index, whatever the planner believes about the tables.
_ALONE: Final = "OFFSET 0"
_FIND: Final = {
    "postgresql": f"""
        SELECT 'email', k.email, '', p.id, p.version, p.merged_into_id FROM unnest(%s::text[]) AS k(email)
        CROSS JOIN LATERAL (SELECT * FROM {_PROFILE} WHERE email_key = k.email {_ALONE}) p
        UNION ALL
        SELECT 'mobile', k.number, '', p.id, p.version, p.merged_into_id FROM unnest(%s::text[]) AS k(number)
        CROSS JOIN LATERAL (SELECT * FROM {_PROFILE} WHERE mobile_phone = k.number {_ALONE}) p
        UNION ALL
        SELECT 'identity', k.identifier, k.handle, p.id, p.version, p.merged_into_id
        FROM unnest(%s::text[], %s::text[]) AS k(handle, identifier)
        CROSS JOIN LATERAL (
            SELECT profile_id FROM {_IDENTITY} WHERE handle = k.handle AND identifier = k.identifier {_ALONE}
        ) i
        CROSS JOIN LATERAL (SELECT * FROM {_PROFILE} WHERE id = i.profile_id {_ALONE}) p
        UNION ALL
        SELECT '', '', '', p.id, p.version, p.merged_into_id FROM {_PROFILE} p WHERE p.id = ANY(%s::uuid[])
    """,  # noqa: S608 table names
    "sqlite": f"""
        SELECT 'email', email_key, '', id, version, merged_into_id FROM {_PROFILE}
        WHERE email_key IN (SELECT value FROM json_each(%s))
        UNION ALL
        SELECT 'mobile', mobile_phone, '', id, version, merged_into_id FROM {_PROFILE}
        WHERE mobile_phone IN (SELECT value FROM json_each(%s))
        UNION ALL
        SELECT 'identity', i.identifier, i.handle, p.id, p.version, p.merged_into_id
        FROM json_each(%s) AS k CROSS JOIN {_IDENTITY} i
        ON i.handle = json_extract(k.value, '$[0]') AND i.identifier = json_extract(k.value, '$[1]')
        CROSS JOIN {_PROFILE} p ON p.id = i.profile_id
        UNION ALL
        SELECT '', '', '', id, version, merged_into_id FROM {_PROFILE} WHERE id IN (SELECT value FROM json_each(%s))
    """,  # noqa: S608 table names; CROSS JOIN keeps the identities' index on the inside
}


@dataclass(slots=True)
class _Found:
    """Who stands behind some keys and ids at one moment."""

    holders: dict[MatchKey, UUID] = field(default_factory=dict)
    survivors: dict[UUID, UUID] = field(default_factory=dict)
    versions: dict[UUID, int] = field(default_factory=dict)
    """Of the holders and the ids asked for, not of survivors."""

    @property
    def behind(self) -> set[UUID]:
        return {*self.holders.values(), *self.survivors.keys(), *self.survivors.values()}

    def still_holds(self, profiles: Mapping[UUID, ProfileSnapshot]) -> bool:
        """Whether profiles read later are those of this moment; of merged ones, which are not read, nobody knows."""
        return not self.survivors and all(
            profile_id in profiles and profiles[profile_id].version == version
            for profile_id, version in self.versions.items()
        )


def _find(keys: Iterable[MatchKey], ids: Iterable[UUID]) -> _Found:
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
    stored_ids = [_stored_id(one) for one in ids]
    if sets.is_postgresql():
        params = [sets.array_literal(array) for array in (emails, mobiles, handles, identifiers, stored_ids)]
    else:
        pairs = list(zip(handles, identifiers, strict=True))
        params = [orjson.dumps(array).decode() for array in (emails, mobiles, pairs, stored_ids)]
    with connection.cursor() as cursor:
        cursor.execute(_FIND[connection.vendor], params)
        rows = cursor.fetchall()
    found = _Found()
    for kind, value, handle, profile_id, version, merged_into_id in rows:
        holder = _loaded_id(profile_id)
        found.versions[holder] = version
        if kind == "email":
            found.holders[email_match_key(value)] = holder
        elif kind == "mobile":
            found.holders[mobile_match_key(value)] = holder
        elif kind == "identity":
            found.holders[identity_match_key(handle, value)] = holder
        if merged_into_id is not None:
            found.survivors[holder] = _loaded_id(merged_into_id)
    return found


def _stored_id(profile_id: UUID) -> str:
    return str(profile_id) if sets.is_postgresql() else profile_id.hex


def _loaded_id(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


# --- Locking (PostgreSQL) ----------------------------------------------------------------------------------------


def _lock_keys(keys: Sequence[MatchKey], *, whole_hub: bool) -> bool:
    """Lock the keys, or the whole hub where they are too many, as the lock table has an end; return which."""
    whole_hub = whole_hub or len(keys) > settings.HUB_LOCK_BUDGET
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{'' if whole_hub else '_shared'}(%s, %s)", _HUB_LOCK)
    if not whole_hub:
        _lock("\x00".join(key) for key in keys)
    return whole_hub


def _lock_profiles(ids: Collection[UUID], *, beside: int) -> None:
    """Lock the profiles; raises `TooManyLocksError` where they are, `beside` the locks held, more than may be."""
    if beside + len(ids) > settings.HUB_LOCK_BUDGET:
        raise TooManyLocksError(ids)
    _lock(f"profile\x00{profile_id}" for profile_id in ids)


def _lock(names: Iterable[str]) -> None:
    """Take a lock for each name until the transaction ends, in one order for everybody."""
    numbers = sorted({_lock_number(name) for name in names})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_advisory_xact_lock(k)) FROM unnest(%s::bigint[]) AS k", [sets.array_literal(numbers)]
        )


def _lock_number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
