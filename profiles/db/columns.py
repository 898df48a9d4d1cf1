"""A model's columns as statements name and type them."""

from __future__ import annotations  # Django's fields are generic for the type checker only

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

from django.db import connection, models


def plain(field: models.Field[Any, Any]) -> models.Field[Any, Any]:
    """Return the field that says how values are stored: of a foreign key, the one it points to."""
    return field.target_field if isinstance(field, models.ForeignKey) else field


def table_name(model: type[models.Model]) -> str:
    return f'"{model._meta.db_table}"'


def quoted(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


@lru_cache(maxsize=512)
def column_type(model: type[models.Model], column: str) -> str:
    field = plain(field_of(model, column))
    return cast("str", field.rel_db_type(connection))


@lru_cache(maxsize=512)
def field_of(model: type[models.Model], column: str) -> models.Field[Any, Any]:
    return next(field for field in model._meta.concrete_fields if column in {field.name, field.attname})


def pointed_to(model: type[models.Model], name: str) -> tuple[type[models.Model], str]:
    """Return the model that a foreign key points to, and the column there."""
    target = plain(field_of(model, name))
    return target.model, cast("str", target.column)
