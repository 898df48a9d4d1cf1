"""The desk's page where staff merge two profiles: side by side, with what would become of them.

Who survives and whose values stay is chosen here; what is right is for `merging` to say.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from profiles import keys, shape
from profiles.admin.acts import cause_of
from profiles.admin.ledger import CHANGES_ON_PAGE, changes_cell, shown_value
from profiles.admin.panels import profile_link
from profiles.desk.cells import link
from profiles.desk.lists import table
from profiles.history import without_origins
from profiles.keys import NOTES_LENGTH, InvalidValueError
from profiles.merging import CHOOSABLE, DifferentPeopleError, Merge, MergeError, merge_profiles, plan_merge
from profiles.models import Profile
from profiles.searching import find_profiles
from profiles.values import Change, Plan

PERMISSION: Final = "profiles.merge_profile"
MOST_FOUND: Final = 20
_DEFAULT_NAME: Final = "Unknown"
_BIRTHDAY: Final = ("birth_year", "birth_month", "birth_day")


@dataclass(frozen=True, slots=True)
class _Choice:
    """One field of which each of the two has another value."""

    name: str
    title: str
    survivors: str
    mergeds: str
    takes_merged: bool


def merge_page(request: HttpRequest, profile_id: UUID) -> HttpResponse:
    """Find the other profile, show what would become of both, and merge them once staff say so."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    survivor = get_object_or_404(Profile, id=profile_id)
    if survivor.merged_into_id is not None:
        messages.error(request, "It was merged already; merge the one it lives on in.")
        return redirect("admin:profiles_profile_change", survivor.merged_into_id)
    term = request.GET.get("with", "").strip()
    found = _found(term, survivor) if term else []
    context = {**admin.site.each_context(request), "title": f"Merge into {survivor}", "survivor": survivor}
    if len(found) == 1:
        return _Comparison(request, survivor, found[0], context).answer()
    context |= {"term": term, "found": _table(found[:MOST_FOUND], survivor), "is_cut": len(found) > MOST_FOUND}
    return TemplateResponse(request, "admin/profiles/profile/merge_with.html", context)


def _found(term: str, survivor: Profile) -> list[Profile]:
    profiles = find_profiles(term).filter(merged_into=None, ended=None).exclude(id=survivor.id)
    return list(profiles.order_by("id")[: MOST_FOUND + 1])


def _table(found: list[Profile], survivor: Profile) -> dict[str, object]:
    rows = [
        [profile_link(one), one.email or "-", one.mobile_phone or "-", link(merge_url(survivor.pk, one.pk), "Compare")]
        for one in found
    ]
    return table(["Name", "Email", "Mobile phone", ""], rows)


def merge_url(survivor_id: UUID, merged_id: UUID) -> str:
    """Return the address of the page that compares the two."""
    return f"{reverse('admin:profiles_profile_merge', args=[survivor_id])}?with={merged_id}"


class _Comparison:
    """The two side by side, and the merge itself where it is asked for."""

    def __init__(self, request: HttpRequest, survivor: Profile, merged: Profile, context: dict[str, Any]) -> None:
        self.request = request
        self.survivor = survivor
        self.merged = merged
        self.context = context
        self.cause = cause_of(request)

    def answer(self) -> HttpResponse:
        """Merge where that is asked for and possible; else show both, and why not."""
        is_asked = self.request.method == "POST"
        sent = self.request.POST
        errors: list[str] = []
        try:
            note = keys.text(sent.get("note", ""), length=NOTES_LENGTH, notes=True)
        except InvalidValueError as error:
            note = ""
            errors.append(f"Note: {error}")
        if is_asked and not errors:
            try:
                return self._merge(note)
            except MergeError as error:
                errors.append(str(error))
        return self._show(errors)

    def _merge(self, note: str) -> HttpResponse:
        """Merge, and go to the survivor; raises `MergeError`."""
        sent = self.request.POST
        merge = Merge(
            self.merged.pk,
            self.survivor.pk,
            choices=[name for name in CHOOSABLE if sent.get(name) == "merged"],
            despite_verdict="despite_verdict" in sent,
            expected_versions=_versions(sent, self.survivor, self.merged),
            note=note,
        )
        with transaction.atomic(durable=True):
            merge_profiles(merge, cause=self.cause, now=timezone.now())
        message = format_html("{} was merged into this profile.", profile_link(self.merged))
        messages.success(self.request, message)
        return redirect("admin:profiles_profile_change", self.survivor.pk)

    def _show(self, errors: list[str]) -> HttpResponse:
        context = self.context | {"merged": self.merged, "errors": errors, "sent": self.request.POST}
        try:
            with transaction.atomic():
                context |= self._planned()
        except MergeError as error:
            context["errors"] = [*errors, str(error)] if str(error) not in errors else errors
        context["swap_url"] = merge_url(self.merged.pk, self.survivor.pk)
        return TemplateResponse(self.request, "admin/profiles/profile/merge.html", context)

    def _planned(self) -> dict[str, object]:
        """Return what the page tells of the merge; raises `MergeError` where it is none."""
        merge = Merge(self.merged.pk, self.survivor.pk)
        now = timezone.now()
        try:
            plan, is_different = plan_merge(merge, cause=self.cause, now=now), False
        except DifferentPeopleError:
            forced = Merge(self.merged.pk, self.survivor.pk, despite_verdict=True)
            plan, is_different = plan_merge(forced, cause=self.cause, now=now), True
        _, taken = plan.changes[:2]
        return {
            "choices": (choices := self._choices(plan)),
            "choices_table": table(["Field", str(self.survivor), str(self.merged)], [_row(one) for one in choices]),
            "sentence": _sentence(taken),
            "changes": changes_cell(without_origins(taken.changes), most=CHANGES_ON_PAGE),
            "versions": [(one.id, one.before.version) for one in plan.results[:2] if one.before is not None],
            "is_different": is_different,
        }

    def _choices(self, plan: Plan) -> list[_Choice]:
        merged, survivor = (result.before.fields for result in plan.results[:2] if result.before is not None)
        sent = self.request.POST
        choices = []
        for name in CHOOSABLE:
            if name in _BIRTHDAY[:2]:
                continue  # all of a birthday is chosen by its day
            title, own, other = name.removesuffix("_id").replace("_", " "), survivor.get(name), merged.get(name)
            if name == _BIRTHDAY[2]:
                title, own, other = "birthday", _birthday(survivor), _birthday(merged)
            if own is None or other is None or own == other:
                continue
            takes = sent.get(name) == "merged" if sent else own == _DEFAULT_NAME
            choices.append(_Choice(name, title, shown_value(own), shown_value(other), takes))
        return choices


def _row(choice: _Choice) -> list[SafeString | str]:
    sides = (("survivor", choice.survivors), ("merged", choice.mergeds))
    taken = "merged" if choice.takes_merged else "survivor"
    return [
        choice.title,
        *(
            format_html(
                '<label class="flex gap-2 items-center" style="overflow-wrap: anywhere">'
                '<input type="radio" name="{}" value="{}" aria-label="{}: {}"{}> {}</label>',
                *(choice.name, side, choice.title, value, mark_safe(" checked") if side == taken else "", value),
            )
            for side, value in sides
        ),
    ]


def _birthday(fields: Mapping[str, Any]) -> str | None:
    parts = [str(fields[name]) for name in _BIRTHDAY if fields.get(name) is not None]
    return "-".join(parts) or None


def _versions(sent: Mapping[str, str], *profiles: Profile) -> dict[UUID, int]:
    """Return the versions that were looked at; what was not sent matches none."""
    versions = {}
    for profile in profiles:
        version = sent.get(f"version-{profile.pk}", "")
        is_number = version.isascii() and version.isdigit() and len(version) < 10  # noqa: PLR2004 of 32 bits
        versions[profile.pk] = int(version) if is_number else -1
    return versions


def _sentence(taken: Change) -> str:
    """Return in words what the survivor takes: `1 field, 2 identities and 1 address`."""
    added: Counter[str] = Counter()
    rows: dict[str, set[tuple[str, ...]]] = {}
    for pointer in taken.changes:
        name, *parts = pointer[1:].split("/")
        if name in shape.COLLECTIONS:
            rows.setdefault(name, set()).add(tuple(parts[: len(shape.COLLECTIONS[name].key)]))
        else:
            added["fields"] += 1
    counts = [*added.items(), *((name, len(found)) for name, found in rows.items())]
    told = [f"{count:,} {_counted(name, count)}" for name, count in counts]
    return f"It takes or changes: {', '.join(told)}." if told else "It has all of it already."


_ONE: Final = {"statuses": "status", "addresses": "address", "identities": "identity"}


def _counted(name: str, count: int) -> str:
    return (name if count != 1 else _ONE.get(name, name.removesuffix("s"))).replace("_", " ")
