"""Two profiles become one: the survivor keeps what it has, and takes over what it lacks.

Written as removals on the merged profile and additions on the survivor, tied by one operation id, so that the ledger
alone suffices to take them apart again.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from profiles import shape
from profiles.directory import ProfilesMovedError, load_snapshots, open_directory
from profiles.ids import new_id
from profiles.keys import MatchKey, email_key, email_match_key, identity_match_key, mobile_match_key
from profiles.models import DuplicateCandidate, Profile
from profiles.models.duplicates import Verdict
from profiles.reconcile import State, difference
from profiles.reconcile.addresses import address_text, may_be_one
from profiles.reconcile.consent import is_tight
from profiles.values import (
    Cause,
    ChangeAction,
    Plan,
    ProfileChange,
    ProfileResult,
    ProfileSnapshot,
    Row,
    RowKey,
    Rows,
)
from profiles.writing import StaleWriteError, write_plan

ATTEMPTS: Final = 5
_BIRTHDAY: Final = ("birth_day", "birth_month", "birth_year")
_FLAGS: Final = {f"comms/{name}": name.rpartition("_")[2] for name in shape.CONSENT_MEMBERS}
# Where a blank says that something is not known; of a status or membership an empty expiry says: for good.
_FILLED: Final = frozenset({"addresses", "custom_attributes", "dates", "regions"})
_TIMES: Final = tuple(f"comms/{name}" for name in shape.CONSENT_TIMES)


class MergeError(Exception):
    """The two profiles cannot become one."""


def merge_profiles(*, merged_id: UUID, survivor_id: UUID, cause: Cause, now: dt.datetime) -> UUID:
    """Merge one profile into another and return the operation's id.

    Afterwards the merged profile has no rows of its own, means the survivor, and keeps its email and mobile as aliases
    where the survivor has its own. Profiles merged into it before now mean the survivor too. Raises `MergeError`.
    Runs inside the caller's transaction.
    """
    if merged_id == survivor_id:
        message = "A profile cannot be merged into itself."
        raise MergeError(message)
    for attempt in range(ATTEMPTS + 1):
        try:
            with transaction.atomic():
                merged, survivor, earlier = _lock(merged_id, survivor_id, whole_hub=attempt == ATTEMPTS)
                operation_id = new_id()
                write_plan(_plan(merged, survivor, earlier, cause=cause, operation_id=operation_id), now=now)
                low, high = sorted((merged_id, survivor_id))
                DuplicateCandidate.objects.filter(low=low, high=high).update(verdict=Verdict.SAME)
        except (ProfilesMovedError, IntegrityError, StaleWriteError):
            if attempt == ATTEMPTS:
                raise
        else:
            return operation_id
    raise AssertionError  # the last attempt returns or raises


def _lock(
    merged_id: UUID, survivor_id: UUID, *, whole_hub: bool
) -> tuple[ProfileSnapshot, ProfileSnapshot, list[ProfileSnapshot]]:
    """Lock both profiles, all their keys and those merged into the first one, and return them as stored."""
    ids = [merged_id, survivor_id]
    seen = load_snapshots(ids, collections=["identities"])
    keys = sorted({key for snapshot in seen.values() for key in _keys(snapshot)})
    earlier_ids = list(Profile.objects.filter(merged_into=merged_id).values_list("id", flat=True))
    open_directory(keys, targets=ids, also_lock=earlier_ids, collections=(), whole_hub=whole_hub)
    snapshots = load_snapshots([*ids, *earlier_ids], collections=tuple(shape.COLLECTIONS))
    for profile_id in ids:
        if profile_id not in snapshots:
            message = f"There is no profile {profile_id}."
            raise MergeError(message)
        if snapshots[profile_id].fields["merged_into"] is not None:
            message = f"The profile {profile_id} has been merged already."
            raise MergeError(message)
        if not whole_hub and not set(_keys(snapshots[profile_id])) <= set(keys):
            raise ProfilesMovedError(frozenset(ids))
    return snapshots[merged_id], snapshots[survivor_id], [snapshots[one] for one in earlier_ids if one in snapshots]


def _keys(snapshot: ProfileSnapshot) -> list[MatchKey]:
    keys = [identity_match_key(*key) for key in snapshot.collections["identities"]]
    if (email := snapshot.fields["email"]) is not None:
        keys.append(email_match_key(email_key(email)))
    if (mobile := snapshot.fields["mobile_phone"]) is not None:
        keys.append(mobile_match_key(mobile))
    return keys


# --- Deciding -------------------------------------------------------------------------------------------------------


def _plan(
    merged: ProfileSnapshot,
    survivor: ProfileSnapshot,
    earlier: list[ProfileSnapshot],
    *,
    cause: Cause,
    operation_id: UUID,
) -> Plan:
    after_merged, after_survivor = unite(
        _state(merged), _state(survivor), merged_id=merged.id, survivor_id=survivor.id
    )
    afters = [(merged, after_merged), (survivor, after_survivor)]
    afters += [(one, State({**one.fields, "merged_into": str(survivor.id)}, one.collections)) for one in earlier]
    results = [
        ProfileResult(
            id=before.id,
            version=before.version + 1,
            fields=after.fields,
            collections=after.collections,
            before=before,
        )
        for before, after in afters
    ]
    changes = [
        ProfileChange(
            profile_id=before.id,
            version=before.version + 1,
            action=ChangeAction.MERGED,
            changes=difference(_state(before), after),
            cause=cause,
            operation_id=operation_id,
        )
        for before, after in afters
    ]
    return Plan(outcomes=[], results=results, changes=changes, duplicates=[])


def _state(snapshot: ProfileSnapshot) -> State:
    return State(snapshot.fields, snapshot.collections)


def unite(merged: State, survivor: State, *, merged_id: UUID, survivor_id: UUID) -> tuple[State, State]:
    """Return both profiles as they are after the merge: the merged one and the survivor."""
    fields = _united_fields(merged.fields, survivor.fields)
    left = {**merged.fields, "merged_into": str(survivor_id)}
    for name in ("email", "mobile_phone"):
        if survivor.fields.get(name) is None:
            left[name] = None  # the survivor took it
    collections = {
        name: _united_rows(name, merged.collections.get(name, {}), survivor.collections.get(name, {}), str(merged_id))
        for name in shape.COLLECTIONS
    }
    return State(left, {name: {} for name in shape.COLLECTIONS}), State(fields, collections)


def _united_fields(merged: Mapping[str, Any], survivor: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the survivor's values, fill its blanks, and of consent take the tighter flag and the newest time."""
    fields = dict(survivor)
    has_birthday = any(survivor.get(name) is not None for name in _BIRTHDAY)
    for name, value in merged.items():
        stored = survivor.get(name)
        if name == "merged_into" or (name in _BIRTHDAY and has_birthday):
            continue
        if name in _FLAGS and is_tight(_FLAGS[name], value):
            fields[name] = value
        elif name in _TIMES:
            fields[name] = max(filter(None, (value, stored)), key=dt.datetime.fromisoformat, default=None)
        elif stored is None:
            fields[name] = value
    return fields


def _united_rows(name: str, merged: Rows, survivor: Rows, merged_id: str) -> Rows:
    """Keep the survivor's rows, fill their blanks and add those only the merged profile has."""
    collection = shape.COLLECTIONS[name]
    rows: dict[RowKey, Row] = dict(survivor)
    alike: dict[object, list[RowKey]] = {}
    for key, row in rows.items():
        alike.setdefault(_sameness(name, key, row), []).append(key)
    names = {row.get("external_id") for row in rows.values()} - {None}
    has_flag = any(row.get(collection.flag) for row in survivor.values())
    for key, row in merged.items():
        added = dict(row)
        if collection.flag:
            added[collection.flag] = row[collection.flag] and not has_flag
        if name == "identities":
            added["merged_from"] = row["merged_from"] or merged_id
        same = alike.setdefault(_sameness(name, key, row), [])
        stored_key = next((other for other in same if name != "addresses" or may_be_one(rows[other], row)), None)
        if row.get("external_id") in names:
            added["external_id"] = None  # the survivor has an address by that name
        if stored_key is None:
            rows[key] = added
            same.append(key)
        elif name in _FILLED:
            rows[stored_key] = _filled(rows[stored_key], added)
        if added.get("external_id") is not None:
            names.add(added["external_id"])
    if len(rows) > max(collection.most_of_profile, len(survivor)):
        most = f"{collection.most_of_profile:,} {name.replace('_', ' ')}"
        message = f"Together the profiles have more than {most}, which is the most for one."
        raise MergeError(message)
    return rows


def _sameness(name: str, key: RowKey, row: Row) -> object:
    """Return what is equal for two rows that may be one."""
    return address_text(row) if name == "addresses" else key


def _filled(stored: Row, added: Row) -> Row:
    """Return the stored row with its blanks filled; a custom attribute's type and value belong together."""
    if "value" in stored and stored["value"] is None:
        return added
    return {name: added[name] if value is None else value for name, value in stored.items()}
