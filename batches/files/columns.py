"""A header's columns: which field of a record each one's cells become, and what is said of those nobody knows.

Names are compared without case, blanks and underscores; an identity's handle, after its dot, is as written. Every name
that is accepted here makes a record the schema knows.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

import orjson

from batches.files.lines import FileError
from profiles import characters, keys, shape
from profiles.criteria import EMAIL, Criteria, looks_like_email
from profiles.schema import RECORD_FIELDS
from profiles.schema.naming import called_elsewhere, listed

MOST_COLUMNS: Final = 1_000
_MOST_TOLD: Final = 10
_LONGEST_NAME_TOLD: Final = 60
_NESTED: Final = frozenset({
    "identities", "custom_attributes", "dates_attributes", "addresses", "comms_attributes", "regions", "organisations",
    "attributes",
})  # fmt: skip
_LISTS: Final = frozenset({"tags", "statuses"})
_TRUTHS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_TRUTH_MEMBERS: Final = frozenset({*shape.CONSENT_MEMBERS, *shape.CATEGORY_MEMBERS})


@dataclass(frozen=True, slots=True)
class Column:
    """Where the cells of one column go."""

    path: tuple[str, ...]
    """Names of members, from the record inwards."""
    handle: str = ""
    """Of the identity whose identifiers they are."""
    is_list: bool = False
    is_truth: bool = False
    is_measure: bool = False
    is_plain: bool = False
    """A cell is the value of the record's own field, as it stands; most are, and are read quickly."""

    @property
    def name(self) -> str:
        """The column's name in full."""
        return ".".join((*self.path, self.handle) if self.handle else self.path)


class CellError(Exception):
    """A cell cannot be read; the message is a sentence that does not repeat its value."""


# --- Names -------------------------------------------------------------------------------------------------------


def _folded(name: str) -> str:
    return re.sub(r"[\s_]+", "", name).lower()


def _known_columns() -> Iterator[tuple[str, Column]]:
    for name in RECORD_FIELDS - _NESTED:
        yield name, Column((name,), is_list=name in _LISTS, is_plain=name not in _LISTS)
    for name in shape.COMMS_MEMBERS:
        for path in (("comms_attributes", name), ("attributes", "comms", name)):
            yield ".".join(path), Column(path, is_truth=name in _TRUTH_MEMBERS)
        yield name, Column(("comms_attributes", name), is_truth=name in _TRUTH_MEMBERS)
    for name in shape.APPEARANCE_MEMBERS:
        yield f"attributes.appearance.{name}", Column(("attributes", "appearance", name), is_measure=True)


_KNOWN: Final[Mapping[str, Column]] = {_folded(name): column for name, column in _known_columns()}
_BY_HANDLE: Final = ("identities", "identities.HANDLE")
_SEPARATORS: Final = frozenset(",;\t|")
_JSON_ONLY: Final = frozenset({
    "address", "addresses", "street", "city", "zip", "zipcode", "postcode", "country", "state", "customattributes",
    "datesattributes", "regions", "organisations",
})  # fmt: skip


def read_header(cells: Sequence[str], *, line: int, criteria: Criteria) -> list[Column]:
    """Return the columns; raises `FileError` for names nobody knows, before anything is taken.

    Nameless columns at the end are none.
    """
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise FileError(f"the header has more than {MOST_COLUMNS:,} columns.", line=line)
    found = [(name, _column(name)) for name in names]
    unknown = [name for name, column in found if column is None]
    if unknown:
        told = [_told(name) for name in unknown[:_MOST_TOLD]]
        if len(unknown) > _MOST_TOLD:
            told.append(f"and {len(unknown) - _MOST_TOLD:,} more")
        message = f"unknown column{'s' if len(unknown) > 1 else ''}: {'; '.join(told)}"
        if not message.endswith("?"):
            message += "."
        raise FileError(message, line=line)
    columns = [column for _, column in found if column is not None]
    twice = sorted(name for name, count in Counter(column.name for column in columns).items() if count > 1)
    if twice:
        raise FileError(f"columns that stand twice: {', '.join(twice)}.", line=line)
    _see_match_column(columns, line=line, criteria=criteria)
    return columns


def _column(name: str) -> Column | None:
    head, dot, handle = name.partition(".")
    if dot and _folded(head) == "identities":
        try:
            return Column(("identities",), handle=keys.name(handle))
        except keys.InvalidValueError:
            return None
    return _KNOWN.get(_folded(name))


def _told(name: str) -> str:
    """Return the unknown name and, where one comes to mind, the column that was probably meant."""
    shown = characters.shown(name[:_LONGEST_NAME_TOLD])
    if not shown:
        return "(without a name)"
    if not _SEPARATORS.isdisjoint(name):
        return f"{shown} (one sign separates all names of a header; here stands another)"
    folded = _folded(name[: keys.NAME_LENGTH])
    head = folded.partition(".")[0]
    if head in _JSON_ONLY:
        return f"{shown} (comes by JSON Lines only)"
    meant = "identities.HANDLE" if head == "identities" else listed(called_elsewhere(name)).replace(*_BY_HANDLE)
    if not meant and (close := get_close_matches(folded, _KNOWN, n=1, cutoff=0.75)):
        meant = _KNOWN[close[0]].name
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


# --- Cells -------------------------------------------------------------------------------------------------------

_RUINED_CELL: Final = re.compile(r"#(?:N/?[AV]|[A-Z0-9/]+[!?]|#{2,})")
_FLOAT_OF_WHOLE: Final = re.compile(r"([0-9]+)\.0+", re.ASCII)
_LIST_SEPARATOR: Final = re.compile("[,;|]")


def read_cells(columns: Sequence[Column], cells: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the record that a row's cells make, and a sentence for each cell that cannot be read.

    An empty cell leaves its field alone, as does one that a short row lacks.
    """
    record: dict[str, Any] = {}
    faults: list[str] = []
    for column, cell in zip(columns, cells, strict=False):
        if not cell or cell.isspace():
            continue
        if column.is_plain and cell[0] != "#":
            record[column.path[0]] = cell
            continue
        try:
            value = _value(column, cell)
        except CellError as error:
            faults.append(f"column {column.name}: {error}")
            continue
        if value is not None:
            _put(record, column, value)
    return record, faults


def _value(column: Column, cell: str) -> Any:
    if cell[0] == "#" and _RUINED_CELL.fullmatch(cell.strip()):
        raise CellError("the cell holds a spreadsheet's error instead of a value.")
    if column.handle:
        return keys.unarmoured(cell.strip())
    if column.is_list:
        return _list(cell.strip())
    if column.is_truth:
        return _TRUTHS.get(cell.strip().lower(), cell)
    if column.is_measure and (whole := _FLOAT_OF_WHOLE.fullmatch(cell.strip())):
        return whole[1]  # a table of floats writes every number so; JSON's 38.0 is read alike
    return cell


def _list(text: str) -> list[Any] | None:
    """Return the entries; a cell of separators alone is an empty one, and `[]` the list without entries."""
    if not (text.startswith("[") and text.endswith("]")):
        return [entry for part in _LIST_SEPARATOR.split(text) if (entry := part.strip())] or None
    try:
        entries: list[Any] = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise CellError(
            'the cell looks like a JSON list, but is none; a list is written ["a", "b"] or a, b.'
        ) from error
    if any(isinstance(entry, list | dict) for entry in entries):
        raise CellError("the list must hold texts.")
    return entries


def _put(record: dict[str, Any], column: Column, value: Any) -> None:
    if column.handle:
        record.setdefault("identities", []).append({"handle": column.handle, "identifier": value})
        return
    place = record
    for name in column.path[:-1]:
        place = place.setdefault(name, {})
    place[column.path[-1]] = value
