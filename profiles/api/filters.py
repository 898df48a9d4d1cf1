"""Filters as the contract writes them: `filter[email]=…`, `filter[created_at][gte]=…` (section 6)."""

import datetime as dt
import re
from typing import Any, Final, TypeVar

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from profiles import keys
from profiles.api.errors import InvalidFieldsError
from profiles.models import Profile
from profiles.values import ProfileType

_NAME: Final = re.compile(r"filter\[([a-z_.]{1,60})\](?:\[([a-z]{1,10})\])?")
_Model = TypeVar("_Model", bound=Model)


class TimeField(forms.Field):
    """A time in ISO 8601; without a zone it is UTC."""

    def to_python(self, value: Any) -> dt.datetime | None:  # noqa: ANN401 Django's own signature
        """Return the time, in UTC."""
        if value in self.empty_values:
            return None
        try:
            moment = dt.datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
        except (ValueError, OverflowError) as error:
            message = "The time must be ISO 8601, such as 2020-05-05T15:20:32Z."
            raise ValidationError(message) from error


class TimeFilter(django_filters.Filter):  # type: ignore[misc]  # django-filter comes without types
    """Compares with a time."""

    field_class = TimeField


class BracketFilterSet(django_filters.FilterSet):  # type: ignore[misc]  # likewise
    """A filter set that reads bracketed names; `a__b` is written `filter[a][b]`."""

    # Wire name -> our name, where they differ.
    wire_names: dict[str, str] = {}

    @classmethod
    def apply(cls, request: Request, rows: QuerySet[_Model]) -> QuerySet[_Model]:
        """Return the rows the request asks for; raises `InvalidFieldsError` for unknown names and wrong values."""
        data = QueryDict(mutable=True)
        written: dict[str, str] = {}
        errors: dict[str, list[str]] = {}
        for parameter in request.query_params:
            if not parameter.startswith("filter"):
                continue
            name = cls._our_name(parameter)
            if name is None:
                errors[parameter[:100]] = ["There is no such filter."]
            else:
                data[name] = request.query_params[parameter]
                written[name] = parameter
        filters = cls(data, queryset=rows)
        if not filters.is_valid():
            errors |= {written.get(name, name): [str(one) for one in told] for name, told in filters.errors.items()}
        if errors:
            raise InvalidFieldsError(errors)
        filtered: QuerySet[_Model] = filters.qs
        return filtered

    @classmethod
    def _our_name(cls, parameter: str) -> str | None:
        match = _NAME.fullmatch(parameter)
        if match is None:
            return None
        name = cls.wire_names.get(match[1], match[1]) + (f"__{match[2]}" if match[2] else "")
        return name if name in cls.base_filters else None

    @classmethod
    def parameters(cls) -> list[OpenApiParameter]:
        """Return how the OpenAPI document describes the filters."""
        wire = {ours: theirs for theirs, ours in cls.wire_names.items()}
        described = []
        for name, one in cls.base_filters.items():
            field, _, operator = name.partition("__")
            bracketed = f"filter[{wire.get(field, field)}]" + (f"[{operator}]" if operator else "")
            choices = [value for value, _ in one.extra.get("choices", [])]
            described.append(OpenApiParameter(bracketed, str, enum=choices or None, description=one.label or ""))
        return described


class ProfileFilters(BracketFilterSet):
    """What profiles are found by; each by an index."""

    wire_names = {"identities.identifier": "identities_identifier"}

    email = django_filters.CharFilter(method="by_email", label="The email, in any spelling of its case.")
    last_name = django_filters.CharFilter(field_name="last_name", label="The last name exactly.")
    profile_type = django_filters.ChoiceFilter(
        field_name="profile_type",
        choices=[(kind.value, kind.value) for kind in ProfileType],
        label="Deleted profiles are shown only when asked for.",
    )
    identities_identifier = django_filters.CharFilter(method="by_identifier", label="An identifier under any handle.")

    class Meta:
        model = Profile
        fields: list[str] = []

    def by_email(self, rows: QuerySet[Profile], name: str, value: str) -> QuerySet[Profile]:
        """Find by the email's normal form; what has none is nobody's."""
        del name
        try:
            return rows.filter(email_key=keys.email_key(value))
        except keys.InvalidValueError:
            return rows.none()

    def by_identifier(self, rows: QuerySet[Profile], name: str, value: str) -> QuerySet[Profile]:
        """Find the owners of an identifier."""
        del name
        return rows.filter(identities__identifier=value.strip()).distinct()
