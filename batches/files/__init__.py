"""Files of records: JSON Lines and CSV become the bytes of batches; no database.

A file is read as a stream, never as a whole, and every fault is told with its line.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Final, cast

import orjson

from batches.files.csv import read_csv
from batches.files.jsonl import read_json_lines
from batches.files.lines import FileError, Line

__all__ = ["FileError", "Line", "Slice", "read_slices"]


@dataclass(frozen=True, slots=True)
class Slice:
    """Some successive records of a file, as the JSON of a batch's entries."""

    lines: tuple[Line, ...]

    def body(self, match_criteria: str) -> bytes:
        """Return the body of a batch with these records, each byte for byte as its line has it."""
        entries = b",\n".join(line.record for line in self.lines)
        return b'{"match_criteria":' + orjson.dumps(match_criteria) + b',"profiles":[\n' + entries + b"\n]}"


def read_slices(path: Path, *, size: int) -> Iterator[Slice]:
    """Yield the file's records, `size` at a time; raises `FileError` where the file is broken.

    The name tells the format: .jsonl, .ndjson or .csv, each also with .gz.
    """
    read = _reader(path)
    try:
        with _open(path) as file:
            lines = read(file)
            while chunk := tuple(islice(lines, size)):
                yield Slice(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        message = "the compressed file is damaged or ends too early."
        raise FileError(message) from error
    except OSError as error:
        message = f"{error.strerror or error}."
        raise FileError(message) from error


_READERS: Final[Mapping[str, Callable[[IO[bytes]], Iterator[Line]]]] = {
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".csv": read_csv,
}


def _reader(path: Path) -> Callable[[IO[bytes]], Iterator[Line]]:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    read = _READERS.get(suffixes[-1] if suffixes else "")
    if read is None:
        message = f"the name must end in one of {', '.join(_READERS)}, perhaps followed by .gz."
        raise FileError(message)
    return read


def _open(path: Path) -> IO[bytes]:
    if path.suffix.lower() == ".gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")
