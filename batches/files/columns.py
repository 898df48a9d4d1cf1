"""A header's columns: which field of a record each one's cells become, and what is said of those nobody knows.

Names are paths (see `paths`), or what the mapping of the file's source calls them.
"""

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from batches.files import rejects
from batches.files.cells import Given, Reader, Terms
from batches.files.lines import FileError
from batches.files.mappings import READY, ColumnMapping, load_mapping
from batches.files.paths import KNOWN, Column, column_of, folded
from profiles import characters, keys
from profiles.criteria import EMAIL, Criteria, looks_like_email
from profiles.schema.naming import called_elsewhere, listed

MOST_COLUMNS: Final = 1_000
_MOST_TOLD: Final = 10
_LONGEST_NAME_TOLD: Final = 60
_LIKELY: Final = 0.8
_BY_HANDLE: Final = ("identities", "identities.HANDLE")
_SEPARATORS: Final = frozenset(",;\t|")
_ENTRIES: Final = {
    "addresses[NAME].MEMBER": {
        "address",
        "addresses",
        "street",
        "city",
        "zip",
        "zipcode",
        "postcode",
        "country",
        "state",
    },
    "custom_attributes.NAMESPACE.HANDLE": {"customattributes"},
    "dates[HANDLE].date": {"dates", "datesattributes"},
}
_JSON_ONLY: Final = frozenset({"regions", "organisations"})


def read_header(
    cells: Sequence[str], *, line: int, criteria: Criteria, mapping: ColumnMapping | None = None
) -> Reader:
    """Return what reads the rows below a header; raises `FileError` for names nobody knows, before anything is taken.

    Nameless columns at the end are none.
    """
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise FileError(f"the header has more than {MOST_COLUMNS:,} columns.", line=line)
    found = [(name, _given(name, mapping)) for name in names]
    unknown = [name for name, given in found if given is None]
    if unknown:
        told = [_told(name) for name in unknown[:_MOST_TOLD]]
        if len(unknown) > _MOST_TOLD:
            told.append(f"and {len(unknown) - _MOST_TOLD:,} more")
        message = f"unknown column{'s' if len(unknown) > 1 else ''}: {'; '.join(told)}"
        if not message.endswith("?"):
            message += "."
        raise FileError(message + ("" if mapping else _likely_source(names)), line=line)
    givens = [given for _, given in found if given is not None]
    columns = [given.column for given in givens if given.column is not None and not given.wins]
    twice = sorted(name for name, count in Counter(column.name for column in columns).items() if count > 1)
    if twice:
        raise FileError(f"columns that stand twice: {', '.join(twice)}.", line=line)
    _see_match_column([given.column for given in givens if given.column], line=line, criteria=criteria)
    return Reader(givens, Terms()) if mapping is None else Reader(givens, mapping.terms, mapping.constants)


def _likely_source(names: Sequence[str]) -> str:
    """Return the question whether the header is that of a source with a mapping; nothing where it is of none."""
    known = {
        one: [name for name in names if _given(name, mapping) is not None]
        for one, mapping in ((one, load_mapping(one)) for one in READY)
    }
    source = max(known, key=lambda one: len(known[one]))
    if len(known[source]) < _LIKELY * len(names):
        return ""
    others = [characters.shown(name[:_LONGEST_NAME_TOLD]) for name in names if name not in known[source]]
    but = f" but {', '.join(others[:_MOST_TOLD])}" if others else ""
    return f" The mapping {source} knows all of the file's columns{but}."


def _given(name: str, mapping: ColumnMapping | None) -> Given | None:
    if name in rejects.OWN:
        return Given(name, None)
    if mapping is not None and (given := mapping.given(name)) is not None:
        return given
    column = column_of(name)
    return None if column is None else Given(name, column)


def _told(name: str) -> str:
    """Return the unknown name and, where one comes to mind, the column that was probably meant."""
    shown = characters.shown(name[:_LONGEST_NAME_TOLD])
    if not shown:
        return "(without a name)"
    if not _SEPARATORS.isdisjoint(name):
        return f"{shown} (one sign separates all names of a header; here stands another)"
    short = folded(name[: keys.NAME_LENGTH])
    head = short.partition(".")[0].partition("[")[0]
    if head in _JSON_ONLY:
        return f"{shown} (comes by JSON Lines only)"
    meant = next((path for path, heads in _ENTRIES.items() if head in heads), "")
    meant = meant or (
        "identities.HANDLE" if head == "identities" else listed(called_elsewhere(name)).replace(*_BY_HANDLE)
    )
    if not meant and (close := get_close_matches(short, KNOWN, n=1, cutoff=0.75)):
        meant = KNOWN[close[0]].name
    return f"{shown}: {meant}?" if meant else shown


def _see_match_column(columns: Sequence[Column], *, line: int, criteria: Criteria) -> None:
    needed = [EMAIL if criterion == EMAIL else f"identities.{criterion}" for criterion in criteria]
    names = [column.name for column in columns]
    if not set(needed).isdisjoint(names):
        return
    message = f"there is no column {' or '.join(needed)}, by which profiles are to be matched"
    if any(map(looks_like_email, set(criteria) - {EMAIL})):
        message += f"; did you mean {EMAIL}?"
    elif criteria != (EMAIL,) and (others := [name for name in names if name.startswith("identities.")]):
        message += f"; there are {', '.join(others[:_MOST_TOLD])}"
    raise FileError(message if message.endswith("?") else f"{message}.", line=line)
