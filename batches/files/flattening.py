"""Records as rows of a CSV: each column is a path (see `paths`), read the other way round."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from batches.files.cells import escaped
from batches.files.paths import Column, Reading, column_of
from profiles.criteria import EMAIL, Criteria

USUAL: Final = (
    *("email", "title", "first_name", "last_name", "gender", "birth_date", "mobile_phone", "secondary_phone"),
    *("company", "occupation", "profile_type", "joined_at", "tags", "statuses"),
    *("email_promo", "email_optout", "sms_promo", "sms_optout"),
)
"""The columns unless others are asked for, besides an identity for each handle the records are matched by."""
_DEFAULT: Final = "default"
_SEPARATORS: Final = frozenset(",;|")


class UnknownColumnError(Exception):
    """A column that leads nowhere."""


def columns_asked(paths: str | None, criteria: Criteria) -> list[Column]:
    """Return the columns of the paths between commas, or the usual ones; raises `UnknownColumnError`."""
    if paths is None:
        names = [*USUAL, *(f"identities.{one}" for one in criteria if one != EMAIL)]
    else:
        names = [name.strip() for name in paths.split(",")]
    columns = []
    for name in names:
        column = column_of(name)
        if column is None:
            raise UnknownColumnError(f"There is no field {name}.")
        columns.append(column)
    return columns


def header_row(columns: Sequence[Column]) -> bytes:
    """Return the header, which the importer reads."""
    return _row(column.name for column in columns)


def record_row(records: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> bytes:
    """Return the row of one profile, whose rows may take several records."""
    return _row(escaped(_cell(_value(records, column), column)) for column in columns)


def _row(cells: Iterable[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode()


def _value(records: Sequence[Mapping[str, Any]], column: Column) -> Any:
    first = records[0]
    if column.reading is Reading.BIRTHDAY:
        return tuple(first.get(name) for name in ("birth_year", "birth_month", "birth_day"))
    place: Any = first
    if column.collection:
        entries = [entry for record in records for entry in record.get(column.collection) or ()]
        place = _entry(entries, dict(column.key), column)
        if not column.path:
            return place.get("identifier" if column.collection == "identities" else "value")
    for name in column.path:
        place = place.get(name) if isinstance(place, Mapping) else None
    return place


def _entry(entries: Sequence[Mapping[str, Any]], key: Mapping[str, str], column: Column) -> Mapping[str, Any]:
    """Return the entry that the column names; of addresses the default one too, by that name."""
    found = [one for one in entries if all(one.get(name) == value for name, value in key.items() if name != "type")]
    if column.collection == "identities":
        found.sort(key=lambda one: not one.get("is_active", True))
    if found:
        return found[0]
    if column.collection == "addresses" and key["external_id"] == _DEFAULT and entries:
        return next((one for one in entries if one.get("is_default")), entries[0])
    return {}


def _cell(value: Any, column: Column) -> str:
    if column.reading is Reading.BIRTHDAY:
        return _birthday(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if column.reading is Reading.LIST:
        return _list(value)
    if column.reading is Reading.JSON or isinstance(value, list | dict):
        return orjson.dumps(value).decode()
    return str(value)


def _birthday(parts: tuple[int | None, ...]) -> str:
    year, month, day = parts
    if month is None or day is None:
        return ""
    return f"--{month:02}-{day:02}" if year is None else f"{year:04}-{month:02}-{day:02}"


def _list(entries: Sequence[str]) -> str:
    """Return the entries with commas between, or as JSON where one of them holds what separates others."""
    if not entries or any(not _SEPARATORS.isdisjoint(one) or one.startswith("[") for one in entries):
        return orjson.dumps(entries).decode() if entries else ""
    return ", ".join(entries)
