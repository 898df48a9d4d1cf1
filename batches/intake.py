"""Receiving: the envelope is checked, the body is kept as it came, and that is all.

Nothing is thought about before the body is committed, and a failure afterwards never undoes the receipt.
"""

import hashlib
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from batches.bodies import BodyError, EnvelopeError, read_envelope
from batches.leases import wake_workers
from batches.models import Batch, BatchBody
from batches.values import UNFINISHED, BatchSource, Receipt
from profiles import sets

if TYPE_CHECKING:
    from profiles.models import User

__all__ = ["BodyError", "EnvelopeError", "IdempotencyConflictError", "QueueFullError", "submit_batch"]

RETRY_AFTER_SECONDS: Final = 10


class QueueFullError(Exception):
    """Too many batches are waiting; try again later."""

    retry_after = RETRY_AFTER_SECONDS


class IdempotencyConflictError(Exception):
    """The idempotency key was used for another body."""


def submit_batch(  # noqa: PLR0913 each is a fact of the submission
    *,
    body: bytes,
    source: BatchSource,
    submitted_by: "User | None",
    label: str = "",
    queue_key: str = "",
    idempotency_key: str | None = None,
    corrects: tuple[UUID, int] | None = None,
    request_id: str = "",
) -> Receipt:
    """Commit the body as one batch and return its receipt.

    Batches of one queue are processed in the order received; the queue is the submitter's unless `queue_key` names
    one. An `idempotency_key` the submitter used before answers with that batch, if the body is the same.
    `corrects` is the batch and position of a record that this one sends again, `request_id` what the log calls the
    request. Raises `BodyError`, `EnvelopeError`,
    `QueueFullError` and `IdempotencyConflictError`; nothing is stored then. Opens its own transaction.
    """
    envelope = read_envelope(body)
    corrects_batch_id, corrects_position = corrects or (None, None)
    batch = Batch(
        match_criteria=envelope.match_criteria,
        total_count=envelope.total_count,
        source=source,
        submitted_by=submitted_by,
        label=label,
        queue_key=f"key:{queue_key}" if queue_key else f"user:{submitted_by.pk if submitted_by else ''}",
        idempotency_key=idempotency_key or None,
        request_id=request_id,
        body_sha256=hashlib.sha256(body).hexdigest(),
        body_size=len(body),
        corrects_batch_id=corrects_batch_id,
        corrects_position=corrects_position,
    )
    try:
        with transaction.atomic():
            _refuse_when_full()
            batch.save(force_insert=True)
            with sets.pipelined():
                BatchBody.objects.create(batch=batch, content=body)
                wake_workers()
    except (IntegrityError, QueueFullError):
        # Perhaps a batch by the same idempotency key is there, of before or of this moment.
        earlier = _find_earlier(batch)
        if earlier is None:
            raise
        return _replay(earlier, batch)
    return Receipt(batch.id, batch.total_count)


def _find_earlier(batch: Batch) -> Batch | None:
    if batch.idempotency_key is None:
        return None
    return Batch.objects.filter(submitted_by=batch.submitted_by, idempotency_key=batch.idempotency_key).first()


def _replay(earlier: Batch, batch: Batch) -> Receipt:
    if earlier.body_sha256 != batch.body_sha256:
        raise IdempotencyConflictError(IdempotencyConflictError.__doc__)
    return Receipt(earlier.id, earlier.total_count, replayed=True)


def _refuse_when_full() -> None:
    most: int = settings.MAX_QUEUED_BATCHES
    if Batch.objects.filter(state__in=UNFINISHED)[:most].count() >= most:
        raise QueueFullError
