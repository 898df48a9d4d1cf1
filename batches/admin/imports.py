"""The desk's pages about imports: which file, how it was read, and what became of it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from batches.imports import Progress, progress_of
from batches.models import Import
from batches.undoing import MOST_BATCHES
from profiles.desk.cells import link
from profiles.desk.lists import ReadOnlyAdmin, display, label


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    """Files that were imported, newest first, and how far each has come."""

    list_display = (
        "name_cell",
        "state_label",
        "submitted_by",
        "records",
        "created",
        "updated",
        "unchanged",
        "rejected",
        "started",
    )
    list_select_related = ("submitted_by",)
    ordering = ("-started_at", "-id")
    fieldsets = (
        (
            "The file",
            {
                "fields": (
                    ("name", "state_cell"),
                    ("label", "submitted_by"),
                    ("how", "fault"),
                    ("started_at", "finished_at"),
                )
            },
        ),
        (
            "What became of it",
            {
                "fields": (
                    ("records", "batches_cell"),
                    ("created", "updated"),
                    ("unchanged", "rejected"),
                    ("taking_back",),
                )
            },
        ),
    )
    readonly_fields = (
        *("state_cell", "how", "batches_cell", "records", "created", "updated", "unchanged", "rejected"),
        "taking_back",
    )

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        """Return a list that knows how far its imports have come; one query more."""
        base = super().get_changelist(request, **options)

        class Imports(base):  # type: ignore[misc,valid-type] # of whatever list the desk has
            def get_results(self, request: HttpRequest) -> None:
                super().get_results(request)
                progress = progress_of([one.pk for one in self.result_list])
                for one in self.result_list:
                    one.progress = progress[one.pk]

        return Imports

    def get_queryset(self, request: HttpRequest) -> QuerySet[Import]:
        """Bring along who sent it."""
        return super().get_queryset(request).select_related("submitted_by")

    @display(description="import", header=True)
    def name_cell(self, one: Import) -> tuple[str, str]:
        """Return the file's name, and how it was read."""
        return one.name, _how(one)

    @display(description="state", label={"finished": "success", "not at its end": "warning", "broke off": "danger"})
    def state_label(self, one: Import) -> str:
        """Return where it stands."""
        return _state(one)

    @display(description="state")
    def state_cell(self, one: Import) -> SafeString:
        """Return where it stands."""
        kinds = {"finished": "success", "not at its end": "warning", "broke off": "danger"}
        return label(_state(one), kinds[_state(one)])

    @display(description="read and matched")
    def how(self, one: Import) -> str:
        """Return how it was read."""
        return _how(one)

    @display(description="records")
    def records(self, one: Import) -> str:
        """Return how many records were taken of it."""
        return f"{_progress(one).records:,}"

    @display(description="batches")
    def batches_cell(self, one: Import) -> SafeString:
        """Return a link to its batches."""
        url = f"{reverse('admin:batches_batch_changelist')}?{urlencode({'import': one.pk})}"
        return link(url, f"{_progress(one).batches:,}")

    @display(description="taking it back")
    def taking_back(self, one: Import) -> SafeString | str:
        """Return a link to where it is taken back, or the command where it has too many batches for a page."""
        progress = _progress(one)
        if not progress.batches:
            return "-"
        if progress.batches > MOST_BATCHES:
            return f"manage.py undo --import {one.pk}"
        ids = one.batches.order_by("-slice").values_list("id", flat=True)
        query = urlencode({"batch": list(ids)}, doseq=True)
        return link(f"{reverse('undo-batches-page')}?{query}", "Take back…")

    @display(description="created")
    def created(self, one: Import) -> str:
        """Return how many new profiles there are by it."""
        return f"{_progress(one).created:,}"

    @display(description="updated")
    def updated(self, one: Import) -> str:
        """Return how many records changed a profile."""
        return f"{_progress(one).updated:,}"

    @display(description="unchanged")
    def unchanged(self, one: Import) -> str:
        """Return how many records said nothing new."""
        return f"{_progress(one).unchanged:,}"

    @display(description="rejected")
    def rejected(self, one: Import) -> str:
        """Return how many records were refused."""
        return f"{_progress(one).rejected:,}"

    @display(description="started")
    def started(self, one: Import) -> str:
        """Return when it began (UTC)."""
        return f"{one.started_at:%Y-%m-%d %H:%M:%S}"


def _progress(one: Import) -> Progress:
    """Return how far it has come; one query, unless its list has asked already."""
    known: Progress | None = getattr(one, "progress", None)
    if known is None:
        known = one.progress = progress_of([one.pk])[one.pk]  # type: ignore[attr-defined] # remembered on the row
    return known


def _state(one: Import) -> str:
    if one.finished_at is None:
        return "not at its end"
    return "broke off" if one.fault else "finished"


def _how(one: Import) -> str:
    mapping = one.terms.get("mapping")
    return f"by {one.terms.get('match')}" + (f", mapping {mapping}" if mapping else "")
