"""How lists are ordered: `sort=field`, `sort=-field` (rules 8.15)."""

from collections.abc import Mapping

from django.db.models import F
from django.db.models.expressions import OrderBy
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from profiles.http.errors import InvalidFieldsError


def read_sort(request: Request, columns: Mapping[str, str], *, default: str) -> list[OrderBy | str]:
    """Return how a request orders a list, what is null last; raises `InvalidFieldsError`.

    `columns` has the column of each field that it may be ordered by. Rows that are alike are in the order of ids.
    """
    asked = request.query_params.getlist("sort") or [default]
    name = asked[0].removeprefix("-")
    if len(asked) > 1 or name not in columns:
        names = ", ".join(sorted(columns))
        raise InvalidFieldsError({"sort": [f"The sort must be one of {names}, perhaps with a minus before it."]})
    is_descending = asked[0].startswith("-")
    by_id = "-id" if is_descending else "id"
    if columns[name] == "id":
        return [by_id]
    column = F(columns[name])
    return [column.desc(nulls_last=True) if is_descending else column.asc(nulls_last=True), by_id]


def sort_parameter(columns: Mapping[str, str]) -> OpenApiParameter:
    """Return how the OpenAPI document describes it."""
    words = [word for name in columns for word in (name, f"-{name}")]
    return OpenApiParameter("sort", str, enum=words, description="Newest first unless told.")
