"""Many rows of any model in one statement, on both engines: the only place that writes SQL for sets.

Rows come as JSON values (see `shape`) keyed by column name. On PostgreSQL a whole table's rows travel as one JSON
parameter, which the server unfolds; on SQLite as one `executemany`, which its driver loops over in C.
"""

from __future__ import annotations  # Django's fields are generic for the type checker only

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import orjson
from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import Lookup
from django.db.models.sql.compiler import SQLCompiler

JSONRow = Mapping[str, Any]


def is_postgresql() -> bool:
    """Whether the hub stands on PostgreSQL; everything else is SQLite."""
    return connection.vendor == "postgresql"


def insert_rows(model: type[models.Model], rows: Sequence[JSONRow], *, unless_there: bool = False) -> None:
    """Insert the rows, which all have the same columns, in one statement.

    With `unless_there` a row that some unique rule already knows is left out; without it that is an
    `IntegrityError`.
    """
    if not rows:
        return
    columns = list(rows[0])
    names = _quoted(columns)
    suffix = " ON CONFLICT DO NOTHING" if unless_there else ""
    if is_postgresql():
        sql = f"INSERT INTO {_table(model)} ({names}) SELECT {names} FROM {_recordset(model, columns)}{suffix}"  # noqa: S608
        _execute(sql, rows)
    else:
        marks = ", ".join(["%s"] * len(columns))
        sql = f"INSERT INTO {_table(model)} ({names}) VALUES ({marks}){suffix}"  # noqa: S608
        _execute_many(sql, model, columns, rows)


def update_rows(model: type[models.Model], rows: Sequence[JSONRow], *, guards: Mapping[str, str] | None = None) -> int:
    """Set the rows' columns, found by `id`, in one statement; return how many rows were there.

    `guards` maps a column to the member of the row that holds the value it must still have.
    """
    if not rows:
        return 0
    guards = guards or {}
    columns = [name for name in rows[0] if name != "id" and name not in guards.values()]
    table = _table(model)
    if is_postgresql():
        types = {member: column for column, member in guards.items()}
        source = _recordset(model, list(rows[0]), types=types)
        sets = ", ".join(f'"{name}" = r."{name}"' for name in columns)
        where = "".join(f' AND {table}."{column}" = r."{member}"' for column, member in guards.items())
        return _execute(f'UPDATE {table} SET {sets} FROM {source} WHERE {table}."id" = r."id"{where}', rows)  # noqa: S608
    sets = ", ".join(f'"{name}" = %s' for name in columns)
    where = "".join(f' AND "{column}" = %s' for column in guards)
    order = [*columns, "id", *guards.values()]
    aliases = {member: column for column, member in guards.items()}
    return _execute_many(f'UPDATE {table} SET {sets} WHERE "id" = %s{where}', model, order, rows, aliases=aliases)  # noqa: S608


def delete_rows(model: type[models.Model], ids: Sequence[int]) -> None:
    """Delete the rows with these primary keys in one statement; nothing else may point at them."""
    if ids:
        model._default_manager.filter(pk__among=ids).delete()


# --- Looking up many values --------------------------------------------------------------------------------------


@models.Field.register_lookup
class Among(Lookup):  # Django's class takes its parameter for the type checker only
    """`field__among=values`: like `in`, but the values travel as one parameter, however many they are."""

    lookup_name = "among"
    prepare_rhs = False

    def _values(self, connection: BaseDatabaseWrapper) -> list[Any]:
        field = _plain(self.lhs.output_field)
        return [field.get_db_prep_value(value, connection) for value in self.rhs]

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """Unfold the values from JSON (SQLite)."""
        column, params = self.process_lhs(compiler, connection)
        values = orjson.dumps(self._values(connection)).decode()
        return f"{column} IN (SELECT value FROM json_each(%s))", (*params, values)  # noqa: S608 a column

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """Pass the values as an array."""
        column, params = self.process_lhs(compiler, connection)
        kind = _plain(self.lhs.output_field).rel_db_type(connection)
        return f"{column} = ANY(%s::{kind}[])", (*params, array_literal(self._values(connection)))


models.ForeignKey.register_lookup(Among)


def array_literal(values: Iterable[object]) -> str:
    """Return the values as PostgreSQL writes arrays; the driver would take ten times as long over each of them."""
    return f"{{{','.join(map(_array_element, values))}}}"


def _array_element(value: object) -> str:
    if not isinstance(value, str):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


# --- How the statements are made ---------------------------------------------------------------------------------


def _plain(field: models.Field[Any, Any]) -> models.Field[Any, Any]:
    """Return the field that says how values are stored: of a foreign key, the one it points to."""
    return field.target_field if isinstance(field, models.ForeignKey) else field


def _table(model: type[models.Model]) -> str:
    return f'"{model._meta.db_table}"'


def _quoted(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _recordset(model: type[models.Model], columns: Sequence[str], *, types: Mapping[str, str] | None = None) -> str:
    typed = ", ".join(f'"{column}" {_column_type(model, (types or {}).get(column, column))}' for column in columns)
    return f"jsonb_to_recordset(%s::jsonb) AS r({typed})"


@lru_cache(maxsize=512)
def _column_type(model: type[models.Model], column: str) -> str:
    field = _plain(_field(model, column))
    return cast("str", field.rel_db_type(connection))


@lru_cache(maxsize=512)
def _field(model: type[models.Model], column: str) -> models.Field[Any, Any]:
    return next(field for field in model._meta.concrete_fields if field.attname == column)


def _execute(sql: str, rows: Sequence[JSONRow]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, [orjson.dumps(rows).decode()])
        return int(cursor.rowcount)


def _execute_many(
    sql: str,
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[JSONRow],
    *,
    aliases: Mapping[str, str] | None = None,
) -> int:
    converters = [
        (column, _sqlite_converter(_field(model, (aliases or {}).get(column, column)))) for column in columns
    ]
    params = [
        [
            value if (value := row[column]) is None or convert is None else convert(value)
            for column, convert in converters
        ]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(sql, params)
        return int(cursor.rowcount)


def _sqlite_converter(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    """Return what turns a JSON value into what Django itself would store; `None` where that is the value itself."""
    match _plain(field):
        case models.UUIDField():
            return _uuid_as_hex
        case models.DateTimeField():
            return _time_as_text
        case models.JSONField():
            return _json_as_text
        case _:
            return None


def _uuid_as_hex(value: str | UUID) -> str:
    return str(value).replace("-", "")


def _time_as_text(value: str) -> str:
    return str(dt.datetime.fromisoformat(value).astimezone(dt.UTC).replace(tzinfo=None))


def _json_as_text(value: object) -> str:
    return orjson.dumps(value).decode()
