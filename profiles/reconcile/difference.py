"""The difference between two states, as the ledger says it (rules 6)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from profiles import shape
from profiles.readings import JSON
from profiles.values import Origin, Origins, ProfileSnapshot, Row, RowKey, Rows, SourceTimes, SourceWord

Changes = dict[str, dict[str, JSON]]


@dataclass(frozen=True, slots=True)
class State:
    """What a profile holds at one moment; fields that are missing are null."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    collections: Mapping[str, Rows] = field(default_factory=dict)
    effective_times: Mapping[str, str] = field(default_factory=dict)
    """When flags of consent are taken to have been decided: outside the ledger's fold, see `moved_times`."""
    origins: Origins = field(default_factory=dict)
    """Of the rows that are stored, whether the state still has them or not; what is made meanwhile has none."""
    source_times: SourceTimes = field(default_factory=dict)
    """What each source has spoken about, and when: outside the ledger's fold too."""
    email_key: str | None = None
    """Normal form of `fields["email"]`, as the draft or the stored profile brought it: it is not worked out again."""


def state_of(profile: ProfileSnapshot) -> State:
    """Return what the profile holds as stored."""
    return State(
        profile.fields,
        profile.collections,
        profile.effective_times,
        profile.origins,
        profile.source_times,
        profile.email_key,
    )


def same(one: object, other: object) -> bool:
    """Whether two values are the same JSON; `1`, `1.0` and `true` are three things."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict | list):
        return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)
    return one == other


def same_row(collection: shape.Collection, one: Row, other: Row) -> bool:
    """Whether two rows are the same JSON: Python's own `==` suffices but for columns that hold any JSON."""
    return one == other and all(same(one[name], other[name]) for name in collection.free)


def difference(before: State, after: State) -> Changes:
    """Return what the ledger says of two states: JSON pointers over natural keys to `{"from": …, "to": …}`.

    A missing member means absent. Fields that were never set are absent on creation and null afterwards; one that
    `after` does not name is null there, while a collection it does not name was not looked at.
    """
    changes: Changes = {}
    if not before.fields:
        changes = {f"/{name}": {"to": value} for name, value in after.fields.items() if value is not None}
    else:
        for name, value in after.fields.items():
            stored = before.fields.get(name)
            if stored is not value and not same(stored, value):
                changes[f"/{name}"] = {"from": stored, "to": value}
        for name, stored in before.fields.items():
            if stored is not None and name not in after.fields:
                changes[f"/{name}"] = {"from": stored, "to": None}
    for name, rows in after.collections.items():
        stored_rows = before.collections.get(name, {})
        if rows is not stored_rows:
            _add_row_changes(changes, shape.COLLECTIONS[name], stored_rows, rows, before.origins.get(name, {}))
    return changes


def moved_times(before: State, after: State) -> Changes:
    """Return the times that moved, as a row of the ledger keeps them beside its changes.

    The first part of each pointer says which kind of time it is: `/effective/comms/email_promo`, or
    `/source/{user}/company`. What a source had said before is told with its record, `[time, batch, position]`: of what
    it says now, the record is the row's own.
    """
    moved: Changes = {}
    if before.effective_times is not after.effective_times:
        _add_moved(moved, "/effective/", before.effective_times, after.effective_times)
    old, new = before.source_times, after.source_times
    for source in () if old is new else sorted(old.keys() | new.keys()):
        if (spoken := old.get(source, {})) is not (speaks := new.get(source, {})):
            _add_moved(moved, f"/source/{source}", spoken, speaks)
    return moved


def _add_moved(moved: Changes, root: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for name in sorted(old.keys() | new.keys()):
        was, time = old.get(name), new.get(name)
        if was != time:
            sides: dict[str, JSON] = {}
            if was is not None:
                sides["from"] = _told_before(was)
            if time is not None:
                sides["to"] = time.time if isinstance(time, SourceWord) else time
            moved[f"{root}{name}"] = sides


def _told_before(word: str | SourceWord) -> JSON:
    if isinstance(word, str):
        return word
    return [word.time, None if word.batch_id is None else str(word.batch_id), word.position]


def _add_row_changes(
    changes: Changes, collection: shape.Collection, before: Rows, after: Rows, origins: Mapping[RowKey, Origin]
) -> None:
    for key in () if before.keys() <= after.keys() else before.keys() - after.keys():
        for pointer, value in (*_members(collection, key, before[key]), *_origin(collection, key, origins.get(key))):
            changes[pointer] = {"from": value}
    for key, row in after.items():
        stored = before.get(key)
        if stored is None:
            for pointer, value in _members(collection, key, row):
                changes[pointer] = {"to": value}
        elif stored is not row and not same_row(collection, stored, row):
            for name in collection.fields:
                was, value = stored[name], row[name]
                if was is not value and not same(was, value):
                    changes[row_pointer(collection, key, name)] = {"from": was, "to": value}


def _members(collection: shape.Collection, key: RowKey, row: Row) -> Iterator[tuple[str, JSON]]:
    """Yield the row's values that are not null; where there is none, that the row is there."""
    place = row_pointer(collection, key)
    is_empty = True
    for name in collection.fields:
        if (value := row[name]) is not None:
            is_empty = False
            yield f"{place}/{name}", value
    if is_empty:
        yield place, True


def _origin(collection: shape.Collection, key: RowKey, origin: Origin | None) -> Iterator[tuple[str, Any]]:
    """Yield what a removed row needs to come back as the same row; nothing where it was never stored."""
    for name, value in () if origin is None else zip(shape.ORIGIN_MEMBERS, origin, strict=True):
        if value is not None:
            yield row_pointer(collection, key, name), value


def row_pointer(collection: shape.Collection, key: RowKey, *field_name: str) -> str:
    """Return the pointer that names a row, or one of its fields, in the ledger: `/identities/pos/7/is_active`."""
    return pointer_of(collection.name, *key, *field_name)


def pointer_of(*parts: str) -> str:
    """Return the JSON pointer with these parts."""
    pointer = "/".join(("", *parts))
    if "~" not in pointer and pointer.count("/") == len(parts):
        return pointer  # nothing to escape
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in parts)
