"""Sending exactly what a preview has shown: a batch of the same bytes that is held to it (way 4.3)."""

from typing import Final

from django.db import IntegrityError

from batches.intake import keep_batch
from batches.models import Batch, BatchBody
from batches.previewing import as_sent
from batches.values import UNFINISHED, BatchSource, BatchState, IfChanged, Receipt
from profiles.once import Sent
from profiles.sentences import ToldError

_WHY_NOT: Final = {
    **dict.fromkeys(UNFINISHED, "The batch is not previewed yet."),
    BatchState.SET_ASIDE: "The batch could not be previewed, so there is nothing to confirm.",
    BatchState.CANCELLED: "The preview was cancelled, so there is nothing to confirm.",
}


class ConfirmingError(ToldError):
    """The preview cannot be confirmed."""


def confirm_preview(
    preview: Batch,
    *,
    digest: str,
    if_changed: IfChanged | None = None,
    source: BatchSource,
    request_id: str = "",
    sent: Sent | None = None,
) -> Receipt:
    """Submit what the preview has shown, as a batch that is held to it, and return its receipt; commits.

    `digest` is the preview's, which shows that this is what was looked at. A preview is confirmed once: doing it again
    answers with the same batch. Raises `ConfirmingError` and `QueueFullError`.
    """
    if not preview.dry_run:
        raise ConfirmingError("The batch is no preview.")
    if preview.state in _WHY_NOT:
        raise ConfirmingError(_WHY_NOT[BatchState(preview.state)])
    if preview.source == BatchSource.UNDO and if_changed is IfChanged.SKIP:
        raise ConfirmingError("An undo is done as it was shown, or not at all: if_changed cannot be skip.")
    if digest != preview.digest:
        raise ConfirmingError("The digest is not that of this preview; look at it again.")
    if (run := confirmed_as(preview)) is not None:
        return _again(run, if_changed)
    if preview.shown_state is BatchState.EXPIRED:
        raise ConfirmingError(preview.shown_error)
    body = BatchBody.objects.filter(batch=preview).first()
    if body is None:
        raise ConfirmingError("The batch's body is no longer kept.")
    run = Batch(
        **as_sent(preview) | ({} if preview.source == BatchSource.UNDO else {"source": source}),
        pinned_to=preview,
        if_changed=if_changed or IfChanged.STOP,
        request_id=request_id,
    )
    try:
        return keep_batch(run, body.content, sent=sent)
    except IntegrityError:
        if (earlier := confirmed_as(preview)) is None:
            raise
        return _again(earlier, if_changed)


def confirmed_as(preview: Batch) -> Batch | None:
    """Return the batch with which the preview was confirmed; one query."""
    return Batch.objects.filter(pinned_to=preview).first()


def _again(run: Batch, if_changed: IfChanged | None) -> Receipt:
    if if_changed not in {None, run.if_changed}:
        raise ConfirmingError(f"The preview was confirmed with if_changed {run.if_changed}, as batch {run.id}.")
    return Receipt(run.id, run.total_count, replayed=True)
