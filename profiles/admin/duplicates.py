"""The desk's pages about profiles that may be the same person."""

from typing import Any, ClassVar, Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from profiles.admin.merges import merge_url
from profiles.admin.panels import profile_link
from profiles.desk.cells import link
from profiles.desk.lists import HubAdmin, NewestChoicesFilter, display, label, moment
from profiles.models import DuplicateCandidate
from profiles.models.duplicates import Verdict

VERDICT_LABELS: Final = {"open": "warning", "same": "success", "different": "info"}
REASON_LABELS: Final = {"ambiguous": "warning", "claimed_elsewhere": "danger"}


@admin.register(DuplicateCandidate)
class DuplicateCandidateAdmin(HubAdmin):
    """Pairs the hub would not guess about. Staff say what they are; nothing else of a pair can be edited."""

    list_display = ("pair", "first", "second", "reason_label", "verdict_label", "seen_in", "noted")
    list_display_links = ("pair",)
    list_filter = (("verdict", NewestChoicesFilter),)
    list_select_related = ("low", "high")
    fields = ("first", "second", "reason_cell", "seen_in", "created_at", "compare", "verdict")
    readonly_fields = ("first", "second", "reason_cell", "seen_in", "created_at", "compare")
    radio_fields: ClassVar[Any] = {"verdict": admin.HORIZONTAL}
    actions: Any = ("say_same", "say_different", "say_open")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DuplicateCandidate]:
        """Bring the profiles along."""
        return super().get_queryset(request).select_related("low", "high")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: the hub notes pairs itself."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: DuplicateCandidate | None = None) -> bool:
        """Refuse: a pair that is none gets the verdict `different`; else it would come back."""
        return False

    @display(description="pair")
    def pair(self, candidate: DuplicateCandidate) -> str:
        """Return the pair's number."""
        return f"#{candidate.pk}"

    @display(description="one profile")
    def first(self, candidate: DuplicateCandidate) -> SafeString:
        """Return a link to the one."""
        return profile_link(candidate.low)

    @display(description="another")
    def second(self, candidate: DuplicateCandidate) -> SafeString:
        """Return a link to the other."""
        return profile_link(candidate.high)

    @display(description="reason", label=REASON_LABELS)
    def reason_label(self, candidate: DuplicateCandidate) -> tuple[str, str]:
        """Return why they are a pair."""
        return candidate.reason, candidate.reason.replace("_", " ")

    @display(description="reason")
    def reason_cell(self, candidate: DuplicateCandidate) -> SafeString:
        """Return why they are a pair."""
        return label(candidate.reason, REASON_LABELS.get(candidate.reason))

    @display(description="verdict", label=VERDICT_LABELS)
    def verdict_label(self, candidate: DuplicateCandidate) -> str:
        """Return what staff said."""
        return candidate.verdict

    @display(description="seen in")
    def seen_in(self, candidate: DuplicateCandidate) -> SafeString:
        """Return a link to the record where the pair was seen first."""
        context = {"batch_id": candidate.batch_id, "position": candidate.position}
        return mark_safe(render_to_string("admin/hub/record_link.html", context))  # noqa: S308 a template's output

    @display(description="one person?")
    def compare(self, candidate: DuplicateCandidate) -> SafeString | str:
        """Return a link to where they are merged."""
        if candidate.low.merged_into_id is not None or candidate.high.merged_into_id is not None:
            return "One of them was merged."
        return link(merge_url(candidate.low_id, candidate.high_id), "Compare and merge")

    @display(description="noted")
    def noted(self, candidate: DuplicateCandidate) -> SafeString:
        """Return when it was seen first."""
        return moment(candidate.created_at)

    @admin.action(description="They are the same person", permissions=["change"])
    def say_same(self, request: HttpRequest, queryset: QuerySet[DuplicateCandidate]) -> None:
        """Note that the pairs are one person each."""
        self._say(request, queryset, Verdict.SAME)

    @admin.action(description="They are different people", permissions=["change"])
    def say_different(self, request: HttpRequest, queryset: QuerySet[DuplicateCandidate]) -> None:
        """Note that the pairs are two people each."""
        self._say(request, queryset, Verdict.DIFFERENT)

    @admin.action(description="Leave them open", permissions=["change"])
    def say_open(self, request: HttpRequest, queryset: QuerySet[DuplicateCandidate]) -> None:
        """Take the verdict back."""
        self._say(request, queryset, Verdict.OPEN)

    def _say(self, request: HttpRequest, queryset: QuerySet[DuplicateCandidate], verdict: Verdict) -> None:
        chosen = DuplicateCandidate.objects.filter(pk__in=queryset.values("pk"))
        count = chosen.exclude(verdict=verdict).update(verdict=verdict)
        self.message_user(request, f"{count} changed to “{verdict.label}”.", messages.SUCCESS)
