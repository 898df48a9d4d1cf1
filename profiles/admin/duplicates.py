"""The desk's pages about profiles that may be the same person."""

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from profiles.admin.likeness import Fact, compare_fields, compare_rows, titles
from profiles.admin.merges import merge_url
from profiles.admin.panels import profile_link
from profiles.desk.cells import link
from profiles.desk.lists import DropdownFilter, HubAdmin, among_newest, display, label, moment, table
from profiles.models import DuplicateCandidate
from profiles.models.duplicates import UNDECIDED, Verdict, waiting_pairs

if TYPE_CHECKING:
    PairModelForm = forms.ModelForm[DuplicateCandidate]
else:
    PairModelForm = forms.ModelForm

WAITING: Final = "waiting"
STATES: Final = {
    Verdict.OPEN: "open",
    Verdict.LATER: "put off until",
    Verdict.DIFFERENT: "different people",
    Verdict.SAME: "the same person",
}
VERDICT_LABELS: Final = {"open": "warning", "later": "primary", "same": "success", "different": "info"}
DAYS_LATER: Final = 30
OTHERS_SHOWN: Final = 10
REASON_LABELS: Final = {"ambiguous": "warning", "claimed_elsewhere": "danger"}


class StateFilter(DropdownFilter):
    """What waits for staff, or what they have said."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Name the choices."""
        return [(WAITING, "waiting"), *((one.value, STATES[one]) for one in STATES)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DuplicateCandidate]) -> QuerySet[DuplicateCandidate]:
        """Narrow the list; what is settled is looked for among the newest pairs."""
        value = self.value()
        if not value:
            return queryset
        if value == WAITING:
            return queryset.filter(pk__in=waiting_pairs(today=timezone.now().date()).values("pk"))
        narrowed = queryset.filter(verdict=value)
        return narrowed if value in UNDECIDED else among_newest(narrowed)


class PairForm(PairModelForm):
    """What staff say of a pair. That both are one person is said by merging them."""

    class Meta:
        model = DuplicateCandidate
        fields = ("verdict", "later_until")
        help_texts: ClassVar = {
            "verdict": "Pairs called different are remembered: the hub does not suggest them again, nor merge them."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.verdict != Verdict.SAME and "verdict" in self.fields:
            choices = [(one.value, STATES[one]) for one in STATES if one != Verdict.SAME]
            cast("forms.ChoiceField", self.fields["verdict"]).choices = choices

    def clean(self) -> dict[str, Any]:
        """Ask for the day where it is put off, and drop it where it is not."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("verdict") != Verdict.LATER:
            cleaned["later_until"] = None
        elif "later_until" not in self.errors:
            day = cleaned.get("later_until")
            if day is None or day <= timezone.now().date():
                self.add_error("later_until", "Say until when: a day after today.")
        return cleaned


@admin.register(DuplicateCandidate)
class DuplicateCandidateAdmin(HubAdmin):
    """Pairs the hub would not guess about. Staff say what they are; nothing else of a pair can be edited."""

    form = PairForm
    list_display = ("pair", "first", "second", "shared", "differs", "reason_label", "verdict_label", "noted")
    list_display_links = ("pair",)
    list_filter = (StateFilter,)
    list_select_related = ("low", "high")
    fieldsets = (
        ("The two", {"fields": (("first", "second"), ("reason_cell", "seen_in"), ("noted", "compare"))}),
        ("Are they one person?", {"fields": ("verdict", "later_until")}),
    )
    readonly_fields = ("first", "second", "reason_cell", "seen_in", "noted", "compare")
    radio_fields: ClassVar[Any] = {"verdict": admin.HORIZONTAL}
    actions: Any = ("say_different", "say_later", "say_open")

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

    @display(description="in common")
    def shared(self, candidate: DuplicateCandidate) -> str:
        """Return what fields they share."""
        return titles(compare_fields(candidate.low, candidate.high), shared=True)

    @display(description="differ in")
    def differs(self, candidate: DuplicateCandidate) -> str:
        """Return what fields they differ in."""
        return titles(compare_fields(candidate.low, candidate.high), shared=False)

    @display(description="reason", label=REASON_LABELS)
    def reason_label(self, candidate: DuplicateCandidate) -> tuple[str, str]:
        """Return why they are a pair."""
        return candidate.reason, candidate.reason.replace("_", " ")

    @display(description="reason")
    def reason_cell(self, candidate: DuplicateCandidate) -> SafeString:
        """Return why they are a pair."""
        return label(candidate.reason, REASON_LABELS.get(candidate.reason))

    @display(description="verdict", label=VERDICT_LABELS)
    def verdict_label(self, candidate: DuplicateCandidate) -> tuple[str, str]:
        """Return what staff said."""
        return _state(candidate), candidate.verdict

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

    def panels(self, request: HttpRequest, obj: DuplicateCandidate) -> dict[str, object]:
        """Return the two side by side, and the other pairs they are in; queries."""
        facts = [*compare_fields(obj.low, obj.high), *compare_rows(obj.low, obj.high)]
        rows = [[fact.title, _told(fact.low), _told(fact.high), _likeness(fact)] for fact in facts]
        both = (obj.low_id, obj.high_id)
        others = DuplicateCandidate.objects.filter(Q(low__in=both) | Q(high__in=both)).exclude(pk=obj.pk)
        found = others.select_related("low", "high").order_by("-id")[:OTHERS_SHOWN]
        return {
            "side_by_side": table(["what", str(obj.low), str(obj.high), "they"], rows),
            "other_pairs": table(
                ["Pair", "One profile", "Another", "Verdict"],
                [
                    [
                        link(reverse("admin:profiles_duplicatecandidate_change", args=[pair.pk]), f"#{pair.pk}"),
                        profile_link(pair.low),
                        profile_link(pair.high),
                        label(_state(pair), VERDICT_LABELS[pair.verdict]),
                    ]
                    for pair in found
                ],
            ),
        }

    @admin.action(description="They are different people", permissions=["change"])
    def say_different(self, request: HttpRequest, queryset: QuerySet[DuplicateCandidate]) -> None:
        """Note that the pairs are two people each."""
        self._say(request, queryset, Verdict.DIFFERENT)

    @admin.action(description=f"Ask again in {DAYS_LATER} days", permissions=["change"])
    def say_later(self, request: HttpRequest, queryset: QuerySet[DuplicateCandidate]) -> None:
        """Put them off."""
        until = timezone.now().date() + dt.timedelta(days=DAYS_LATER)
        self._say(request, queryset, Verdict.LATER, later_until=until)

    @admin.action(description="Leave them open", permissions=["change"])
    def say_open(self, request: HttpRequest, queryset: QuerySet[DuplicateCandidate]) -> None:
        """Take the verdict back."""
        self._say(request, queryset, Verdict.OPEN)

    def _say(
        self,
        request: HttpRequest,
        queryset: QuerySet[DuplicateCandidate],
        verdict: Verdict,
        later_until: dt.date | None = None,
    ) -> None:
        chosen = DuplicateCandidate.objects.filter(pk__in=queryset.values("pk"))
        count = chosen.exclude(verdict=verdict, later_until=later_until).update(
            verdict=verdict, later_until=later_until
        )
        told = STATES[verdict] if later_until is None else f"{STATES[verdict]} {later_until}"
        self.message_user(request, f"{count} changed to “{told}”.", messages.SUCCESS)


def _state(candidate: DuplicateCandidate) -> str:
    """Return in words what staff said, and until when it is put off."""
    told = STATES[Verdict(candidate.verdict)]
    return told if candidate.later_until is None else f"{told} {candidate.later_until}"


def _told(values: tuple[str, ...]) -> str:
    return ", ".join(values) or "-"


def _likeness(fact: Fact) -> SafeString | str:
    if fact.is_shared:
        return label("share it", "success")
    return label("differ", "danger") if fact.differs else "-"
