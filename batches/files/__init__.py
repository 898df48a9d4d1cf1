"""Files of records: JSON Lines and CSV become the bytes of batches; no database.

A file is read as a stream, never as a whole. A row that cannot become a record keeps its place among the others, told
with its line (see `faults`); only what cannot be read at all ends the reading.
"""

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Final, Protocol, cast

import orjson

from batches.files.csv import read_csv
from batches.files.jsonl import read_json_lines
from batches.files.lines import FileError, Line
from batches.files.mappings import READY, ColumnMapping, MappingError, load_mapping
from batches.files.rejects import RejectFile
from profiles.criteria import Criteria, wire_criteria
from profiles.values import MobileClash

__all__ = [
    "READY",
    "ColumnMapping",
    "FileError",
    "Line",
    "MappingError",
    "RejectFile",
    "Slice",
    "load_mapping",
    "read_slices",
]

# Of a slice's records together: with 500 of the longest the body would not fit into memory.
_SLICE_BYTES: Final = 2_000_000
# Records written one by one become some thirty times smaller, and 200 times where nothing is in them.
_MOST_TIMES: Final = 200
_MOST_UNMEASURED_BYTES: Final = 64_000_000


@dataclass(frozen=True, slots=True)
class Slice:
    """Some successive records of a file, as the JSON of a batch's entries."""

    lines: tuple[Line, ...]

    def body(self, criteria: Criteria, *, mobile_clash: MobileClash | None = None) -> bytes:
        """Return the body of a batch with these records, each byte for byte as its line has it."""
        terms: dict[str, Any] = {"match_criteria": wire_criteria(criteria)}
        if mobile_clash is not None:
            terms["mobile_clash"] = mobile_clash
        entries = b",\n".join(line.record for line in self.lines)
        return orjson.dumps(terms).removesuffix(b"}") + b',"profiles":[\n' + entries + b"\n]}"


def read_slices(path: Path, *, criteria: Criteria, size: int, mapping: ColumnMapping | None = None) -> Iterator[Slice]:
    """Yield the file's records, at most `size` at a time.

    The name tells the format: .jsonl, .ndjson, .csv or .tsv, each also with .gz. A `mapping` tells what the columns of
    a CSV are. Raises `FileError` where the file cannot be read, or no further; what came before has been yielded then.
    """
    read = _reader(path)
    with _open(path) as file:
        lines: list[Line] = []
        length = 0
        fault: FileError | None = None
        try:
            for line in read(file, criteria=criteria, mapping=mapping):
                if len(lines) == size or (lines and length + len(line.record) > _SLICE_BYTES):
                    yield Slice(tuple(lines))
                    lines, length = [], 0
                lines.append(line)
                length += len(line.record)
        except FileError as error:
            fault = error
        if lines:
            yield Slice(tuple(lines))
        if fault is not None:
            raise fault


class _Reader(Protocol):
    def __call__(
        self, file: BufferedReader, *, criteria: Criteria, mapping: ColumnMapping | None
    ) -> Iterator[Line]: ...


_READERS: Final[Mapping[str, _Reader]] = {
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".csv": read_csv,
    ".tsv": read_csv,
}


class _Unpacked(gzip.GzipFile):
    """What a compressed file holds, as long as it does not unpack to beyond all measure."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self._most_bytes = max(_MOST_UNMEASURED_BYTES, path.stat().st_size * _MOST_TIMES)

    def read1(self, size: int = -1) -> bytes:
        """Return some bytes; raises `FileError` where there are far too many."""
        if self.tell() > self._most_bytes:
            raise FileError(
                f"the compressed file unpacks to more than {_MOST_TIMES} times its size, as no real one does."
            )
        return super().read1(size)


def _reader(path: Path) -> _Reader:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    read = _READERS.get(suffixes[-1] if suffixes else "")
    if read is None:
        raise FileError(f"the name must end in one of {', '.join(_READERS)}, perhaps followed by .gz.")
    return read


def _open(path: Path) -> BufferedReader:
    try:
        if path.suffix.lower() == ".gz":
            return cast("BufferedReader", _Unpacked(path))
        return path.open("rb")
    except OSError as error:
        raise FileError(f"{error.strerror or error}.") from error
