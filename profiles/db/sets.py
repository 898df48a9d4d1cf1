"""Writing many rows of any model in one statement, on both engines.

Rows come as JSON values (see `shape`) keyed by column name. On PostgreSQL a whole table's rows travel as one JSON
parameter, which the server unfolds; on SQLite as one `executemany`, which its driver loops over in C.
"""

from __future__ import annotations  # Django's fields are generic for the type checker only

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, models

from profiles.db.columns import column_type, field_of, plain, quoted, table_name
from profiles.db.engine import is_postgresql

JSONRow = Mapping[str, Any]


def insert_rows(model: type[models.Model], rows: Sequence[JSONRow], *, unless_there: bool = False) -> None:
    """Insert the rows, which all have the same columns, in one statement.

    With `unless_there` a row that some unique rule already knows is left out; without it that is an
    `IntegrityError`.
    """
    if not rows:
        return
    columns = list(rows[0])
    names = quoted(columns)
    suffix = " ON CONFLICT DO NOTHING" if unless_there else ""
    if is_postgresql():
        sql = f"INSERT INTO {table_name(model)} ({names}) SELECT {names} FROM {_recordset(model, columns)}{suffix}"
        _execute(sql, rows)
    else:
        marks = ", ".join(["%s"] * len(columns))
        sql = f"INSERT INTO {table_name(model)} ({names}) VALUES ({marks}){suffix}"
        _execute_many(sql, model, columns, rows)


def update_rows(
    model: type[models.Model], rows: Sequence[JSONRow], *, guards: Mapping[str, str] | None = None
) -> Callable[[], int]:
    """Set the rows' columns, found by `id`, in one statement; return what tells how many rows were there.

    `guards` maps a column to the member of the row that holds the value it must still have. In a pipeline the number
    is known at its end only.
    """
    if not rows:
        return int
    guards = guards or {}
    columns = [name for name in rows[0] if name != "id" and name not in guards.values()]
    table = table_name(model)
    if is_postgresql():
        types = {member: column for column, member in guards.items()}
        source = _recordset(model, list(rows[0]), types=types)
        sets = ", ".join(f'"{name}" = r."{name}"' for name in columns)
        where = "".join(f' AND {table}."{column}" = r."{member}"' for column, member in guards.items())
        return _execute(f'UPDATE {table} SET {sets} FROM {source} WHERE {table}."id" = r."id"{where}', rows)
    sets = ", ".join(f'"{name}" = %s' for name in columns)
    where = "".join(f' AND "{column}" = %s' for column in guards)
    order = [*columns, "id", *guards.values()]
    aliases = {member: column for column, member in guards.items()}
    return _execute_many(f'UPDATE {table} SET {sets} WHERE "id" = %s{where}', model, order, rows, aliases=aliases)


def delete_rows(model: type[models.Model], ids: Sequence[int]) -> None:
    """Delete the rows with these primary keys in one statement; nothing else may point at them."""
    if ids:
        model._default_manager.filter(pk__among=ids).delete()


@contextmanager
def pipelined() -> Iterator[None]:
    """Let what is written inside reach the server without waiting for one another's answers (PostgreSQL).

    The server then works at one statement while the next is made. What a statement raises is raised later in the
    block or at its end.
    """
    if not is_postgresql():
        yield
        return
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


# --- How the statements are made ---------------------------------------------------------------------------------


def _recordset(model: type[models.Model], columns: Sequence[str], *, types: Mapping[str, str] | None = None) -> str:
    typed = ", ".join(f'"{column}" {column_type(model, (types or {}).get(column, column))}' for column in columns)
    return f"jsonb_to_recordset(%s::jsonb) AS r({typed})"


def _execute(sql: str, rows: Sequence[JSONRow]) -> Callable[[], int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [orjson.dumps(rows).decode()])
        known = int(cursor.rowcount)  # -1 in a pipeline, until its end; of no use any more once the cursor is closed
        return lambda: int(cursor.rowcount) if known < 0 else known


def _execute_many(
    sql: str,
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[JSONRow],
    *,
    aliases: Mapping[str, str] | None = None,
) -> Callable[[], int]:
    converters = [
        (column, _sqlite_converter(field_of(model, (aliases or {}).get(column, column)))) for column in columns
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
        return lambda: int(cursor.rowcount)


def _sqlite_converter(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    """Return what turns a JSON value into what Django itself would store; `None` where that is the value itself."""
    match plain(field):
        case models.UUIDField():
            return _uuid_as_hex
        case models.DateTimeField():
            return _time_as_text
        case models.JSONField():
            return _json_as_text
        case _:
            return None


def _uuid_as_hex(value: str | UUID) -> str:
    return value.hex if isinstance(value, UUID) else value.replace("-", "")


@lru_cache(maxsize=1024)  # most are the moment of the batch, in every row
def _time_as_text(value: str) -> str:
    return str(dt.datetime.fromisoformat(value).astimezone(dt.UTC).replace(tzinfo=None))


def _json_as_text(value: object) -> str:
    return orjson.dumps(value).decode()
