"""What a list or page of the desk is asked, looked at before anything is looked up.

Addresses are typed, shortened and mangled by people and programs. Whoever asks for what the desk cannot tell is told
so on a page of the desk: not shown everybody, and not an error.
"""

from __future__ import annotations  # Django's fields are generic for the type checker only

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from django.contrib.admin import ChoicesFieldListFilter, SimpleListFilter
from django.contrib.admin.exceptions import DisallowedModelAdminLookup, DisallowedModelAdminToField
from django.contrib.admin.filters import ListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.exceptions import ValidationError
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse

from profiles import keys

if TYPE_CHECKING:
    # unfold comes without types; this is what its class is made of.
    from django.contrib.admin import ModelAdmin
else:
    from unfold.admin import ModelAdmin

_LONGEST_NUMBER: Final = 9
# Django's filters would take it; ours have no such choice in their menus.
_NEVER_OFFERED: Final = "__isnull"


class RefusedQuestionError(Exception):
    """The desk cannot be asked that; the message is a sentence for whoever asked."""


def asked_text(written: str) -> str:
    """Return what was typed, trimmed and in NFC; raises `RefusedQuestionError` for what no text of the hub can be."""
    try:
        return keys.text(written)
    except keys.InvalidValueError as error:
        raise RefusedQuestionError(str(error)) from error


def asked_number(asked: QueryDict, name: str) -> int:
    """Return the number of the page or part that is asked for, 1 unless told; raises `RefusedQuestionError`."""
    written = asked.get(name) or "1"
    if not (written.isascii() and written.isdigit() and len(written) <= _LONGEST_NUMBER and int(written)):
        raise RefusedQuestionError(f"“{name}” must be a whole number from 1.")
    return int(written)


class AskedChangeList(ChangeList):
    """A list that answers only what it offers: its own filters with their own choices, its pages, its orders."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        for name, values in request.GET.lists():
            for text in (name, *values):
                asked_text(text)
        asked_number(request.GET, PAGE_VAR)
        super().__init__(request, *args, **kwargs)

    def get_filters(self, request: HttpRequest) -> tuple[list[ListFilter], bool, dict[str, bool | str], bool, bool]:
        """Return the filters; raises `RefusedQuestionError` unless each of them is offered, once, with that choice."""
        # The form with the filters sends those left empty too.
        self.filter_params = {
            name: values for name, values in self.filter_params.items() if any(value.strip() for value in values)
        }
        asked = self.get_filters_params()
        found = super().get_filters(request)
        offered = {
            name for one in found[0] for name in one.expected_parameters() if not str(name).endswith(_NEVER_OFFERED)
        }
        for name, values in asked.items():
            if name not in offered:
                raise RefusedQuestionError(f"This list cannot be narrowed by “{name}”.")
            if len(values) > 1:
                raise RefusedQuestionError(f"“{name}” is asked for twice.")
        for one in found[0]:
            _check_choice(one)
        return found

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Model]) -> list[Any]:
        """Return the order; raises `RefusedQuestionError` for columns the list does not sort by."""
        for part in filter(None, self.params.get(ORDER_VAR, "").split(".")):
            index = part.removeprefix("-")
            is_number = index.isascii() and index.isdigit() and len(index) <= _LONGEST_NUMBER
            column = self.list_display[int(index)] if is_number and int(index) < len(self.list_display) else None
            if column is None or column not in (self.sortable_by or ()) or not self.get_ordering_field(column):
                raise RefusedQuestionError("This list cannot be sorted like that.")
        return list(super().get_ordering(request, queryset))

    def get_results(self, request: HttpRequest) -> None:
        """Find the page; raises `RefusedQuestionError` for one beyond the last."""
        super().get_results(request)
        if self.page_num > self.paginator.num_pages:
            raise RefusedQuestionError(
                f"There is no page {self.page_num:,}: the last one is {self.paginator.num_pages:,}."
            )


def _check_choice(one: ListFilter) -> None:
    used: dict[str, Any] = getattr(one, "used_parameters", {})
    for value in used.values():
        values = value if isinstance(value, list) else [value]
        if isinstance(one, ChoicesFieldListFilter):
            choices = {str(choice) for choice, _ in one.field.flatchoices}
        elif isinstance(one, SimpleListFilter) and one.lookup_choices:
            choices = {str(choice) for choice, _ in one.lookup_choices}
        else:
            continue
        if not {str(choice) for choice in values} <= choices:
            raise RefusedQuestionError(f"“{one.title}” has no such choice.")


def chips_of(found: ChangeList) -> list[dict[str, str]]:
    """Return what narrows the list, in words, each with the address of the list without it."""
    chips = []
    for one in found.filter_specs:
        names = [name for name in one.expected_parameters() if name is not None]
        asked = {name: found.params[name] for name in names if found.params.get(name)}
        words = [word for value in asked.values() for word in _in_words(one, value)]
        if words:
            without = found.get_query_string(remove=[*asked, PAGE_VAR])
            chips.append({"words": f"{one.title}: {', '.join(words)}", "without": without})
    if found.query:
        without = found.get_query_string(remove=[SEARCH_VAR, PAGE_VAR])
        chips.append({"words": f"found by “{found.query}”", "without": without})
    return chips


def _in_words(one: ListFilter, value: Any) -> Iterator[str]:
    choices: Iterable[tuple[Any, Any]] = ()
    if isinstance(one, ChoicesFieldListFilter):
        choices = one.field.flatchoices
    elif isinstance(one, SimpleListFilter):
        choices = one.lookup_choices
    named = {str(key): str(word) for key, word in choices}
    for written in value if isinstance(value, list | tuple) else [value]:
        if str(written).strip():
            yield named.get(str(written), str(written))


class AskedAdmin(ModelAdmin):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Answers a question that cannot be answered with a page that says so."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the class of the list."""
        return AskedChangeList

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Return the list; raises `RefusedQuestionError` for whatever is wrong with the question."""
        try:
            return super().get_changelist_instance(request)
        except (IncorrectLookupParameters, DisallowedModelAdminLookup, DisallowedModelAdminToField) as error:
            raise RefusedQuestionError("This list cannot be narrowed like that.") from error

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list."""
        try:
            answer = super().changelist_view(request, extra_context)
        except RefusedQuestionError as error:
            return self._refuse(request, str(error))
        if isinstance(answer, TemplateResponse) and answer.context_data is not None and "cl" in answer.context_data:
            answer.context_data["chips"] = chips_of(answer.context_data["cl"])
        return answer

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a row's page."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DisallowedModelAdminToField:
            return self._refuse(request, "A page is not found like that.")
        except RefusedQuestionError as error:
            return self._refuse(request, str(error))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask whether a row may go, and let it go."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except DisallowedModelAdminToField:
            return self._refuse(request, "A page is not found like that.")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Model | None:
        """Return the row; what no text of the hub can be names none."""
        try:
            keys.text(object_id)
        except keys.InvalidValueError:
            return None
        return super().get_object(request, object_id, from_field)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find nothing by what no text of the hub can be; menus that are searched as one types come here too."""
        try:
            keys.text(search_term)
        except keys.InvalidValueError:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def response_action(  # type: ignore[override]  # the type checker's Django is a newer one
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Do what was chosen with the rows that were; raises `RefusedQuestionError` where those can be no rows."""
        check_chosen(self.model._meta.pk, request.POST.getlist(ACTION_CHECKBOX_NAME))
        return super().response_action(request, queryset)

    def _refuse(self, request: HttpRequest, sentence: str) -> HttpResponse:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        context = {
            **self.admin_site.each_context(request),
            "title": "That cannot be asked",
            "sentence": sentence,
            "list_name": self.opts.verbose_name_plural,
            "list_url": reverse(name, current_app=self.admin_site.name),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/hub/refused.html", context, status=400)


def check_chosen(key: Field[Any, Any], chosen: Iterable[str]) -> None:
    """Raise `RefusedQuestionError` unless each of the texts may be the key of a row."""
    try:
        for one in chosen:
            key.clean(asked_text(one), None)
    except ValidationError as error:
        raise RefusedQuestionError("What was chosen is not on this list.") from error
