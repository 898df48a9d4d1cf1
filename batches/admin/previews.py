"""The desk's pages about previews: what would become of each record, and what it would change (way 4)."""

from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.components import BaseComponent, register_component

from batches.admin.batches import batch_link
from batches.admin.reasons import considered_panel, first_problem, problems_panel, rule_in_words, shown_key
from batches.admin.received import received_record
from batches.admin.records import BatchFilter, RecordChoicesFilter
from batches.models import PreviewRecord
from profiles.admin.ledger import changes_cell
from profiles.admin.panels import profile_link
from profiles.desk.cells import link
from profiles.desk.lists import OUTCOME_LABELS, ReadOnlyAdmin, display, label, table
from profiles.desk.parts import part_of
from profiles.history import without_origins
from profiles.models import Profile
from profiles.values import OutcomeKind

CHANGES_IN_LIST: Final = 4
CHANGES_ON_PAGE: Final = 50
LONGEST_IN_LIST: Final = 80
RECORDS_OF_PREVIEW: Final = 20


@admin.register(PreviewRecord)
class PreviewRecordAdmin(ReadOnlyAdmin):
    """What would become of the records of a preview, with the differences they would make."""

    list_display = ("place", "outcome_label", "who", "what", "profile_cell", "batch_cell")
    list_filter = (BatchFilter, ("outcome", RecordChoicesFilter))
    list_select_related = ("batch",)
    fieldsets = (
        (
            "What would become of it",
            {
                "fields": (
                    ("outcome_cell", "profile_cell"),
                    ("rule_sentence", "key_cell"),
                    ("decided_at", "version_read"),
                )
            },
        ),
        ("Where it stands", {"fields": (("batch_cell", "position"), ("reference", "external_id"))}),
    )
    readonly_fields = ("outcome_cell", "profile_cell", "rule_sentence", "key_cell", "batch_cell")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Order one batch's records as they came, all records newest first."""
        return ("position",) if request.GET.get("batch") else ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PreviewRecord]:
        """Bring the batch along."""
        return super().get_queryset(request).select_related("batch").defer("batch__record_digests")

    @display(description="position")
    def place(self, record: PreviewRecord) -> SafeString:
        """Return its index in the batch."""
        return link(reverse("admin:batches_previewrecord_change", args=[record.pk]), f"#{record.position}")

    @display(description="would be", label=OUTCOME_LABELS)
    def outcome_label(self, record: PreviewRecord) -> str:
        """Return what would become of it."""
        return record.outcome

    @display(description="would be")
    def outcome_cell(self, record: PreviewRecord) -> SafeString:
        """Return what would become of it."""
        return label(record.outcome, OUTCOME_LABELS.get(record.outcome))

    @display(description="who")
    def who(self, record: PreviewRecord) -> str:
        """Return the match value in its normal form."""
        return record.external_id or "-"

    @display(description="what would change")
    def what(self, record: PreviewRecord) -> SafeString | str:
        """Return the first of the changes, or why it would be rejected."""
        return what_would_change(record)

    @display(description="profile")
    def profile_cell(self, record: PreviewRecord) -> SafeString | str:
        """Return a link to the profile, or the id that the new one would get."""
        if record.profile_id is None:
            return "-"
        if record.outcome == OutcomeKind.CREATED:
            return f"new, {record.profile_id}"
        return link(reverse("admin:profiles_profile_change", args=[record.profile_id]), str(record.profile_id))

    @display(description="batch")
    def batch_cell(self, record: PreviewRecord) -> SafeString:
        """Return a link to its batch."""
        return batch_link(record.batch)

    @display(description="decided by")
    def rule_sentence(self, record: PreviewRecord) -> str:
        """Return the rule that decides, in words."""
        return rule_in_words(record.rule)

    @display(description="key")
    def key_cell(self, record: PreviewRecord) -> str:
        """Return the key that decides."""
        return shown_key(record.key)

    def panels(self, request: HttpRequest, obj: PreviewRecord) -> dict[str, object]:
        """Return changes, errors, warnings, candidates and the record as received; queries."""
        changes = without_origins(obj.changes)
        pointers, part = part_of(sorted(changes), asked=request.GET, name="changes", size=CHANGES_ON_PAGE)
        profile = Profile.objects.filter(id=obj.profile_id).first() if obj.profile_id else None
        return {
            "changes": changes_cell({pointer: changes[pointer] for pointer in pointers}) if pointers else "",
            "part": part,
            "profile": profile and profile_link(profile),
            "why": problems_panel(obj.errors, "danger", asked=request.GET, name="errors"),
            "warnings": problems_panel(obj.warnings, "warning", asked=request.GET, name="warnings"),
            "considered": considered_panel(obj.considered, asked=request.GET),
            "received": received_record(obj),
        }


@register_component
class RecordsOfPreview(BaseComponent):  # type: ignore[misc]  # it comes without types
    """The first records of a preview, for its batch's page."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the table; one query."""
        found = PreviewRecord.objects.filter(batch=kwargs["batch"]).order_by("position")
        records = list(found[: RECORDS_OF_PREVIEW + 1])
        rows = [
            [
                link(reverse("admin:batches_previewrecord_change", args=[record.pk]), f"#{record.position}"),
                label(record.outcome, OUTCOME_LABELS.get(record.outcome)),
                record.external_id or "-",
                what_would_change(record),
            ]
            for record in records[:RECORDS_OF_PREVIEW]
        ]
        return {
            **kwargs,
            "table": table(["Record", "Would be", "Who", "What would change"], rows),
            "has_more": len(records) > RECORDS_OF_PREVIEW,
        }


def what_would_change(record: PreviewRecord) -> SafeString | str:
    """Return why a record would be rejected, or the first of what it would change."""
    return first_problem(record.errors) if record.errors else first_changes_of(record)


def first_changes_of(record: PreviewRecord) -> SafeString | str:
    """Return the first of what a record would change, cut short, with a link to the rest."""
    changes: dict[str, Any] = without_origins(record.changes)
    if not changes:
        return "nothing"
    url = reverse("admin:batches_previewrecord_change", args=[record.pk])
    return changes_cell(changes, most=CHANGES_IN_LIST, longest=LONGEST_IN_LIST, url=url)
