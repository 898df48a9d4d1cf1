"""The desk's pages about keys: what is none, and how many identities of a handle one profile may hold."""

from typing import Any, ClassVar, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from profiles.admin.holders import Holders, find_holders
from profiles.admin.panels import profile_link
from profiles.admin.reference import ReferenceAdmin
from profiles.desk.lists import display, table
from profiles.keyrules import BlockedEntry
from profiles.models import BlockedValue, IdentityLimit

_CONFIRMED: Final = "_confirmed"


@admin.register(BlockedValue)
class BlockedValueAdmin(ReferenceAdmin):
    """The hub's own list of what is never a key. Before a value is blocked, the desk shows who holds it."""

    list_display = ("value", "form_label", "kind", "handle", "reason", "is_active", "updated_at")
    list_display_links = ("value",)
    list_filter = ("kind", "is_active")
    list_before_template = "admin/profiles/blockedvalue/built_in.html"
    search_fields = ("exact", "pattern", "handle", "reason")
    search_help_text = "A part of the value, handle or reason"
    ordering = ("-id",)

    @display(description="value")
    def value(self, blocked: BlockedValue) -> str:
        """Return the text or pattern."""
        return blocked.exact or blocked.pattern

    @display(description="form", label={"pattern": "info"})
    def form_label(self, blocked: BlockedValue) -> str:
        """Return whether it is a whole value or a pattern."""
        return "pattern" if blocked.pattern else "exact"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Keep what is blocked: another value is another entry, with its own look at who holds it."""
        fields = super().get_readonly_fields(request, obj)
        return fields if obj is None else [*fields, "kind", "exact", "pattern"]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the entry's page; where saving it would block a value, first who holds that."""
        if request.method == "POST" and _CONFIRMED not in request.POST:
            blocking = self._would_block(request, object_id)
            if blocking is not None:
                return self._ask(request, blocking)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _would_block(self, request: HttpRequest, object_id: str | None) -> BlockedValue | None:
        """Return the entry as it would be saved, if that blocks what was not blocked before; queries."""
        stored = None if object_id is None else self.get_object(request, object_id)
        if stored is None:
            is_allowed = object_id is None and self.has_add_permission(request)
        else:
            is_allowed = self.has_change_permission(request, stored)
        if not is_allowed:
            return None
        form: Any = self.get_form(request, stored, change=stored is not None)(request.POST, instance=stored)
        turns_on = "is_active" in form.changed_data or stored is None
        return form.instance if turns_on and form.is_valid() and form.instance.is_active else None

    def _ask(self, request: HttpRequest, blocking: BlockedValue) -> HttpResponse:
        holders = find_holders(BlockedEntry(blocking.kind, blocking.handle, blocking.exact, blocking.pattern))
        context = {
            **self.admin_site.each_context(request),
            "title": "Block it?",
            "opts": self.opts,
            "blocking": blocking,
            "count": holders.count,
            "holders": _table(holders),
            "sent": [
                (name, value)
                for name, values in request.POST.lists()
                for value in values
                if name != "csrfmiddlewaretoken"
            ],
            "confirmed": _CONFIRMED,
            "list_url": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
        }
        return TemplateResponse(request, "admin/profiles/blockedvalue/confirm.html", context)


def _table(holders: Holders) -> dict[str, object]:
    return table(
        ["Name", "Email", "Mobile phone"],
        [[profile_link(one), one.email or "-", one.mobile_phone or "-"] for one in holders.shown],
    )


@admin.register(IdentityLimit)
class IdentityLimitAdmin(ReferenceAdmin):
    """How many identities of a handle one profile may hold. Who holds more already keeps them."""

    list_display = ("handle", "most", "updated_at")
    search_fields = ("handle",)
    ordering: ClassVar[tuple[str, ...]] = ("handle",)
