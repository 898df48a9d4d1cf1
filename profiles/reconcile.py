"""A record into a profile: who wins per field, and what changes by it (design 3.3, 3.4; contract S17-S34).

Pure: a state and a draft in, the next state and the difference out.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from profiles import shape
from profiles.keys import MatchKey, email_key, identity_match_key
from profiles.values import (
    CauseKind,
    ErrorCode,
    ProfileDraft,
    ProfileType,
    RecordError,
    RecordWarning,
    Row,
    RowKey,
    Rows,
    WarningCode,
)

UNKNOWN_NAME: Final = "Unknown"
LEAP_YEAR: Final = 2000  # where the year is not known, 29 February may be

Changes = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class State:
    """What a profile holds at one moment; fields that are missing are null."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    collections: Mapping[str, Rows] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What a draft makes of a profile."""

    after: State
    changes: Changes
    errors: tuple[RecordError, ...] = ()
    warnings: tuple[RecordWarning, ...] = ()


def reconcile(before: State | None, draft: ProfileDraft, *, aliases: Collection[MatchKey] = ()) -> Reconciliation:
    """Return the profile's next state and the difference; `before` is `None` for a new profile.

    `aliases` are keys of the draft that a profile merged into this one still holds: what equals them is left as
    it is.
    """
    errors: list[RecordError] = []
    warnings = [
        RecordWarning(
            WarningCode.ALIAS_KEY, draft.pointers[key], "A profile merged into this one had the value; it stays there."
        )
        for key in aliases
    ]
    left_alone = {"identity": "", "email": "email", "mobile": "mobile_phone"}
    skipped = {left_alone[key.kind] for key in aliases}
    start = State() if before is None else before

    fields = dict(start.fields)
    if before is None:
        fields |= {"first_name": UNKNOWN_NAME, "last_name": UNKNOWN_NAME, "profile_type": ProfileType.ACTIVE.value}
    for name, value in draft.fields.items():
        if name in skipped or same(fields.get(name), value):
            continue
        if name == "email" and _keeps_spelling(fields.get("email"), draft):
            continue
        if name == "joined_at" and fields.get("joined_at") is not None:
            warnings.append(
                RecordWarning(WarningCode.JOINED_AT_KEPT, "/joined_at", "joined_at is set once; it stays as it is.")
            )
            continue
        fields[name] = value
    errors += _birthday_errors(fields)

    collections = dict(start.collections)
    for name, rows in draft.collections.items():
        collections[name] = _RECONCILE_ROWS[name](start.collections.get(name, {}), rows, aliases)

    after = State(fields, collections)
    return Reconciliation(after, difference(start, after), tuple(errors), tuple(warnings))


def _keeps_spelling(stored: str | None, draft: ProfileDraft) -> bool:
    """An email with the key already stored changes nothing; only staff may correct its spelling."""
    return stored is not None and draft.cause.kind is not CauseKind.ADMIN and email_key(stored) == draft.email_key


def _birthday_errors(fields: Mapping[str, Any]) -> list[RecordError]:
    day, month, year = fields.get("birth_day"), fields.get("birth_month"), fields.get("birth_year")
    if day is None or month is None:
        if year is None:
            return []
        return [RecordError(ErrorCode.INVALID, "/birth_year", "birth_year needs birth_day and birth_month.")]
    try:
        dt.date(LEAP_YEAR if year is None else year, month, day)
    except ValueError:
        return [RecordError(ErrorCode.INVALID, "/birth_day", "The birthday is not a date of the calendar.")]
    return []


# --- Collections ------------------------------------------------------------------------------------------------


def _identities(before: Rows, sent: Rows, aliases: Collection[MatchKey]) -> Rows:
    """Upsert by handle and identifier, never remove; none becomes primary by itself (design 3.4, contract S10)."""
    after = dict(before)
    for key, row in sent.items():
        if key in before:
            after[key] = {**before[key], **row}
        elif identity_match_key(*key) not in aliases:
            after[key] = {"is_primary": False, "is_active": True, "merged_from": None, **row}
    return after


def _replace(before: Rows, sent: Rows, aliases: Collection[MatchKey]) -> Rows:
    """The sent set takes the place of the stored one (contract section 16)."""
    del before, aliases
    return sent


_RECONCILE_ROWS: Final[Mapping[str, Callable[[Rows, Rows, Collection[MatchKey]], Rows]]] = {
    "identities": _identities,
    "tags": _replace,
}


# --- Differences ------------------------------------------------------------------------------------------------


def same(one: object, other: object) -> bool:
    """Whether two values are the same JSON; `1`, `1.0` and `true` are three things."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict | list):
        return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)
    return one == other


def difference(before: State, after: State) -> Changes:
    """Return what the ledger says of two states: JSON pointers over natural keys to `{"from": …, "to": …}`.

    A missing member means absent. Fields that were never set are absent on creation and null afterwards.
    """
    changes: Changes = {}
    for name, value in after.fields.items():
        stored = before.fields.get(name)
        if stored is not value and not same(stored, value):
            changes[f"/{name}"] = {"from": stored, "to": value} if before.fields else {"to": value}
    for name, rows in after.collections.items():
        stored_rows = before.collections.get(name, {})
        if rows is not stored_rows:
            _add_row_changes(changes, shape.COLLECTIONS[name], stored_rows, rows)
    return changes


def _add_row_changes(changes: Changes, collection: shape.Collection, before: Rows, after: Rows) -> None:
    for key in before.keys() - after.keys():
        for pointer, value in _members(collection, key, before[key]):
            changes[pointer] = {"from": value}
    for key, row in after.items():
        stored = before.get(key)
        if stored is None:
            for pointer, value in _members(collection, key, row):
                changes[pointer] = {"to": value}
        elif stored is not row:
            for name in collection.fields:
                if not same(stored[name], row[name]):
                    changes[row_pointer(collection, key, name)] = {"from": stored[name], "to": row[name]}


def _members(collection: shape.Collection, key: RowKey, row: Row) -> list[tuple[str, Any]]:
    if not collection.fields:
        return [(row_pointer(collection, key), True)]
    return [
        (row_pointer(collection, key, name), row[name]) for name in collection.fields if row[name] is not None
    ]


def row_pointer(collection: shape.Collection, key: RowKey, *field_name: str) -> str:
    """Return the pointer that names a row, or one of its fields, in the ledger: `/identities/pos/7/is_active`."""
    parts = (collection.name, *key, *field_name)
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in parts)
