"""What reading a file gives, and a file's lines, none of which can be too long for memory."""

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from typing import Final, NamedTuple

import zstandard

from batches.files.encodings import NAMES, Recoder, encoding_of, wrongly_decoded
from batches.files.faults import faulty_entry
from batches.values import MAX_RECORD_BYTES

LONGEST_ROW_BYTES: Final = MAX_RECORD_BYTES
"""A row is not longer than the record it may become."""
TOO_LONG: Final = f"the row is longer than {LONGEST_ROW_BYTES:,} bytes."
_CHUNK_BYTES: Final = 65_536
# Of a line that is too long its beginning is kept, to be shown.
KEPT_BYTES: Final = 16_384
_OTHER_FILES: Final = {
    b"PK\x03\x04": "a spreadsheet or a zip archive; save the sheet as CSV",
    b"\x1f\x8b": "compressed; its name must end in .gz then",
    b"\x28\xb5\x2f\xfd": "compressed; its name must end in .zst then",
    b"%PDF": "a PDF",
}
_DAMAGED: Final = "the compressed file is damaged or ends too early."
# So much of a file is looked at before its encoding is settled.
_LOOKED_AT_BYTES: Final = 65_536


Tell = Callable[[str], None]
"""What hears a sentence about the whole file."""


def nobody(_: str) -> None:
    """Hear a sentence."""


class FileError(Exception):
    """The file cannot be read, or no further; `line` says where, as far as that is known."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Header:
    """A file's header as it came."""

    text: str
    delimiter: str
    width: int


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a file."""

    number: int
    """Of the line it begins in, from 1."""
    record: bytes
    """JSON of an object: the record, or what stands for a row that cannot be one (see `faults`)."""
    left_out: str = ""
    """A word for what of the row could not be taken, where its mapping allows that."""
    row: str = ""
    """The row as it came, with a cell for each column; empty where it is none."""
    header: Header | None = None
    """That of the row's file, if it has one."""


class RawLine(NamedTuple):
    """One line of a file as it came, with its end."""

    number: int
    content: bytes
    is_cut: bool
    """It was too long, and this is its beginning."""


def faulty_line(number: int, text: str, errors: Sequence[str], *, row: str = "", header: Header | None = None) -> Line:
    """Return what stands in the place of a row that cannot become a record."""
    return Line(number, faulty_entry(line=number, text=text, errors=errors), row=row, header=header)


def split_at_newlines(content: bytes) -> list[bytes]:
    """Return the lines, each with its end; a line ends with LF."""
    lines = [line + b"\n" for line in content.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def split_at_any_end(content: bytes) -> list[bytes]:
    """Return the lines, each with its end; a line ends with LF, CR LF or CR, as spreadsheets of all times write."""
    return content.splitlines(keepends=True)


def raw_lines(
    file: BufferedReader,
    *,
    split: Callable[[bytes], list[bytes]],
    encoding: str | None = None,
    is_json: bool = False,
    tell: Tell = nobody,
) -> Iterator[RawLine]:
    """Yield the file's lines in UTF-8, in constant memory however long one is.

    Raises `FileError` where it cannot be read, or no further. An encoding that is not told is found out, and `tell`
    hears of it where it is not UTF-8.
    """
    number = 0
    rest = b""
    is_skipping = False
    try:
        for piece in pieces(file, encoding=encoding, is_json=is_json, tell=tell):
            lines = split(rest + piece)
            # A CR at the end may be half a CR LF.
            rest = b"" if not lines or lines[-1].endswith(b"\n") else lines.pop()
            for line in lines:
                if is_skipping:
                    is_skipping = False
                    continue
                number += 1
                if len(line) > LONGEST_ROW_BYTES:
                    yield RawLine(number, line[:KEPT_BYTES], is_cut=True)
                else:
                    yield RawLine(number, line, is_cut=False)
            if is_skipping:
                rest = rest[-1:]
            elif len(rest) > LONGEST_ROW_BYTES:
                number += 1
                yield RawLine(number, rest[:KEPT_BYTES], is_cut=True)
                is_skipping, rest = True, rest[-1:]
    except FileError as error:
        is_at_a_line = number or error.line is not None
        raise FileError(str(error), line=number + 1 if is_at_a_line else None) from error
    if rest and not is_skipping:
        yield RawLine(number + 1, rest, is_cut=False)


def pieces(
    file: BufferedReader, *, encoding: str | None = None, is_json: bool = False, tell: Tell = nobody
) -> Iterator[bytes]:
    """Yield the file in UTF-8, a piece at a time, wherever its lines end; for the rest see `raw_lines`.

    Of a fault only whoever reads the lines knows where it is.
    """
    beginning, fault = _beginning(file)
    recode = Recoder(encoding_of(beginning, encoding, is_json=is_json))
    if recode.encoding != "utf-8" and encoding is None:
        tell(f"The file was read as {NAMES[recode.encoding]}.")
    piece: bytes | None = _recoded(recode, beginning, 0)
    if warning := wrongly_decoded(piece or b""):
        tell(warning)
    while piece is not None:
        yield piece
        if fault is not None:
            raise FileError(str(fault)) from fault
        piece = _recoded(recode, _read(file, 1), 0)


def _read(file: BufferedReader, number: int) -> bytes | None:
    """Return some more of the file, `None` at its end."""
    line = number + 1 if number else None
    try:
        return file.read1(_CHUNK_BYTES) or None
    except gzip.BadGzipFile as error:
        if not number and str(error).startswith("Not a gzipped file"):
            raise FileError("the file is not compressed with gzip, though its name ends in .gz.") from error
        raise FileError(_DAMAGED, line=line) from error
    except (EOFError, zlib.error) as error:
        raise FileError(_DAMAGED, line=line) from error
    except zstandard.ZstdError as error:
        if not number and str(error).endswith("Unknown frame descriptor"):
            raise FileError("the file is not compressed with zstd, though its name ends in .zst.") from error
        raise FileError(_DAMAGED, line=line) from error
    except OSError as error:
        raise FileError(f"{error.strerror or error}.", line=line) from error


def _beginning(file: BufferedReader) -> tuple[bytes, FileError | None]:
    """Return a file's first bytes, and why there are no more where they could not be read.

    Raises `FileError` where there are none, and for what is known to be something else.
    """
    chunk, fault = b"", None
    try:
        while len(chunk) < _LOOKED_AT_BYTES and (more := _read(file, len(chunk))) is not None:
            chunk += more
    except FileError as error:
        if not chunk:
            raise
        fault = error
    for magic, told in _OTHER_FILES.items():
        if chunk.startswith(magic):
            raise FileError(f"the file is {told}.")
    return chunk, fault


def _recoded(recode: Recoder, piece: bytes | None, number: int) -> bytes | None:
    """Return a piece of the file in UTF-8; `None` is the end. Raises `FileError` for what is no text."""
    try:
        recoded = recode(piece)
    except UnicodeDecodeError as error:
        message = f"the file is not {NAMES[recode.encoding]} text behind this line."
        raise FileError(message, line=number + 1) from error
    return None if piece is None and not recoded else recoded


def decoded(content: bytes) -> tuple[str, str]:
    r"""Return a line's text and what is wrong with it, if anything; bytes that are no text are shown as `\xe4`."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        # The column counts characters, as an editor does.
        column = len(content[: error.start].decode()) + 1
        byte = content[error.start]
        return (
            content.decode(errors="backslashreplace"),
            f"byte 0x{byte:02X} at column {column} is not UTF-8; save the file as UTF-8, or tell its encoding.",
        )
    if "\0" in text:
        return text, f"a NUL byte stands at column {text.index(chr(0)) + 1}."
    return text, ""
