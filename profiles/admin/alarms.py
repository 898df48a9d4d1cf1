"""The desk's list of profiles that may be several people, by the records that made them grow."""

from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from profiles.admin.panels import profile_link
from profiles.desk.lists import ChoicesDropdownFilter, DropdownFilter, HubAdmin, display, moment
from profiles.models import OvermergeAlarm

WAITING: Final = "waiting"
SEEN: Final = "seen"


class SeenFilter(DropdownFilter):
    """What waits to be looked at, or has been."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Name the choices."""
        return [(WAITING, "waiting"), (SEEN, "seen")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OvermergeAlarm]) -> QuerySet[OvermergeAlarm]:
        """Narrow the list."""
        if not self.value():
            return queryset
        return queryset.filter(seen_at__isnull=self.value() == WAITING)


@admin.register(OvermergeAlarm)
class OvermergeAlarmAdmin(HubAdmin):
    """Profiles that have more than one person should. Staff look at them, and say that they have."""

    list_display = ("who", "what", "record", "sender", "since", "state_label")
    list_display_links = ("what",)
    list_filter = (SeenFilter, ("growth", ChoicesDropdownFilter))
    list_before_template = "admin/profiles/overmergealarm/what.html"
    fields = ("who", "what", "record", "sender", "since", "seen_at", "seen_by")
    actions: Any = ("say_seen",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OvermergeAlarm]:
        """Bring the profiles along."""
        return super().get_queryset(request).select_related("profile")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: the hub notes them itself."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: OvermergeAlarm | None = None) -> bool:
        """Whoever has the permission may say on the list that they have seen some; nothing else changes."""
        return super().has_change_permission(request, obj) and obj is None

    def has_delete_permission(self, request: HttpRequest, obj: OvermergeAlarm | None = None) -> bool:
        """Refuse: what was seen is told so."""
        return False

    @display(description="profile")
    def who(self, alarm: OvermergeAlarm) -> SafeString:
        """Return a link to the profile."""
        return profile_link(alarm.profile)

    @display(description="what it has")
    def what(self, alarm: OvermergeAlarm) -> str:
        """Return how many of what it had after the record."""
        return f"{alarm.count:,} {alarm.growth}{'' if alarm.growth == 'identities' else ' so far'}"

    @display(description="record that did it")
    def record(self, alarm: OvermergeAlarm) -> SafeString:
        """Return a link to the record."""
        context = {"batch_id": alarm.batch_id, "position": alarm.position}
        return mark_safe(render_to_string("admin/hub/record_link.html", context))  # noqa: S308 a template's output

    @display(description="sent as")
    def sender(self, alarm: OvermergeAlarm) -> str:
        """Return the batch's label, or who edited it by hand."""
        return alarm.actor_label or "-"

    @display(description="since")
    def since(self, alarm: OvermergeAlarm) -> SafeString:
        """Return when the record did it."""
        return moment(alarm.created_at)

    @display(description="state", label={WAITING: "warning", SEEN: "success"})
    def state_label(self, alarm: OvermergeAlarm) -> tuple[str, str]:
        """Return whether it waits, or who has seen it."""
        return (WAITING, WAITING) if alarm.seen_at is None else (SEEN, f"seen by {alarm.seen_by}")

    @admin.action(description="Seen: take them off the list", permissions=["change"])
    def say_seen(self, request: HttpRequest, queryset: QuerySet[OvermergeAlarm]) -> None:
        """Note who has looked at them, and when; the next record that does it lists the profile again."""
        waiting = OvermergeAlarm.objects.filter(pk__in=queryset.values("pk"), seen_at__isnull=True)
        count = waiting.update(seen_at=timezone.now(), seen_by=request.user.get_username())
        self.message_user(request, f"{count} taken off the list.", messages.SUCCESS)
