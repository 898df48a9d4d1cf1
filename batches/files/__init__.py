"""Files of records: JSON Lines, JSON and CSV become the bytes of batches; no database.

A file is read as a stream, never as a whole. A row that cannot become a record keeps its place among the others, told
with its line (see `faults`); only what cannot be read at all ends the reading.
"""

import gzip
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Final, Protocol, Self, cast

import orjson
import zstandard

from batches.files.csv import read_csv
from batches.files.document import read_json
from batches.files.encodings import ENCODINGS
from batches.files.flattening import UnknownColumnError, columns_asked, header_row, record_row
from batches.files.jsonl import read_json_lines
from batches.files.lines import FileError, Line, Tell, nobody
from batches.files.mappings import READY, ColumnMapping, MappingError, load_mapping
from batches.files.paths import Column
from batches.files.rejects import RejectFile, RejectFileError
from profiles.criteria import Criteria, wire_criteria
from profiles.values import MobileClash

__all__ = [
    "ENCODINGS",
    "FORMATS",
    "READY",
    "STANDARD_INPUT",
    "Column",
    "ColumnMapping",
    "FileError",
    "Line",
    "MappingError",
    "RejectFile",
    "RejectFileError",
    "Slice",
    "UnknownColumnError",
    "columns_asked",
    "header_row",
    "load_mapping",
    "read_slices",
    "record_row",
]

# Of a slice's records together: with 500 of the longest the body would not fit into memory.
_SLICE_BYTES: Final = 2_000_000
# Records written one by one become some thirty times smaller, and 200 times where nothing is in them.
_MOST_TIMES: Final = 200
_MOST_UNMEASURED_BYTES: Final = 64_000_000
# What is unpacked at once stays small, however little was packed.
_PACKED_BYTES: Final = 1_024
_LARGEST_WINDOW: Final = 2**27


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


def read_slices(
    path: Path,
    *,
    criteria: Criteria,
    size: int,
    mapping: ColumnMapping | None = None,
    encoding: str | None = None,
    file_format: str | None = None,
    tell: Tell = nobody,
) -> Iterator[Slice]:
    """Yield the file's records, at most `size` at a time.

    The name tells the format (one of `FORMATS`, each also with .gz or .zst), or `file_format`; `-` is standard input.
    A `mapping` tells what the columns of a CSV are, `encoding` (one of `ENCODINGS`) how its text is written; where it
    is not told and turns out to be another than UTF-8, `tell` hears of it. Raises `FileError` where the file cannot be
    read, or no further; what came before has been yielded then.
    """
    read = _reader(path, file_format)
    with _open(path) as file:
        lines: list[Line] = []
        length = 0
        fault: FileError | None = None
        try:
            for line in read(file, criteria=criteria, mapping=mapping, encoding=encoding, tell=tell):
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
        self,
        file: BufferedReader,
        *,
        criteria: Criteria,
        mapping: ColumnMapping | None,
        encoding: str | None,
        tell: Tell,
    ) -> Iterator[Line]: ...


_READERS: Final[Mapping[str, _Reader]] = {
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_json,
    ".csv": read_csv,
    ".tsv": read_csv,
}
FORMATS: Final = tuple(suffix[1:] for suffix in _READERS)
STANDARD_INPUT: Final = Path("-")


class _Measured:
    """Sees that a compressed file does not unpack to beyond all measure."""

    def __init__(self, path: Path) -> None:
        self._most_bytes = max(_MOST_UNMEASURED_BYTES, path.stat().st_size * _MOST_TIMES)

    def check(self, count: int) -> None:
        """Raise `FileError` where so many bytes have come out of it that no real file has."""
        if count > self._most_bytes:
            raise FileError(
                f"the compressed file unpacks to more than {_MOST_TIMES} times its size, as no real one does."
            )


class _Gzipped(gzip.GzipFile):
    """What a file compressed with gzip holds."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self._measured = _Measured(path)

    def read1(self, size: int = -1) -> bytes:
        """Return some bytes; raises `FileError` where there are far too many."""
        self._measured.check(self.tell())
        return super().read1(size)


class _Zstd:
    """What a file compressed with zstd holds: one frame or several, each to its end."""

    def __init__(self, path: Path) -> None:
        self._measured = _Measured(path)
        self._file = path.open("rb")
        self._unpacker = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
        self._frame = self._unpacker.decompressobj()
        self._is_within = False
        """Whether a frame has begun and not ended."""
        self._left = b""
        """What was read and belongs to the next frame."""
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read1(self, size: int) -> bytes:
        """Return some bytes; raises `FileError` where there are far too many, `EOFError` where a frame breaks off.

        The library's own stream ends there without a word.
        """
        unpacked = b""
        while not unpacked:
            self._measured.check(self._count)
            packed = self._left or self._file.read(_PACKED_BYTES)
            if not packed:
                if self._is_within:
                    raise EOFError
                return b""
            unpacked = self._frame.decompress(packed)
            self._count += len(unpacked)
            self._is_within, self._left = not self._frame.eof, self._frame.unused_data
            if self._frame.eof:
                self._frame = self._unpacker.decompressobj()
        return unpacked


def _reader(path: Path, file_format: str | None) -> _Reader:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _UNPACKERS:
        suffixes.pop()
    if file_format is not None:
        return _READERS[f".{file_format}"]
    read = _READERS.get(suffixes[-1] if suffixes else "")
    if read is None:
        if path == STANDARD_INPUT:
            raise FileError(f"standard input has no name; tell its format: {', '.join(FORMATS)}.")
        raise FileError(f"the name must end in one of {', '.join(_READERS)}, perhaps followed by .gz or .zst.")
    return read


def _open(path: Path) -> BufferedReader:
    if path == STANDARD_INPUT:
        return cast("BufferedReader", nullcontext(sys.stdin.buffer))
    try:
        unpack = _UNPACKERS.get(path.suffix.lower())
        return path.open("rb") if unpack is None else cast("BufferedReader", unpack(path))
    except OSError as error:
        raise FileError(f"{error.strerror or error}.") from error


_UNPACKERS: Final[Mapping[str, Callable[[Path], object]]] = {".gz": _Gzipped, ".zst": _Zstd}
