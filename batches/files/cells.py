"""Cells of a row become members of a record, by the columns of the header and the terms of the file's source."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import orjson

from batches.files.days import DayTerms, read_date, read_day, read_time
from batches.files.paths import Column, Reading
from profiles import keys

TRUTHS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_RUINED_CELL: Final = re.compile(r"#(?:N/?[AV]|[A-Z0-9/]+[!?]|#{2,})")
_FLOAT_OF_WHOLE: Final = re.compile(r"([0-9]+)\.0+", re.ASCII)
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,15})?", re.ASCII)
_ADDRESS_LINES: Final = ("address_line_1", "city", "country")
_COUNTRY_DIGITS: Final = 2
LEFT_OUT_ADDRESS: Final = "incomplete_address"


# What a spreadsheet would take for a formula, and what was escaped so that it does not.
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED: Final = re.compile(r"'+[=+\-@\t\r]")


def escaped(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; `unescaped` gives it back."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unescaped(cell: str) -> str:
    """Return a cell without the apostrophe that was set before what looks like a formula."""
    return cell[1:] if _ESCAPED.match(cell) else cell


class CellError(Exception):
    """A cell cannot be read; the message is a sentence that does not repeat its value."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a source writes its cells; by itself as the hub's own columns are read."""

    truths: Mapping[str, bool] = field(default_factory=lambda: TRUTHS)
    genders: Mapping[str, str] = field(default_factory=dict)
    empty: frozenset[str] = frozenset()
    """Words that stand for no value, in lower case."""
    clear: frozenset[str] = frozenset()
    """Words that clear what is stored, likewise."""
    separators: str = ",;|"
    """Signs between the entries of a list."""
    days: DayTerms = field(default_factory=DayTerms)
    phone_country: str = ""
    """Of national numbers, where the row's address names none."""
    leaves_out_incomplete_addresses: bool = False
    has_words: bool = field(init=False)
    """Whether certain words mean something in any column."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "has_words", bool(self.empty or self.clear))


@dataclass(frozen=True, slots=True)
class Given:
    """What becomes of the cells of one column of a file."""

    name: str
    """Of the column in the file."""
    column: Column | None
    """Where they go; `None` where their words alone say that, or they are ignored."""
    words: Mapping[str, Sequence[tuple[Column, Any]]] = field(default_factory=dict)
    """What certain words, in lower case, stand for."""
    sets: Sequence[tuple[Column, Any]] = ()
    """What is so wherever the cell has something."""
    wins: bool = False
    """Whether it counts where another column goes to the same place."""

    @property
    def plain(self) -> str:
        """The field whose value a cell is as it stands, if it is."""
        if self.column is None or not self.column.is_plain or self.words or self.sets or self.wins:
            return ""
        return self.column.path[0]

    @property
    def is_ignored(self) -> bool:
        """Whether nothing becomes of them."""
        return self.column is None and not self.words and not self.sets


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes records of rows."""

    givens: Sequence[Given]
    """By the columns of the header."""
    terms: Terms
    constants: Sequence[tuple[Column, Any]] = ()
    _plain: Sequence[str] = field(init=False)
    """The fields whose cells are taken as they stand."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_plain", ["" if self.terms.has_words else given.plain for given in self.givens])

    def read(self, cells: Sequence[str]) -> tuple[dict[str, Any], list[str], str]:
        """Return the record that a row's cells make, a sentence for each that cannot be read, and what was left out.

        An empty cell leaves its field alone, as does one that a short row lacks.
        """
        row = _Row(self.terms)
        winning = []
        for given, plain, cell in zip(self.givens, self._plain, cells, strict=False):
            if not cell or cell.isspace():
                continue
            if cell[0] == "'":
                cell = unescaped(cell)  # noqa: PLW2901 as it was before it was written
            if plain and cell[0] != "#":
                row.record[plain] = cell
            elif given.wins:
                winning.append((given, cell))
            elif not given.is_ignored:
                row.take(given, cell)
        for given, cell in winning:
            row.take(given, cell)
        row.finish(self.constants)
        return row.record, row.faults, row.left_out


class _Row:
    """A record on its way."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.record: dict[str, Any] = {}
        self.faults: list[str] = []
        self.left_out = ""
        self._entries: dict[tuple[str, str], dict[str, Any]] = {}
        self._phones: list[tuple[dict[str, Any], str]] = []

    def take(self, given: Given, cell: str) -> None:
        """Put what a cell says into the record."""
        if (given.words or self.terms.has_words) and self._is_word(given, cell.strip().casefold()):
            return
        if given.column is not None:
            try:
                value = self._value(given.column, cell)
            except CellError as error:
                self.faults.append(f"column {given.name}: {error}")
                return
            if value is not None:
                self.put(given.column, value)
        elif given.words:
            self.faults.append(f"column {given.name}: the word must be one of {', '.join(given.words)}.")
        for one, value in given.sets:
            self.put(one, value)

    def _is_word(self, given: Given, word: str) -> bool:
        """Put what a word stands for into the record; whether it is one, and not a value like any other."""
        if word in self.terms.empty:
            return True
        if word in self.terms.clear:
            if given.column is not None and not given.column.collection:
                self.put(given.column, None)
            return True
        if (assigned := given.words.get(word)) is None:
            return False
        for one, value in assigned:
            self.put(one, value)
        return True

    def put(self, column: Column, value: Any) -> None:
        """Put a value where the column leads."""
        if column.reading is Reading.BIRTHDAY:
            year, month, day = value if value is not None else (None, None, None)
            self.record |= {"birth_day": day, "birth_month": month}
            if year is not None or value is None:
                self.record["birth_year"] = year
            return
        place = self.record
        if column.collection:
            place = self._entry(column)
            if not column.path:
                place["identifier" if column.collection == "identities" else "value"] = value
                return
        for name in column.path[:-1]:
            place = place.setdefault(name, {})
        place[column.path[-1]] = value
        if column.reading is Reading.PHONE and value is not None:
            self._phones.append((place, column.path[-1]))

    def _entry(self, column: Column) -> dict[str, Any]:
        found = self._entries.get((column.collection, column.entry))
        if found is None:
            found = self._entries[column.collection, column.entry] = dict(column.key)
            self.record.setdefault(column.collection, []).append(found)
        return found

    def finish(self, constants: Sequence[tuple[Column, Any]]) -> None:
        """Add what is so in every row, and see to what needs the whole of it."""
        if not self.record:
            return
        for column, value in constants:
            if not column.collection or (column.collection, column.entry) in self._entries or not column.path:
                self.put(column, value)
        for entry in self.record.get("dates_attributes", ()):
            entry.setdefault("name", entry["handle"].replace("_", " ").replace("-", " ").capitalize())
        self._call_numbers()
        if self.terms.leaves_out_incomplete_addresses:
            self._leave_out_incomplete_addresses()

    def _leave_out_incomplete_addresses(self) -> None:
        addresses = self.record.get("addresses", [])
        whole = [one for one in addresses if all(one.get(line) for line in _ADDRESS_LINES)]
        if len(whole) < len(addresses):
            self.left_out = LEFT_OUT_ADDRESS
            self.record["addresses"] = whole
            if not whole:
                del self.record["addresses"]

    def _call_numbers(self) -> None:
        """Have national numbers in international form, by the row's country first."""
        if not self._phones:
            return
        of_row = next((one["country"] for one in self.record.get("addresses", ()) if one.get("country")), "")
        countries = [one for one in (of_row, self.terms.phone_country) if len(one) == _COUNTRY_DIGITS]
        for place, name in self._phones:
            place[name] = _international(place[name], countries)

    # --- Values --------------------------------------------------------------------------------------------------

    def _value(self, column: Column, cell: str) -> Any:
        if cell[0] == "#" and _RUINED_CELL.fullmatch(cell.strip()):
            raise CellError("the cell holds a spreadsheet's error instead of a value.")
        read = _READINGS.get(column.reading)
        if read is not None:
            return read(cell, self.terms)
        if column.path == ("gender",) and self.terms.genders:
            return self.terms.genders.get(cell.strip().casefold(), cell)
        return cell


def _international(written: Any, countries: Sequence[str]) -> Any:
    """Return the number in international form; what is none in any of the countries stays as it is."""
    text = keys.unarmoured(str(written).strip())
    if text.startswith("+"):
        return written
    for country in countries:
        try:
            return keys.phone(text, default_country=country.upper())
        except keys.InvalidValueError:
            continue
    return written


def _identifier(cell: str, _: Terms) -> Any:
    return keys.unarmoured(cell.strip())


def _truth(cell: str, terms: Terms) -> Any:
    return terms.truths.get(cell.strip().lower(), cell)


def _measure(cell: str, _: Terms) -> Any:
    if whole := _FLOAT_OF_WHOLE.fullmatch(cell.strip()):
        return whole[1]  # a table of floats writes every number so; JSON's 38.0 is read alike
    return cell


def _number(cell: str, _: Terms) -> Any:
    text = cell.strip()
    if not _NUMBER.fullmatch(text):
        raise CellError("the cell must hold a number, with a point before its decimals.")
    whole, _point, decimals = text.partition(".")
    return float(text) if decimals.strip("0") else int(whole)


def _json(cell: str, _: Terms) -> Any:
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError as error:
        raise CellError("the cell must hold JSON.") from error


def _list(cell: str, terms: Terms) -> list[Any] | None:
    """Return the entries; a cell of separators alone is an empty one, and `[]` the list without entries."""
    text = cell.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return [entry for part in _separator(terms.separators).split(text) if (entry := part.strip())] or None
    try:
        entries: list[Any] = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise CellError(
            'the cell looks like a JSON list, but is none; a list is written ["a", "b"] or a, b.'
        ) from error
    if any(isinstance(entry, list | dict) for entry in entries):
        raise CellError("the list must hold texts.")
    return entries


@lru_cache(maxsize=16)
def _separator(signs: str) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(signs)}]")


def _date(cell: str, terms: Terms) -> Any:
    return read_date(cell, terms.days) if terms.days.is_told else cell


def _time(cell: str, terms: Terms) -> Any:
    return read_time(cell, terms.days) if terms.days.is_told else cell


def _birthday(cell: str, terms: Terms) -> Any:
    if (day := read_day(cell, terms.days)) is None:
        raise CellError(f"the cell must hold a day, such as {terms.days.example}.")
    return day


_READINGS: Final[Mapping[Reading, Callable[[str, Terms], Any]]] = {
    Reading.IDENTIFIER: _identifier,
    Reading.LIST: _list,
    Reading.TRUTH: _truth,
    Reading.MEASURE: _measure,
    Reading.NUMBER: _number,
    Reading.JSON: _json,
    Reading.DATE: _date,
    Reading.TIME: _time,
    Reading.BIRTHDAY: _birthday,
}
