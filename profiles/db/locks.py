"""Locks that are kept until the transaction ends: on rows, and by numbers (PostgreSQL's advisory ones).

Where there is one writer (SQLite) whoever writes has locked everything already.
"""

from __future__ import annotations  # Django's querysets are generic for the type checker only

from collections.abc import Iterable
from typing import TypeVar

from django.db import connection, models

from profiles.db.engine import is_postgresql
from profiles.db.lookups import array_literal

_Model = TypeVar("_Model", bound=models.Model)

Pair = tuple[int, int]
"""Two-part numbers are a space of their own, apart from the one-part ones."""


def lock_pair(pair: Pair, *, shared: bool, patience: int) -> None:
    """Take one lock, alone or with others who share it; wait no longer than `patience` seconds for it or any other."""
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, true), "
                f"pg_advisory_xact_lock{'_shared' if shared else ''}(%s, %s)",
                [f"{patience}s", *pair],
            )


def lock_numbers(numbers: Iterable[int]) -> None:
    """Take a lock for each number, in one order for everybody."""
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_advisory_xact_lock(k)) FROM unnest(%s::bigint[]) AS k",
                [array_literal(sorted({*numbers}))],
            )


def free_rows(rows: models.QuerySet[_Model]) -> models.QuerySet[_Model]:
    """Have the query lock what it finds, and pass over what somebody else has locked."""
    return rows.select_for_update(skip_locked=True, of=("self",)) if is_postgresql() else rows
