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
from batches.files.lines import FileError, Line

LINE: Final = "rejected_line"
BECAUSE: Final = "rejected_because"
ROW: Final = "rejected_row"
OWN: Final = frozenset({LINE, BECAUSE, ROW})
# What would end a row, or make it unreadable, is shown.
_IN_ONE_LINE: Final = {0: "\\x00", 10: "\\n", 13: "\\r"}


class RejectFile:
    """A file that is made with the first row that is rejected."""

    def __init__(self, path: Path) -> None:
        """Take the path; raises `FileError` where a file is there already: somebody may be at work on it."""
        if path.exists():
            raise FileError(f"{path} is there already; rejected rows go to a new file.")
        self.path = path
        self.count = 0
        self._file: TextIO | None = None

    def write(self, line: Line, reasons: Sequence[str]) -> None:
        """Write a row with why it was rejected; raises `FileError`."""
        try:
            if self._file is None:
                self._file = self.path.open("x", encoding="utf-8", newline="")
                if line.header is not None:
                    self._file.write(line.header.text + _cells([LINE, BECAUSE, ROW], line.header.delimiter))
            self._file.write(_as_csv(line, reasons) if line.header is not None else _as_json(line, reasons))
        except OSError as error:
            raise FileError(f"{self.path}: {error.strerror or error}.") from error
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
        own[-1] = escaped(orjson.loads(line.record)[UNREADABLE]["text"].translate(_IN_ONE_LINE))
    return row + _cells(own, header.delimiter)


def _cells(cells: Sequence[str], delimiter: str) -> str:
    """Return cells that follow on a row, and its end."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(["", *cells])
    return out.getvalue()


def _as_json(line: Line, reasons: Sequence[str]) -> str:
    record = orjson.loads(line.record)
    if (broken := record.pop(UNREADABLE, None)) is not None:
        record = {ROW: broken["text"]}
    return orjson.dumps({**record, LINE: line.number, BECAUSE: list(reasons)}).decode() + "\n"
