"""CSV with a header of field names; `identities.HANDLE` and `tags` stand for lists, an empty cell for an absent field.

Cells are text; the fields that are numbers or truths are read as such.
"""

import csv
import io
from collections.abc import Iterator
from typing import IO, Any, Final

import orjson

from batches.files.lines import LONGEST_LINE_BYTES, FileError, Line
from profiles import shape
from profiles.schema import RECORD_FIELDS

_IDENTITY: Final = "identities."
_TRUTHS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_COMMS: Final = "comms_attributes."
# Fields that are lists or objects and have no column of their own.
_NESTED: Final = frozenset({
    "identities", "custom_attributes", "dates_attributes", "addresses", "comms_attributes", "regions", "organisations",
    "attributes",
})  # fmt: skip
_LISTS: Final = frozenset({"tags", "statuses"})
_PLAIN: Final = RECORD_FIELDS - _NESTED - _LISTS
_COMMS_MEMBERS: Final = frozenset(shape.COMMS_MEMBERS)
csv.field_size_limit(LONGEST_LINE_BYTES)


def read_csv(file: IO[bytes]) -> Iterator[Line]:
    """Yield a record for each row; raises `FileError`."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield from _lines(csv.reader(text, strict=True))
    finally:
        text.detach()  # the file is the caller's to close


def _lines(rows: Any) -> Iterator[Line]:  # noqa: ANN401 a reader of the csv module
    header: list[str] | None = None
    begins = 1
    while True:
        try:
            cells = next(rows, None)
        except UnicodeDecodeError as error:
            message = "not UTF-8 text; save the file as UTF-8."
            raise FileError(message, line=rows.line_num + 1) from error
        except csv.Error as error:
            message = f"not CSV: {error}."
            raise FileError(message, line=rows.line_num) from error
        if cells is None:
            break
        number, begins = begins, rows.line_num + 1
        if header is None:
            header = _header(cells)
        elif any(cell.strip() for cell in cells):
            if len(cells) != len(header):
                message = f"{len(cells)} columns, but the header has {len(header)}."
                raise FileError(message, line=number)
            yield Line(number, orjson.dumps(_record(header, cells)))
    if header is None:
        message = "the file is empty."
        raise FileError(message)


def _header(cells: list[str]) -> list[str]:
    """Return the columns' names; raises `FileError` for those nobody knows, before anything is taken."""
    names = [cell.strip() for cell in cells]
    unknown = [name for name in names if not _is_known(name)]
    if unknown:
        told = ", ".join(name[:60] or "(without a name)" for name in unknown[:10])
        message = f"unknown columns: {told}."
        raise FileError(message, line=1)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        message = f"columns that stand twice: {', '.join(twice)}."
        raise FileError(message, line=1)
    return names


def _is_known(name: str) -> bool:
    if name.startswith(_IDENTITY):
        return len(name) > len(_IDENTITY)
    return name in _PLAIN or name in _LISTS or name.removeprefix(_COMMS) in _COMMS_MEMBERS


def _record(header: list[str], cells: list[str]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=True):
        if not cell.strip():
            continue
        if name.startswith(_IDENTITY):
            record.setdefault("identities", []).append({"handle": name.removeprefix(_IDENTITY), "identifier": cell})
        elif name in _LISTS:
            record[name] = [part.strip() for part in cell.replace("|", ",").split(",") if part.strip()]
        elif name.startswith(_COMMS):
            value = _TRUTHS.get(cell.strip().lower(), cell)
            record.setdefault("comms_attributes", {})[name.removeprefix(_COMMS)] = value
        else:
            record[name] = cell
    return record
