"""Finding the parts of a body without making values of them."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from json.decoder import WHITESPACE, scanstring  # type: ignore[attr-defined]
from typing import Any, Final

import msgspec

from batches.values import MAX_RECORDS

MAX_MEMBERS: Final = 100
# Possessive, so that a text of any length is passed without a mark for each of its characters.
_TEXT: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
# Whole values that are nested in one another less than so often, and what stands between them, are passed in one step.
_PASSED_LEVELS: Final = 8
_FLAT: Final = r'[^\[\]{}"]++|"(?:[^"\\]++|\\.)*+"'
_passed = f"(?:{_FLAT})*+"
for _ in range(_PASSED_LEVELS):
    _passed = rf"(?:{_FLAT}|[\[{{]{_passed}[\]}}])*+"
_PASSED: Final = re.compile(_passed, re.DOTALL)
# What is no bracket and no text, a number of a million digits for one.
_WORD: Final = re.compile(r'[^\s,\]}"]++')
# Escapes that are no surrogate's, and whole pairs of them, as many as there are; else a lone surrogate.
_SURROGATE: Final = re.compile(
    rb"(?:\\[^u]|\\u(?![dD][89a-fA-F])|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2})++"
    rb"|(\\u[dD][89a-fA-F][\da-fA-F]{2})",
    re.DOTALL,
)
_NUL: Final = rb"\u0000"  # as long as any other escape


class TooManyPartsError(ValueError):
    """There are more parts than anybody may send."""


class _Name:
    """A member's name; every one is another key, so that names that stand twice are seen."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def skim_members(body: bytes) -> list[tuple[str, msgspec.Raw]]:
    """Return the members of an object with their own bytes, in order.

    Raises `TooManyPartsError`, `msgspec.DecodeError` where it is not JSON, `msgspec.ValidationError` (a kind of it)
    where it is no object, and `RecursionError`. Texts are not looked into: the bytes must be known to be UTF-8.
    """
    count = 0

    def name(kind: type[_Name], text: str) -> _Name:
        nonlocal count
        count += 1
        if count > MAX_MEMBERS:
            raise TooManyPartsError
        return kind(text)

    try:
        members = msgspec.json.Decoder(dict[_Name, msgspec.Raw], dec_hook=name).decode(body)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, TooManyPartsError):
            raise error.__cause__ from error
        msgspec.json.decode(body, type=msgspec.Raw)  # what is no object may be no JSON either
        raise
    return [(one.text, raw) for one, raw in members.items()]


# A row of so many optional places: reading stops at the first entry too many instead of making a list of millions.
_Entries: Final[Any] = msgspec.defstruct(
    "_Entries",
    [(f"entry_{index}", msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for index in range(MAX_RECORDS)],
    array_like=True,
    forbid_unknown_fields=True,
)
_ENTRIES: Final = msgspec.json.Decoder(_Entries)


def skim_entries(raw: msgspec.Raw) -> list[msgspec.Raw]:
    """Return the entries of a list of at most `MAX_RECORDS`.

    Raises `TooManyPartsError`, and `msgspec.ValidationError` where it is no list.
    """
    if memoryview(raw)[0] != ord("["):
        raise msgspec.ValidationError
    try:
        entries = msgspec.structs.astuple(_ENTRIES.decode(raw))
    except msgspec.ValidationError as error:
        raise TooManyPartsError from error
    return [entry for entry in entries if entry is not msgspec.UNSET]


def without_surrogates(body: bytes) -> bytes:
    """Return the body with NUL in the place of each lone surrogate.

    It is JSON by the letter, though the skimmer refuses it, and only the record that holds it is to suffer.
    """
    plain = bytearray(body)
    for match in _SURROGATE.finditer(body):
        if match[1]:
            plain[match.start() : match.end()] = _NUL
    return bytes(plain)


# What stands before a member's value, and before an entry.
_BEFORE_VALUE: Final = re.compile(rb'\s*+[{,]\s*+"(?:[^"\\]++|\\.)*+"\s*+:\s*+', re.DOTALL)
_BEFORE_ENTRY: Final = re.compile(rb"\s*+[\[,]\s*+")


def places(body: bytes, parts: Sequence[msgspec.Raw], *, start: int | None = None) -> Iterator[slice]:
    """Yield where each part stands in a body; one skimmed `without_surrogates` is as long as the body's own.

    The parts are all the members' values of an object that begins with the body or, where `start` is told, all the
    entries of the list that begins there.
    """
    before, end = (_BEFORE_VALUE, 0) if start is None else (_BEFORE_ENTRY, start)
    for part in parts:
        match = before.match(body, end)
        begin = end if match is None else match.end()
        end = begin + len(memoryview(part))
        yield slice(begin, end)


def record_texts(body: bytes) -> list[str]:
    """Return each record's own text, of a body that was received."""
    return list(_texts(body))


def record_text(body: bytes, position: int) -> str | None:
    """Return one record's own text, of a body that was received; `None` where there is none at the position."""
    return next(islice(_texts(body), position, None), None) if position < MAX_RECORDS else None


def _texts(body: bytes) -> Iterator[str]:
    try:
        entries = _entries(body)
    except RecursionError:
        return texts_by_walking(body)
    return (entry.decode() for entry in entries)


def texts_by_walking(body: bytes) -> Iterator[str]:
    """Yield the same, however deep the body is; slower."""
    return _Walker(body.decode()).texts()


def _entries(body: bytes) -> list[bytes]:
    """Return the entries' own bytes; raises `RecursionError`."""
    try:
        return [bytes(entry) for entry in skim_entries(dict(skim_members(body))["profiles"])]
    except msgspec.DecodeError:
        members = skim_members(without_surrogates(body))
        values = [raw for _, raw in members]
        index = [name for name, _ in members].index("profiles")
        start = next(islice(places(body, values), index, None)).start
        return [body[place] for place in places(body, skim_entries(values[index]), start=start)]


class _Walker:
    """Finds the records in the text of a body that is nested just as deep as was possible where it was received.

    The skimmer goes only as deep as the stack has room; this goes anywhere, at the pace of Python.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def texts(self) -> Iterator[str]:
        """Yield the entries of `profiles`."""
        end = self._skip(self._skip(0) + 1)
        while self.text[end] != "}":
            key, end = scanstring(self.text, end + 1, True)  # noqa: FBT003 strict, a C function's position
            end = self._skip(self._skip(end) + 1)
            if key == "profiles":
                yield from self._entries(end)
                return
            end = self._skip(self._end_of_value(end))
            if self.text[end] == ",":
                end = self._skip(end + 1)

    def _entries(self, start: int) -> Iterator[str]:
        end = self._skip(start + 1)
        while self.text[end] != "]":
            start, end = end, self._end_of_value(end)
            yield self.text[start:end]
            end = self._skip(end)
            if self.text[end] == ",":
                end = self._skip(end + 1)

    def _skip(self, position: int) -> int:
        return int(WHITESPACE.match(self.text, position).end())

    def _end_of_value(self, start: int) -> int:
        """Return where the value ends, however deep it is nested."""
        if self.text[start] not in "[{":
            token = (_TEXT if self.text[start] == '"' else _WORD).match(self.text, start)
            return start if token is None else token.end()
        depth, end = 1, start + 1
        while depth:
            end = _PASSED.match(self.text, end).end()  # type: ignore[union-attr]  # it matches nothing, too
            depth += 1 if self.text[end] in "[{" else -1
            end += 1
        return end
