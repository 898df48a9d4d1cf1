"""How a row that could not be read travels: as an entry that keeps the row's own text, its line and what is wrong.

So it has its place in the batch, its outcome and its page like any other record. Only entries that an import made are
taken for one: from any other sender it is a record with a field that the hub does not know.
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from profiles.values import ErrorCode, Finding

UNREADABLE: Final = "unreadable_row"
_MOST_KEPT: Final = 4_096
_MOST_ERRORS: Final = 20
_LONGEST_ERROR: Final = 1_000


def faulty_entry(*, line: int, text: str, errors: Sequence[str]) -> bytes:
    """Return the entry for a row that cannot become a record; a long text is cut."""
    kept = text if len(text) <= _MOST_KEPT else f"{text[:_MOST_KEPT]}… cut here"
    return orjson.dumps({UNREADABLE: {"line": line, "text": kept, "errors": list(errors[:_MOST_ERRORS])}})


def faults_of(value: object) -> tuple[Finding, ...]:
    """Return what is wrong with the row whose entry this is; nothing for every other record."""
    if not isinstance(value, dict) or value.keys() != {UNREADABLE}:
        return ()
    match value[UNREADABLE]:
        case {"line": int(line), "text": str(), "errors": [str(), *_] as errors, **more} if not more:
            return tuple(_fault(line, error) for error in errors[:_MOST_ERRORS])
    return ()


def _fault(line: int, error: Any) -> Finding:
    return Finding(ErrorCode.UNREADABLE, "", f"Line {line}: {error}"[:_LONGEST_ERROR])
