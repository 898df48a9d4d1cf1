"""Looking up the reference data, and other profiles, that records name."""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from django.db import connection, models

from profiles.db import lookups
from profiles.db.columns import field_of
from profiles.models import Location, Organisation, Profile, Region, RoleDefinition, Status
from profiles.times import as_utc, utc_text
from profiles.values import ReferenceName, StatusTerm

_BY: Final[Mapping[tuple[str, str], tuple[type[models.Model], str, str]]] = {
    ("location", "id"): (Location, "id", "id"),
    ("location", "external_id"): (Location, "external_id", "id"),
    ("location", "external_code"): (Location, "external_code", "id"),
    ("region", "id"): (Region, "id", "handle"),
    ("region", "handle"): (Region, "handle", "handle"),
    ("status", "handle"): (Status, "handle", "handle"),
    ("organisation", "id"): (Organisation, "id", "handle"),
    ("organisation", "handle"): (Organisation, "handle", "handle"),
    ("role", "id"): (RoleDefinition, "id", "handle"),
    ("role", "handle"): (RoleDefinition, "handle", "handle"),
    ("profile", "id"): (Profile, "id", "COALESCE(merged_into_id, id)"),
}
"""By what a record may name a row: its table, the column that is named and the column that says what is meant."""


def load_references(names: Collection[ReferenceName]) -> dict[ReferenceName, Any]:
    """Return what the names mean, in one query; those that mean nothing are missing."""
    if not names:
        return {}
    values: dict[tuple[str, str], list[str]] = {}
    for name in names:
        values.setdefault((name.kind, name.by), []).append(name.value)
    parts, params = zip(*(_query(kind, by, wanted) for (kind, by), wanted in values.items()), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        return dict(_reference(row) for row in cursor.fetchall())


def _query(kind: str, by: str, wanted: Collection[str]) -> tuple[str, str]:
    """Return the question for the rows that are named so, and its one parameter."""
    model, column, meaning = _BY[kind, by]
    condition, values = lookups.among(column, field_of(model, column), wanted)
    term = _TERM if kind == "status" else _NO_TERM
    if kind == "profile":
        condition += " AND ended IS NULL"
    question = (
        f"SELECT '{kind}', '{by}', CAST({column} AS text), CAST({meaning} AS text), {term} "
        f"FROM {model._meta.db_table} WHERE {condition}"
    )
    return question, values


_TERM: Final = "period, period_type, CAST(absolute_expiry AS text)"
_NO_TERM: Final = "CAST(NULL AS integer), CAST(NULL AS text), CAST(NULL AS text)"


def _reference(row: tuple[Any, ...]) -> tuple[ReferenceName, Any]:
    kind, by, value, meant, period, period_type, expiry = row
    meaning: Any = meant
    if kind == "profile":
        value, meaning = str(UUID(value)), str(UUID(meant))
    elif kind == "location":
        meaning = int(meant)
    elif kind == "status":
        end = None
        if expiry is not None:
            moment = dt.datetime.fromisoformat(expiry)
            end = utc_text(as_utc(moment))
        meaning = StatusTerm(period, period_type or None, end)
    return ReferenceName(kind, by, value), meaning
