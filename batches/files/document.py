"""One JSON document: a list of records, or the body that the endpoint takes, whose `profiles` are the records.

It is cut into records as it is read, by its quotation marks and brackets alone, so that a document of any size takes
the memory of one record; what is in each is looked at as in JSON Lines.
"""

import re
from collections.abc import Iterator
from io import BufferedReader
from typing import Final

from batches.files.jsonl import record_line
from batches.files.lines import (
    KEPT_BYTES,
    LONGEST_ROW_BYTES,
    FileError,
    Line,
    RawLine,
    Tell,
    nobody,
    pieces,
    split_at_newlines,
)
from batches.files.mappings import ColumnMapping
from profiles.criteria import Criteria

_RECORDS: Final = b"profiles"
_IN_TEXT: Final = re.compile(rb'[\\"]')
_OUTSIDE: Final = re.compile(rb'["\[\]{},:]')
_CLOSES: Final = {b"]": b"[", b"}": b"{"}
_LONGEST_NAME: Final = 255


def read_json(
    file: BufferedReader,
    *,
    criteria: Criteria,
    mapping: ColumnMapping | None = None,
    encoding: str | None = None,
    tell: Tell = nobody,
) -> Iterator[Line]:
    """Yield the document's records as they are, byte for byte; raises `FileError`.

    What else an endpoint's body says, such as its criteria, is passed over: the command's options count.
    """
    if mapping is not None:
        raise FileError("JSON holds records as the hub knows them; a mapping is for CSV.")
    cutting = _Cutting()
    number = 1
    try:
        for piece in pieces(file, encoding=encoding, is_json=True, tell=tell):
            for line in split_at_newlines(piece):
                for record in cutting.feed(line, number):
                    yield record_line(record)
                number += line.endswith(b"\n")
    except FileError as error:
        raise FileError(str(error), line=number) from error
    cutting.end()


class _Cutting:
    """A document while it is cut: where its records are, and where it is within one."""

    def __init__(self) -> None:
        self._open: list[bytes] = []
        """The brackets that are open, up to those of the record."""
        self._records_at: int | None = None
        """How many are open where the records stand; not known before their list begins."""
        self._is_in_text = self._is_escaped = self._is_over = self._is_past_records = False
        self._name = b""
        """The last text at the document's own level: which member it is."""
        self._piece = bytearray()
        self._is_cut = False
        self._begun_at = self._number = 0

    def feed(self, content: bytes, number: int) -> Iterator[RawLine]:
        """Yield the records that end in this part of a line; raises `FileError` where it is no JSON as a whole."""
        self._number = number
        place = 0
        while place < len(content):
            if self._is_in_text:
                place = self._through_text(content, place)
                continue
            found = _OUTSIDE.search(content, place)
            end = len(content) if found is None else found.start()
            self._pass(content[place:end])
            if found is None:
                return
            place = found.end()
            yield from self._sign(found[0])

    def end(self) -> None:
        """See that the document has come to its end; raises `FileError`."""
        if self._is_over:
            if self._records_at is None:
                raise FileError("the document has no list of records, neither as a whole nor as its profiles.")
            return
        if not self._number:
            raise FileError("the file is empty.")
        raise FileError("the document ends too early.", line=self._number)

    # --- Sign by sign --------------------------------------------------------------------------------------------

    def _through_text(self, content: bytes, place: int) -> int:
        """Go through a text, to its end or the line's; return where that is."""
        start = place
        if self._is_escaped:
            self._is_escaped, place = False, place + 1
        while (found := _IN_TEXT.search(content, place)) is not None:
            place = found.end()
            if found[0] == b'"':
                self._is_in_text = False
                self._pass(content[start:place])
                return place
            if place == len(content):
                self._is_escaped = True
                break
            place += 1
        self._pass(content[start:])
        return len(content)

    def _sign(self, sign: bytes) -> Iterator[RawLine]:
        if self._is_over:
            raise self._fault("something follows after the document.")
        if sign == b'"':
            self._is_in_text = True
            if not self._is_among_records:
                self._name = b""
            self._pass(sign)
        elif sign in b"[{":
            self._opened(sign)
        elif sign in _CLOSES:
            yield from self._closed(sign)
        elif sign == b"," and self._is_among_records and len(self._open) == self._records_at:
            yield from self._record()
        else:
            self._pass(sign)

    def _opened(self, sign: bytes) -> None:
        is_list = sign == b"[" and (not self._open or (len(self._open) == 1 and self._open[0] == b"{"))
        if self._records_at is None and is_list and (not self._open or self._name.strip(b'" \t\r\n:') == _RECORDS):
            self._records_at = len(self._open) + 1
        elif self._open:
            self._pass(sign)
        self._open.append(sign)

    def _closed(self, sign: bytes) -> Iterator[RawLine]:
        if not self._open or self._open[-1] != _CLOSES[sign]:
            raise self._fault(f"a {sign.decode()} stands where none belongs.")
        is_end_of_records = self._is_among_records and len(self._open) == self._records_at
        if is_end_of_records:
            yield from self._record(is_last=True)
            self._is_past_records = True
        self._open.pop()
        self._is_over = not self._open
        if not is_end_of_records and self._open:
            self._pass(sign)

    @property
    def _is_among_records(self) -> bool:
        is_begun = self._records_at is not None and not self._is_past_records
        return is_begun and len(self._open) >= (self._records_at or 0)

    def _pass(self, content: bytes) -> None:
        """Go over some of the document: of a record it is kept, of a member's name too."""
        if self._is_among_records:
            if not self._piece:
                content = content.lstrip()
                self._begun_at = self._number
            if len(self._piece) + len(content) > LONGEST_ROW_BYTES:
                self._is_cut = True
                content = content[: max(0, KEPT_BYTES - len(self._piece))]
            self._piece += content
        elif self._is_over or not self._open:
            if content.strip():
                raise self._fault(
                    "something follows after the document."
                    if self._is_over
                    else "the document is neither a list of records nor an object with profiles."
                )
        elif len(self._open) == 1 and len(self._name) < _LONGEST_NAME:
            self._name += content

    def _record(self, *, is_last: bool = False) -> Iterator[RawLine]:
        """Yield the record that has ended, if there is one: a list may be empty."""
        content, self._piece = bytes(self._piece).strip(), bytearray()
        is_cut, self._is_cut = self._is_cut, False
        if content or not is_last:
            yield RawLine(self._begun_at or self._number, content, is_cut)

    def _fault(self, message: str) -> FileError:
        return FileError(message, line=self._number)
