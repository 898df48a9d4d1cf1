"""What reading a file gives: lines with their records, or a fault with its line."""

from dataclasses import dataclass
from typing import Final

LONGEST_LINE_BYTES: Final = 1_000_000


class FileError(Exception):
    """The file is broken; `line` says where, as far as that is known."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a file."""

    number: int
    """Of the line it begins in, from 1."""
    record: bytes
    """JSON of an object."""
