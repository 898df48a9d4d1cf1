"""Parts of what may be long: a page is of one size, whatever there is to tell."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from django.http import QueryDict

from profiles.desk.questions import RefusedQuestionError, asked_number

ROWS: Final = 20
# Of rows with many columns fewer are shown: it is the cells that fill a page.
CELLS: Final = 45
FEWEST_ROWS: Final = 5
_Row = TypeVar("_Row")


def rows_shown(columns: int) -> int:
    """Return how many rows of a table with so many columns are shown at once."""
    return max(FEWEST_ROWS, min(ROWS, CELLS // columns))


def part_of(
    rows: Sequence[_Row], *, asked: QueryDict, name: str, size: int = ROWS
) -> tuple[Sequence[_Row], Mapping[str, Any] | None]:
    """Return the rows of the part that the address asks for, and what leads to the others, `None` without others.

    `name` is the parameter that tells the part's number, and the panel's anchor. Raises `RefusedQuestionError` for a
    part that is not there.
    """
    number = asked_number(asked, name)
    last = max(1, -(-len(rows) // size))
    if number > last:
        raise RefusedQuestionError(f"There is no part {number:,} of that: the last one is {last:,}.")
    start = (number - 1) * size
    shown = rows[start : start + size]
    if last == 1:
        return shown, None

    def link(other: int) -> str:
        query = asked.copy()
        query[name] = str(other)
        return f"?{query.urlencode()}#{name}"

    return shown, {
        "first": f"{start + 1:,}",
        "last": f"{start + len(shown):,}",
        "total": f"{len(rows):,}",
        "previous": link(number - 1) if number > 1 else "",
        "next": link(number + 1) if number < last else "",
    }
