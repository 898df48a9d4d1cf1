"""Rows of models made again from the JSON values that `families` reads."""

from __future__ import annotations  # Django's fields are generic for the type checker only

import datetime as dt
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, models

from profiles.db.columns import plain, pointed_to
from profiles.db.families import Columns, Pointed, Values

_Model = TypeVar("_Model", bound=models.Model)


def columns_of(model: type[models.Model], *pointed: str) -> Columns:
    """Return all columns of a model, and beside them those of the rows that the foreign keys named point to."""
    beside = [Pointed(name, columns_of(pointed_to(model, name)[0])) for name in pointed]  # type: ignore[arg-type]
    return [*(field.attname for field in model._meta.concrete_fields), *beside]


def instance_maker(model: type[_Model], *pointed: str) -> Callable[[Values], _Model]:
    """Return what makes a row of the model from the values of `columns_of(model, *pointed)`."""
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    turns = [(at, turn) for at, field in enumerate(fields) if (turn := _turn(plain(field))) is not None]
    targets = [(name, instance_maker(pointed_to(model, name)[0])) for name in pointed]

    def make(values: Values) -> _Model:
        own, beside = values[: len(names)], values[len(names) :]
        for at, turn in turns:
            if own[at] is not None:
                own[at] = turn(own[at])
        row = model.from_db(DEFAULT_DB_ALIAS, names, own)
        for (name, make_target), target in zip(targets, beside, strict=True):
            setattr(row, name, None if target is None else make_target(target))
        return row

    return make


def _turn(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    if isinstance(field, models.DateTimeField):
        return _moment
    if isinstance(field, models.DateField):
        return dt.date.fromisoformat
    return UUID if isinstance(field, models.UUIDField) else None


@lru_cache(maxsize=1024)  # rows made together bear one time
def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
