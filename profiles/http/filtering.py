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
_MOST_OF_LIST: Final = 100
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


def several(normal: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    """Return the normal form of a list with commas between; raises `InvalidValueError` for what is no such list."""

    def read(written: str) -> list[Any]:
        parts = [part.strip() for part in written.split(",")]
        if len(parts) > _MOST_OF_LIST:
            raise keys.InvalidValueError(f"The list must not have more than {_MOST_OF_LIST} entries.")
        if not all(parts):
            raise keys.InvalidValueError("The list must not have empty entries.")
        return [normal(part) for part in parts]

    return read


class ChoiceFilter(django_filters.ChoiceFilter):  # type: ignore[misc]  # likewise
    """Compares with one of a few words; any other is refused, and told which there are."""

    def __init__(self, *, words: Iterable[str], **options: Any) -> None:
        words = [str(word) for word in words]
        told = f"The filter must be one of {', '.join(words)}."
        super().__init__(choices=[(word, word) for word in words], error_messages={"invalid_choice": told}, **options)


class _Asked:
    """What a request asks for, sorted out."""

    def __init__(self) -> None:
        self.data = QueryDict(mutable=True)
        self.more: list[tuple[str, str]] = []
        """Further values of filters that may stand several times."""
        self.written: dict[str, str] = {}
        """As which parameter each filter was written."""
        self.errors: dict[str, list[str]] = {}


class BracketFilterSet(django_filters.FilterSet):  # type: ignore[misc]  # likewise
    """A filter set that reads bracketed names: `a__b` is written `filter[a][b]`, and `filter[a][eq]` means `a`."""

    # Wire name -> our name, where they differ.
    wire_names: ClassVar[Mapping[str, str]] = {}
    other_parameters: ClassVar[frozenset[str]] = frozenset()
    """What the list knows beside filters and pages."""
    plain_names: ClassVar[frozenset[str]] = frozenset()
    """Filters that may be written without brackets too."""
    repeatable: ClassVar[frozenset[str]] = frozenset()
    """Filters that may stand several times: what is found is found by all of them."""

    @classmethod
    def apply(cls, request: Request, rows: QuerySet[_Model]) -> QuerySet[_Model]:
        """Return the rows the request asks for; raises `InvalidFieldsError` where it asks for what cannot be had."""
        asked = cls._sort_out(request)
        filters = cls(asked.data, queryset=rows)
        errors = asked.errors
        if not filters.is_valid():
            errors |= {asked.written.get(name, name): list(map(str, told)) for name, told in filters.errors.items()}
        if errors:
            raise InvalidFieldsError(errors)
        filtered: QuerySet[_Model] = filters.qs
        for name, value in asked.more:
            again = cls({name: value}, queryset=filtered)
            if not again.is_valid():
                raise InvalidFieldsError({asked.written[name]: [str(one) for one in again.errors[name]]})
            filtered = again.qs
        return filtered

    @classmethod
    def _sort_out(cls, request: Request) -> "_Asked":
        """Return what is asked for, by our names, and what is no filter of this list."""
        asked = _Asked()
        for parameter, values in request.query_params.lists():
            name = cls._our_name(parameter) if cls._is_filter(parameter) else None
            if name is None:
                if refusal := cls._why_not(parameter):
                    asked.errors[parameter[:_LONGEST_TOLD]] = [refusal]
                continue
            if (name in asked.written or len(values) > 1) and name not in cls.repeatable:
                asked.errors[parameter] = ["The filter must stand once."]
            elif not all(value.strip() for value in values):
                asked.errors[parameter] = ["The filter must have a value."]
            else:
                asked.data[name], *others = values
                asked.more += [(name, value) for value in others]
            asked.written[name] = parameter
        return asked

    @classmethod
    def asked(cls, request: Request) -> dict[str, str]:
        """Return the filters that a request `apply` has let through asks for, by our names."""
        return {
            name: str(value)
            for parameter, value in request.query_params.items()
            if cls._is_filter(parameter) and (name := cls._our_name(parameter)) is not None
        }

    @classmethod
    def _is_filter(cls, parameter: str) -> bool:
        return parameter.startswith("filter") or parameter in cls.plain_names

    @classmethod
    def _our_name(cls, parameter: str) -> str | None:
        if parameter in cls.plain_names:
            return parameter
        match = _NAME.fullmatch(parameter)
        if match is None:
            return None
        operator = "" if match[2] in {None, "eq"} else f"__{match[2]}"
        name = cls.wire_names.get(match[1], match[1]) + operator
        return name if name in cls.base_filters else None

    @classmethod
    def _why_not(cls, parameter: str) -> str:
        """Return why a parameter is refused; nothing for one that narrows no list."""
        if cls._is_filter(parameter):
            return "There is no such filter."
        if parameter in PAGE_NAMES or parameter in cls.other_parameters:
            return ""
        match = _FIRST_WORD.match(parameter)
        ours = {narrowing.folded(name): name for name in cls._wire_fields()}
        whole = ours.get(narrowing.folded(parameter))
        if name := whole or (None if match is None else ours.get(narrowing.folded(match[0]))):
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
