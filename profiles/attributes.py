"""The values of custom attributes, and JSON that senders may choose freely (contract section 10)."""

import math
import re
from collections.abc import Iterator
from typing import Any, Final

from profiles.keys import NOTES_LENGTH, InvalidValueError, text
from profiles.values import AttributeType

JSON_LENGTH: Final = 65_536
# Beyond this the databases give back an integer where a float was stored, and neighbours are indistinguishable.
LARGEST_FLOAT: Final = 1e16
_INT64: Final = range(-(2**63), 2**63)
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,15})?")
# What no database or client agrees on, as in keys; control characters other than NUL are the sender's own matter.
_REFUSED = re.compile("[\x00\ud800-\udfff]")

_SENTENCES: Final = {
    AttributeType.STRING: "The value must be text.",
    AttributeType.INTEGER: "The value must be a whole number of at most 64 bits.",
    AttributeType.FLOAT: "The value must be a number.",
    AttributeType.BOOLEAN: "The value must be true or false.",
    AttributeType.ARRAY: "The value must be a list.",
}


def typed_value(kind: str, value: object) -> Any:  # noqa: ANN401 any JSON
    """Return the value as one of the type, turned into it where nothing is lost.

    Null is null in every type. Raises `InvalidValueError`.
    """
    kind = AttributeType(kind)
    if value is None or kind is AttributeType.JSON:
        return value
    converted = _CONVERTERS[kind](value)
    if converted is None:
        raise InvalidValueError(_SENTENCES[kind])
    return converted


def _as_text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text(value, length=NOTES_LENGTH, notes=True) if isinstance(value, str) else None


def _as_integer(value: object) -> int | None:
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_FLOAT:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value in _INT64 else None


def _as_float(value: object) -> float | None:
    if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LARGEST_FLOAT:
        return None
    return float(value) + 0.0


def _as_boolean(value: object) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def _as_array(value: object) -> list[Any] | None:
    return value if isinstance(value, list) else None


_CONVERTERS: Final = {
    AttributeType.STRING: _as_text,
    AttributeType.INTEGER: _as_integer,
    AttributeType.FLOAT: _as_float,
    AttributeType.BOOLEAN: _as_boolean,
    AttributeType.ARRAY: _as_array,
}


def json_faults(value: object) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Yield what in a JSON value no database could keep as it is: its path, and a sentence."""
    size = 0
    stack: list[tuple[tuple[int | str, ...], Any]] = [((), value)]
    while stack:
        path, item = stack.pop()
        if isinstance(item, dict | list):
            members = item.items() if isinstance(item, dict) else enumerate(item)
            stack += [((*path, key), member) for key, member in members]
        size += len(item) if isinstance(item, str | dict | list) else 1
        if size > JSON_LENGTH:
            yield (), f"The value must not be larger than {JSON_LENGTH:,} characters."
            return
        for fault in _faults(item):
            yield path, fault


def _faults(item: object) -> Iterator[str]:
    if isinstance(item, str) and _REFUSED.search(item):
        yield "The text must not hold NUL or lone surrogates."
    elif isinstance(item, dict) and any(_REFUSED.search(key) for key in item):
        yield "The names must not hold NUL or lone surrogates."
    elif isinstance(item, float) and (not math.isfinite(item) or abs(item) >= LARGEST_FLOAT):
        yield "The number is too large."


def plain_json(value: object) -> Any:  # noqa: ANN401 any JSON
    """Return the value without negative zeros, which only one of the databases keeps."""
    if isinstance(value, float):
        return value + 0.0
    if isinstance(value, dict):
        return {key: plain_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [plain_json(member) for member in value]
    return value
