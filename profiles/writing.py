"""Set-based writing: a plan becomes rows and ledger, in one statement per table (rules 7.4).

The plan knows what exists, so nothing is upserted: a unique violation or a missing row always means that somebody
else wrote meanwhile, and the caller plans again. Runs inside the caller's transaction.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from profiles import shape
from profiles.db import sets
from profiles.keys import middle_names, search_name
from profiles.models import (
    COLLECTION_MODELS,
    DuplicateCandidate,
    MiddleName,
    OvermergeAlarm,
    Profile,
    ProfileChange,
    Tag,
)
from profiles.reconcile import same_row
from profiles.reconcile.sources import stored_sources
from profiles.times import utc_text
from profiles.values import Alarm, Change, DuplicatePair, Outcome, Plan, ProfileResult, ProfileSnapshot, Row


class StaleWriteError(Exception):
    """A profile was changed by somebody else after it was read."""


OutcomeStore = Callable[[Sequence[Outcome]], None]
"""Stores what its owner makes of the outcomes, by `sets`, while the server still writes the profiles."""


def store_no_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Keep none: who asked is told them."""


def write_plan(plan: Plan, *, now: dt.datetime, store_outcomes: OutcomeStore = store_no_outcomes) -> None:
    """Write everything the plan decided.

    Raises `StaleWriteError`, or `IntegrityError` where another writer took a key first.
    """
    moment = utc_text(now)
    results = [result for result in plan.results if result.is_changed]
    created = [result for result in results if result.before is None]
    changed = [result for result in results if result.before is not None]
    retimed = [result for result in plan.results if not result.is_changed]
    with sets.pipelined():
        _vacate(results)
        sets.insert_rows(Profile, _new_profiles(created, moment))
        count_updated = _update_profiles(changed, moment)
        count_retimed = _move_times(retimed)
        sets.insert_rows(ProfileChange, _ledger_rows(plan.changes, moment))
        _write_middle_names(created, changed)
        _define_tags(results, moment)
        for collection in shape.COLLECTIONS.values():
            rows = _CollectionRows(collection, results, moment)
            sets.delete_rows(rows.model, rows.removed)
            sets.update_rows(rows.model, rows.unflagged)
            sets.update_rows(rows.model, rows.unnamed)
            sets.update_rows(rows.model, rows.moved)
            sets.insert_rows(rows.model, rows.restored)
            sets.insert_rows(rows.model, rows.inserted)
            sets.update_rows(rows.model, rows.updated)
        _note_duplicates(plan.duplicates, moment)
        _note_alarms(plan.alarms, moment)
        store_outcomes(plan.outcomes)
    if count_updated() != len(changed) or count_retimed() != len(retimed):
        raise StaleWriteError


# --- Profiles ----------------------------------------------------------------------------------------------------


def _unique_columns(profile: ProfileResult | ProfileSnapshot) -> dict[str, Any]:
    """Return the columns no two profiles may share."""
    return {"email_key": profile.email_key, "mobile_phone": profile.fields.get("mobile_phone")}


def _times(result: ProfileResult) -> dict[str, Any]:
    """Return the columns of what lies outside the ledger's fold."""
    return {"effective_times": result.effective_times or None, "source_times": stored_sources(result.source_times)}


def _derived(result: ProfileResult) -> dict[str, Any]:
    first, last = result.fields["first_name"], result.fields["last_name"]
    return {**_unique_columns(result), "search_name": search_name(first, last), "search_last": search_name(last)}


def _new_profiles(results: Sequence[ProfileResult], moment: str) -> list[dict[str, Any]]:
    """Return the rows with the columns that any of the profiles sets: most are null, and dear to send."""
    named = {name for result in results for name in result.fields}
    columns = [(name, column) for name, column in shape.COLUMNS.items() if name in named]
    any_times = any(result.effective_times or result.source_times for result in results)
    return [
        {
            "id": result.id,
            **{column: result.fields.get(name) for name, column in columns},
            **{column: _json_column(column, result.fields) for column in shape.JSON_COLUMNS},
            **(_times(result) if any_times else {}),
            **_derived(result),
            "version": result.version,
            "created_at": moment,
            "updated_at": moment,
        }
        for result in results
    ]


def _json_column(column: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a JSON column that have a value."""
    members = {name: shape.MEMBERS[name] for name in fields.keys() & shape.MEMBERS.keys()}
    return {
        member: fields[name]
        for name, (holder, member) in sorted(members.items())
        if holder == column and fields[name] is not None
    }


def _update_profiles(results: Sequence[ProfileResult], moment: str) -> Callable[[], int]:
    """Set the columns that any of the profiles changed; those are counted that still have the version read."""
    moved = {
        name
        for result in results
        if result.before is not None
        for name in result.fields.keys() | result.before.fields.keys()
        if result.fields.get(name) is not result.before.fields.get(name)
    }
    columns = {name: column for name, column in shape.COLUMNS.items() if name in moved}
    json_columns = sorted({shape.MEMBERS[name][0] for name in moved & shape.MEMBERS.keys()})
    any_times = any(
        result.effective_times is not before.effective_times or result.source_times is not before.source_times
        for result in results
        if (before := result.before) is not None
    )
    rows = []
    for result in results:
        derived = _derived(result) if moved & {"email", "mobile_phone", "first_name", "last_name"} else {}
        rows.append(
            {
                "id": result.id,
                "read_version": None if result.before is None else result.before.version,
                "version": result.version,
                "updated_at": moment,
                **{column: result.fields.get(name) for name, column in columns.items()},
                **{column: _json_column(column, result.fields) for column in json_columns},
                **(_times(result) if any_times else {}),
                **derived,
            }
        )
    return sets.update_rows(Profile, rows, guards={"version": "read_version"})


def _move_times(results: Sequence[ProfileResult]) -> Callable[[], int]:
    """Set the times where nothing else changed: no version, no row of the ledger, `updated_at` stays."""
    rows = [{"id": result.id, "read_version": result.version, **_times(result)} for result in results]
    return sets.update_rows(Profile, rows, guards={"version": "read_version"})


def _vacate(results: Sequence[ProfileResult]) -> None:
    """Free the emails and mobiles that go from one profile to another, so that the hand-over works in any order."""
    after = [(result, _unique_columns(result)) for result in results]
    taken = {(column, value) for _, columns in after for column, value in columns.items()}
    rows = []
    for result, columns in after:
        if result.before is None:
            continue
        before = _unique_columns(result.before)
        leaving = [name for name, value in before.items() if value != columns[name] and (name, value) in taken]
        if any(before[name] is not None for name in leaving):
            rows.append({"id": result.id, **before, **dict.fromkeys(leaving)})
    sets.update_rows(Profile, rows)


def _write_middle_names(created: Sequence[ProfileResult], changed: Sequence[ProfileResult]) -> None:
    """Have whoever has several first or last names found by each of them."""
    renamed = [
        (result, before) for result in changed if (before := _middle_names(result.before)) != _middle_names(result)
    ]
    if had := [result.id for result, before in renamed if before]:
        MiddleName.objects.filter(profile_id__among=had).delete()
    rows = [
        {"profile_id": result.id, "name": name}
        for result in (*created, *(result for result, _ in renamed))
        for name in _middle_names(result)
    ]
    sets.insert_rows(MiddleName, rows)


def _middle_names(profile: ProfileResult | ProfileSnapshot | None) -> list[str]:
    return [] if profile is None else middle_names(profile.fields.get("first_name"), profile.fields.get("last_name"))


# --- Collections -------------------------------------------------------------------------------------------------


class _CollectionRows:
    """What one collection's table needs: rows removed, moved here, back as they were, inserted and updated."""

    def __init__(self, collection: shape.Collection, results: Iterable[ProfileResult], moment: str) -> None:
        self.model = COLLECTION_MODELS[collection.name]
        self._collection = collection
        self.removed: list[int] = []
        self.inserted: list[dict[str, Any]] = []
        self.updated: list[dict[str, Any]] = []
        self.moved: list[dict[str, Any]] = []
        self.restored: list[dict[str, Any]] = []
        # Of the rows that bear the flag, those that give it up, so that another one may take it in the same go.
        self.unflagged: list[dict[str, Any]] = []
        self.unnamed: list[dict[str, Any]] = []  # likewise, of their names
        attnames = {field.name: field.attname for field in self.model._meta.concrete_fields}
        self._key = [attnames[name] for name in collection.key]
        self._columns = [(attnames[name], name) for name in collection.fields]
        self._flag = collection.flag
        self._name = collection.name_of_row
        self._changed = {"updated_at": moment} if "updated_at" in attnames else {}
        self._made = {"created_at": moment, "updated_at": moment} if "updated_at" in attnames else {}
        for result in results:
            if collection.name in result.collections:
                self._add(collection.name, result)
        if self.moved:
            moved = {row["id"] for row in self.moved}
            self.removed = [row_id for row_id in self.removed if row_id not in moved]

    def _add(self, name: str, result: ProfileResult) -> None:
        after = result.collections[name]
        before = {} if result.before is None else result.before.collections[name]
        if after is before:
            return
        origins = {} if result.before is None else result.before.origins[name]
        theirs = {} if result.rows_of is None else result.rows_of.origins[name]
        self.removed += [origins[key].id for key in before.keys() - after.keys()]
        for key, row in after.items():
            if key not in before:
                if key in theirs:
                    moved = {"id": theirs[key].id, "profile_id": result.id, **self._changed}
                    self.moved.append(moved | self._values(row))
                    continue
                inserted = {"profile_id": result.id, **self._made, **dict(zip(self._key, key, strict=True))}
                if (origin := result.origins.get(name, {}).get(key)) is None:
                    self.inserted.append(inserted | self._values(row))
                else:
                    since = {} if origin.created_at is None else {"created_at": origin.created_at}
                    self.restored.append({"id": origin.id, **inserted, **since, **self._values(row)})
            elif row is not before[key] and not same_row(self._collection, row, before[key]):
                self.updated.append({"id": origins[key].id, **self._changed, **self._values(row)})
                if self._flag and before[key][self._flag] and not row[self._flag]:
                    self.unflagged.append({"id": origins[key].id, self._flag: False})
                if self._name and before[key][self._name] not in {None, row[self._name]}:
                    self.unnamed.append({"id": origins[key].id, self._name: None})

    def _values(self, row: Row) -> dict[str, Any]:
        return {column: row[name] for column, name in self._columns}


def _define_tags(results: Iterable[ProfileResult], moment: str) -> None:
    """Make the definitions of tags seen for the first time (rules 4.5)."""
    new: set[str] = set()
    for result in results:
        before = {} if result.before is None else result.before.collections.get("tags", {})
        new.update(handle for (handle,) in result.collections.get("tags", {}).keys() - before.keys())
    # In one order for everybody: two batches that define the same new tags would else wait for each other.
    rows = [{"handle": handle, "created_at": moment, "updated_at": moment} for handle in sorted(new)]
    sets.insert_rows(Tag, rows, unless_there=True)


# --- Ledger, duplicates and alarms -------------------------------------------------------------------------------


_RARE: Final[Mapping[str, Callable[[Change], Any]]] = {
    "times": lambda change: change.times or None,
    "reverts": lambda change: change.reverts and change.reverts.as_json(),
    "note": lambda change: change.note,
    "operation_id": lambda change: change.operation_id,
    "request_id": lambda change: change.cause.request_id,  # those of a batch have none
}
"""Columns of the ledger that have no value in nearly all rows: they are sent where any row of a plan sets one."""


def _ledger_rows(changes: Sequence[Change], moment: str) -> list[dict[str, Any]]:
    rare = [(column, value_of) for column, value_of in _RARE.items() if any(map(value_of, changes))]
    return [
        {**_ledger_row(change, moment), **{column: value_of(change) for column, value_of in rare}}
        for change in changes
    ]


def _ledger_row(change: Change, moment: str) -> dict[str, Any]:
    cause = change.cause
    return {
        "profile_id": change.profile_id,
        "version": change.version,
        "action": change.action,
        "at": moment,
        "changes": change.changes,
        "cause_kind": cause.kind,
        "batch_id": cause.batch_id,
        "position": cause.position,
        "actor_id": cause.actor_id,
        "actor_label": cause.actor_label,
    }


def _note_duplicates(pairs: Sequence[DuplicatePair], moment: str) -> None:
    rows = [
        {
            "low_id": pair.low,
            "high_id": pair.high,
            "reason": pair.reason,
            "batch_id": pair.cause.batch_id,
            "position": pair.cause.position,
            "verdict": "open",
            "created_at": moment,
        }
        for pair in sorted(pairs, key=lambda pair: (pair.low, pair.high))
    ]
    sets.insert_rows(DuplicateCandidate, rows, unless_there=True)


def _note_alarms(alarms: Sequence[Alarm], moment: str) -> None:
    """Put profiles on the staff's list; those that wait there already stay as they are (rules 2.11)."""
    rows = [
        {
            "profile_id": alarm.profile_id,
            "growth": alarm.growth,
            "count": alarm.count,
            "batch_id": alarm.cause.batch_id,
            "position": alarm.cause.position,
            "actor_label": alarm.cause.actor_label,
            "created_at": moment,
        }
        for alarm in alarms
    ]
    sets.insert_rows(OvermergeAlarm, rows, unless_there=True)
