"""The desk's page on which a rejected record is put right: its values with what is wrong at each, and send."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from batches.admin.batches import batch_link, may_requeue
from batches.admin.reasons import problems_panel
from batches.bodies import BodyError
from batches.correcting import CorrectingError, look_at, record_to_correct, send_corrected, values_of, with_values
from batches.explaining import Explanation
from batches.intake import QueueFullError
from batches.models import BatchRecord
from batches.resending import sent_again
from profiles.admin.ledger import changes_cell
from profiles.admin.panels import profile_link
from profiles.desk.lists import OUTCOME_LABELS, label
from profiles.history import without_origins
from profiles.http.requests import request_id
from profiles.schema import RECORD_FIELDS
from profiles.values import OutcomeKind

PREFIX: Final = "at"
LONGEST: Final = 10_000
_NESTED: Final = frozenset(
    {
        *("tags", "identities", "custom_attributes", "dates_attributes", "statuses", "addresses"),
        *("comms_attributes", "regions", "organisations", "attributes"),
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One value of the form."""

    pointer: str
    text: str
    errors: Sequence[str]

    @property
    def name(self) -> str:
        """What the form calls it."""
        return f"{PREFIX}{self.pointer}"

    @property
    def title(self) -> str:
        """How people read it: `addresses / 0 / city`."""
        parts = (part.replace("~1", "/").replace("~0", "~") for part in self.pointer[1:].split("/"))
        return " / ".join(parts)


def correct_page(request: HttpRequest, record_id: int) -> HttpResponse:
    """Show the record's values, what would become of them as they are typed, and send them once staff say so."""
    if not (may_requeue(request) and request.user.has_perm("batches.view_batchrecord")):
        raise PermissionDenied
    records = BatchRecord.objects.select_related("batch__submitted_by").defer("batch__record_digests")
    record = get_object_or_404(records, id=record_id)
    back = reverse("admin:batches_batchrecord_change", args=[record.pk])
    try:
        received = record_to_correct(record)
        typed = _typed(request)
        if request.method != "POST":
            typed = _suggested(request.GET.get("try", ""), received)
        corrected = with_values(received, typed)
        explanation = look_at(record, corrected)
        if "send" in request.POST and explanation.row.outcome != OutcomeKind.REJECTED:
            receipt = send_corrected(record, corrected, request_id=request_id())
            url = reverse("admin:batches_batch_change", args=[receipt.batch_id])
            messages.success(request, format_html('It is sent again, as <a href="{}">a batch of one</a>.', url))
            return redirect(back)
    except (CorrectingError, QueueFullError, BodyError) as error:
        messages.error(request, str(error))
        return redirect(back)
    if "send" in request.POST:
        messages.warning(request, "Nothing was sent: it would be rejected again. See what is wrong at the fields.")
    lines, rest = _lines(received, typed, explanation)
    context = {
        **admin.site.each_context(request),
        "title": "Correct a record",
        "record": record,
        "back": back,
        "batch": batch_link(record.batch),
        "again": (found := sent_again(record)) and batch_link(found),
        "form_lines": lines,
        "addable": sorted(RECORD_FIELDS - _NESTED - {line.pointer[1:] for line in lines}),
        **_told(explanation, rest, request),
    }
    return TemplateResponse(request, "admin/hub/correct.html", context)


def _typed(request: HttpRequest) -> dict[str, str]:
    """Return what was typed, by pointers; a value that is added is named by its field."""
    typed = {
        name.removeprefix(PREFIX): value[:LONGEST]
        for name, value in request.POST.items()
        if isinstance(value, str) and name.startswith(f"{PREFIX}/")
    }
    added, value = request.POST.get("add", ""), request.POST.get("added", "")
    if added in RECORD_FIELDS - _NESTED and value.strip():
        typed[f"/{added}"] = value[:LONGEST]
    return typed


def _suggested(what: str, received: Mapping[str, Any]) -> dict[str, str]:
    """Return what a link to the page suggests: to restore the profile, or to keep a number as the secondary one."""
    if what == "restore":
        return {"/profile_type": "active"}
    if what == "secondary" and isinstance(number := received.get("mobile_phone"), str):
        return {"/secondary_phone": number, "/mobile_phone": ""}
    return {}


def _lines(
    received: Mapping[str, Any], typed: Mapping[str, str], explanation: Explanation
) -> tuple[list[Line], list[dict[str, str]]]:
    """Return the lines of the form, those with errors first, and the errors that belong to none of them."""
    texts = {value.pointer: value.text for value in values_of(received)} | dict(typed)
    errors: dict[str, list[str]] = {}
    rest = []
    for error in explanation.row.errors:
        pointer = error["pointer"]
        if pointer in texts or pointer[1:] in RECORD_FIELDS - _NESTED:
            errors.setdefault(pointer, []).append(error["message"])
            texts.setdefault(pointer, "")
        else:
            rest.append(error)
    lines = [Line(pointer, text, errors.get(pointer, ())) for pointer, text in texts.items()]
    return sorted(lines, key=lambda line: not line.errors), rest


def _told(explanation: Explanation, rest: list[dict[str, str]], request: HttpRequest) -> dict[str, object]:
    row = explanation.row
    return {
        "outcome": label(row.outcome, OUTCOME_LABELS.get(row.outcome)),
        "is_rejected": row.outcome == OutcomeKind.REJECTED,
        "is_new": row.outcome == OutcomeKind.CREATED,
        "profile": None if row.profile is None else profile_link(row.profile),
        "why": problems_panel(rest, "danger", asked=request.GET, name="errors")["table"],
        "warnings": problems_panel(row.warnings, "warning", asked=request.GET, name="warnings")["table"],
        "changes": changes_cell(without_origins(explanation.changes)) if explanation.changes else "",
    }
