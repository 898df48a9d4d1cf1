"""The desk's pages about batches. They are read-only: what was received stays as it was received."""

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import RelatedDropdownFilter

from batches import leases
from batches.admin.received import beginning_of_body
from batches.confirming import ConfirmingError, confirm_preview, confirmed_as
from batches.intake import QueueFullError
from batches.models import Batch, BatchRecord
from batches.resending import ResendingError, failed_positions, resend
from batches.results import in_state
from batches.undoing import MOST_BATCHES, undone_by
from batches.values import OUTCOMES, BatchSource, BatchState, IfChanged
from profiles import keys
from profiles.db.ids import read_id
from profiles.desk.cells import link
from profiles.desk.lists import ChoicesDropdownFilter, DropdownFilter, IdFilter, ReadOnlyAdmin, display, label, table
from profiles.desk.questions import RefusedQuestionError
from profiles.http.requests import request_id
from profiles.values import ErrorCode, OutcomeKind

STATE_LABELS: Final = {
    BatchState.QUEUED: "warning",
    BatchState.RUNNING: "info",
    BatchState.DONE: "success",
    BatchState.SET_ASIDE: "danger",
    BatchState.CANCELLED: "primary",
    BatchState.PREVIEWED: "info",
    BatchState.STALE: "danger",
    BatchState.EXPIRED: "primary",
}
NEWEST_SEARCHED: Final = 10_000
_FIRST_YEAR: Final = 1970  # before which there is no id
_LAST_YEAR: Final = 9_000
_CLOCKS_APART: Final = dt.timedelta(days=1)  # ids bear the machine's time, batches the database's

if TYPE_CHECKING:
    from django.contrib.admin import DateFieldListFilter as RangeDateTimeFilter  # unfold comes without types
else:
    from unfold.contrib.filters.admin import RangeDateTimeFilter


def find_batches(term: str) -> QuerySet[Batch]:
    """Return the batches with this id or label, and of the newest those with the text in their label."""
    batches = Batch.objects.order_by("-id")
    if (batch_id := read_id(term.strip())) is not None:
        return batches.filter(id=batch_id)
    try:
        term = keys.text(term)
    except keys.InvalidValueError:
        return Batch.objects.none()
    newest = batches.values("id")[:NEWEST_SEARCHED]
    return Batch.objects.filter(label=term) | Batch.objects.filter(id__in=newest, label__icontains=term)


def records_link(batch: Batch, text: str, **filters: str) -> SafeString:
    """Return a link to the batch's records, or to what would become of them."""
    url = reverse(f"admin:batches_{_records_of(batch)}_changelist", query={"batch": str(batch.pk), **filters})
    return link(url, text, in_one_line=True)


def _records_of(batch: Batch) -> str:
    return "previewrecord" if batch.dry_run else "batchrecord"


def batch_link(batch: Batch) -> SafeString:
    """Return the batch's title as a link to its page."""
    return link(reverse("admin:batches_batch_change", args=[batch.pk]), batch.title)


def shown_duration(start: dt.datetime | None, end: dt.datetime | None) -> str:
    """Return how long it took, for people."""
    if start is None or end is None:
        return "-"
    seconds = (end - start).total_seconds()
    if seconds < 60:  # noqa: PLR2004 a minute
        return f"{max(seconds, 0):.2f} s"
    return str(dt.timedelta(seconds=round(seconds)))


class ReceivedFilter(RangeDateTimeFilter):
    """Batches received in a span of time, in UTC. Ids are in the order of time, so their index serves."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Batch]) -> QuerySet[Batch]:
        """Narrow the list; raises `RefusedQuestionError` for what is no time."""
        start, end = self._moment("from"), self._moment("to")
        if start is not None:
            queryset = queryset.filter(received_at__gte=start, id__gte=_first_id(start - _CLOCKS_APART))
        if end is not None:
            queryset = queryset.filter(received_at__lte=end, id__lt=_first_id(end + _CLOCKS_APART))
        return queryset

    def _moment(self, side: str) -> dt.datetime | None:
        date, time = (self.used_parameters.get(f"received_at_{side}_{part}") for part in (0, 1))
        if not date and not time:
            return None
        message = "“received” takes a day such as 2026-01-31, and a time such as 15:20:00 if you like."
        try:
            day, hour = dt.date.fromisoformat(str(date or "")), dt.time.fromisoformat(str(time or "00:00:00"))
        except ValueError as error:
            raise RefusedQuestionError(message) from error
        if hour.tzinfo is not None or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            raise RefusedQuestionError(message)
        return dt.datetime.combine(day, hour, tzinfo=dt.UTC)


class StateFilter(ChoicesDropdownFilter):
    """Where a batch stands."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Batch]) -> QuerySet[Batch]:
        """Narrow the list."""
        state = request.GET.get(str(self.lookup_kwarg), "")
        if self.used_parameters and state in [*BatchState]:
            return in_state(queryset, state)
        narrowed = super().queryset(request, queryset)
        return queryset if narrowed is None else narrowed


class ImportFilter(IdFilter):
    """The batches of one file."""

    title = "import id"
    parameter_name = "import"
    column = "part_of"


class KindFilter(DropdownFilter):
    """Batches that do something, or previews."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Name the choices."""
        return [("runs", "runs"), ("previews", "previews")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Batch]) -> QuerySet[Batch]:
        """Narrow the list."""
        if self.value() not in {"runs", "previews"}:
            return queryset
        return queryset.filter(dry_run=self.value() == "previews")


def may_requeue(request: HttpRequest) -> bool:
    """Whether whoever asks may let batches and records be processed again."""
    return request.user.has_perm("batches.change_batch")


def may_see_previews(request: HttpRequest) -> bool:
    """Whether whoever asks may see what would change, and so what profiles hold."""
    return request.user.has_perm("batches.view_previewrecord")


def _first_id(moment: dt.datetime) -> UUID:
    """Return what comes before every id that was made at the time or later (see profiles.db.ids)."""
    return UUID(int=max(int(moment.timestamp() * 1_000), 0) << 80)


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    """Accepted submissions, newest first, and how far each has come."""

    list_display = (
        "name",
        "state_label",
        "submitted_by",
        "records",
        "created",
        "updated",
        "unchanged",
        "rejected",
        "received",
    )
    list_filter = (
        ("state", StateFilter),
        KindFilter,
        ("source", ChoicesDropdownFilter),
        ("submitted_by", RelatedDropdownFilter),
        ("received_at", ReceivedFilter),
        ImportFilter,
    )
    list_select_related = ("submitted_by",)
    search_fields = ("label",)  # shows the box; get_search_results does the work
    search_help_text = "Batch id or label"
    actions: Any = ("requeue", "send_again", "preview_again", "take_back")
    fieldsets = (
        (
            "Received",
            {
                "fields": (
                    ("state_cell", "all_records"),
                    ("source", "submitted_by"),
                    ("label", "match_criteria"),
                    ("queue_key", "idempotency_key"),
                    ("request_id", "mobile_clash"),
                    ("corrected_record", "body_size"),
                    ("held_to",),
                    ("sha256",),
                )
            },
        ),
        (
            "Timeline",
            {
                "fields": (
                    ("received_at", "waited"),
                    ("started_at", "took"),
                    ("finished_at", "attempt"),
                    ("worker", "lease_until"),
                )
            },
        ),
    )
    readonly_fields = ("state_cell", "all_records", "corrected_record", "held_to", "sha256", "waited", "took")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        """Leave the digests alone."""
        return super().get_queryset(request).defer("record_digests")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Batch], search_term: str
    ) -> tuple[QuerySet[Batch], bool]:
        """Find by id, or by label."""
        return (queryset & find_batches(search_term) if search_term else queryset), False

    # --- Columns and fields -----------------------------------------------------------------------------------------

    @display(description="batch", header=True)
    def name(self, batch: Batch) -> tuple[str, str]:
        """Return the label, and how it came in."""
        kind = "preview, " if batch.dry_run else ""
        return batch.label or "(no label)", f"{kind}{batch.source} by {batch.match_criteria}"

    @display(description="state", label=STATE_LABELS)
    def state_label(self, batch: Batch) -> tuple[str, str]:
        """Return where it stands."""
        return batch.shown_state, batch.shown_state.replace("_", " ")

    @display(description="state")
    def state_cell(self, batch: Batch) -> SafeString:
        """Return where it stands."""
        return label(batch.shown_state, STATE_LABELS[batch.shown_state])

    @display(description="records")
    def records(self, batch: Batch) -> SafeString:
        """Return how many records it holds, as a link to them."""
        return records_link(batch, f"{batch.total_count:,}")

    @display(description="records")
    def all_records(self, batch: Batch) -> SafeString:
        """Return a link to the records that have their outcome."""
        done = "previewed" if batch.dry_run else "decided"
        return records_link(batch, f"{batch.processed_count:,} {done} of {batch.total_count:,}")

    @display(description="created")
    def created(self, batch: Batch) -> str:
        """Return how many new profiles there are by it."""
        return _count(batch, OutcomeKind.CREATED)

    @display(description="updated")
    def updated(self, batch: Batch) -> str:
        """Return how many records changed a profile."""
        return _count(batch, OutcomeKind.UPDATED)

    @display(description="unchanged")
    def unchanged(self, batch: Batch) -> str:
        """Return how many records said nothing new."""
        return _count(batch, OutcomeKind.UNCHANGED)

    @display(description="rejected")
    def rejected(self, batch: Batch) -> SafeString | str:
        """Return how many records were refused, as a link to them."""
        if not batch.rejected_count:
            return _count(batch, OutcomeKind.REJECTED)
        return records_link(batch, _count(batch, OutcomeKind.REJECTED), outcome__exact="rejected")

    @display(description="received")
    def received(self, batch: Batch) -> str:
        """Return when it was received (UTC); in two lines where the list is narrow."""
        return f"{batch.received_at:%Y-%m-%d %H:%M:%S}"

    @display(description="waited")
    def waited(self, batch: Batch) -> str:
        """Return how long it waited for a worker."""
        return shown_duration(batch.received_at, batch.started_at)

    @display(description="took")
    def took(self, batch: Batch) -> str:
        """Return how long it was worked on."""
        return shown_duration(batch.started_at, batch.finished_at)

    @display(description="corrects")
    def corrected_record(self, batch: Batch) -> SafeString | str:
        """Return a link to the record it sends again."""
        if batch.corrects_batch_id is None or batch.corrects_position is None:
            return "-"
        url = reverse("admin:batches_batchrecord_at", args=[batch.corrects_batch_id, batch.corrects_position])
        return link(url, f"record {batch.corrects_position}")

    @display(description="held to")
    def held_to(self, batch: Batch) -> SafeString | str:
        """Return a link to the preview that was confirmed with it."""
        return "-" if batch.pinned_to is None else batch_link(batch.pinned_to)

    @display(description="body SHA-256")
    def sha256(self, batch: Batch) -> SafeString:
        """Return the body's digest; it may break anywhere."""
        return format_html('<span style="overflow-wrap: anywhere">{}</span>', batch.body_sha256)

    # --- The page ---------------------------------------------------------------------------------------------------

    def panels(self, request: HttpRequest, obj: Batch) -> dict[str, object]:
        """Return counts, warnings and the beginning of the body; queries."""
        return {
            **self._preview(request, obj),
            **self._undo(request, obj),
            "tiles": _tiles(obj),
            "warning_table": table(
                ["Code", "Where", "What"],
                [[label(one["code"], "warning"), one["pointer"], one["message"]] for one in obj.warnings],
            ),
            "body": beginning_of_body(obj),
            "may_process_again": self.has_requeue_permission(request),
            "may_requeue": self.has_requeue_permission(request)
            and obj.state in {BatchState.SET_ASIDE, BatchState.CANCELLED},
            "may_send_again": obj.rejected_count > 0
            and self.has_requeue_permission(request)
            and bool(failed_positions(obj)),
        }

    def _preview(self, request: HttpRequest, batch: Batch) -> dict[str, object]:
        """Return what is told of a preview, and of a batch that was held to one; queries."""
        if batch.pinned_to is not None:
            return {"held": held_sentence(batch), "fresh": batch.preview and batch_link(batch.preview)}
        if not batch.dry_run:
            return {}
        run = confirmed_as(batch)
        stopped = Batch.objects.filter(preview=batch).first()
        is_shown = batch.shown_state is BatchState.PREVIEWED
        return {
            # They tell what profiles hold, which the batch as it came does not.
            "may_see_records": may_see_previews(request),
            "foretold": preview_sentence(batch) if batch.state in {BatchState.PREVIEWED, BatchState.EXPIRED} else "",
            "run": run and batch_link(run),
            "stopped": stopped and batch_link(stopped),
            "may_confirm": is_shown and run is None and self.has_requeue_permission(request),
        }

    def _undo(self, request: HttpRequest, batch: Batch) -> dict[str, object]:
        """Return what took the batch back, or what it took back, and whether it may be taken back; queries."""
        return {
            "undoes": batch.undoes and batch_link(batch.undoes),
            "undone_by": [batch_link(one) for one in undone_by(batch)],
            "may_undo": batch.state == BatchState.DONE
            and batch.rejected_count < batch.total_count
            and self.has_undo_permission(request),
        }

    # --- What staff may do ------------------------------------------------------------------------------------------

    def has_requeue_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may change batches, though nobody edits one."""
        return may_requeue(request)

    @admin.action(description="Let set-aside batches wait again", permissions=["requeue"])
    def requeue(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        """Requeue the chosen batches that were set aside or cancelled, and report how many."""
        results = [leases.requeue(batch_id) for batch_id in queryset.values_list("id", flat=True)]
        requeued, left = sum(results), len(results) - sum(results)
        if requeued:
            self.message_user(request, f"{requeued} requeued.", messages.SUCCESS)
        if left:
            self.message_user(request, f"{left} left as they are: they were not set aside.", messages.WARNING)

    def has_undo_permission(self, request: HttpRequest) -> bool:
        """Whether whoever asks may take back what was done to people."""
        return request.user.has_perm("profiles.undo_change")

    @admin.action(description="Take back…", permissions=["undo"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[Batch]) -> HttpResponse:
        """Show what taking the chosen batches back comes to."""
        chosen = [("batch", str(batch_id)) for batch_id in queryset.values_list("id", flat=True)[:MOST_BATCHES]]
        return redirect(f"{reverse('undo-batches-page')}?{urlencode(chosen)}")

    def get_urls(self) -> list[URLPattern]:
        """Add the address to which a preview is confirmed."""
        confirm = path(
            "<uuid:batch_id>/confirm/",
            self.admin_site.admin_view(require_POST(self.confirm)),
            name="batches_batch_confirm",
        )
        return [confirm, *super().get_urls()]

    def confirm(self, request: HttpRequest, batch_id: UUID) -> HttpResponse:
        """Send exactly what a preview has shown, and go to the batch that does it."""
        if not (self.has_view_permission(request) and self.has_requeue_permission(request)):
            raise PermissionDenied
        preview = get_object_or_404(Batch.objects.select_related("submitted_by"), id=batch_id, dry_run=True)
        skips = request.POST.get("if_changed") == IfChanged.SKIP
        try:
            receipt = confirm_preview(
                preview,
                digest=request.POST.get("digest", ""),
                if_changed=IfChanged.SKIP if skips else IfChanged.STOP,
                source=BatchSource.ADMIN,
                request_id=request_id(),
            )
        except (ConfirmingError, QueueFullError) as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect("admin:batches_batch_change", batch_id)
        told = "It was sent already, as this batch." if receipt.replayed else "It is sent, held to its preview."
        self.message_user(request, told, messages.INFO if receipt.replayed else messages.SUCCESS)
        return redirect("admin:batches_batch_change", receipt.batch_id)

    @admin.action(description="Send again what the hub failed at", permissions=["requeue"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        """Send again the records of the chosen batches that the hub itself failed at, and report how many."""
        self._resend(request, queryset, dry_run=False)

    @admin.action(description="Preview sending again what the hub failed at", permissions=["requeue"])
    def preview_again(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        """Show what would become of the records of the chosen batches that the hub itself failed at."""
        self._resend(request, queryset, dry_run=True)

    def _resend(self, request: HttpRequest, queryset: QuerySet[Batch], *, dry_run: bool) -> None:
        """Send again batch by batch; what cannot be said of one hides nothing of the others."""
        count, refused = 0, False
        for batch in queryset.select_related("submitted_by").order_by("id"):
            try:
                for _ in resend(batch, failed_positions(batch), source=BatchSource.ADMIN, dry_run=dry_run):
                    count += 1
            except (ResendingError, QueueFullError) as error:
                refused = True
                self.message_user(request, format_html("{}: {}", batch_link(batch), error), messages.ERROR)
        if count:
            done = "previewed" if dry_run else "sent again"
            self.message_user(request, f"{count} {done}, each as a batch of one.", messages.SUCCESS)
        elif not refused:
            self.message_user(request, "There was nothing the hub failed at, or it was sent again.", messages.WARNING)


_WOULD: Final = {
    OutcomeKind.CREATED: "would make a new profile",
    OutcomeKind.UPDATED: "would change a profile",
    OutcomeKind.UNCHANGED: "would change nothing",
    OutcomeKind.REJECTED: "would be refused",
}


def preview_sentence(batch: Batch) -> str:
    """Return in one sentence what a batch would do; its counts add up to all the records."""
    plural = "" if batch.total_count == 1 else "s"
    return f"Of {batch.total_count:,} record{plural}, {_counted(batch, _WOULD)}. Nothing has been written."


_DID: Final = {
    OutcomeKind.CREATED: "made a new profile",
    OutcomeKind.UPDATED: "changed a profile",
    OutcomeKind.UNCHANGED: "changed nothing",
    OutcomeKind.REJECTED: "could not be taken",
}


def held_sentence(batch: Batch) -> str:
    """Return what a batch did that was held to a preview, beside what that had shown; a query."""
    if batch.state != BatchState.DONE or batch.pinned_to is None:
        return ""
    plural = "" if batch.total_count == 1 else "s"
    did = f"Of {batch.total_count:,} record{plural}, {_counted(batch, _DID)}"
    stale = BatchRecord.objects.filter(batch=batch, error_code=ErrorCode.STALE).count()
    if not stale:
        return f"{did}: exactly what the preview showed."
    was = "was" if stale == 1 else "were"
    return (
        f"{did}. {stale:,} {was} no longer what the preview showed, and {was} refused for that. "
        f"It showed: {_counted(batch.pinned_to, _WOULD)}."
    )


def _counted(batch: Batch, words: Mapping[OutcomeKind, str]) -> str:
    parts = [f"{count:,} {words[kind]}" for kind in OUTCOMES if (count := getattr(batch, f"{kind}_count"))]
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def _count(batch: Batch, kind: OutcomeKind) -> str:
    """Return how many records came to that; of a preview in brackets, as none of them did."""
    count = f"{getattr(batch, f'{kind}_count'):,}"
    return f"({count})" if batch.dry_run else count


def _tiles(batch: Batch) -> list[dict[str, str]]:
    """Return the counts of outcomes; what is pending has no rows to link to."""
    records = reverse(f"admin:batches_{_records_of(batch)}_changelist")
    return [
        {
            "name": f"would be {name}" if batch.dry_run else name,
            "count": f"{getattr(batch, f'{name}_count'):,}",
            "url": f"{records}?batch={batch.pk}&outcome__exact={name}",
        }
        for name in OUTCOMES
    ] + [{"name": "pending", "count": f"{batch.total_count - batch.processed_count:,}", "url": ""}]
