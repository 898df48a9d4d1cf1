"""The desk's pages that take something back: what it comes to, in numbers that add up, and what stays, by name."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
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
from django.utils.safestring import SafeString

from batches.admin.batches import batch_link
from batches.intake import QueueFullError
from batches.models import Batch
from batches.reverting import decisions_of, foretell, records_since
from batches.undoing import MOST_BATCHES, MOST_SHOWN, Tally, UndoError, batches_of, parts_of, submit_undos
from profiles import digests, keys
from profiles.admin.acts import cause_of
from profiles.admin.ledger import changes_cell
from profiles.admin.panels import profile_link
from profiles.db.ids import read_id
from profiles.desk.lists import label, table
from profiles.history import without_origins
from profiles.http.requests import request_id
from profiles.keys import NOTES_LENGTH, InvalidValueError
from profiles.models import Profile, ProfileChange
from profiles.reconcile import Changes
from profiles.reverting import SENTENCES, composed
from profiles.undoing import Kept, Reversal, Target, UndoOptions, take_back
from profiles.values import OutcomeKind, WarningCode

PERMISSION: Final = "profiles.undo_change"
OVERRIDE: Final = "profiles.override_undo"
SHOWN: Final = 10
CHANGES_OF_EACH: Final = 3


@dataclass(frozen=True, slots=True)
class _Asked:
    """What staff have chosen on the page."""

    options: UndoOptions
    note: str
    digest: str
    """Of what the page has shown."""
    number: str
    """Of the profiles touched, typed where they are many."""


def undo_batch_page(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Show what taking a batch back comes to, and submit that once staff say so."""
    _check_permission(request)
    batch = get_object_or_404(Batch.objects.select_related("submitted_by"), id=batch_id)
    what = format_html(
        "{} ({}, {} records)", batch_link(batch), f"{batch.received_at:%Y-%m-%d}", f"{batch.total_count:,}"
    )
    return _undo_page(request, [batch], what, back=reverse("admin:batches_batch_change", args=[batch.pk]))


def undo_batches_page(request: HttpRequest) -> HttpResponse:
    """Show what taking several batches back comes to: those chosen (`?batch=`), or all with a label (`?label=`)."""
    _check_permission(request)
    back = reverse("admin:batches_batch_changelist")
    name = request.GET.get("label", "")
    try:
        if name:
            batches = batches_of(name)
        else:
            ids = [found for one in request.GET.getlist("batch") if (found := read_id(one)) is not None]
            batches = list(Batch.objects.filter(id__in=ids[:MOST_BATCHES]).defer("record_digests"))
    except UndoError as error:
        messages.error(request, str(error))
        return redirect(back)
    count = f"{len(batches):,} batch{'es' if len(batches) != 1 else ''}"
    what = format_html("{} with the label {}", count, name) if name else format_html("{}", count)
    return _undo_page(request, batches, what, back=back)


def _undo_page(request: HttpRequest, batches: Sequence[Batch], what: SafeString, *, back: str) -> HttpResponse:
    """Show what taking the batches back comes to, and have exactly that done once staff say so (way 5.2)."""
    asked = _asked(request)
    try:
        parts = parts_of(batches, most=MOST_SHOWN)
        targets = [target for part in parts for target in part.targets]
        shown = _foretold(targets, asked, request, besides=[part.batch.pk for part in parts])
        if request.method == "POST" and _is_shown(request, asked, shown):
            receipts = submit_undos(
                parts,
                options=asked.options,
                note=asked.note,
                shown=shown,
                submitted_by=request.user,  # type: ignore[arg-type]  # the permission saw to it
                request_id=request_id(),
            )
            messages.success(request, _submitted(len(receipts)))
            if len(receipts) > 1:
                return redirect("admin:batches_batch_changelist")
            return redirect("admin:batches_batch_change", receipts[0].batch_id)
    except (UndoError, QueueFullError) as error:
        messages.error(request, str(error))
        return redirect(back)
    return _page(request, what, shown, asked)


def _submitted(count: int) -> str:
    if count == 1:
        return "It is being taken back, by this batch. That can be taken back too."
    return f"They are being taken back, by {count:,} batches. Those can be taken back too."


def undo_change_page(request: HttpRequest, change_id: int) -> HttpResponse:
    """Show what taking one change back comes to, and do that once staff say so."""
    _check_permission(request)
    change = get_object_or_404(ProfileChange.objects.select_related("profile").defer("changes"), pk=change_id)
    asked = _asked(request)
    targets = [Target(change.profile_id, change.version)]
    shown = _foretold(targets, asked, request)
    if request.method == "POST" and _is_shown(request, asked, shown):
        with transaction.atomic(durable=True):
            done = take_back(
                targets,
                cause=cause_of(request),
                now=timezone.now(),
                options=asked.options,
                note=asked.note,
                records_since=records_since,
            )
        _tell(request, done)
        return redirect("admin:profiles_profile_change", change.profile_id)
    what = format_html("version {} of {}", change.version, profile_link(change.profile))
    return _page(request, what, shown, asked)


def _check_permission(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


def _asked(request: HttpRequest) -> _Asked:
    """Return what was chosen; a word that cannot be read as what it stands for is no choice."""
    sent = request.POST
    may_override = request.user.has_perm(OVERRIDE)
    force = frozenset(found for one in sent.getlist("force") if (found := read_id(one)) is not None)
    options = UndoOptions(
        force=force if may_override else frozenset(), loosen_consent=may_override and "loosen_consent" in sent
    )
    try:
        note = keys.text(sent.get("note", ""), length=NOTES_LENGTH, notes=True)
    except InvalidValueError:
        note = ""
    number = sent.get("number", "").replace(",", "").strip()
    return _Asked(options, note, sent.get("digest", ""), number)


def _foretold(
    targets: Sequence[Target], asked: _Asked, request: HttpRequest, *, besides: Collection[UUID] = ()
) -> list[Reversal]:
    with transaction.atomic():
        return foretell(targets, options=asked.options, cause=cause_of(request), now=timezone.now(), besides=besides)


def _digest(shown: Sequence[Reversal]) -> str:
    return digests.digest_of_all(one.digest for one in decisions_of(shown))


def _is_shown(request: HttpRequest, asked: _Asked, shown: Sequence[Reversal]) -> bool:
    """Whether what would be done is what the page has shown; staff are told where it is not."""
    if "again" in request.POST:
        return False  # other options were chosen: what they come to is shown first
    if asked.digest == _digest(shown):
        tally = Tally.of(shown)
        if not tally.must_be_typed or asked.number == str(tally.touched):
            return True
        messages.warning(request, f"Nothing was taken back: type {tally.touched} to take back that many.")
        return False
    messages.warning(request, "It would come to something else by now. Nothing was taken back: look at it again.")
    return False


def _tell(request: HttpRequest, done: Sequence[Reversal]) -> None:
    (reversal,) = done
    if reversal.outcome.kind is OutcomeKind.UPDATED:
        messages.success(request, "It was taken back. That can be taken back too.")
    else:
        messages.warning(request, "Nothing has changed by it.")


# --- What it comes to --------------------------------------------------------------------------------------------


def _page(request: HttpRequest, what: SafeString, shown: Sequence[Reversal], asked: _Asked) -> HttpResponse:
    tally = Tally.of(shown)
    touched = [*_touched(shown)]
    people = Profile.objects.in_bulk({one.target.profile_id for one in shown} | {one for one, _, _ in touched})
    may_override = request.user.has_perm(OVERRIDE)
    in_use = {
        one.target.profile_id
        for one in shown
        if one.is_made_anew or any(kept.code is WarningCode.KEPT_IN_USE and not kept.pointer for kept in one.kept)
    }
    may_force = in_use | asked.options.force if may_override else frozenset[UUID]()
    context = {
        **admin.site.each_context(request),
        "title": "Take back",
        "what": what,
        "tally": tally,
        "refused": sorted({error.message for one in shown for error in one.outcome.errors}),
        "people": table(["Profile", "What becomes of it"], [_row(*one, people) for one in touched[:SHOWN]]),
        "more": len(touched) - SHOWN,
        "kept": _kept_tables(shown, people),
        "asked": asked,
        "digest": _digest(shown),
        "may_loosen": may_override and (tally.kept[WarningCode.KEPT_CONSENT] or asked.options.loosen_consent),
        "may_force": [(people[one], one in asked.options.force) for one in sorted(may_force & people.keys())],
        "button": _button(tally),
    }
    return TemplateResponse(request, "admin/hub/undo.html", context)


def _button(tally: Tally) -> str:
    parts = [f"end {tally.ended:,}"] * bool(tally.ended) + [f"change {tally.changed:,}"] * bool(tally.changed)
    return " and ".join(parts).capitalize() or "Take back all the same"


def _touched(shown: Sequence[Reversal]) -> Iterator[tuple[UUID, Changes, bool]]:
    """Yield whom anything becomes of, what, and whether they end; those too who became one with a target's profile."""
    for one in shown:
        if one.changes:
            yield one.target.profile_id, one.changes, one.ends
        for change in one.beside:
            yield change.profile_id, composed([change.changes]), False


def _row(profile_id: UUID, changes: Changes, ends: bool, people: dict[UUID, Profile]) -> list[object]:  # noqa: FBT001
    profile = people.get(profile_id)
    shown = changes_cell(without_origins(changes), most=CHANGES_OF_EACH)
    what = label("ends", "danger") if ends else shown
    return ["-" if profile is None else profile_link(profile), what]


def _kept_tables(shown: Sequence[Reversal], people: dict[UUID, Profile]) -> list[dict[str, Any]]:
    """Return what stays as it is, by its reason: the first of each with who stands there and since when."""
    kept: dict[WarningCode, list[tuple[UUID, Kept]]] = {}
    for reversal in shown:
        for one in reversal.kept:
            kept.setdefault(one.code, []).append((reversal.target.profile_id, one))
    return [
        {
            "title": f"{len(found):,}: {SENTENCES[code]}",
            "table": table(
                ["Profile", "What", "Who", "When"],
                [_kept_row(profile_id, one, people) for profile_id, one in found[:SHOWN]],
            ),
            "more": len(found) - SHOWN,
        }
        for code, found in kept.items()
    ]


def _kept_row(profile_id: UUID, kept: Kept, people: dict[UUID, Profile]) -> list[object]:
    profile = people.get(profile_id)
    stands = kept.row or kept.record
    who = kept.row.cause.actor_label or kept.row.cause.kind if kept.row is not None else ""
    if kept.record is not None and kept.row is None:
        who = kept.record.actor_label or "a record"
    return [
        "-" if profile is None else profile_link(profile),
        kept.pointer[1:].replace("/", " / ").replace("~1", "/").replace("~0", "~") or "the profile",
        who or "-",
        "-" if stands is None else f"{dt.datetime.fromisoformat(stands.at):%Y-%m-%d %H:%M}",
    ]
