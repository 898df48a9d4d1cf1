"""Two profiles become one: the survivor keeps what it has, and takes over what it lacks.

Pure. Told as removals on the merged profile and additions on the survivor, so that the ledger alone suffices to take
them apart again.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from profiles import shape
from profiles.reconcile.addresses import address_text, may_be_one
from profiles.reconcile.consent import unite_comms
from profiles.reconcile.difference import State
from profiles.reconcile.sources import unite_sources
from profiles.sentences import ToldError
from profiles.values import Row, RowKey, Rows

_BIRTHDAY: Final = ("birth_day", "birth_month", "birth_year")
# Where a blank says that something is not known; of a status or membership an empty expiry says: for good.
_FILLED: Final = frozenset({"addresses", "custom_attributes", "dates", "regions"})


CHOOSABLE: Final = tuple(name for name in shape.PLAIN_FIELDS if name not in {"email", "mobile_phone", "profile_type"})
"""The fields of which staff may say whose value stays: neither keys, nor what the profile is, nor consent."""


class MergeError(ToldError):
    """The two profiles cannot become one."""


def unite(
    merged: State, survivor: State, *, merged_id: UUID, survivor_id: UUID, identity_limits: Mapping[str, int]
) -> tuple[State, State]:
    """Return both profiles as they are after the merge: the merged one and the survivor. Raises `MergeError`."""
    comms, times = unite_comms(merged, survivor)
    fields = _united_fields(merged.fields, survivor.fields) | comms
    left = {**merged.fields, "merged_into": str(survivor_id)}
    for name in ("email", "mobile_phone"):
        if survivor.fields.get(name) is None:
            left[name] = None  # the survivor took it
    collections = {
        name: _united_rows(name, merged.collections.get(name, {}), survivor.collections.get(name, {}), str(merged_id))
        for name in shape.COLLECTIONS
    }
    _check_limits(collections[shape.IDENTITIES.name], survivor, identity_limits)
    decided = survivor.effective_times if times == survivor.effective_times else times
    left_key, email_key = merged.email_key, survivor.email_key
    if email_key is None:
        left_key, email_key = None, merged.email_key
    sources = survivor.source_times
    if merged.source_times:
        sources = unite_sources(merged.source_times, survivor.source_times)
    nothing: dict[str, Rows] = {name: {} for name in shape.COLLECTIONS}
    return (
        State(left, nothing, merged.effective_times, source_times=merged.source_times, email_key=left_key),
        State(fields, collections, decided, source_times=sources, email_key=email_key),
    )


def choose(survivor: State, merged: State, choices: Collection[str]) -> State:
    """Return the survivor with the values of the merged profile for the fields chosen; a birthday goes as a whole.

    `survivor` is as it is after the merge, `merged` as it was before.
    """
    chosen = set(choices)
    if not chosen.isdisjoint(_BIRTHDAY):
        chosen.update(_BIRTHDAY)
    return replace(survivor, fields={**survivor.fields, **{name: merged.fields.get(name) for name in chosen}})


def _united_fields(merged: Mapping[str, Any], survivor: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the survivor's values and fill its blanks."""
    fields = dict(survivor)
    has_birthday = any(survivor.get(name) is not None for name in _BIRTHDAY)
    for name, value in merged.items():
        stored = survivor.get(name)
        if name == "merged_into" or (name in _BIRTHDAY and has_birthday):
            continue
        if stored is None:
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
        raise MergeError(f"Together the profiles have more than {most}, which is the most for one.")
    return rows


def _check_limits(united: Rows, survivor: State, limits: Mapping[str, int]) -> None:
    """Raise `MergeError` where the survivor has no room for the identities of a handle (rules 1.11)."""
    stored = Counter(handle for handle, _ in survivor.collections.get(shape.IDENTITIES.name, {}))
    for handle, count in Counter(handle for handle, _ in united).items():
        if count > max(limits.get(handle, count), stored[handle]):
            most = f"{limits[handle]:,} identities with the handle {handle}"
            raise MergeError(f"Together the profiles have more than {most}, which is the most for one.")


def _sameness(name: str, key: RowKey, row: Row) -> object:
    """Return what is equal for two rows that may be one."""
    return address_text(row) if name == "addresses" else key


def _filled(stored: Row, added: Row) -> Row:
    """Return the stored row with its blanks filled; a custom attribute's type and value belong together."""
    if "value" in stored and stored["value"] is None:
        return added
    return {name: added[name] if value is None else value for name, value in stored.items()}
