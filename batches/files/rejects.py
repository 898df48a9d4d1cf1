"""The rows of a file that were rejected, as they came, with why: to be corrected and imported again.

Three columns, or members, are the hub's own, and are passed over when the file is imported: `rejected_line` is the
row's line in the file it was in, `rejected_because` every reason, and `rejected_row` what stood there where that is no
row.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO

import orjson

from batches.files.cells import escaped
from batches.files.faults import UNREADABLE
from batches.files.lines import Line
from profiles.sentences import ToldError

LINE: Final = "rejected_line"
BECAUSE: Final = "rejected_because"
ROW: Final = "rejected_row"
OWN: Final = frozenset({LINE, BECAUSE, ROW})
# What would end a row, or make it unreadable, is shown.
_IN_ONE_LINE: Final = {0: "\\x00", 10: "\\n", 13: "\\r"}


# How an entry begins that stands for a row which could not be read; records cannot begin so.
_BROKEN: Final = b'{"%b"' % UNREADABLE.encode()


class RejectFileError(ToldError):
    """The file of rejected rows cannot be written."""


class RejectFile:
    """A file that is made with the first row that is rejected."""

    def __init__(self, path: Path) -> None:
        """Take the path; raises `RejectFileError` where a file is there already: somebody may be at work on it."""
        if path.exists():
            raise RejectFileError(f"{path} is there already; rejected rows go to a new file.")
        self.path = path
        self.count = 0
        self._file: TextIO | None = None

    def write(self, line: Line, reasons: Sequence[str]) -> None:
        """Write a row with why it was rejected; raises `RejectFileError`."""
        try:
            if self._file is None:
                self._file = self.path.open("x", encoding="utf-8", newline="")
                if line.header is not None:
                    self._file.write(line.header.text + _cells([LINE, BECAUSE, ROW], line.header.delimiter))
            self._file.write(_as_csv(line, reasons) if line.header is not None else _as_json(line, reasons))
        except OSError as error:
            raise RejectFileError(f"{self.path}: {error.strerror or error}.") from error
        self.count += 1

    def close(self) -> None:
        """End the file, if there is one."""
        if self._file is not None:
            self._file.close()


def _as_csv(line: Line, reasons: Sequence[str]) -> str:
    header = line.header
    if header is None:
        raise ValueError("a row of a CSV has a header")
    own = [str(line.number), escaped("; ".join(reasons)), ""]
    row = line.row
    if not row:
        row = header.delimiter * (header.width - 1)
        own[-1] = escaped(_text_of(line).translate(_IN_ONE_LINE))
    return row + _cells(own, header.delimiter)


def _cells(cells: Sequence[str], delimiter: str) -> str:
    """Return cells that follow on a row, and its end."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(["", *cells])
    return out.getvalue()


def _as_json(line: Line, reasons: Sequence[str]) -> str:
    """Return the record as it came, byte for byte, with why it was rejected behind its members."""
    members = line.record.strip()[1:-1].strip()
    if line.record.startswith(_BROKEN):
        members = orjson.dumps({ROW: _text_of(line)})[1:-1]
    told = orjson.dumps({LINE: line.number, BECAUSE: list(reasons)})[1:]
    return (b"{" + members + (b"," if members else b"") + told).decode() + "\n"


def _text_of(line: Line) -> str:
    """Return the text of a row that is no row."""
    return str(orjson.loads(line.record)[UNREADABLE]["text"])
