"""Reading a file in tests: what each row became."""

import json
from pathlib import Path

from django.core.management import CommandError, call_command

from batches.files import read_slices
from batches.files.faults import UNREADABLE


def write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path, *, by: str = "email", size: int = 500) -> list[tuple[int, object]]:
    """Return each row's line with its record, or with the list of what is wrong with it."""
    rows: list[tuple[int, object]] = []
    for part in read_slices(path, criteria=(by,), size=size):
        for line in part.lines:
            record = json.loads(line.record)
            fault = record.get(UNREADABLE)
            assert fault is None or fault["line"] == line.number
            rows.append((line.number, record if fault is None else fault["errors"]))
    return rows


def run_import(*arguments: Path | str, match: str = "email") -> tuple[int, str]:
    """Import files by command; return the exit code and the failure's sentence."""
    try:
        call_command("import_profiles", *map(str, arguments), "--match", match)
    except SystemExit as left:
        return int(left.code or 0), ""
    except CommandError as error:
        return error.returncode, str(error)
    return 0, ""
