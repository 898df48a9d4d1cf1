"""Many rows of any model in one statement, on both engines: the only place that writes SQL for sets.

Rows come as JSON values (see `shape`) keyed by column name. On PostgreSQL a whole table's rows travel as one JSON
parameter, which the server unfolds; on SQLite as one `executemany`, which its driver loops over in C.
"""

from __future__ import annotations  # Django's fields are generic for the type checker only

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final, cast
from uuid import UUID

import orjson
from django.db import InterfaceError, OperationalError, connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import Lookup
from django.db.models.sql.compiler import SQLCompiler

from profiles.shape import utc_text

JSONRow = Mapping[str, Any]


def is_postgresql() -> bool:
    """Whether the hub stands on PostgreSQL; everything else is SQLite."""
    return connection.vendor == "postgresql"


# Connection, resources, shutdown, and what another transaction did (PostgreSQL's error classes).
_NOBODYS_FAULT: Final = ("08", "53", "57", "40", "55P03")
_SQLITE_TROUBLE: Final = ("locked", "disk", "unable to open", "readonly")


def is_unavailable(error: BaseException) -> bool:
    """Whether the database is away, full or busy; everything else it says is about what it was asked to do."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(_NOBODYS_FAULT)
    return is_postgresql() or any(word in str(error) for word in _SQLITE_TROUBLE)


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


# --- Reading -----------------------------------------------------------------------------------------------------

Values = list[Any]
"""Some columns of one row, as JSON values in the order asked for."""


def read_families(
    model: type[models.Model],
    columns: Sequence[str],
    ids: Collection[UUID],
    *,
    children: Mapping[str, tuple[type[models.Model], Sequence[str]]],
    parent: str,
) -> Iterator[tuple[Values, dict[str, list[Values]]]]:
    """Yield the rows with these ids, each with the rows of other models that point at it, all in one query.

    `children` names the models and their columns, `parent` the column by which they point. The database itself makes
    one JSON text of each family: a fifth of what the driver would take over rows and values one by one.
    """
    if not ids:
        return
    table = _table(model)
    families = ", ".join(
        [
            _json_row(model, columns),
            *(_json_rows(child, names, f'"{parent}" = {table}."id"') for child, names in children.values()),
        ]
    )
    among, among_ids = _among(f'{table}."id"', _field(model, "id"), ids)
    array = "json_build_array" if is_postgresql() else "json_array"
    sql = f"SELECT CAST({array}({families}) AS text) FROM {table} WHERE {among}"  # noqa: S608
    turn = _json_reader(model, columns)
    turners = [(name, _json_reader(child, names)) for name, (child, names) in children.items()]
    with connection.cursor() as cursor:
        cursor.execute(sql, [among_ids])
        for (text,) in cursor.fetchall():
            values, *rows_of = orjson.loads(text)
            yield (
                turn(values),
                {
                    name: list(map(turn_child, rows or ()))
                    for (name, turn_child), rows in zip(turners, rows_of, strict=True)
                },
            )


def _json_row(model: type[models.Model], columns: Sequence[str]) -> str:
    """Return the expression of a JSON list of the row's columns."""
    names = [f'{_table(model)}."{_field(model, column).column}"' for column in columns]
    if is_postgresql():
        return f"json_build_array({', '.join(names)})"
    parts = [
        f"json({name})" if isinstance(_field(model, column), models.JSONField) else name
        for name, column in zip(names, columns, strict=True)
    ]
    return f"json_array({', '.join(parts)})"


def _json_rows(model: type[models.Model], columns: Sequence[str], where: str) -> str:
    """Return the expression of a JSON list of such lists, one for each row."""
    group, outer = ("json_agg", "") if is_postgresql() else ("json_group_array", "json")
    return f"{outer}((SELECT {group}({_json_row(model, columns)}) FROM {_table(model)} WHERE {_table(model)}.{where}))"  # noqa: S608


def _json_reader(model: type[models.Model], columns: Sequence[str]) -> Callable[[Values], Values]:
    """Return what turns the values the database wrote into those of a state, in place."""
    turns = [
        (index, turn)
        for index, column in enumerate(columns)
        if (turn := _json_turn(_plain(_field(model, column)))) is not None
    ]

    def read(values: Values) -> Values:
        for index, turn in turns:
            if values[index] is not None:
                values[index] = turn(values[index])
        return values

    return read


def _json_turn(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    """Return what is left to do about a value the database wrote as JSON; `None` where nothing is."""
    if isinstance(field, models.DateTimeField):
        return _time_from_json
    if is_postgresql():
        return None
    return (
        _uuid_from_hex
        if isinstance(field, models.UUIDField)
        else bool
        if isinstance(field, models.BooleanField)
        else None
    )


def _time_from_json(value: str) -> str:
    moment = dt.datetime.fromisoformat(value)
    return utc_text(moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))


def _uuid_from_hex(value: str) -> str:
    return str(UUID(value))


# --- Looking up many values --------------------------------------------------------------------------------------


@models.Field.register_lookup
class Among(Lookup):  # Django's class takes its parameter for the type checker only
    """`field__among=values`: like `in`, but the values travel as one parameter, however many they are."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """Pass the values as an array, on SQLite as JSON."""
        del connection
        column, params = self.process_lhs(compiler, compiler.connection)
        condition, values = _among(column, self.lhs.output_field, self.rhs)
        return condition, (*params, values)


models.ForeignKey.register_lookup(Among)


def _among(column: str, field: models.Field[Any, Any], values: Iterable[Any]) -> tuple[str, str]:
    """Return the condition that the column is among the values, and its one parameter."""
    plain = _plain(field)
    prepared = [plain.get_db_prep_value(value, connection) for value in values]
    if is_postgresql():
        return f"{column} = ANY(%s::{plain.rel_db_type(connection)}[])", array_literal(prepared)
    return f"{column} IN (SELECT value FROM json_each(%s))", orjson.dumps(prepared).decode()  # noqa: S608 a column


def array_literal(values: Iterable[object]) -> str:
    """Return the values as PostgreSQL writes arrays; the driver would take ten times as long over each of them."""
    return f"{{{','.join(map(_array_element, values))}}}"


def _array_element(value: object) -> str:
    if not isinstance(value, str):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def starts_with(column: str, prefix: str) -> models.Q:
    """Match texts by their beginning, so that each engine can use the column's index.

    SQLite's LIKE ignores case and thereby the index; PostgreSQL's needs one with pattern operators.
    """
    if is_postgresql():
        return models.Q(**{f"{column}__startswith": prefix})
    return models.Q(**{f"{column}__gte": prefix, f"{column}__lt": f"{prefix}\U0010ffff"})


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
    return next(field for field in model._meta.concrete_fields if column in {field.name, field.attname})


def _execute(sql: str, rows: Sequence[JSONRow]) -> Callable[[], int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [orjson.dumps(rows).decode()])
        return lambda: int(cursor.rowcount)


def _execute_many(
    sql: str,
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[JSONRow],
    *,
    aliases: Mapping[str, str] | None = None,
) -> Callable[[], int]:
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
        return lambda: int(cursor.rowcount)


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
    return value.hex if isinstance(value, UUID) else value.replace("-", "")


@lru_cache(maxsize=1024)  # most are the moment of the batch, in every row
def _time_as_text(value: str) -> str:
    return str(dt.datetime.fromisoformat(value).astimezone(dt.UTC).replace(tzinfo=None))


def _json_as_text(value: object) -> str:
    return orjson.dumps(value).decode()
