"""Looking up many values, or what begins with one, by an index on both engines."""

from __future__ import annotations  # Django's fields are generic for the type checker only

from collections.abc import Iterable, Sequence
from typing import Any, cast
from uuid import UUID

import orjson
from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import Lookup
from django.db.models.sql.compiler import SQLCompiler

from profiles.db.columns import plain
from profiles.db.engine import is_postgresql


@models.Field.register_lookup
class Among(Lookup):  # Django's class takes its parameter for the type checker only
    """`field__among=values`: like `in`, but the values travel as one parameter, however many they are."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """Pass the values as an array, on SQLite as JSON."""
        column, params = self.process_lhs(compiler, compiler.connection)
        condition, values = among(column, self.lhs.output_field, self.rhs)
        return condition, (*params, values)


models.ForeignKey.register_lookup(Among)


@models.Field.register_lookup
class OneOf(Lookup):  # likewise
    """`field__one_of=words`: like `in`, for words of our own, which stand in the statement itself.

    SQLite takes an index with a condition only where the statement says that condition by the letter.
    """

    lookup_name = "one_of"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """Write the words out; raises `ValueError` for what is no plain word."""
        column, params = self.process_lhs(compiler, compiler.connection)
        if not all(word.replace("_", "").isalnum() and word.isascii() for word in self.rhs):
            raise ValueError(f"{self.lookup_name} is for words of our own.")
        words = ", ".join(f"'{word}'" for word in self.rhs)
        return f"{column} IN ({words})", tuple(params)


def among(column: str, field: models.Field[Any, Any], values: Iterable[Any]) -> tuple[str, str]:
    """Return the condition that the column is among the values, and its one parameter."""
    stored = plain(field)
    prepared = [stored.get_db_prep_value(value, connection) for value in values]
    if is_postgresql():
        # Without its length, which would cut off what is too long to be there.
        kind = cast("str", stored.rel_db_type(connection)).partition("(")[0]
        return f"{column} = ANY(%s::{kind}[])", array_literal(prepared)
    return f"{column} IN (SELECT value FROM json_each(%s))", orjson.dumps(prepared).decode()


def parameters(*columns: Sequence[str]) -> list[str]:
    """Return the columns of some rows as parameters: on PostgreSQL an array of each, on SQLite one JSON list of rows.

    Rows of one column are its values.
    """
    if is_postgresql():
        return [array_literal(column) for column in columns]
    rows = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
    return [orjson.dumps(rows).decode()]


def stored_id(value: UUID) -> str:
    """Return an id as this engine writes it in a parameter."""
    return str(value) if is_postgresql() else value.hex


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
