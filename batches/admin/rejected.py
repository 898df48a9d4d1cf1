"""The rejected records of a batch, by what is wrong with them: looked at, taken away and processed again together."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST
from unfold.components import BaseComponent, register_component

from batches.admin.batches import may_requeue, records_link
from batches.correcting import rejected_by_cause, rejected_texts
from batches.intake import QueueFullError
from batches.models import Batch
from batches.resending import MAY_PASS, ResendingError, positions_not_sent_again, resend
from batches.values import BatchSource
from profiles.admin.ledger import cut
from profiles.desk.cells import link
from profiles.desk.lists import table


@register_component
class RejectedOfBatch(BaseComponent):  # type: ignore[misc]  # it comes without types
    """A batch's rejected records by their cause, for its page."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the table, and what may be done with those of one cause; one query."""
        batch: Batch = kwargs["batch"]
        groups = rejected_by_cause(batch.pk)
        rows = [
            [
                records_link(batch, f"{len(group.positions):,} {group.code.replace('_', ' ')}", error_code=group.code),
                group.field or "the record",
                cut(group.message),
                link(
                    reverse("admin:batches_batchrecord_at", args=[batch.pk, group.positions[0]]),
                    f"#{group.positions[0]}",
                ),
            ]
            for group in groups
        ]
        codes = {group.code for group in groups}
        return {
            **kwargs,
            "table": table(["Cause", "Where", "The first was told", "First record"], rows),
            "codes": [(code.value, code.value.replace("_", " ")) for code in MAY_PASS if code in codes],
        }


def download_rejected(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Answer with the rejected records as they came, as JSON Lines that can be imported once they are put right."""
    if not request.user.has_perm("batches.view_batchrecord"):
        raise PermissionDenied
    batch = get_object_or_404(Batch.objects.only("id"), id=batch_id)
    answer = HttpResponse("".join(f"{line}\n" for line in rejected_texts(batch.pk)), content_type="application/jsonl")
    answer.headers["Content-Disposition"] = f'attachment; filename="rejected-{batch.pk}.jsonl"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@require_POST
def process_again(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Send the batch's records of one cause again as they are: what was in their way may be gone by now."""
    if not (request.user.has_perm("batches.view_batch") and may_requeue(request)):
        raise PermissionDenied
    batch = get_object_or_404(Batch.objects.select_related("submitted_by"), id=batch_id)
    code = request.POST.get("error_code", "")
    positions = positions_not_sent_again(batch, code) if code in MAY_PASS else []
    try:
        count = sum(1 for _ in resend(batch, positions, source=BatchSource.ADMIN))
    except (ResendingError, QueueFullError) as error:
        messages.error(request, str(error))
    else:
        told = f"{count:,} record{' is' if count == 1 else 's are'} sent again, each as a batch of one."
        messages.add_message(request, messages.SUCCESS if count else messages.WARNING, told)
    return redirect("admin:batches_batch_change", batch_id)
