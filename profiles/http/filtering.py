"""Filters as the contract writes them: `filter[email]=…`, `filter[created_at][gte]=…` (rules 8.15).

Whoever asks to narrow a list gets it narrowed or is told why not; never everybody.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final, TypeVar

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from profiles import keys
from profiles.http import narrowing
from profiles.http.errors import InvalidFieldsError
from profiles.http.pagination import PAGE_NAMES
from profiles.times import as_utc

_NAME: Final = re.compile(r"filter\[([a-z_.]{1,60})\](?:\[([a-z]{1,10})\])?")
_FIRST_WORD: Final = re.compile(r"(?:[^\[.:_]|_(?!_))*")
_LONGEST_TOLD: Final = 100
_Model = TypeVar("_Model", bound=Model)


class TimeField(forms.Field):
    """A time in ISO 8601; without a zone it is UTC."""

    def to_python(self, value: Any) -> dt.datetime | None:
        """Return the time, in UTC."""
        if value in self.empty_values:
            return None
        try:
            moment = dt.datetime.fromisoformat(value)
            return as_utc(moment)
        except (ValueError, OverflowError) as error:
            raise ValidationError("The time must be ISO 8601, such as 2020-05-05T15:20:32Z.") from error


class TimeFilter(django_filters.Filter):  # type: ignore[misc]  # django-filter comes without types
    """Compares with a time."""

    field_class = TimeField


class NormalField(forms.Field):
    """A text in the normal form in which it is stored; what has none is refused in the normal form's own words."""

    def __init__(self, *, normal: Callable[[str], object], **options: Any) -> None:
        super().__init__(**options)
        self.normal = normal

    def to_python(self, value: Any) -> Any:
        """Return the normal form, or several of which any will do."""
        if value in self.empty_values:
            return None
        try:
            return self.normal(value)
        except keys.InvalidValueError as error:
            raise ValidationError(str(error)) from error


class NormalFilter(django_filters.Filter):  # type: ignore[misc]  # likewise
    """Compares with a text's normal form."""

    field_class = NormalField


class ChoiceFilter(django_filters.ChoiceFilter):  # type: ignore[misc]  # likewise
    """Compares with one of a few words; any other is refused, and told which there are."""

    def __init__(self, *, words: Iterable[str], **options: Any) -> None:
        words = [str(word) for word in words]
        told = f"The filter must be one of {', '.join(words)}."
        super().__init__(choices=[(word, word) for word in words], error_messages={"invalid_choice": told}, **options)


class BracketFilterSet(django_filters.FilterSet):  # type: ignore[misc]  # likewise
    """A filter set that reads bracketed names: `a__b` is written `filter[a][b]`, and `filter[a][eq]` means `a`."""

    # Wire name -> our name, where they differ.
    wire_names: ClassVar[Mapping[str, str]] = {}
    other_parameters: ClassVar[frozenset[str]] = frozenset()
    """What the list knows beside filters and pages."""

    @classmethod
    def apply(cls, request: Request, rows: QuerySet[_Model]) -> QuerySet[_Model]:
        """Return the rows the request asks for; raises `InvalidFieldsError` where it asks for what cannot be had."""
        data = QueryDict(mutable=True)
        written: dict[str, str] = {}
        errors: dict[str, list[str]] = {}
        for parameter, values in request.query_params.lists():
            if not cls._is_filter(parameter):
                if refusal := cls._refusal(parameter):
                    errors[parameter[:_LONGEST_TOLD]] = [refusal]
                continue
            name = cls._our_name(parameter)
            if name is None:
                errors[parameter[:_LONGEST_TOLD]] = ["There is no such filter."]
            elif name in written or len(values) > 1:
                errors[parameter] = ["The filter must stand once."]
            elif not values[0].strip():
                errors[parameter] = ["The filter must have a value."]
            else:
                data[name] = values[0]
            if name is not None:
                written[name] = parameter
        filters = cls(data, queryset=rows)
        if not filters.is_valid():
            errors |= {written.get(name, name): [str(one) for one in told] for name, told in filters.errors.items()}
        if errors:
            raise InvalidFieldsError(errors)
        filtered: QuerySet[_Model] = filters.qs
        return filtered

    @classmethod
    def asked(cls, request: Request) -> dict[str, str]:
        """Return the filters that a request `apply` has let through asks for, by our names."""
        return {
            name: str(value)
            for parameter, value in request.query_params.items()
            if cls._is_filter(parameter) and (name := cls._our_name(parameter)) is not None
        }

    @staticmethod
    def _is_filter(parameter: str) -> bool:
        return parameter.startswith("filter")

    @classmethod
    def _our_name(cls, parameter: str) -> str | None:
        match = _NAME.fullmatch(parameter)
        if match is None:
            return None
        operator = "" if match[2] in {None, "eq"} else f"__{match[2]}"
        name = cls.wire_names.get(match[1], match[1]) + operator
        return name if name in cls.base_filters else None

    @classmethod
    def _refusal(cls, parameter: str) -> str:
        """Return why a parameter that is no filter is refused; nothing for one that narrows no list."""
        if parameter in PAGE_NAMES or parameter in cls.other_parameters:
            return ""
        match = _FIRST_WORD.match(parameter)
        ours = {narrowing.folded(name): name for name in cls._wire_fields()}
        if match is not None and (name := ours.get(narrowing.folded(match[0]))):
            return f"Filters are written in brackets: filter[{name}]."
        return narrowing.refusal(parameter)

    @classmethod
    def _wire_fields(cls) -> list[str]:
        wire = {ours: theirs for theirs, ours in cls.wire_names.items()}
        fields = [name.partition("__")[0] for name in cls.base_filters]
        return [wire.get(field, field) for field in fields]

    @classmethod
    def parameters(cls) -> list[OpenApiParameter]:
        """Return how the OpenAPI document describes the filters."""
        described = []
        for (name, one), field in zip(cls.base_filters.items(), cls._wire_fields(), strict=True):
            _, _, operator = name.partition("__")
            bracketed = f"filter[{field}]" + (f"[{operator}]" if operator else "")
            choices = [value for value, _ in one.extra.get("choices", [])]
            described.append(OpenApiParameter(bracketed, str, enum=choices or None, description=one.label or ""))
        return described


class NoFilters(BracketFilterSet):
    """For lists that are never narrowed."""
