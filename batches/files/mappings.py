"""Mappings: how the files of one source are read, as a TOML file says it.

`[columns]` tells for each header where its cells go: a path (see `paths`), or a table with a `path`, `words` that
stand for something, what the column `sets` wherever it has something, and whether it `wins` over another one of the
same path. `ignore` names columns that are not taken. `[constants]` are so in every row. `[words]`, `[genders]`,
`[dates]`, `[phones]` and `[lists]` tell how cells are written. One that `extends` another, by its name, says what is
otherwise.
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from batches.files.cells import TRUTHS, Given, Terms
from batches.files.days import EXAMPLES, DayTerms, read_day
from batches.files.paths import Column, Reading, column_of, folded
from profiles.sentences import ToldError

READY: Final = ("shopify", "woocommerce", "square", "klaviyo", "mailchimp", "hubspot", "salesforce")
"""The mappings that come with the hub; each is the handle of its source's identities too."""
LARGEST_BYTES: Final = 1_000_000

Value = str | bool | int | float | None


class MappingError(ToldError):
    """The mapping cannot be used."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _ColumnIn(_Strict):
    path: str | None = None
    words: dict[str, Value | dict[str, Value]] = {}
    sets: dict[str, Value] = {}
    wins: bool = False


class _WordsIn(_Strict):
    true: list[str] = []
    false: list[str] = []
    empty: list[str] = []
    clear: list[str] = []


class _DatesIn(_Strict):
    order: Literal["", "ymd", "dmy", "mdy"] = ""
    two_digit_years_from: int | None = Field(default=None, ge=1800, le=2100)
    serials: bool = False
    time_zone: str = ""


class _PhonesIn(_Strict):
    country: str = Field(default="", pattern="^([A-Za-z]{2})?$")


class _ListsIn(_Strict):
    separators: str = Field(default=",;|", min_length=1, max_length=5)


class _MappingIn(_Strict):
    title: str = ""
    extends: str = ""
    ignore: list[str] = []
    incomplete_addresses: Literal["refuse", "leave out"] = "refuse"
    columns: dict[str, str | _ColumnIn]
    constants: dict[str, Value] = {}
    words: _WordsIn = _WordsIn()
    genders: dict[str, str] = {}
    dates: _DatesIn = _DatesIn()
    phones: _PhonesIn = _PhonesIn()
    lists: _ListsIn = _ListsIn()


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How the files of one source are read."""

    name: str
    givens: dict[str, Given]
    """By the folded names of headers."""
    terms: Terms
    constants: Sequence[tuple[Column, Any]] = ()

    def given(self, name: str) -> Given | None:
        """Return what becomes of the cells below a header; `None` where the mapping does not know it."""
        return self.givens.get(folded(name))


def load_mapping(name: str) -> ColumnMapping:
    """Return the mapping that comes with the hub under this name, or of this TOML file; raises `MappingError`."""
    if name.lower() in READY:
        return parse_mapping(_ready(name.lower()), name.lower())
    path = Path(name)
    if path.suffix.lower() != ".toml":
        raise MappingError(
            f"There is no mapping {name}; there are {', '.join(READY)}, and files whose names end in .toml."
        )
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise MappingError(f"{name}: a mapping has no more than {LARGEST_BYTES:,} bytes.")
        content = path.read_bytes()
    except OSError as error:
        raise MappingError(f"{name}: {error.strerror or error}.") from error
    return parse_mapping(content, name)


def parse_mapping(content: bytes, name: str) -> ColumnMapping:
    """Return the mapping that the TOML says; raises `MappingError`, which names the place."""
    try:
        told = _read(content, name)
        if isinstance(base := told.get("extends"), str) and base:
            if base not in READY:
                raise MappingError(f"{name}: extends: there is no mapping {base}; there are {', '.join(READY)}.")
            told = _extended(_read(_ready(base), base), told)
        asked = _MappingIn.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if part not in {"str", "_ColumnIn"})
        raise MappingError(f"{name}: {place}: {first['msg']}.") from error
    try:
        return _built(asked, name)
    except MappingError as error:
        raise MappingError(f"{name}: {error}") from error


def _read(content: bytes, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        raise MappingError(f"{name}: the file is not UTF-8 text.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingError(f"{name}: not TOML: {error}.") from error


def _ready(name: str) -> bytes:
    return resources.files("batches.files").joinpath(f"ready/{name}.toml").read_bytes()


def _extended(base: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Return a mapping with what another says otherwise: of each column the latter counts, mapped or ignored."""
    both = {**base, **told}
    for name, value in told.items():
        if isinstance(value, dict) and isinstance(base.get(name), dict):
            both[name] = {**base[name], **value}
    columns, ignored = told.get("columns", {}), told.get("ignore", [])
    if isinstance(columns, dict) and isinstance(ignored, list):
        mapped = set(map(folded, columns))
        both["ignore"] = [*(one for one in base.get("ignore", []) if folded(one) not in mapped), *ignored]
        gone = {folded(one) for one in ignored if isinstance(one, str)}
        otherwise = {one: path for one, path in base["columns"].items() if folded(one) not in gone | mapped}
        both["columns"] = {**otherwise, **columns}
    return both


def _built(asked: _MappingIn, name: str) -> ColumnMapping:
    givens: dict[str, Given] = {}
    for header, given in _givens(asked):
        if folded(header) in givens:
            raise MappingError(f"the column {header} stands twice.")
        givens[folded(header)] = given
    if not asked.columns:
        raise MappingError("there is no column.")
    return ColumnMapping(name, givens, _terms(asked), tuple(_assigned(asked.constants, "constants")))


def _givens(asked: _MappingIn) -> Iterator[tuple[str, Given]]:
    for header, meant in asked.columns.items():
        place = f"columns.{header}"
        one = _ColumnIn(path=meant) if isinstance(meant, str) else meant
        column = None if one.path is None else _column(one.path, place)
        if column is None and not (one.words or one.sets):
            raise MappingError(f"{place}: path, words or sets is needed; what is not taken stands in ignore.")
        words = {}
        for word, value in one.words.items():
            if isinstance(value, dict):
                assigned = tuple(_assigned(value, f"{place}.words.{word}"))
            elif column is None:
                raise MappingError(f"{place}.words.{word}: without a path a word stands for a table of paths.")
            else:
                assigned = ((column, _typed(value, column, f"{place}.words.{word}")),)
            words[word.strip().casefold()] = assigned
        yield header, Given(header, column, words, tuple(_assigned(one.sets, f"{place}.sets")), one.wins)
    for header in asked.ignore:
        yield header, Given(header, None)


def _assigned(values: dict[str, Value], place: str) -> Iterator[tuple[Column, Any]]:
    for path, value in values.items():
        column = _column(path, place)
        yield column, _typed(value, column, place)


def _typed(value: Value, column: Column, place: str) -> Any:
    """Return a value that a mapping tells, as a cell's would be; raises `MappingError`."""
    if column.reading is Reading.LIST and isinstance(value, str):
        return [value]
    if column.reading is Reading.BIRTHDAY:
        day = read_day(str(value), DayTerms())
        if day is None:
            raise MappingError(f"{place}: {column.name} must be a day, such as {EXAMPLES['ymd']}.")
        return day
    return value


def _column(path: str, place: str) -> Column:
    column = column_of(path)
    if column is None:
        raise MappingError(f"{place}: there is no field {path}.")
    return column


def _terms(asked: _MappingIn) -> Terms:
    truths = {
        **TRUTHS,
        **dict.fromkeys(_lower(asked.words.true), True),
        **dict.fromkeys(_lower(asked.words.false), False),
    }
    zone = None
    if asked.dates.time_zone:
        try:
            zone = ZoneInfo(asked.dates.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise MappingError(f"dates.time_zone: there is no time zone {asked.dates.time_zone}.") from error
    return Terms(
        truths=truths,
        genders={word.strip().casefold(): gender for word, gender in asked.genders.items()},
        empty=frozenset(_lower(asked.words.empty)),
        clear=frozenset(_lower(asked.words.clear)),
        separators=asked.lists.separators,
        days=DayTerms(asked.dates.order, asked.dates.two_digit_years_from, asked.dates.serials, zone),
        phone_country=asked.phones.country.upper(),
        leaves_out_incomplete_addresses=asked.incomplete_addresses == "leave out",
    )


def _lower(words: Sequence[str]) -> list[str]:
    return [word.strip().casefold() for word in words]
