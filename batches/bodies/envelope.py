"""Receiving: everything about a body but its records' content (way 1.2)."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from batches.bodies.scanning import (
    MAX_MEMBERS,
    TooManyPartsError,
    places,
    skim_entries,
    skim_members,
    without_surrogates,
)
from batches.values import MAX_RECORDS
from profiles.characters import shown
from profiles.criteria import LONGEST_LIST, LONGEST_TEXT, NOT_CRITERIA, Criteria, CriteriaError, read_criteria
from profiles.keys import InvalidValueError
from profiles.schema.naming import did_you_mean
from profiles.sentences import ToldError
from profiles.values import MobileClash

_BRACE: Final = ord("{")
_NULL: Final = memoryview(b"null")
_MAX_ENTRIES_TOLD: Final = 20
# Of one character JSON may make six: an escape.
_LONGEST_CRITERIA_BYTES: Final = 6 * LONGEST_TEXT
_LONGEST_WORD_BYTES: Final = 100
_PLACE: Final = re.compile(r" \(byte (\d+)\)$")
_NO_NUMBERS: Final = re.compile(rb"NaN|-?Infinity")
_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class BodyError(ToldError):
    """The body is not JSON."""


class EnvelopeError(ToldError):
    """The given data was invalid."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__()
        self.errors = errors
        """Field -> sentences (rules 8.14)."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a body says of itself."""

    criteria: Criteria
    total_count: int
    mobile_clash: MobileClash | None = None
    """`None`: as the hub is set."""


def read_envelope(body: bytes) -> Envelope:
    """Return what the body says of itself.

    Raises `BodyError` where it is not JSON, `EnvelopeError` where it is not a batch.
    """
    members = _members(body)
    errors: dict[str, list[str]] = {}
    counts = Counter(member for member, _ in members)
    for member in [member for member, count in counts.items() if count > 1]:
        errors[_told(member)] = ["The key stands twice."]
    values = dict(members)
    criteria = _criteria(values, errors)
    mobile_clash = _mobile_clash(values, errors)
    total_count = _count(values, errors)
    if errors:
        errors |= _meant(values, errors)
        raise EnvelopeError(errors)
    return Envelope(criteria, total_count, mobile_clash)


def _members(body: bytes) -> list[tuple[str, msgspec.Raw]]:
    try:
        body.decode()
        try:
            return skim_members(body)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            if (plain := without_surrogates(body)) == body:
                raise
            return _with_own_criteria(body, skim_members(plain))
    except TooManyPartsError as error:
        message = f"The body must not have more than {MAX_MEMBERS} members."
        raise EnvelopeError({"body": [message]}) from error
    except msgspec.ValidationError as error:
        message = "The body must be an object with match_criteria and profiles."
        raise EnvelopeError({"profiles": [message]}) from error
    except RecursionError as error:
        raise BodyError("The body is nested too deeply.") from error
    except UnicodeDecodeError as error:
        message = f"The body is not UTF-8 text: see {_place(body, error.start)}."
        raise BodyError(_byte_order_mark(body) or message) from error
    except msgspec.DecodeError as error:
        raise BodyError(_byte_order_mark(body) or _why_not_json(body, str(error))) from error


def _with_own_criteria(body: bytes, members: list[tuple[str, msgspec.Raw]]) -> list[tuple[str, msgspec.Raw]]:
    """Return the members with what was sent for a criterion, of which it is to be said what is wrong."""
    return [
        (name, msgspec.Raw(body[place]) if name == "match_criteria" else raw)
        for (name, raw), place in zip(members, places(body, [raw for _, raw in members]), strict=True)
    ]


def _criteria(values: Mapping[str, msgspec.Raw], errors: dict[str, list[str]]) -> Criteria:
    raw = memoryview(values.get("match_criteria", b"null"))
    field = "match_criteria"
    if raw == _NULL:
        message = "The match_criteria field is required."
    elif len(raw) > _LONGEST_CRITERIA_BYTES:
        message = f"The match_criteria must not be longer than {LONGEST_LIST:,} characters."
    else:
        try:
            return read_criteria(json.loads(bytes(raw)))
        except CriteriaError as error:
            field += "" if error.index is None else f".{error.index}"
            message = str(error)
        except InvalidValueError as error:
            message = str(error)
        except (ValueError, RecursionError):  # a number of too many digits, or a list in lists
            message = NOT_CRITERIA
    errors.setdefault(field, [message])
    return ()


def _mobile_clash(values: Mapping[str, msgspec.Raw], errors: dict[str, list[str]]) -> MobileClash | None:
    raw = memoryview(values.get("mobile_clash", b"null"))
    if raw == _NULL:
        return None
    try:
        return MobileClash(bytes(raw[: _LONGEST_WORD_BYTES + 1]).decode().strip('"').lower())
    except ValueError:
        errors.setdefault("mobile_clash", [f"The mobile_clash must be {' or '.join(MobileClash)}."])
        return None


def _count(values: Mapping[str, msgspec.Raw], errors: dict[str, list[str]]) -> int:
    """Return how many records there are, each of them an object."""
    raw = values.get("profiles")
    if raw is None or memoryview(raw) == _NULL:
        errors.setdefault("profiles", ["The profiles field is required."])
        return 0
    try:
        entries = skim_entries(raw)
    except TooManyPartsError:
        entries = []
    except msgspec.ValidationError:
        errors.setdefault("profiles", ["The profiles must be a list."])
        return 0
    if not entries:
        errors.setdefault("profiles", [f"The profiles must have between 1 and {MAX_RECORDS} entries."])
    wrong = [index for index, entry in enumerate(entries) if memoryview(entry)[0] != _BRACE]
    for index in wrong[:_MAX_ENTRIES_TOLD]:
        errors.setdefault(f"profiles.{index}", ["The entry must be an object."])
    return len(entries)


def _meant(values: Mapping[str, msgspec.Raw], errors: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return an error for each member that seems to be one that is missing."""
    missing = frozenset({"match_criteria", "profiles"}.intersection(errors) - values.keys())
    return {
        _told(member): [f"The key is unknown; {question}"]
        for member in values
        if member not in errors and (question := did_you_mean(member, missing))
    }


# --- Why it is not JSON ------------------------------------------------------------------------------------------


def _byte_order_mark(body: bytes) -> str:
    if body.startswith(_BYTE_ORDER_MARKS):
        return "The body begins with a byte order mark; it must be UTF-8 without one."
    return ""


def _why_not_json(body: bytes, told: str) -> str:
    if not body.strip():
        return "The body is empty."
    place = _PLACE.search(told)
    if place is None:
        return "The body is not valid JSON: it ends too early."
    position = int(place[1])
    position -= body[position - 1 : position] == b"-"
    number = _NO_NUMBERS.match(body, position)
    cause = (
        f"{number[0].decode()} is no number of JSON"
        if number
        else _PLACE.sub("", told).removeprefix("JSON is malformed: ")
    )
    return f"The body is not valid JSON: {cause}, {_place(body, position)}."


def _place(body: bytes, position: int) -> str:
    line_start = body.rfind(b"\n", 0, position) + 1
    line = body.count(b"\n", 0, position) + 1
    return f"line {line}, byte {position - line_start + 1}"


def _told(member: str) -> str:
    """Return a member's name as an answer may repeat it."""
    return shown(member[:100])
