"""The values of custom attributes, and JSON that senders may choose freely (rules 8.4)."""

import math
import re
from collections.abc import Callable, Iterator
from typing import Final

from profiles import readings
from profiles.keys import NOTES_LENGTH, InvalidValueError, text
from profiles.readings import JSON
from profiles.values import AttributeType

JSON_LENGTH: Final = 65_536
# What no database or client agrees on, as in keys; control characters other than NUL are the sender's own matter.
_REFUSED = re.compile("[\x00\ud800-\udfff]")


def typed_value(kind: str, value: JSON) -> JSON:
    """Return the value as one of the type, turned into it where nothing is lost.

    Null is null in every type, and so is what is blank, but for free JSON. Raises `InvalidValueError`.
    """
    kind = AttributeType(kind)
    if value is None or (kind is not AttributeType.JSON and readings.is_blank(value)):
        return None
    return _READINGS[kind](value)


def type_of(value: JSON) -> AttributeType:
    """Return the type that a value written without one has by itself; null is a text's."""
    if isinstance(value, bool):
        return AttributeType.BOOLEAN
    for kind, types in ((AttributeType.INTEGER, int), (AttributeType.FLOAT, float), (AttributeType.ARRAY, list)):
        if isinstance(value, types):
            return kind
    return AttributeType.JSON if isinstance(value, dict) else AttributeType.STRING


def _text(value: object) -> str:
    return text(readings.text(value), length=NOTES_LENGTH, notes=True)


def _list(value: JSON) -> JSON:
    if not isinstance(value, list):
        raise InvalidValueError("The value must be a list.")
    return readings.free_json(value)


_READINGS: Final[dict[AttributeType, Callable[[JSON], JSON]]] = {
    AttributeType.STRING: _text,
    AttributeType.INTEGER: readings.whole_number,
    AttributeType.FLOAT: readings.number,
    AttributeType.BOOLEAN: readings.truth,
    AttributeType.ARRAY: _list,
    AttributeType.JSON: readings.free_json,
}


def json_faults(value: JSON) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Yield what in a JSON value no database could keep as it is: its path, and a sentence."""
    size = 0
    stack: list[tuple[tuple[int | str, ...], JSON]] = [((), value)]
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


def _faults(item: JSON) -> Iterator[str]:
    if isinstance(item, str) and _REFUSED.search(item):
        yield "The text must not hold NUL or lone surrogates."
    elif isinstance(item, dict) and any(_REFUSED.search(key) for key in item):
        yield "The names must not hold NUL or lone surrogates."
    elif isinstance(item, float) and not math.isfinite(item):
        yield readings.NAN
    elif isinstance(item, float) and abs(item) >= readings.LARGEST_FLOAT:
        yield readings.TOO_LARGE
