"""Finding profiles by values of custom attributes (rules 12.12)."""

import re
from collections.abc import Mapping
from typing import ClassVar, Final

import orjson
from django.db.models import Exists, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast, Left
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from profiles.api.lookups import known
from profiles.api.shapes import profile_documents
from profiles.api.views import SORTS
from profiles.http.documents import PageEnvelope, answers
from profiles.http.errors import raise_errors
from profiles.http.filtering import BracketFilterSet, several
from profiles.http.pagination import PAGE_PARAMETERS, page_of_rows
from profiles.http.permissions import HubView
from profiles.http.sorting import read_sort, sort_parameter
from profiles.keys import InvalidValueError
from profiles.models import CustomAttribute, Profile
from profiles.models.attributes import BEGINNING

_PARAMETER: Final = re.compile(r"attributes\[([0-9]{1,2})\]\[(namespace|handle|value)\](?:\[(eq|in)\])?")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,15})?")
_WORDS: Final = ("true", "false", "null")
MOST: Final = 10


class _NoFilters(BracketFilterSet):
    """Of this list: it is narrowed by attributes."""

    other_parameters: ClassVar = frozenset({"sort"})

    @classmethod
    def _why_not(cls, parameter: str) -> str:
        return "" if _PARAMETER.fullmatch(parameter) else super()._why_not(parameter)


class AttributedProfiles(HubView):
    """Where profiles are found by their custom attributes."""

    required_scopes: ClassVar = {"GET": ("read-profiles",)}

    @extend_schema(
        operation_id="find_profiles_by_attributes",
        summary="Find profiles by custom attributes",
        description=(
            "Each attribute by its namespace, handle and value, or one of several values with commas between "
            "(`attributes[0][value][in]`); a profile has all of them. Numbers and true and false are found as such "
            "and as texts."
        ),
        tags=["profiles"],
        parameters=[
            OpenApiParameter("attributes[0][namespace]", str, required=True, description="From 0, up to ten."),
            OpenApiParameter("attributes[0][handle]", str, required=True),
            OpenApiParameter("attributes[0][value]", str, description="Or …[value][in], with commas between."),
            sort_parameter(SORTS),
            *PAGE_PARAMETERS,
        ],
        responses=answers(422, ok=PageEnvelope),
    )
    def get(self, request: Request) -> Response:
        """Return a page of them, newest first."""
        profiles = _NoFilters.apply(request, known(Profile.objects.all()))
        for asked in _asked(request):
            profiles = profiles.filter(Exists(_rows(asked)))
        ordered = profiles.order_by(*read_sort(request, SORTS, default="-created_at"))
        now = timezone.now()
        return page_of_rows(request, ordered, lambda rows: profile_documents(rows, now=now))


Attribute = dict[str, str | list[str]]
"""An attribute asked for: its namespace, handle and value, or several values."""


def _asked(request: Request) -> list[Attribute]:
    """Return the attributes asked for; raises `InvalidFieldsError`."""
    found: dict[int, Attribute] = {}
    errors: dict[str, list[str]] = {}
    for parameter, values in request.query_params.lists():
        if (match := _PARAMETER.fullmatch(parameter)) is None:
            continue
        attribute, name = found.setdefault(int(match[1]), {}), match[2]
        if len(values) > 1 or name in attribute:
            errors[parameter] = ["The parameter must stand once."]
            continue
        try:
            attribute[name] = _value(values[0], name=name, operator=match[3])
        except InvalidValueError as error:
            errors[parameter] = [str(error)]
    if not found:
        errors["attributes[0][namespace]"] = ["The attributes to find by are required."]
    if len(found) > MOST:
        errors["attributes"] = [f"No more than {MOST} attributes can be asked for."]
    raise_errors(errors or _missing(found))
    return list(found.values())


def _value(written: str, *, name: str, operator: str | None) -> str | list[str]:
    """Return what one parameter says; raises `InvalidValueError`."""
    if not written.strip():
        raise InvalidValueError("The parameter must have a value.")
    if operator and name != "value":
        raise InvalidValueError("Only values are compared otherwise.")
    return several(str)(written) if operator == "in" else written


def _missing(found: Mapping[int, Attribute]) -> dict[str, list[str]]:
    return {
        f"attributes[{number}][{name}]": ["The parameter is required."]
        for number, attribute in found.items()
        for name in ("namespace", "handle", "value")
        if name not in attribute
    }


def _rows(asked: Attribute) -> QuerySet[CustomAttribute]:
    """Return the attributes of a profile with this name and value; by an index."""
    value = asked["value"]
    texts = [text for one in (value if isinstance(value, list) else [value]) for text in _as_stored(one)]
    whole = Cast("value", TextField())
    rows = CustomAttribute.objects.filter(profile=OuterRef("pk"), namespace=asked["namespace"], handle=asked["handle"])
    return rows.annotate(beginning=Left(whole, BEGINNING), whole=whole).filter(
        beginning__in=[text[:BEGINNING] for text in texts], whole__in=texts
    )


def _as_stored(written: str) -> list[str]:
    """Return the JSON texts that the value may be stored as: a text, and what else it looks like."""
    texts = [orjson.dumps(written).decode()]
    if written in _WORDS or _NUMBER.fullmatch(written):
        texts.append(written)
    return texts
