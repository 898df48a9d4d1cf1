"""A body's bytes: its envelope, its records as values, and any record's own bytes.

Receiving needs the envelope only and skims over the records. Processing reads record by record,
with a parser that also finds what two databases or clients would understand differently: keys that stand twice,
integers no database holds, bottomless nesting.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import WHITESPACE, JSONDecoder, scanstring  # type: ignore[attr-defined]
from typing import Any, Final

import msgspec
import orjson

from profiles.keys import InvalidValueError, name
from profiles.schema import pointer_to
from profiles.values import ErrorCode, RecordError

MAX_RECORDS: Final = 500
MAX_DEPTH: Final = 32
_INT64: Final = range(-(2**63), 2**63)
_LONGEST_INT64: Final = len(str(-(2**63)))
_MAX_ENTRIES_TOLD: Final = 20
_BRACE: Final = ord("{")
_PLAIN: Final = JSONDecoder()
_BRACKET_OR_TEXT: Final = re.compile(r'[\[\]{}]|"(?:[^"\\]|\\.)*"')


class BodyError(Exception):
    """The body is not JSON."""


class EnvelopeError(Exception):
    """The given data was invalid."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(self.__doc__)
        self.errors = errors
        """Field -> sentences (contract section 5)."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a body says of itself."""

    match_criteria: str
    total_count: int


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One entry of `profiles`, as received."""

    position: int
    text: str
    value: Any
    flaws: tuple[RecordError, ...]
    """What is wrong with the JSON itself."""

    @property
    def content(self) -> bytes:
        """The record's own bytes."""
        return self.text.encode()

    @property
    def reference(self) -> str:
        """The sender's own name for the record, before it was checked."""
        reference = self.value.get("reference") if isinstance(self.value, dict) else None
        return reference if isinstance(reference, str) else ""


# --- Receiving ---------------------------------------------------------------------------------------------------


def read_envelope(body: bytes) -> Envelope:
    """Check everything about the body but its records' content (contract S14).

    Raises `BodyError` where it is not JSON, `EnvelopeError` where it is not a batch.
    """
    if (sound := _skim(body)) is not None:
        return Envelope(sound.match_criteria, len(sound.profiles))
    document = _load(body)
    errors: dict[str, list[str]] = {}
    if not isinstance(document, dict):
        raise EnvelopeError({"profiles": ["The body must be an object with match_criteria and profiles."]})
    criteria = document.get("match_criteria")
    if criteria is None:
        errors["match_criteria"] = ["The match_criteria field is required."]
    elif not isinstance(criteria, str):
        errors["match_criteria"] = ["The match_criteria must be text: email, or an identity handle."]
    else:
        try:
            criteria = name(criteria)
        except InvalidValueError as error:
            errors["match_criteria"] = [str(error)]
    records = document.get("profiles")
    if records is None:
        errors["profiles"] = ["The profiles field is required."]
    elif not isinstance(records, list):
        errors["profiles"] = ["The profiles must be a list."]
    elif not 1 <= len(records) <= MAX_RECORDS:
        errors["profiles"] = [f"The profiles must have between 1 and {MAX_RECORDS} entries."]
    else:
        wrong = [index for index, record in enumerate(records) if not isinstance(record, dict)]
        errors |= {f"profiles.{index}": ["The entry must be an object."] for index in wrong[:_MAX_ENTRIES_TOLD]}
    if errors:
        raise EnvelopeError(errors)
    return Envelope(str(criteria), len(records or ()))


class _Body(msgspec.Struct):
    match_criteria: str
    profiles: list[msgspec.Raw]


_SKIMMER: Final = msgspec.json.Decoder(_Body)


def _skim(body: bytes) -> _Body | None:
    """Return a sound body without making values of its records, `None` where anything is odd."""
    try:
        body.decode()  # the skimmer does not look into texts
        sound = _SKIMMER.decode(body)
        sound.match_criteria = name(sound.match_criteria)
    except (ValueError, RecursionError):
        return None
    records = sound.profiles
    if not 1 <= len(records) <= MAX_RECORDS or any(memoryview(record)[0] != _BRACE for record in records):
        return None
    return sound


def _load(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as refusal:
        # orjson also refuses what is JSON by the letter, such as a lone surrogate, and only the record that holds
        # it is to suffer.
        try:
            return json.loads(body.decode(), parse_constant=_refuse_constant, parse_int=_bounded_int)
        except RecursionError as error:
            message = "The body is nested too deeply."
            raise BodyError(message) from error
        except ValueError:
            message = "The body is not valid JSON."
            raise BodyError(message) from refusal


def _refuse_constant(constant: str) -> float:
    message = f"{constant} is not JSON"
    raise ValueError(message)


# --- Processing --------------------------------------------------------------------------------------------------


def iter_records(body: bytes) -> Iterator[RawRecord]:
    """Yield the records of a body that has passed `read_envelope`, in order, each read when it is asked for."""
    reader = _Reader()
    return (reader.read(position, text) for position, text in enumerate(_texts(body)))


def find_record(body: bytes, position: int) -> RawRecord | None:
    """Return the record at the position, `None` where there is none."""
    texts = _texts(body)
    return _Reader().read(position, texts[position]) if position < len(texts) else None


def _texts(body: bytes) -> list[str]:
    """Return each record's own text."""
    sound = _skim(body)
    if sound is None:
        return _Walker(body.decode()).texts()
    return [bytes(record).decode() for record in sound.profiles]


class _Walker:
    """Finds the records in the text of a body that is JSON, but too odd for the skimmer."""

    def __init__(self, text: str) -> None:
        self.text = text

    def texts(self) -> list[str]:
        """Return the entries of `profiles`; where that key stands twice the last counts, as for `read_envelope`."""
        texts: list[str] = []
        end = self._skip(self._skip(0) + 1)
        while self.text[end] != "}":
            key, end = scanstring(self.text, end + 1, True)  # noqa: FBT003 strict, a C function's position
            end = self._skip(self._skip(end) + 1)
            if key == "profiles":
                texts, end = self._entries(end)
            else:
                end = self._end_of_value(end)
            end = self._skip(end)
            if self.text[end] == ",":
                end = self._skip(end + 1)
        return texts

    def _entries(self, start: int) -> tuple[list[str], int]:
        if self.text[start] != "[":  # an earlier `profiles` that a later one overrides
            return [], self._end_of_value(start)
        entries: list[str] = []
        end = self._skip(start + 1)
        while self.text[end] != "]":
            start, end = end, self._end_of_value(end)
            entries.append(self.text[start:end])
            end = self._skip(end)
            if self.text[end] == ",":
                end = self._skip(end + 1)
        return entries, end + 1

    def _skip(self, position: int) -> int:
        return int(WHITESPACE.match(self.text, position).end())

    def _end_of_value(self, start: int) -> int:
        """Return where the value ends, however deep it is nested."""
        if self.text[start] not in "[{":
            return int(_PLAIN.raw_decode(self.text, start)[1])
        depth = 0
        for token in _BRACKET_OR_TEXT.finditer(self.text, start):
            if token[0] in "[{":
                depth += 1
            elif token[0] in "]}":
                depth -= 1
                if depth == 0:
                    return token.end()
        raise AssertionError  # the body has been parsed before


class _HugeInt(int):
    """Stands where an integer beyond 64 bits stood."""


def _bounded_int(digits: str) -> int:
    if len(digits) > _LONGEST_INT64 or (value := int(digits)) not in _INT64:
        return _HugeInt(0)
    return value


def _too_deep(pointer: str) -> RecordError:
    return RecordError(ErrorCode.TOO_DEEP, pointer, f"The record is nested deeper than {MAX_DEPTH} levels.")


class _Reader:
    """Makes values of records; remembers the flaws of the one in hand."""

    def __init__(self) -> None:
        self.twice: list[tuple[dict[str, Any], str]] = []
        self.has_huge = False
        self.decoder = JSONDecoder(object_pairs_hook=self._object, parse_int=self._int)

    def read(self, position: int, text: str) -> RawRecord:
        """Return the record with its value and what is wrong with its JSON."""
        self.twice.clear()
        self.has_huge = False
        try:
            value, _ = self.decoder.raw_decode(text)
        except RecursionError:
            return RawRecord(position, text, {}, (_too_deep(""),))
        return RawRecord(position, text, value, self._flaws(text, value))

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            seen: set[str] = set()
            self.twice += [(value, key) for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
        return value

    def _int(self, digits: str) -> int:
        value = _bounded_int(digits)
        if type(value) is _HugeInt:
            self.has_huge = True
        return value

    def _flaws(self, text: str, value: object) -> tuple[RecordError, ...]:
        """Find where the flaws stand; costs nothing where there are none."""
        flaws: list[RecordError] = []
        nested = text.count("[") + text.count("{") > MAX_DEPTH
        if not (self.twice or self.has_huge or nested):
            return ()
        twice = {id(one): key for one, key in self.twice}
        stack: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
        while stack:
            path, item = stack.pop()
            if type(item) is _HugeInt:
                message = "The number is beyond 64 bits."
                flaws.append(RecordError(ErrorCode.INVALID, pointer_to(*path), message))
            if not isinstance(item, dict | list):
                continue
            if id(item) in twice:
                pointer = pointer_to(*path, twice[id(item)])
                flaws.append(RecordError(ErrorCode.DUPLICATE_KEY, pointer, "The key stands twice."))
            if len(path) >= MAX_DEPTH:
                flaws.append(_too_deep(pointer_to(path[0])))
                continue
            members = item.items() if isinstance(item, dict) else enumerate(item)
            stack += [((*path, key), member) for key, member in members]
        return tuple(sorted(flaws, key=lambda flaw: flaw.pointer)[:MAX_DEPTH])
