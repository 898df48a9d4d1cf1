"""The desk's page where merged profiles are taken apart: what both are then, and whose each change since is."""

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
from django.utils.safestring import SafeString

from batches.unmerging import records_of, sentences
from profiles import digests, keys
from profiles.admin.acts import cause_of
from profiles.admin.ledger import CHANGES_ON_PAGE, changes_cell
from profiles.admin.merges import PERMISSION
from profiles.admin.panels import profile_link
from profiles.desk.cells import link
from profiles.desk.lists import moment, table
from profiles.history import without_origins
from profiles.keys import NOTES_LENGTH, InvalidValueError
from profiles.models import Profile, ProfileChange
from profiles.unmerging import PartingPlan, Unmerge, UnmergeError, unmerge_profiles
from profiles.values import ChangeAction

MOST_ASKED: Final = 50
"""Of how many changes since the merge staff may say whose they are; the others go by their keys."""


def unmerge_page(request: HttpRequest, profile_id: UUID) -> HttpResponse:
    """Show what taking a merged profile out comes to, and do that once staff say so."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    merged = get_object_or_404(Profile.objects.select_related("merged_into"), id=profile_id)
    unmerge = Unmerge(merged.id, merged.merged_into_id, _versions(request), note=_note(request))
    try:
        with transaction.atomic(durable=request.method == "POST"):
            plan = _parted(unmerge, request, write=False)
            if request.method == "POST" and _is_shown(request, plan):
                _parted(unmerge, request, write=True)
                messages.success(request, format_html("{} and {} are two again.", *_links(merged)))
                return redirect("admin:profiles_profile_change", merged.pk)
    except UnmergeError as error:
        messages.error(request, str(error))
        return redirect("admin:profiles_profile_change", merged.pk)
    return TemplateResponse(request, "admin/hub/unmerge.html", _context(request, merged, unmerge, plan))


def _parted(unmerge: Unmerge, request: HttpRequest, *, write: bool) -> PartingPlan:
    return unmerge_profiles(unmerge, cause=cause_of(request), now=timezone.now(), records_of=records_of, write=write)


def _versions(request: HttpRequest) -> list[int]:
    """Return the changes that staff give to the merged profile; what is no version is none."""
    sent = request.POST.getlist("to_merged")[:MOST_ASKED]
    return [int(one) for one in sent if one.isascii() and one.isdigit() and len(one) < 10]  # noqa: PLR2004 of 32 bits


def _note(request: HttpRequest) -> str:
    try:
        return keys.text(request.POST.get("note", ""), length=NOTES_LENGTH, notes=True)
    except InvalidValueError:
        return ""


def _digest(plan: PartingPlan) -> str:
    return digests.digest_of_changes(plan.differences[one] for one in plan.sides)


def _is_shown(request: HttpRequest, plan: PartingPlan) -> bool:
    """Whether what would be done is what the page has shown; staff are told where it is not."""
    if "again" in request.POST:
        return False  # other changes were chosen: what they come to is shown first
    if request.POST.get("digest") == _digest(plan):
        return True
    messages.warning(request, "It would come to something else by now. Nothing was taken apart: look at it again.")
    return False


def _links(merged: Profile) -> tuple[SafeString, SafeString]:
    assert merged.merged_into is not None  # noqa: S101 else it could not be taken apart
    return profile_link(merged), profile_link(merged.merged_into)


def _context(request: HttpRequest, merged: Profile, unmerge: Unmerge, plan: PartingPlan) -> dict[str, Any]:
    survivor = merged.merged_into
    changes = [without_origins(plan.differences[one]) for one in plan.sides]
    return {
        **admin.site.each_context(request),
        "title": "Take apart",
        "merged": merged,
        "survivor": survivor,
        "sentences": sentences(plan),
        "sides": table(
            ["Profile", "What becomes of it"],
            [
                [profile_link(one), changes_cell(told, most=CHANGES_ON_PAGE)]
                for one, told in zip((merged, survivor), changes, strict=True)
                if one is not None
            ],
        ),
        "later": _later(unmerge, plan),
        "digest": _digest(plan),
        "note": unmerge.note,
    }


def _later(unmerge: Unmerge, plan: PartingPlan) -> list[dict[str, object]]:
    """Return the newest changes since the merge, and whether each goes to the merged profile; one query."""
    survivor_id = plan.sides[1]
    taken = next(one for one in plan.changes if one.profile_id == survivor_id and one.action is ChangeAction.UNMERGED)
    moved = {row.version for row in plan.moved}
    of_merge = set(() if taken.reverts is None else taken.reverts.versions) - moved
    rows = ProfileChange.objects.filter(profile=survivor_id, version__gt=min(of_merge), reverts__isnull=True)
    return [
        {
            "version": row.version,
            "what": changes_cell(without_origins(row.changes), most=3),
            "who": row.actor_label or row.cause_kind,
            "at": moment(row.at),
            "by_key": row.version in moved and row.version not in unmerge.to_merged,
            "is_moved": row.version in moved,
            "name": link(reverse("admin:profiles_profilechange_change", args=[row.pk]), f"version {row.version}"),
        }
        for row in rows.exclude(version__in=of_merge).order_by("-version")[:MOST_ASKED]
    ]
