"""Files of records that the hub can read again: they have their name only once all of them is there."""

import contextlib
import gzip
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Protocol

import orjson
import zstandard

from batches.files import Column, header_row, record_row
from profiles.exporting import Exported
from profiles.sentences import ToldError

STANDARD_OUTPUT: Final = Path("-")
_LINE: Final = orjson.OPT_APPEND_NEWLINE


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object:
        """Take them."""


class OutputError(ToldError):
    """The file cannot be written."""


@dataclass(slots=True)
class Summary:
    """What an export came to."""

    profiles: int = 0
    """That are in the file."""
    records: int = 0
    """Lines: a profile with more rows than a record may name takes several."""
    left_out: dict[str, int] = field(default_factory=dict)
    """How often something was left out, by the reason."""

    def add(self, exported: Exported) -> None:
        """Count one profile."""
        self.profiles += bool(exported.told.records)
        self.records += len(exported.told.records)
        for why in exported.told.left_out:
            self.left_out[why.value] = self.left_out.get(why.value, 0) + 1


def write_records(
    profiles: Iterator[Exported],
    output: Sink,
    *,
    columns: Sequence[Column] | None = None,
    left_out: Sink | None = None,
    on_progress: Callable[[Summary], object] = lambda _: None,
) -> Summary:
    """Write the profiles as JSON Lines, or as a CSV with these columns; return the counts.

    `left_out` is told who is not wholly among them, and why.
    """
    summary = Summary()
    if columns is not None:
        output.write(header_row(columns))
    for exported in profiles:
        if columns is None:
            for record in exported.told.records:
                output.write(orjson.dumps(record, option=_LINE))
        elif exported.told.records:
            output.write(record_row(exported.told.records, columns))
        if left_out is not None:
            for why in exported.told.left_out:
                told = {"profile_id": str(exported.profile_id), "code": why.value}
                left_out.write(orjson.dumps(told, option=_LINE))
        summary.add(exported)
        on_progress(summary)
    return summary


@contextlib.contextmanager
def writing_to(file: Path) -> Iterator[Sink]:
    """Give a stream to write the file to, compressed where its name ends in .gz or .zst; `-` is standard output.

    The file has its name only once all of it is there; what is not finished is removed. Raises `OutputError`.
    """
    if file == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as raw:
            yield from _compressed(raw, file.suffix)
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(file)
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)


def _compressed(raw: IO[bytes], suffix: str) -> Iterator[Sink]:
    if suffix == ".gz":
        with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed:
            yield packed
    elif suffix == ".zst":
        with zstandard.ZstdCompressor(level=3).stream_writer(raw, closefd=False) as frame:
            yield frame
    else:
        yield raw
