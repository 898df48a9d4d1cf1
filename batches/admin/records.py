"""The desk's pages about records: what became of each, and why."""

from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.components import BaseComponent, register_component

from batches.admin.batches import batch_link, may_requeue, may_see_previews
from batches.admin.reasons import considered_panel, first_problem, problems_panel, rule_in_words, shown_key
from batches.admin.received import received_record
from batches.admin.steps import next_steps
from batches.correcting import CorrectingError, record_to_correct
from batches.erasing import unfinished_erasure
from batches.intake import QueueFullError
from batches.models import Batch, BatchRecord, PreviewRecord
from batches.resending import MAY_PASS, ResendingError, resend, sent_again
from batches.results import decisions_about
from batches.values import BatchSource
from profiles.admin.ledger import changes_cell
from profiles.admin.panels import profile_link
from profiles.db.ids import read_id
from profiles.db.lookups import starts_with
from profiles.desk.cells import link
from profiles.desk.lists import (
    OUTCOME_LABELS,
    DropdownFilter,
    IdFilter,
    NewestChoicesFilter,
    ReadOnlyAdmin,
    among_newest,
    display,
    label,
    moment,
    table,
)
from profiles.history import without_origins
from profiles.keys import InvalidValueError, email_key, text
from profiles.values import ErrorCode, OutcomeKind

MOST_FOUND: Final = 500
RECORDS_OF_PROFILE: Final = 10
CHANGES_OF_STALE: Final = 20


def find_records(term: str, *, within: UUID | None) -> set[int]:
    """Return the ids of records with this match value, in its normal form or as written.

    Beginnings of match values, and references, are looked for in the batch the list shows (`within`), or among the
    newest records.
    """
    try:
        term = text(term)
    except InvalidValueError:
        return set()
    exact = {term}
    try:
        exact.add(email_key(term))
    except InvalidValueError:
        exact.add(term)
    records = BatchRecord.objects.values_list("id", flat=True)
    narrow = records.filter(batch=within) if within else among_newest(records)
    either = starts_with("external_id", term) | starts_with("external_id", term.lower()) | Q(reference=term)
    return {
        *records.filter(external_id__in=exact).order_by("-id")[:MOST_FOUND],
        *narrow.filter(either).order_by("-id")[:MOST_FOUND],
    }


class BatchFilter(IdFilter):
    """One batch's records."""

    title = "batch id"
    parameter_name = "batch"
    column = "batch"


class ProfileFilter(IdFilter):
    """Records that meant one profile."""

    title = "profile id"
    parameter_name = "profile"
    column = "profile"


class RecordChoicesFilter(NewestChoicesFilter):
    """Outcome or rule: among the newest records, unless one batch's are shown."""

    narrowed_by = ("batch", "profile")


class OutcomeFilter(RecordChoicesFilter):
    """What became of it. Rejected ones have an index of their own."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[BatchRecord]) -> QuerySet[BatchRecord]:
        """Narrow the list."""
        if self.used_parameters and request.GET.get(self.lookup_kwarg) == OutcomeKind.REJECTED:
            return queryset.filter(outcome=OutcomeKind.REJECTED).exclude(error_code="")
        return super().queryset(request, queryset)


class ErrorCodeFilter(DropdownFilter):
    """Why it was rejected."""

    title = "error code"
    parameter_name = "error_code"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Name the choices."""
        return [(code.value, code.value.replace("_", " ")) for code in ErrorCode]

    def queryset(self, request: HttpRequest, queryset: QuerySet[BatchRecord]) -> QuerySet[BatchRecord]:
        """Narrow the list."""
        return queryset.filter(error_code=self.value()) if self.value() else queryset


@admin.register(BatchRecord)
class BatchRecordAdmin(ReadOnlyAdmin):
    """Records that have their outcome. Of a batch that waits the others are pending, which its page tells."""

    list_display = ("place", "outcome_label", "who", "reference", "first_error", "profile_cell", "batch_cell")
    list_filter = (
        BatchFilter,
        ProfileFilter,
        ("outcome", OutcomeFilter),
        ErrorCodeFilter,
        ("rule", RecordChoicesFilter),
    )
    list_select_related = ("batch", "profile")
    search_fields = ("external_id",)  # shows the box; get_search_results does the work
    search_help_text = "Email, identifier or reference"
    fieldsets = (
        (
            "What became of it",
            {
                "fields": (
                    ("outcome_cell", "profile_cell"),
                    ("rule_sentence", "key_cell"),
                    ("decided_at", "external_id"),
                )
            },
        ),
        ("Where it stands", {"fields": (("batch_cell", "position"), ("reference",))}),
    )
    readonly_fields = ("outcome_cell", "profile_cell", "rule_sentence", "key_cell", "batch_cell")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BatchRecord]:
        """Bring batch and profile along."""
        return super().get_queryset(request).select_related("batch", "profile").defer("batch__record_digests")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Order one batch's records as they came, all records newest first."""
        return ("position",) if request.GET.get("batch") else ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[BatchRecord], search_term: str
    ) -> tuple[QuerySet[BatchRecord], bool]:
        """Find by match value or reference."""
        if not search_term:
            return queryset, False
        batch_id = read_id(request.GET.get("batch", "").strip())
        return queryset.filter(id__among=find_records(search_term, within=batch_id)), False

    # --- Columns and fields -----------------------------------------------------------------------------------------

    @display(description="position")
    def place(self, record: BatchRecord) -> str:
        """Return its index in the batch."""
        return f"#{record.position}"

    @display(description="outcome", label=OUTCOME_LABELS)
    def outcome_label(self, record: BatchRecord) -> str:
        """Return what became of it."""
        return record.outcome

    @display(description="outcome")
    def outcome_cell(self, record: BatchRecord) -> SafeString:
        """Return what became of it."""
        return label(record.outcome, OUTCOME_LABELS.get(record.outcome))

    @display(description="who")
    def who(self, record: BatchRecord) -> str:
        """Return the match value in its normal form."""
        return record.external_id or "-"

    @display(description="first error")
    def first_error(self, record: BatchRecord) -> SafeString | str:
        """Return why it was rejected."""
        return first_problem(record.errors) if record.errors else "-"

    @display(description="profile")
    def profile_cell(self, record: BatchRecord) -> SafeString | str:
        """Return a link to the profile it became."""
        return "-" if record.profile is None else profile_link(record.profile)

    @display(description="batch")
    def batch_cell(self, record: BatchRecord) -> SafeString:
        """Return a link to its batch."""
        return batch_link(record.batch)

    @display(description="decided by")
    def rule_sentence(self, record: BatchRecord) -> str:
        """Return the rule that decided, in words."""
        return rule_in_words(record.rule)

    @display(description="key")
    def key_cell(self, record: BatchRecord) -> str:
        """Return the key that decided."""
        return shown_key(record.key)

    # --- The page ---------------------------------------------------------------------------------------------------

    def panels(self, request: HttpRequest, obj: BatchRecord) -> dict[str, object]:
        """Return errors, warnings, candidates and the record as received; queries."""
        return {
            # Not "errors": unfold would tell staff to correct them.
            "why": problems_panel(obj.errors, "danger", asked=request.GET, name="errors"),
            "warnings": problems_panel(obj.warnings, "warning", asked=request.GET, name="warnings"),
            "considered": considered_panel(obj.considered, asked=request.GET),
            "decisions": self._decisions(obj) if may_see_previews(request) else None,
            "received": received_record(obj),
            "explain_url": f"{reverse('explain')}?record={obj.pk}",
            "steps": self._steps(request, obj),
            **self._again(request, obj),
        }

    def _steps(self, request: HttpRequest, record: BatchRecord) -> list[tuple[str, str]]:
        """Return what can be done next about a rejected record, by those who may; queries."""
        if record.outcome != OutcomeKind.REJECTED or not may_requeue(request):
            return []
        try:
            return next_steps(record, record_to_correct(record))
        except CorrectingError:
            return []

    def _decisions(self, record: BatchRecord) -> dict[str, object] | None:
        """Return of a record that was refused as stale what had been shown, and what it came to; queries."""
        if record.error_code != ErrorCode.STALE:
            return None
        both = decisions_about(record.batch, [record.position]).get(record.position, {})
        rows = [_decision_row(name, row) for name, row in both.items()]
        return table(["", "Would be", "Profile", "What would change"], rows) if rows else None

    def _again(self, request: HttpRequest, record: BatchRecord) -> dict[str, object]:
        """Return how the record was sent again, or whether it may be as it is: once."""
        if record.outcome != OutcomeKind.REJECTED or record.batch.source == BatchSource.UNDO:
            return {}
        again = sent_again(record)
        if again is not None:
            return {"sent_again": batch_link(again)}
        return {"may_send_again": may_requeue(request) and record.error_code in MAY_PASS}

    def get_urls(self) -> list[URLPattern]:
        """Add the address of a record by batch and position, which is how the ledger knows it."""
        at = path(
            "at/<uuid:batch_id>/<int:position>/",
            self.admin_site.admin_view(self.open_at),
            name="batches_batchrecord_at",
        )
        again = path(
            "again/<int:record_id>/",
            self.admin_site.admin_view(require_POST(self.send_again)),
            name="batches_batchrecord_again",
        )
        return [at, again, *super().get_urls()]

    def send_again(self, request: HttpRequest, record_id: int) -> HttpResponse:
        """Send a rejected record again as it is and go back to its page, or preview that and go there."""
        if not (self.has_view_permission(request) and may_requeue(request)):
            raise PermissionDenied
        rejected = self.get_queryset(request).filter(error_code__in=MAY_PASS)
        record = get_object_or_404(rejected.select_related("batch__submitted_by"), id=record_id)
        if (again := sent_again(record)) is not None:
            self.message_user(request, format_html("It was sent again already, as {}.", batch_link(again)))
            return redirect("admin:batches_batchrecord_change", record_id)
        try:
            dry_run = request.POST.get("dry_run") == "1"
            [(_, receipt)] = resend(record.batch, [record.position], source=BatchSource.ADMIN, dry_run=dry_run)
        except (ResendingError, QueueFullError) as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            url = reverse("admin:batches_batch_change", args=[receipt.batch_id])
            if dry_run:
                return redirect(url)
            self.message_user(
                request, format_html("It is sent again, as {}.", link(url, "a batch of one")), messages.SUCCESS
            )
        return redirect("admin:batches_batchrecord_change", record_id)

    def open_at(self, request: HttpRequest, batch_id: UUID, position: int) -> HttpResponse:
        """Go to the record's page, or to its batch's while it is pending."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        record_id = BatchRecord.objects.filter(batch=batch_id, position=position).values_list("id", flat=True).first()
        if record_id is not None:
            return redirect("admin:batches_batchrecord_change", record_id)
        if Batch.objects.filter(id=batch_id, total_count__gt=position).exists():
            self.message_user(request, f"Record {position} is still pending.", messages.INFO)
            return redirect("admin:batches_batch_change", batch_id)
        raise Http404("There is no such record, or its batch is no longer kept.")


def _decision_row(name: str, row: PreviewRecord | None) -> list[object]:
    told = {"shown": "the preview showed", "present": "it would have been"}[name]
    if row is None:
        return [told, "no longer kept", "", ""]
    changes, url = without_origins(row.changes), reverse("admin:batches_previewrecord_change", args=[row.pk])
    what: SafeString | str = "nothing"
    if row.errors:
        what = first_problem(row.errors)
    elif changes:
        what = changes_cell(changes, most=CHANGES_OF_STALE, url=url)
    return [told, label(row.outcome, OUTCOME_LABELS.get(row.outcome)), row.profile_id or "-", what]


@register_component
class RecordsOfProfile(BaseComponent):  # type: ignore[misc]  # it comes without types
    """The newest records that meant a profile, for its page: profiles know nothing of batches."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the table, and whether the profile is still to be scrubbed out of it; two queries."""
        newest = BatchRecord.objects.filter(profile=kwargs["profile"]).select_related("batch").order_by("-id")
        records = list(newest[: RECORDS_OF_PROFILE + 1])
        rows = [
            [
                link(
                    reverse("admin:batches_batchrecord_change", args=[record.pk]),
                    f"{record.batch.title} #{record.position}",
                ),
                label(record.outcome, OUTCOME_LABELS.get(record.outcome)),
                record.rule,
                shown_key(record.key),
                moment(record.decided_at),
            ]
            for record in records[:RECORDS_OF_PROFILE]
        ]
        return {
            **kwargs,
            "table": table(["Record", "Outcome", "Rule", "Key", "Decided"], rows),
            "has_more": len(records) > RECORDS_OF_PROFILE,
            "erasure": unfinished_erasure(kwargs["profile"]),
        }
