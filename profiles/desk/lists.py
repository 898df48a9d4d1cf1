"""What every list and page of the desk has in common: bounded at any size of the hub, read-only unless it says so."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, cast

from django.contrib.admin import ShowFacets
from django.core.paginator import Paginator
from django.db.models import Max, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import display as unfold_display

from profiles.db.ids import read_id
from profiles.desk.questions import AskedAdmin, RefusedQuestionError

if TYPE_CHECKING:
    # unfold comes without types; these are what its classes are made of.
    from django.contrib.admin import ChoicesFieldListFilter as ChoicesDropdownFilter
    from django.contrib.admin import SimpleListFilter as DropdownFilter
    from django.contrib.admin import SimpleListFilter as TextFilter
else:
    from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, TextFilter

__all__ = ["ChoicesDropdownFilter", "DropdownFilter", "TextFilter"]

MOST_COUNTED: Final = 5_000
WINDOW: Final = 100_000

Shown = TypeVar("Shown", bound=Callable[..., Any])
Labels = Mapping[Any, str]

OUTCOME_LABELS: Final[Labels] = {"created": "success", "updated": "info", "rejected": "danger", "pending": "warning"}
ACTION_LABELS: Final[Labels] = {
    "created": "success",
    "updated": "info",
    "merged": "primary",
    "unmerged": "primary",
    "reverted": "warning",
    "deleted": "danger",
    "restored": "success",
    "erased": "danger",
}


def display(
    *, description: str, label: Labels | bool | None = None, header: bool | None = None, boolean: bool | None = None
) -> Callable[[Shown], Shown]:
    """Say how a column or field is shown; unfold's decorator, with types."""
    decorate = unfold_display(description=description, label=label, header=header, boolean=boolean)
    return cast("Callable[[Shown], Shown]", decorate)


def label(text: str, kind: str | None = None) -> SafeString:
    """Return the text as a coloured label, as lists show it."""
    rendered = render_to_string("unfold/helpers/label.html", {"text": text.replace("_", " "), "type": kind})
    return mark_safe(rendered)  # noqa: S308 a template's output


def moment(value: dt.datetime) -> SafeString:
    """Return a time (UTC) in one line, to the second."""
    return format_html('<span class="whitespace-nowrap">{}</span>', f"{value:%Y-%m-%d %H:%M:%S}")


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> dict[str, object]:
    """Return a table as unfold's component takes it."""
    return {"headers": headers, "rows": rows}


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Counts no further than a few thousand: a full count of a big table takes seconds and helps nobody."""

    template_name = "admin/hub/pagination.html"
    most_counted = MOST_COUNTED

    @cached_property
    def counted(self) -> int:
        """How many rows there are, one more than `most_counted` if there are more."""
        return cast("QuerySet[Model]", self.object_list).order_by().values("pk")[: self.most_counted + 1].count()

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than the pages show."""
        return self.counted > self.most_counted

    @cached_property
    def count(self) -> int:
        """How many rows the pages show."""
        return min(self.counted, self.most_counted)


class HubAdmin(AskedAdmin):
    """A list that is newest first, pages without a full count and sorts only by what an index serves."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # counting per choice is a full scan each
    list_per_page = 50
    sortable_by = ()
    ordering: ClassVar[Any] = ("-pk",)
    list_filter_submit = True
    compressed_fields = True
    list_before_template = "admin/hub/chips.html"
    actions: Any = ()

    def panels(self, request: HttpRequest, obj: Any) -> dict[str, object]:
        """Return what the page shows beside the fields; queries."""
        return {}

    def render_change_form(  # type: ignore[override]  # Django names the options
        self,
        request: HttpRequest,
        context: dict[str, Any],
        **options: Any,
    ) -> HttpResponse:
        """Add the panels."""
        if options.get("obj") is not None:
            context |= self.panels(request, options["obj"])
        return super().render_change_form(request, context, **options)


class ReadOnlyAdmin(HubAdmin):
    """Staff may look, and nobody may write: what is shown was written by the hub."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes."""
        return False


def among_newest(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Leave only the newest rows in, for questions that no index answers."""
    newest = queryset.model._default_manager.aggregate(newest=Max("pk"))["newest"] or 0
    return queryset.filter(pk__gt=newest - WINDOW)


class NewestChoicesFilter(ChoicesDropdownFilter):
    """A choice that no index serves: looks among the newest rows, unless another filter has narrowed the list."""

    narrowed_by: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = f"{self.title}, among the newest {WINDOW:,}"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list."""
        narrowed = cast("QuerySet[Any]", super().queryset(request, queryset))
        if not self.used_parameters or any(request.GET.get(name) for name in self.narrowed_by):
            return narrowed
        return among_newest(narrowed)


class IdFilter(TextFilter):
    """The rows that belong to the one with this id."""

    column = ""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list; raises `RefusedQuestionError` for what is no id."""
        value = self.value()
        if not value:
            return queryset
        if (found := read_id(value.strip())) is None:
            raise RefusedQuestionError(
                f"“{self.title}” takes a whole id, such as 0190aaaa-0000-7000-8000-000000000001."
            )
        return queryset.filter(**{self.column: found})
