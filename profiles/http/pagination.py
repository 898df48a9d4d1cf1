"""Pages in the contract's envelope (rules 8.15), at a cost that does not grow with the table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from profiles.http.errors import InvalidFieldsError

DEFAULT_SIZE: Final = 15
MAX_SIZE: Final = 100
# Counting rows costs time: beyond this many the total is only a bound that moves on with the pages.
MOST_COUNTED: Final = 10_000
_SIZE_NAMES: Final = ("page[size]", "per_page", "limit")
_NUMBER_NAMES: Final = ("page[number]", "page")
_MOST: Final = 999_999_999
PAGE_NAMES: Final = frozenset({*_SIZE_NAMES, *_NUMBER_NAMES, "offset"})
PAGE_PARAMETERS: Final = [
    OpenApiParameter("page[number]", {"type": "integer", "minimum": 1, "maximum": _MOST}, description="From 1."),
    OpenApiParameter(
        "page[size]",
        {"type": "integer", "minimum": 1, "maximum": _MOST},
        description=f"{DEFAULT_SIZE} unless told; more than {MAX_SIZE} are {MAX_SIZE}.",
    ),
]
_Model = TypeVar("_Model", bound=Model)


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """How many rows come before it."""
        return (self.number - 1) * self.size


def read_page(request: Request, *, max_size: int = MAX_SIZE) -> Page:
    """Return the page a request asks for, by number and size or by limit and offset; raises `InvalidFieldsError`.

    A size above the most is the most.
    """
    errors: dict[str, list[str]] = {}
    size = _read(request, _SIZE_NAMES, DEFAULT_SIZE, errors)
    number = _read(request, _NUMBER_NAMES, 1, errors)
    offset = _read(request, ("offset",), 0, errors, least=0)
    if not errors and offset % size:
        errors["offset"] = [f"The offset must be a multiple of the limit, which is {size:,}."]
    if errors:
        raise InvalidFieldsError(errors)
    if "offset" in request.query_params:
        number = offset // size + 1
        if size > max_size and offset:
            raise InvalidFieldsError({"limit": [f"With an offset the limit must not be more than {max_size:,}."]})
    return Page(number, min(size, max_size))


def _read(
    request: Request, names: Sequence[str], default: int, errors: dict[str, list[str]], *, least: int = 1
) -> int:
    name = next((name for name in names if name in request.query_params), None)
    if name is None:
        return default
    text = request.query_params[name]
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text)):  # noqa: PLR2004 digits
        errors[name] = [f"The {name} must be a whole number between {least} and {_MOST:,}."]
        return default
    return int(text)


def page_of_rows(
    request: Request, rows: QuerySet[_Model], serialize: Callable[[Sequence[_Model]], list[Any]]
) -> Response:
    """Answer one page of a query in two statements, besides those of `serialize`.

    Where there are more than are counted, the last page is always at least one ahead as long as there is a next one.
    """
    page = read_page(request)
    total = min(rows.order_by()[: MOST_COUNTED + 1].count(), MOST_COUNTED)
    found = list(rows[page.offset : page.offset + page.size + 1]) if total else []
    if total == MOST_COUNTED and found:
        total = max(total, page.offset + len(found))
    return page_response(request, page, serialize(found[: page.size]), total=total)


def page_response(request: Request, page: Page, data: list[Any], *, total: int) -> Response:
    """Answer one page of so many rows."""
    last = max(1, -(-total // page.size))
    path = request.build_absolute_uri(request.path)

    query = [
        (name, value) for name, values in request.query_params.lists() if name not in PAGE_NAMES for value in values
    ]

    def link(number: int) -> str:
        return f"{path}?{urlencode([*query, ('page[number]', number), ('page[size]', page.size)])}"

    has_next = page.number < last
    previous = link(page.number - 1) if page.number > 1 else None
    following = link(page.number + 1) if has_next else None
    near = [number for number in range(page.number - 2, page.number + 3) if 1 <= number <= last]
    return Response(
        {
            "data": data,
            "links": {"first": link(1), "last": link(last), "prev": previous, "next": following},
            "meta": {
                "current_page": page.number,
                "from": page.offset + 1 if data else None,
                "last_page": last,
                "links": [
                    {"url": previous, "label": "&laquo; Previous", "active": False},
                    *({"url": link(number), "label": str(number), "active": number == page.number} for number in near),
                    {"url": following, "label": "Next &raquo;", "active": False},
                ],
                "path": path,
                "per_page": page.size,
                "to": page.offset + len(data) if data else None,
                "total": total,
            },
        }
    )
