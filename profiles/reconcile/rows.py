"""The rules of each collection: what stored and sent rows come to (design 3.4; contract S17-S22)."""

import datetime as dt
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from profiles import shape
from profiles.attributes import typed_value
from profiles.keys import InvalidValueError, MatchKey, identity_match_key
from profiles.values import (
    ErrorCode,
    ProfileDraft,
    RecordError,
    RecordWarning,
    Row,
    RowKey,
    Rows,
    WarningCode,
)

REQUIRED_OF_ADDRESS: Final = ("address_line_1", "city", "postcode", "country")
REQUIRED_OF_DATE: Final = ("date", "name")


@dataclass(frozen=True, slots=True)
class Setting:
    """What the rules of all collections may need beside the rows."""

    draft: ProfileDraft
    now: dt.datetime
    new_id: Callable[[], UUID]
    aliases: Collection[MatchKey]
    errors: list[RecordError]
    warnings: list[RecordWarning]

    def place(self, name: str, key: RowKey) -> str:
        """Return where in the record the row stands."""
        return self.draft.places.get((name, key), "")

    def refuse(self, code: ErrorCode, pointer: str, message: str) -> None:
        """Note why the record cannot be applied; what parsing took out as wrong is not missed once more."""
        if any(error.pointer.startswith(pointer) for error in self.draft.errors):
            return
        self.errors.append(RecordError(code, pointer, message))

    def require(self, names: tuple[str, ...], row: Row, pointer: str) -> None:
        """Refuse a new row that lacks what a new one needs."""
        for name in names:
            if name not in row:
                self.refuse(ErrorCode.INVALID, f"{pointer}/{name}", "The value is required.")

    def warn(self, code: WarningCode, pointer: str, message: str) -> None:
        """Note what is ignored."""
        self.warnings.append(RecordWarning(code, pointer, message))


def _identities(before: Rows, sent: Rows, setting: Setting) -> Rows:
    """Upsert by handle and identifier, never remove; none becomes primary by itself (contract S10)."""
    after = dict(before)
    for key, row in sent.items():
        if key in before:
            after[key] = {**before[key], **row}
        elif identity_match_key(*key) not in setting.aliases:
            after[key] = {"is_primary": False, "is_active": True, "merged_from": None, **row}
    return after


def _tags(before: Rows, sent: Rows, setting: Setting) -> Rows:
    """Replace the stored set by the one sent (contract section 16)."""
    del before, setting
    return sent


def _statuses(before: Rows, sent: Rows, setting: Setting) -> Rows:
    """Replace the stored set by the one sent; a status still held goes on, an expired one begins anew."""
    return {
        key: before[key] if key in before and is_held(before[key], now=setting.now) else row
        for key, row in sent.items()
    }


def is_held(status: Row, *, now: dt.datetime) -> bool:
    """Whether a status is in force: expiry is judged when it is read, never written by the clock."""
    expires_at = status["expires_at"]
    return bool(status["is_active"]) and (expires_at is None or dt.datetime.fromisoformat(expires_at) > now)


# --- Addresses ---------------------------------------------------------------------------------------------------


_EMPTY_ADDRESS: Final = dict.fromkeys(shape.ADDRESSES.fields)


def _addresses(before: Rows, sent: Rows, setting: Setting) -> Rows:
    """Upsert by external_id, else by equal text, else append (contract S17); exactly one is the default."""
    after = dict(before)
    for place, row in sent.items():
        pointer = setting.place("addresses", place)
        key, by_text = _stored_address(after, row)
        if key is None:
            setting.require(REQUIRED_OF_ADDRESS, row, pointer)
            key = (str(setting.new_id()),)
            is_default = bool(row.get("is_default")) or not after
            after[key] = {**_EMPTY_ADDRESS, **row, "is_default": is_default}
        else:
            stored = after[key]
            changed = {**stored, **(_without_spelling(row) if by_text else row)}
            if stored["is_default"] and row.get("is_default") is False:
                message = "The default address stays the default until another one is."
                setting.warn(WarningCode.DEFAULT_ADDRESS_KEPT, f"{pointer}/is_default", message)
                changed["is_default"] = True
            after[key] = changed
        if after[key]["is_default"]:
            for other, address in after.items():
                if other != key and address["is_default"]:
                    after[other] = {**address, "is_default": False}
    return after


def _stored_address(addresses: Rows, sent: Row) -> tuple[RowKey | None, bool]:
    """Return the address meant, and whether its text led to it."""
    external_id = sent.get("external_id")
    if external_id is not None:
        for key, row in addresses.items():
            if row["external_id"] == external_id:
                return key, False
    if not addresses:
        return None, True
    text = _address_text(sent)
    equal = [
        key
        for key, row in addresses.items()
        if (external_id is None or row["external_id"] is None) and _address_text(row) == text
    ]
    return min(equal, default=None), True  # the keys are in the order of time: the oldest


def same_address(one: Row, other: Row) -> bool:
    """Whether two addresses are one: equal lines, and no two names for it."""
    names = {name for row in (one, other) if (name := row["external_id"]) is not None}
    return len(names) < 2 and _address_text(one) == _address_text(other)  # noqa: PLR2004 two names


def _address_text(row: Row) -> tuple[str, ...]:
    """Return the address as it is compared: NFC, spaces collapsed, lower case."""
    return tuple(_folded(row.get(name) or "") for name in shape.ADDRESS_LINES)


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split()).lower()


def _without_spelling(sent: Row) -> Row:
    """Leave out the lines, which only spell the same in another way, and an external_id that says nothing."""
    return {
        name: value
        for name, value in sent.items()
        if name not in shape.ADDRESS_LINES and not (name == "external_id" and value is None)
    }


# --- Custom attributes and dates ---------------------------------------------------------------------------------


def _custom_attributes(before: Rows, sent: Rows, setting: Setting) -> Rows:
    """Upsert by namespace and handle; a value that stays must fit a new type (contract S18)."""
    after = dict(before)
    for key, row in sent.items():
        pointer = setting.place("custom_attributes", key)
        stored = before.get(key)
        if "value" in row:
            after[key] = row
        elif stored is None:
            setting.require(("value",), row, pointer)
        else:
            try:
                after[key] = {"type": row["type"], "value": typed_value(row["type"], stored["value"])}
            except InvalidValueError:
                setting.refuse(ErrorCode.INVALID, f"{pointer}/type", "The stored value does not fit the type.")
    return after


def _dates(before: Rows, sent: Rows, setting: Setting) -> Rows:
    """Upsert by handle and relationship; the others stay (contract section 12)."""
    after = dict(before)
    for key, row in sent.items():
        if key in before:
            after[key] = {**before[key], **row}
        else:
            setting.require(REQUIRED_OF_DATE, row, setting.place("dates", key))
            after[key] = {**dict.fromkeys(shape.DATES.fields), "is_recurring": False, **row}
    return after


def _date_links(before: Rows, sent: Rows, setting: Setting) -> Rows:
    """Replace the links of each date that the record gives links for."""
    del setting
    replaced = {key[:2] for key in sent}
    kept = {key: row for key, row in before.items() if key[:2] not in replaced}
    return kept | {key: row for key, row in sent.items() if key[2]}


# --- Memberships -------------------------------------------------------------------------------------------------


def _regions(before: Rows, sent: Rows, setting: Setting) -> Rows:
    """Upsert by region; the default membership is made if missing (contract S21)."""
    after: dict[RowKey, dict[str, Any]] = {key: dict(row) for key, row in before.items()}
    for key, row in sent.items():
        if key != ("",):
            new = {"country": None, "state": None, "is_active": True, "is_default": False}
            after[key] = {**after.get(key, new), **row}
    default = next((key for key, row in sent.items() if row.get("is_default")), None)
    if default is not None:
        for key, row in after.items():
            row["is_default"] = key == default
    if ("",) in sent:
        _refine_default(after, sent, setting)
    return {key: before[key] if key in before and row == before[key] else row for key, row in after.items()}


def _refine_default(after: dict[RowKey, dict[str, Any]], sent: Rows, setting: Setting) -> None:
    """`region_country` and `region_state` write to the default membership, whichever that is."""
    default = next((key for key, row in after.items() if row["is_default"]), None)
    for name, value in sent["",].items():
        pointer = f"/region_{name}"
        if default is None:
            if value is not None:
                message = "The profile has no default region that this could refine."
                setting.warn(WarningCode.NO_DEFAULT_REGION, pointer, message)
        elif name in sent.get(default, {}) and sent[default][name] != value:
            setting.refuse(ErrorCode.CONFLICT, pointer, "The entry of regions for the default region says otherwise.")
        else:
            after[default][name] = value


def _organisations(before: Rows, sent: Rows, setting: Setting) -> Rows:
    """Upsert by organisation; what is absent stays (contract S22)."""
    del setting
    new: Row = {"role": None, "expires_at": None, "is_active": True}
    return {**before, **{key: {**before.get(key, new), **row} for key, row in sent.items()}}


RECONCILE_ROWS: Final[Mapping[str, Callable[[Rows, Rows, Setting], Rows]]] = {
    "identities": _identities,
    "tags": _tags,
    "statuses": _statuses,
    "addresses": _addresses,
    "custom_attributes": _custom_attributes,
    "dates": _dates,
    "date_links": _date_links,
    "regions": _regions,
    "organisations": _organisations,
}
