"""How values of each kind are read, whatever the field and whichever way they came (rules 1).

Only what loses nothing is turned into the kind: a spreadsheet's 12.0 is the whole number 12, its "1" is true. Each
reading returns the value or raises `InvalidValueError`; none ever repeats the value in its sentence.
"""

import math
import re
from decimal import Decimal
from typing import Final, TypeAlias

from profiles.characters import is_unseen
from profiles.keys import InvalidValueError

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"

# Beyond this the databases give back an integer where a float was stored, and neighbours are indistinguishable.
LARGEST_FLOAT: Final = 1e16
INT64_LOW: Final = -(2**63)
INT64_HIGH: Final = 2**63 - 1
_WHOLE: Final = re.compile(r"([+-]?[0-9]{1,40})(?:\.0{1,15})?", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,16}(?:\.[0-9]{1,15})?", re.ASCII)
_TRUTHS: Final = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}

EMPTY: Final = "The value must not be empty or null."
NO_TEXT: Final = "The value must be text."
NO_NAME: Final = "The value must be text or a whole number."
NO_WHOLE: Final = "The value must be a whole number."
NO_NUMBER: Final = "The value must be a number."
NO_TRUTH: Final = "The value must be true or false."
BEYOND_64_BITS: Final = "The number is beyond 64 bits."
TOO_LARGE: Final = "The number is too large."
NAN: Final = "The value must be a number; NaN and Infinity are none."


def unless_blank(value: object) -> object:
    """Return the value, or `None` where it says nothing: a text in which nothing is seen."""
    return None if isinstance(value, str) and is_unseen(value) else value


def is_blank(value: object) -> bool:
    """Whether the value says nothing: null, or a text in which nothing is seen."""
    return unless_blank(value) is None


def is_blank_entry(entry: object) -> bool:
    """Whether an entry of a list says nothing: all it has is blank."""
    if not isinstance(entry, dict):
        return entry == [] or is_blank(entry)
    return all(is_blank(member) or member in ([], {}) for member in entry.values())


def text(value: object) -> str:
    """Read a text: a number is the text it is written as, 38.0 that of 38."""
    if isinstance(value, float):
        _bound(value)
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return name(value, otherwise=NO_TEXT)


def name(value: object, *, otherwise: str = NO_NAME) -> str:
    """Read a text that names something: a whole number is its digits, a float may have lost some."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(_bounded(value))
    raise InvalidValueError(EMPTY if value is None else otherwise)


def whole_number(value: object) -> int:
    """Read a whole number, from digits too, padded or with zeros behind a point."""
    if isinstance(value, str) and (digits := _WHOLE.fullmatch(value.strip())):
        value = int(digits[1])
    elif isinstance(value, float):
        _bound(value)
        value = int(value) if value.is_integer() else value
    if isinstance(value, int) and not isinstance(value, bool):
        return _bounded(value)
    raise InvalidValueError(EMPTY if is_blank(value) else NO_WHOLE)


def number(value: object) -> float:
    """Read a number."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidValueError(EMPTY if is_blank(value) else NO_NUMBER)
    return _bound(float(_bounded(value) if isinstance(value, int) else value)) + 0.0


def truth(value: object) -> bool:
    """Read true or false, from 1 and 0 too."""
    if isinstance(value, str):
        found = _TRUTHS.get(value.strip().lower())
        if found is not None:
            return found
    elif isinstance(value, bool) or (isinstance(value, int | float) and value in (0, 1)):
        return bool(value)
    raise InvalidValueError(EMPTY if is_blank(value) else NO_TRUTH)


def free_json(value: JSON) -> JSON:
    """Return JSON that senders may choose freely with its whole floats as the integers they are."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: free_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [free_json(member) for member in value]
    return value


def _bounded(value: int) -> int:
    if not INT64_LOW <= value <= INT64_HIGH:
        raise InvalidValueError(BEYOND_64_BITS)
    return value


def _bound(value: float) -> float:
    if not math.isfinite(value):
        raise InvalidValueError(NAN)
    if abs(value) >= LARGEST_FLOAT:
        raise InvalidValueError(TOO_LARGE)
    return value
