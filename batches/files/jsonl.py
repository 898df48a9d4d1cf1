"""JSON Lines: one object in each line; empty lines are skipped."""

import json
from collections.abc import Iterator
from typing import IO, Any

from batches.files.lines import LONGEST_LINE_BYTES, FileError, Line

_BOM = b"\xef\xbb\xbf"


def read_json_lines(file: IO[bytes]) -> Iterator[Line]:
    """Yield the lines' records as they are; raises `FileError`."""
    number = 0
    while line := file.readline(LONGEST_LINE_BYTES + 1):
        number += 1
        if len(line) > LONGEST_LINE_BYTES:
            message = f"the line is longer than {LONGEST_LINE_BYTES:,} bytes."
            raise FileError(message, line=number)
        text = line.removeprefix(_BOM).strip() if number == 1 else line.strip()
        if text:
            _check(text, number)
            yield Line(number, text)


def _check(text: bytes, number: int) -> None:
    """See that the line is an object: what is in it is the record's own matter."""
    try:
        value = json.loads(text.decode(), parse_constant=_refuse, parse_int=str)
    except UnicodeDecodeError as error:
        message = "not UTF-8 text."
        raise FileError(message, line=number) from error
    except RecursionError as error:
        message = "nested too deeply."
        raise FileError(message, line=number) from error
    except ValueError as error:
        message = "not JSON."
        raise FileError(message, line=number) from error
    if not isinstance(value, dict):
        message = "a record must be an object."
        raise FileError(message, line=number)


def _refuse(constant: str) -> Any:  # noqa: ANN401 never returns
    message = f"{constant} is not JSON"
    raise ValueError(message)
