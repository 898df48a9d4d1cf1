"""Leaving blocked values out of a record: they are never a key, whatever else is wrong with them (rules 2.10).

They are looked for before the record is read, so that 000-000-0000 is no invalid phone, and among the keys that
reading made of other texts. A record that holds none is handed back as it came.
"""

from collections.abc import Mapping
from typing import Any, Final

from profiles import keys, readings, shape
from profiles.keyrules import EMAIL, IDENTITY, MOBILE, Blocked, is_placeholder
from profiles.schema.findings import Findings
from profiles.schema.record import Record
from profiles.values import WarningCode

_FIELDS: Final = ("email", "mobile_phone", "secondary_phone")
_LEFT_OUT: Final = "The value is blocked: it stands for nobody, and was left out."


def without_blocked(raw: Mapping[str, Any], blocked: Blocked) -> tuple[Mapping[str, Any], list[str]]:
    """Return the record as it was sent without its blocked values, and the pointers to where they stood.

    A blocked identity leaves a blank behind, so that the others keep their places.
    """
    fields = [name for name in _FIELDS if name in raw and _is_blocked(name, _text(raw[name]), blocked)]
    entries: Any = raw.get("identities")
    if not isinstance(entries, list) or len(entries) > shape.IDENTITIES.most:
        entries = []  # the whole list is refused
    places = {index for index, entry in enumerate(entries) if is_blocked_identity(entry, blocked)}
    if not fields and not places:
        return raw, []
    left = {name: value for name, value in raw.items() if name not in fields}
    if places:
        left["identities"] = [None if index in places else entry for index, entry in enumerate(entries)]
    return left, [*(f"/{name}" for name in fields), *(f"/identities/{index}" for index in sorted(places))]


def drop_blocked_keys(record: Record, raw: Mapping[str, Any], blocked: Blocked) -> list[str]:
    """Take out of a record that was read what has become a blocked key only by that; return pointers likewise.

    `raw` is the record as it was sent: what reading has left as it is was looked at before.
    """
    fields = [name for name in _FIELDS if _has_become_blocked(name, record.get(name), raw.get(name), blocked)]
    for name in fields:
        del record[name]  # type: ignore[misc]  # each is a member that may be absent
    return [f"/{name}" for name in fields]


def is_blocked_identity(entry: object, blocked: Blocked) -> bool:
    """Whether the entry of a record's identities names a blocked identifier."""
    if not isinstance(entry, dict):
        return False
    identifier = _text(entry.get("identifier"))
    return blocked.has(IDENTITY, identifier, _text(entry.get("handle")).strip())


def warn_of_blocked(pointers: list[str], findings: Findings) -> None:
    """Say of each that it was left out."""
    for pointer in pointers:
        findings.warn(WarningCode.BLOCKED_VALUE, pointer, _LEFT_OUT)


def _has_become_blocked(name: str, value: object, sent: object, blocked: Blocked) -> bool:
    if not isinstance(value, str) or (value == sent and value.isascii()):
        return False
    return _is_blocked(name, keys.email_key(value) if name == "email" else value, blocked)


def _is_blocked(name: str, text: str, blocked: Blocked) -> bool:
    """Whether the field's text is blocked.

    A secondary phone is no key: what a hub blocks for many people's sharing it may stand there, what is nobody's not.
    """
    if name == "secondary_phone":
        return is_placeholder(text)
    return blocked.has(EMAIL if name == "email" else MOBILE, text)


def _text(value: object) -> str:
    """Return the normal form of the value as a text; empty where it has none, which reading will tell.

    Blanks at the ends of plain texts are left: they do not matter here.
    """
    if isinstance(value, str) and len(value) <= keys.NAME_LENGTH and value.isascii() and value.isprintable():
        return value
    try:
        return "" if value is None else keys.text(readings.name(value))
    except keys.InvalidValueError:
        return ""
