"""The members of JSON columns, looked through in the database: only what is asked for travels."""

from __future__ import annotations  # Django's fields are generic for the type checker only

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection, models

from profiles.db.columns import field_of, table_name
from profiles.db.engine import Statement
from profiles.db.ids import read_id
from profiles.db.lookups import parameters, stored_id

# Of each owner and member the row with the highest number. SQLite takes the rest from the row of the maximum.
_NEWEST = Statement(
    postgresql="""
        SELECT DISTINCT ON (t.{owner}, m.key) t.{owner}, m.key, t.{number}, t.id, CAST(m.value AS text)
        FROM unnest(%s::uuid[], %s::bigint[]) AS asked(owner, below)
        JOIN {table} t ON t.{owner} = asked.owner AND t.{number} < asked.below
        CROSS JOIN LATERAL jsonb_each(t.{column}) AS m
        ORDER BY t.{owner}, m.key, t.{number} DESC
    """,
    sqlite="""
        SELECT t.{owner}, m.key, MAX(t.{number}), t.id, m.value
        FROM json_each(%s) AS asked
        JOIN {table} t ON t.{owner} = json_extract(asked.value, '$[0]')
            AND t.{number} < CAST(json_extract(asked.value, '$[1]') AS integer)
        JOIN json_each(t.{column}) AS m
        GROUP BY t.{owner}, m.key
    """,
)


class Member(NamedTuple):
    """A member of a JSON column, as the newest row that has it says it."""

    owner: UUID
    name: str
    number: int
    row_id: int
    value: Any


def newest_members(
    model: type[models.Model], column: str, *, owner: str, number: str, below: Mapping[UUID, int]
) -> list[Member]:
    """Return each member of the column's objects, as the row with the highest number has it, of rows with one below.

    `owner` and `number` name the columns that a unique index begins with; `below` maps each owner to its number. One
    query, however many rows there are.
    """
    if not below:
        return []
    names = {
        "table": table_name(model),
        **{
            name: f'"{field_of(model, field).column}"'
            for name, field in (("owner", owner), ("number", number), ("column", column))
        },
    }
    asked = parameters([stored_id(one) for one in below], list(map(str, below.values())))
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST.text.format(**names), asked)
        rows = cursor.fetchall()
    return [Member(_id(row[0]), row[1], row[2], row[3], orjson.loads(row[4])) for row in rows]


def _id(stored: UUID | str) -> UUID:
    found = stored if isinstance(stored, UUID) else read_id(stored)
    if found is None:
        raise ValueError("The column does not hold ids.")
    return found
