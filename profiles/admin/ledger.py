"""The ledger as staff read it: who changed what, from what, to what."""

import json
from collections.abc import Mapping
from typing import Any, Final

from django.contrib import admin
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from profiles import shape
from profiles.admin.lists import ACTION_LABELS, IdFilter, NewestChoicesFilter, ReadOnlyAdmin, display, label, moment
from profiles.models import ProfileChange

CHANGES_IN_LIST: Final = 4
_LONGEST_SHOWN: Final = 200


def changes_cell(changes: Mapping[str, Mapping[str, Any]], *, most: int | None = None) -> SafeString:
    """Return what changed, one line for each path; with `most` only the first ones."""
    lines = [
        {
            "path": pointer[1:].replace("/", " / ").replace("~1", "/").replace("~0", "~"),
            "before": _side(pointer, change, "from"),
            "after": _side(pointer, change, "to"),
        }
        for pointer, change in sorted(changes.items())
    ]
    shown = lines if most is None else lines[:most]
    context = {"lines": shown, "more": len(lines) - len(shown)}
    return mark_safe(render_to_string("admin/hub/changes.html", context))  # noqa: S308 a template's output


# Collections whose rows are their keys alone: `/tags/vip` comes or goes, and has no value.
_KEYS_ALONE: Final = {collection.name for collection in shape.COLLECTIONS.values() if not collection.fields}


def _side(pointer: str, change: Mapping[str, Any], side: str) -> str | None:
    """Return one side of a change, `None` for absent."""
    if side not in change:
        return None
    if pointer.split("/")[1] in _KEYS_ALONE:
        return "added" if side == "to" else None
    return shown_value(change[side])


def who_cell(change: ProfileChange, names: Mapping[int, str]) -> SafeString:
    """Return who or what brought the change about; `names` are the users the ledger speaks of."""
    actor = names.get(change.actor_id or 0, "")
    note = "" if change.actor_label == actor else change.actor_label
    context = {"change": change, "actor": actor, "note": note}
    return mark_safe(render_to_string("admin/hub/who.html", context))  # noqa: S308 a template's output


def shown_value(value: object) -> str:
    """Return a value of a state as people read it, cut at a length."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if not text:
        return "“”"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


class ProfileFilter(IdFilter):
    """One profile's changes."""

    title = "profile id"
    parameter_name = "profile"
    column = "profile"


class ActionFilter(NewestChoicesFilter):
    """What the change did."""

    narrowed_by = ("profile",)


@admin.register(ProfileChange)
class ProfileChangeAdmin(ReadOnlyAdmin):
    """Every change of every profile, newest first."""

    list_display = ("when", "profile", "version", "action_label", "what", "who")
    list_filter = (ProfileFilter, ("action", ActionFilter), ("cause_kind", ActionFilter))
    list_select_related = ("profile",)
    fields = ("profile", "version", "action_cell", "at", "who", "all_changes", "operation_id", "request_id")
    readonly_fields = fields

    @display(description="when")
    def when(self, change: ProfileChange) -> SafeString:
        """Return when it was."""
        return moment(change.at)

    @display(description="action", label=ACTION_LABELS)
    def action_label(self, change: ProfileChange) -> str:
        """Return what the change did."""
        return change.action

    @display(description="action")
    def action_cell(self, change: ProfileChange) -> SafeString:
        """Return what the change did."""
        return label(change.action, ACTION_LABELS.get(change.action))

    @display(description="what changed")
    def what(self, change: ProfileChange) -> SafeString:
        """Return the first of the changes."""
        return changes_cell(change.changes, most=CHANGES_IN_LIST)

    @display(description="what changed")
    def all_changes(self, change: ProfileChange) -> SafeString:
        """Return all of the changes."""
        return changes_cell(change.changes)

    @display(description="who")
    def who(self, change: ProfileChange) -> SafeString:
        """Return what brought it about."""
        return who_cell(change, {})
