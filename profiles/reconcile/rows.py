"""The rules of each collection: what stored and sent rows come to (rules 4)."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from profiles import shape
from profiles.attributes import typed_value
from profiles.keys import InvalidValueError, identity_match_key
from profiles.reconcile.addresses import reconcile_addresses
from profiles.reconcile.case import Case
from profiles.values import ErrorCode, Row, RowKey, Rows, WarningCode

REQUIRED_OF_DATE: Final = ("date", "name")


def _identities(before: Rows, sent: Rows, case: Case) -> Rows:
    """Upsert by handle and identifier, never remove; none becomes primary by itself (rules 4.1)."""
    after = dict(before)
    for key, row in sent.items():
        stored = case.draft.meant.get(("identities", key), key)
        if key in before and (stored != key or "identities" in case.draft.new_rows):
            pointer = f"{case.place('identities', key)}/identifier"
            case.refuse(ErrorCode.CLAIMED_ELSEWHERE, pointer, "The profile has this identity already.")
        elif stored in before:
            after.pop(stored, None)
            after[key] = {**before[stored], **row}
        elif identity_match_key(*key) not in case.aliases:
            after[key] = {"is_primary": False, "is_active": True, "merged_from": None, **row}
        if row.get("is_primary"):
            after |= {
                other: {**row, "is_primary": False}
                for other, row in after.items()
                if other != key and row["is_primary"]
            }
    if case.identity_limits and len(after) > len(before):
        _check_limits(before, after, case)
    return after


def _check_limits(before: Rows, after: Rows, case: Case) -> None:
    """Refuse the first new identity of each handle for which the profile has no room (rules 1.11)."""
    counts = Counter(handle for handle, _ in before)
    for key in after.keys() - before.keys():
        counts[key[0]] += 1
    full = {handle: most for handle, most in case.identity_limits.items() if counts[handle] > most}
    for key in after:
        if key not in before and (most := full.pop(key[0], None)) is not None:
            message = f"The profile may have at most {most:,} identities with the handle {key[0]}."
            case.refuse(ErrorCode.TOO_MANY, case.place("identities", key), message)


def _tags(before: Rows, sent: Rows, case: Case) -> Rows:
    """Replace the stored set by the one sent (rules 4.5)."""
    return sent


def _statuses(before: Rows, sent: Rows, case: Case) -> Rows:
    """Replace the stored set by the one sent; a status still held goes on, an expired one begins anew."""
    return {
        key: before[key] if key in before and is_held(before[key], now=case.now) else row for key, row in sent.items()
    }


def is_held(status: Row, *, now: dt.datetime) -> bool:
    """Whether a status is in force: expiry is judged when it is read, never written by the clock."""
    expires_at = status["expires_at"]
    return bool(status["is_active"]) and (expires_at is None or dt.datetime.fromisoformat(expires_at) > now)


# --- Custom attributes and dates ---------------------------------------------------------------------------------


def _custom_attributes(before: Rows, sent: Rows, case: Case) -> Rows:
    """Upsert by namespace and handle; a value that stays must fit a new type (rules 4.3)."""
    after = dict(before)
    for key, row in sent.items():
        pointer = case.place("custom_attributes", key)
        stored = before.get(key)
        if "value" in row:
            after[key] = row
        elif stored is None:
            case.require(("value",), row, pointer)
        else:
            try:
                after[key] = {"type": row["type"], "value": typed_value(row["type"], stored["value"])}
            except InvalidValueError:
                case.refuse(ErrorCode.INVALID, f"{pointer}/type", "The stored value does not fit the type.")
    return after


def _dates(before: Rows, sent: Rows, case: Case) -> Rows:
    """Upsert by handle and relationship; the others stay (rules 4.4)."""
    after = dict(before)
    for key, row in sent.items():
        if key in before:
            after[key] = {**before[key], **row}
        else:
            case.require(REQUIRED_OF_DATE, row, case.place("dates", key))
            after[key] = {**dict.fromkeys(shape.DATES.fields), "is_recurring": False, **row}
    return after


def _date_links(before: Rows, sent: Rows, case: Case) -> Rows:
    """Replace the links of each date that the record gives links for."""
    kept = {key: row for key, row in before.items() if key[:2] not in case.draft.replaced_links}
    return kept | dict(sent)


# --- Memberships -------------------------------------------------------------------------------------------------


def _regions(before: Rows, sent: Rows, case: Case) -> Rows:
    """Upsert by region; the default membership is made if missing (rules 4.7)."""
    after: dict[RowKey, dict[str, Any]] = {key: dict(row) for key, row in before.items()}
    for key, row in sent.items():
        new = {"country": None, "state": None, "is_active": True, "is_default": False}
        after[key] = {**after.get(key, new), **row}
    default = next((key for key, row in sent.items() if row.get("is_default")), None)
    if default is not None:
        for key, row in after.items():
            row["is_default"] = key == default
    if case.draft.default_region is not None:
        _refine_default(after, sent, case.draft.default_region.row, case)
    return {key: before[key] if key in before and row == before[key] else row for key, row in after.items()}


def _refine_default(after: dict[RowKey, dict[str, Any]], sent: Rows, refined: Row, case: Case) -> None:
    """`region_country` and `region_state` write to the default membership, whichever that is."""
    default = next((key for key, row in after.items() if row["is_default"]), None)
    for name, value in refined.items():
        pointer = f"/region_{name}"
        if default is None:
            if value is not None:
                message = "The profile has no default region that this could refine."
                case.warn(WarningCode.NO_DEFAULT_REGION, pointer, message)
        elif name in sent.get(default, {}) and sent[default][name] != value:
            case.refuse(ErrorCode.CONFLICT, pointer, "The entry of regions for the default region says otherwise.")
        else:
            after[default][name] = value


def _organisations(before: Rows, sent: Rows, case: Case) -> Rows:
    """Upsert by organisation; what is absent stays (rules 4.8)."""
    new: Row = {"role": None, "expires_at": None, "is_active": True}
    return {**before, **{key: {**before.get(key, new), **row} for key, row in sent.items()}}


def without(name: str, rows: Rows, gone: Collection[RowKey]) -> Rows:
    """Return the collection without some rows; of addresses the oldest one left becomes the default (rules 4.10)."""
    left = {key: row for key, row in rows.items() if key not in gone}
    if len(left) == len(rows):
        return rows
    if name == "addresses" and left and not any(row["is_default"] for row in left.values()):
        oldest = min(left)  # the keys are in the order in which they were received
        left[oldest] = {**left[oldest], "is_default": True}
    return left


RECONCILE_ROWS: Final[Mapping[str, Callable[[Rows, Rows, Case], Rows]]] = {
    "identities": _identities,
    "tags": _tags,
    "statuses": _statuses,
    "addresses": reconcile_addresses,
    "custom_attributes": _custom_attributes,
    "dates": _dates,
    "date_links": _date_links,
    "regions": _regions,
    "organisations": _organisations,
}
