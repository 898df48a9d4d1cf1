"""Receiving: the envelope is checked, the body is kept as it came, and that is all.

Nothing is thought about before the body is committed, and a failure afterwards never undoes the receipt.
"""

import hashlib
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from batches.bodies import BodyError, EnvelopeError, read_envelope
from batches.leases import wake_workers
from batches.models import Batch, BatchBody
from batches.values import BatchSource, Receipt
from profiles.criteria import criteria_text
from profiles.db import sets
from profiles.once import Sent, kept_once, once
from profiles.sentences import ToldError

if TYPE_CHECKING:
    from profiles.models import User

__all__ = [
    "BodyError",
    "EnvelopeError",
    "QueueFullError",
    "UserQueueFullError",
    "keep_batch",
    "queue_batch",
    "submit_batch",
]

RETRY_AFTER_SECONDS: Final = 10
# The states as the partial index names them: SQLite does not use it for parameters, and would read every batch.
_WAITING: Final = """
    SELECT COUNT(*), COUNT(*) FILTER (WHERE submitted_by_id = %s),
           COALESCE(SUM(body_size) FILTER (WHERE submitted_by_id = %s), 0)
    FROM batches_batch WHERE state IN ('queued', 'running')
"""


class QueueFullError(ToldError):
    """Too many batches are waiting; try again later."""

    retry_after = RETRY_AFTER_SECONDS


class UserQueueFullError(QueueFullError):
    """Too many batches of this user are waiting, or too large ones; try again when some are done."""


def submit_batch(
    *,
    body: bytes,
    source: BatchSource,
    submitted_by: "User | None",
    label: str = "",
    queue_key: str = "",
    idempotency_key: str | None = None,
    corrects: tuple[UUID, int] | None = None,
    request_id: str = "",
    dry_run: bool = False,
    part_of: tuple[UUID, int] | None = None,
) -> Receipt:
    """Commit the body as one batch and return its receipt.

    Batches of one queue are processed in the order received; the queue is the submitter's unless `queue_key` names
    one. An `idempotency_key`, which needs a submitter, answers with the batch that was sent under it within the last
    `IDEMPOTENCY_DAYS`, if its body, label and queue key were the same. `corrects` is the batch and position of a
    record that this one sends again, `request_id` what the log calls the request. A `dry_run` only shows what would
    become of the records. `part_of` is the import and the number of its slice, which is kept once: an `IntegrityError`
    where it is there. Raises `BodyError`, `EnvelopeError`, `QueueFullError` and `KeyConflictError`; nothing is
    stored then. Commits: a `RuntimeError` inside a transaction, whose end could still take the receipt back.
    """
    envelope = read_envelope(body)
    corrects_batch_id, corrects_position = corrects or (None, None)
    batch = Batch(
        match_criteria=criteria_text(envelope.criteria),
        total_count=envelope.total_count,
        mobile_clash=envelope.mobile_clash or settings.MOBILE_CLASH,
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
        dry_run=dry_run,
        part_of_id=None if part_of is None else part_of[0],
        slice=None if part_of is None else part_of[1],
    )
    sent = None if idempotency_key is None else _sent_as(batch, idempotency_key)
    return once(
        sent,
        lambda: keep_batch(batch, body, sent=sent),
        lambda made: Receipt(UUID(made[0]), envelope.total_count, replayed=True),
        claims_first=True,
    )


def keep_batch(batch: Batch, body: bytes, *, sent: Sent | None = None) -> Receipt:
    """Commit a batch that is to be processed, and return its receipt; raises `QueueFullError`."""
    with kept_once(sent, making=[batch.pk]):
        queue_batch(batch, body)
    return Receipt(batch.id, batch.total_count)


def queue_batch(batch: Batch, body: bytes) -> None:
    """Keep a batch that is to be processed, inside the transaction that promises it; raises `QueueFullError`."""
    _refuse_when_full(batch)
    batch.save(force_insert=True)
    with sets.pipelined():
        BatchBody.objects.create(batch=batch, content=body)
        wake_workers()


def _sent_as(batch: Batch, idempotency_key: str) -> Sent:
    """Return the batch as it was sent: by either path, with all that makes it this one (way 1.4)."""
    if batch.submitted_by is None:
        raise ValueError("an idempotency key is its submitter's")
    corrects = [str(batch.corrects_batch_id), batch.corrects_position]
    said = [batch.body_sha256, batch.label, batch.queue_key, corrects, batch.dry_run]
    return Sent.of(batch.submitted_by.pk, idempotency_key, "batch", *said)


def _refuse_when_full(batch: Batch) -> None:
    """Raise `QueueFullError` where too much waits, of everybody or of the submitter; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [batch.submitted_by_id, batch.submitted_by_id])
        count, own_count, own_bytes = cursor.fetchone()
    if count >= settings.MAX_QUEUED_BATCHES:
        raise QueueFullError
    if batch.submitted_by is not None and (
        own_count >= settings.MAX_QUEUED_BATCHES_PER_USER
        or own_bytes + batch.body_size > settings.MAX_QUEUED_BYTES_PER_USER
    ):
        raise UserQueueFullError
