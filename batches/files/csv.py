"""CSV with a header of field names (see `columns`); rows of text cells become records.

A quotation mark gone wrong must not swallow the rows behind it. What a broken row had taken in is looked at again line
by line, and then nothing is mended: a line is a row of its own only where it is one without any doubt.
"""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from io import BufferedReader
from typing import Final, NamedTuple

import orjson

from batches.files.cells import Reader
from batches.files.columns import read_header
from batches.files.lines import (
    LONGEST_ROW_BYTES,
    TOO_LONG,
    FileError,
    Header,
    Line,
    Tell,
    decoded,
    faulty_line,
    nobody,
    raw_lines,
    split_at_any_end,
)
from batches.files.mappings import ColumnMapping
from profiles.criteria import Criteria

# Line breaks may end a quoted cell, but not many.
_MOST_LINES: Final = 100
_DELIMITERS: Final = (",", ";", "\t", "|")
# A quote that is never closed holds all the rest.
_QUOTED: Final = re.compile(r'"[^"]*"?')
_JSON: Final = ('{"', "[{")
_NEVER_CLOSED: Final = "a quotation mark opens a cell and is never closed."
_NOT_CLOSED_WELL: Final = "text follows the quotation mark that ends a cell; inside a cell it is doubled."
_LINE_BREAK: Final = "a quoted cell holds a line break: no column may, or a quotation mark is missing."
_DOUBTFUL: Final = "the line follows a row whose quotation marks are wrong, and is no whole row by itself."
csv.field_size_limit(LONGEST_ROW_BYTES)


class _TextLine(NamedTuple):
    number: int
    text: str
    fault: str
    is_cut: bool


class _Row(NamedTuple):
    """One row: its cells, or why there are none."""

    number: int
    text: str
    cells: Sequence[str] = ()
    faults: tuple[str, ...] = ()


def read_csv(
    file: BufferedReader,
    *,
    criteria: Criteria,
    mapping: ColumnMapping | None = None,
    encoding: str | None = None,
    tell: Tell = nobody,
) -> Iterator[Line]:
    """Yield a record for each row, by what its columns are called or by the mapping; raises `FileError`."""
    lines = (
        _TextLine(line.number, *decoded(line.content), line.is_cut)
        for line in raw_lines(file, split=split_at_any_end, encoding=encoding, tell=tell)
    )
    first, delimiter = _first_line(lines)
    rows = _Rows(first, lines, delimiter)
    header = rows.header()
    reader = read_header(header.cells, line=header.number, criteria=criteria, mapping=mapping)
    told = Header(header.text, delimiter, len(reader.givens))
    for row in rows.rows(width=told.width):
        yield _line(row, reader, told)


def _first_line(lines: Iterator[_TextLine]) -> tuple[_TextLine, str]:
    """Return the first line that is not blank, and what separates its cells; Excel may name it above the header."""
    named = ""
    for line in lines:
        text = line.text.rstrip("\r\n")
        if not text.strip(' \t,;|"'):
            continue
        if not named and text.lower().startswith("sep=") and len(text) == len("sep=,"):
            named = text[-1]
            continue
        if text.lstrip().startswith(_JSON):
            raise FileError("the file is JSON; JSON Lines' names end in .jsonl.", line=line.number)
        outside = _QUOTED.sub("", text)
        return line, named or next((one for one in _DELIMITERS if one in outside), ",")
    raise FileError("the file is empty.")


def _line(row: _Row, reader: Reader, header: Header) -> Line:
    if row.faults:
        return faulty_line(row.number, row.text, row.faults, header=header)
    record, faults, left_out = reader.read(row.cells)
    content = orjson.dumps(record)
    if len(content) > LONGEST_ROW_BYTES:
        faults.append(TOO_LONG)
    text = _as_wide(row, header)
    if faults:
        return faulty_line(row.number, row.text, faults, row=text, header=header)
    return Line(row.number, content, left_out, text, header)


def _as_wide(row: _Row, header: Header) -> str:
    """Return the row as it came, with a cell for each column."""
    missing = header.width - len(row.cells)
    if missing >= 0:
        return row.text + header.delimiter * missing
    out = io.StringIO()
    csv.writer(out, delimiter=header.delimiter, lineterminator="").writerow(row.cells[: header.width])
    return out.getvalue()


class _Rows:
    """Finds the rows in lines."""

    def __init__(self, first: _TextLine, lines: Iterator[_TextLine], delimiter: str) -> None:
        self.lines = lines
        self.again = deque([first])
        """Lines to look at before the next of the file."""
        self.delimiter = delimiter
        self.blanks = f"{delimiter} \t\xa0"
        self.width = 0
        self.doubtful_until = 0
        """Number of the last line that a broken row may have taken in."""

    def header(self) -> _Row:
        """Return the header; raises `FileError` where it cannot be read."""
        first = self.again.popleft()
        row = self._row(first)
        if row.faults:
            raise FileError(row.faults[0], line=row.number)
        return row

    def rows(self, *, width: int) -> Iterator[_Row]:
        """Yield the rows below the header, which has `width` columns; blank ones are none."""
        self.width = width
        while (line := self._next()) is not None:
            row = self._row(line)
            if row.faults or row.cells:
                yield row

    def _next(self) -> _TextLine | None:
        return self.again.popleft() if self.again else next(self.lines, None)

    def _row(self, line: _TextLine) -> _Row:
        if line.is_cut:
            # Nobody knows whether it ended inside a quoted cell.
            self.doubtful_until = line.number + 1
            return _Row(line.number, line.text, faults=(TOO_LONG,))
        text = line.text.rstrip("\r\n")
        if '"' in text:
            return self._quoted_row(line)
        cells = text.split(self.delimiter)
        if len(cells) == self.width and not line.fault and text.strip(self.blanks):
            return _Row(line.number, text, cells)  # what most are
        return self._checked(cells, [line])

    def _quoted_row(self, line: _TextLine) -> _Row:
        """Return the row that begins in the line and perhaps goes on in the following ones."""
        taken = [line]
        try:
            cells = next(csv.reader(self._texts(taken), delimiter=self.delimiter, strict=True))
        except csv.Error as error:
            fault = _NEVER_CLOSED if str(error) == "unexpected end of data" else _NOT_CLOSED_WELL
            return self._broken(taken, fault)
        if len(taken) > 1 and self.width and not (self._is_whole(cells) and _is_one_line(cells)):
            return self._broken(taken, _LINE_BREAK)
        return self._checked(cells, taken)

    def _texts(self, taken: list[_TextLine]) -> Iterator[str]:
        """Yield the texts of as many lines as the row needs and may have, noting those taken."""
        line = taken[0]
        size = len(line.text)
        yield line.text
        while line.number >= self.doubtful_until and (following := self._next()) is not None:
            size += len(following.text)
            if len(taken) == _MOST_LINES or size > LONGEST_ROW_BYTES or following.is_cut:
                self.again.appendleft(following)
                return
            taken.append(following)
            yield following.text

    def _broken(self, taken: Sequence[_TextLine], fault: str) -> _Row:
        """Give up the first line alone, and have the others looked at again."""
        first, *others = taken
        if others:
            self.again.extendleft(reversed(others))
            self.doubtful_until = others[-1].number
        return _Row(first.number, first.text.rstrip("\r\n"), faults=(fault,))

    def _checked(self, cells: Sequence[str], taken: Sequence[_TextLine]) -> _Row:
        """Return the row with what is wrong with its bytes and the number of its cells."""
        number, last = taken[0].number, taken[-1].text
        if not any(map(str.strip, cells)):
            return _Row(number, "")
        faults = [line.fault for line in taken if line.fault]
        if self.width and len(cells) != self.width:
            if not self._is_whole(cells) and len(cells) > self.width:
                faults.append(f"the row has {len(cells):,} cells, but the header has {self.width:,} columns.")
            elif len(cells) < self.width and not last.endswith(("\r", "\n")):
                faults.append("the file ends within the row.")
        if number <= self.doubtful_until and not (self._is_whole(cells) and not any('"' in cell for cell in cells)):
            faults.append(_DOUBTFUL)
        text = "".join(line.text for line in taken) if len(taken) > 1 else last
        return _Row(number, text.rstrip("\r\n"), cells, tuple(faults))

    def _is_whole(self, cells: Sequence[str]) -> bool:
        """Whether there is a cell for each column, and nothing in surplus ones."""
        return len(cells) >= self.width and not any(cell.strip() for cell in cells[self.width :])


def _is_one_line(cells: Sequence[str]) -> bool:
    """Whether line breaks stand at the ends of cells alone, where they are trimmed; else one may hold the next row."""
    return not any("\n" in cell or "\r" in cell for cell in map(str.rstrip, cells))
