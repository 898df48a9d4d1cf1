"""The ledger as staff read it: who changed what, from what, to what."""

import json
from collections.abc import Mapping
from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from profiles import shape
from profiles.desk.lists import (
    ACTION_LABELS,
    IdFilter,
    NewestChoicesFilter,
    ReadOnlyAdmin,
    TextFilter,
    display,
    label,
    moment,
)
from profiles.desk.parts import part_of
from profiles.desk.questions import RefusedQuestionError, asked_number
from profiles.history import without_origins
from profiles.models import ProfileChange

CHANGES_IN_LIST: Final = 4
CHANGES_ON_PAGE: Final = 50
LONGEST_IN_LIST: Final = 80
LONGEST_SHOWN: Final = 500


def changes_cell(
    changes: Mapping[str, Mapping[str, Any]], *, most: int | None = None, longest: int = LONGEST_SHOWN, url: str = ""
) -> SafeString:
    """Return what changed, one line for each path; with `most` the first ones, and a link to where all are told."""
    pointers = sorted(changes)
    shown = pointers if most is None else pointers[:most]
    lines = [
        {
            "path": cut(pointer[1:].replace("/", " / ").replace("~1", "/").replace("~0", "~"), longest=longest),
            "before": _side(pointer, changes[pointer], "from", longest=longest),
            "after": _side(pointer, changes[pointer], "to", longest=longest),
        }
        for pointer in shown
    ]
    context = {"lines": lines, "more": len(pointers) - len(shown), "url": url}
    return mark_safe(render_to_string("admin/hub/changes.html", context))  # noqa: S308 a template's output


def first_changes(change: ProfileChange, *, most: int) -> SafeString:
    """Return the first of a row's changes, cut short, with a link to the row's page where there are more."""
    url = reverse("admin:profiles_profilechange_change", args=[change.pk])
    return changes_cell(without_origins(change.changes), most=most, longest=LONGEST_IN_LIST, url=url)


# Collections whose rows are their keys alone: `/tags/vip` comes or goes, and has no value.
_KEYS_ALONE: Final = {collection.name for collection in shape.COLLECTIONS.values() if not collection.fields}


def _side(pointer: str, change: Mapping[str, Any], side: str, *, longest: int) -> str | None:
    """Return one side of a change, `None` for absent."""
    if side not in change:
        return None
    if pointer.split("/")[1] in _KEYS_ALONE:
        return "added" if side == "to" else None
    return shown_value(change[side], longest=longest)


def who_cell(change: ProfileChange, names: Mapping[int, str]) -> SafeString:
    """Return who or what brought the change about; `names` are the users the ledger speaks of."""
    actor = names.get(change.actor_id or 0, "")
    note = "" if change.actor_label == actor else change.actor_label
    context = {"change": change, "actor": actor, "note": note}
    return mark_safe(render_to_string("admin/hub/who.html", context))  # noqa: S308 a template's output


def shown_value(value: object, *, longest: int = LONGEST_IN_LIST) -> str:
    """Return a value of a state as people read it, cut at a length."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return cut(text, longest=longest) if text else "“”"


def cut(text: str, *, longest: int = LONGEST_IN_LIST) -> str:
    """Return the text, or its beginning and how long it is."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


class ProfileFilter(IdFilter):
    """One profile's changes."""

    title = "profile id"
    parameter_name = "profile"
    column = "profile"


class VersionFilter(TextFilter):
    """Changes up to a version: how the oldest of a very long history are reached."""

    title = "up to version"
    parameter_name = "up_to"

    def queryset(self, request: HttpRequest, queryset: QuerySet[ProfileChange]) -> QuerySet[ProfileChange]:
        """Narrow the list; raises `RefusedQuestionError` for what is no version of one profile."""
        if not self.value():
            return queryset
        if not request.GET.get(ProfileFilter.parameter_name):
            raise RefusedQuestionError("“up to version” is asked of one profile: give its id too.")
        return queryset.filter(version__lte=asked_number(request.GET, self.parameter_name))


class ActionFilter(NewestChoicesFilter):
    """What the change did."""

    narrowed_by = ("profile",)


@admin.register(ProfileChange)
class ProfileChangeAdmin(ReadOnlyAdmin):
    """Every change of every profile, newest first."""

    list_display = ("when", "profile", "version", "action_label", "what", "who")
    list_filter = (ProfileFilter, VersionFilter, ("action", ActionFilter), ("cause_kind", ActionFilter))
    list_select_related = ("profile",)
    fields = ("profile", "version", "action_cell", "at", "who", "note", "operation_id", "request_id")
    readonly_fields = fields

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Order one profile's changes by version, whose index also finds them; all changes newest first."""
        return ("-version",) if request.GET.get(ProfileFilter.parameter_name) else ("-pk",)

    def panels(self, request: HttpRequest, obj: ProfileChange) -> dict[str, object]:
        """Return a part of the changes."""
        changes = without_origins(obj.changes)
        pointers, part = part_of(sorted(changes), asked=request.GET, name="changes", size=CHANGES_ON_PAGE)
        return {"changes": changes_cell({pointer: changes[pointer] for pointer in pointers}), "part": part}

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
        return first_changes(change, most=CHANGES_IN_LIST)

    @display(description="who")
    def who(self, change: ProfileChange) -> SafeString:
        """Return what brought it about."""
        return who_cell(change, {})
