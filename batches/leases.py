"""Who works on which batch: the batch's own row is the job.

A lease is a worker's name, an attempt number and an end. Everything a worker says of its batch names all of that, so
that a worker whose lease was taken over changes nothing. Leases go by the database's clock.

A batch is blamed for what ends an attempt at it (`failures`), so that the record that does it can be found: for an
exception, and for a lease that runs out, since its worker then has crashed or hangs. Accidents blame nobody: a worker
that lives takes back the count of a lease it lost (`give_back`), and one that was told to leave at once has its lease
returned by whoever told it to (`release`).
"""

import datetime as dt
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from batches.models import Batch
from batches.values import UNFINISHED, BatchState
from profiles.db import calls, engine, locks

CHANNEL: Final = "hub_batches"


class LeaseLostError(Exception):
    """Another worker has taken the batch over; everything done in this transaction must be rolled back."""


def claim(*, worker: str) -> Batch | None:
    """Take the oldest batch that is due, or return `None`; commits.

    Due is a batch that waits, or whose worker's lease has run out, and that has no older unfinished one in its
    queue. On SQLite the caller is the only worker (see `worker.alone`), so that whatever is still running
    was left by one that died. Taking over what another worker began counts as a failure of that attempt.
    """
    abandoned = Q(state=BatchState.RUNNING)
    if not engine.has_one_writer():
        abandoned &= Q(lease_until__lt=Now())
    unfinished = Batch.objects.filter(state__one_of=UNFINISHED)
    due = _first_in_their_queues(unfinished.filter(Q(state=BatchState.QUEUED) | abandoned))
    with transaction.atomic(durable=True):
        batch = locks.free_rows(due).first()
        if batch is None:
            return None
        # Nobody else can move the row now: it is locked, or the whole file is.
        if batch.state == BatchState.RUNNING:
            batch.failures += 1
            batch.lapsed_attempts = [*batch.lapsed_attempts, batch.attempt]
        batch.state = BatchState.RUNNING
        batch.worker = worker
        batch.attempt += 1
        Batch.objects.filter(id=batch.id).update(
            failures=batch.failures,
            lapsed_attempts=batch.lapsed_attempts,
            state=batch.state,
            worker=batch.worker,
            attempt=batch.attempt,
            lease_until=_lease_end(),
            started_at=batch.started_at or Now(),
        )
    return batch


def find_next(*, behind: Batch) -> Batch | None:
    """Return the batch this worker will probably claim after the one in hand, `None` where another may get it first.

    That is the next one of the same queue, which nobody may claim before, or any while nobody else works.
    """
    others = Batch.objects.filter(state__one_of=UNFINISHED).exclude(id=behind.id)
    following = _first_in_their_queues(others.filter(state=BatchState.QUEUED, attempt=0), besides=behind).first()
    if following is None or following.queue_key == behind.queue_key:
        return following
    return None if others.filter(state=BatchState.RUNNING).exists() else following


def extend(*, batch_id: UUID, worker: str, attempt: int) -> bool:
    """Push the lease's end; return whether the worker still has it. Called while the batch is worked on."""
    held = Batch.objects.filter(id=batch_id, worker=worker, attempt=attempt, state=BatchState.RUNNING)
    return held.update(lease_until=_lease_end()) == 1


def start_anew(batch: Batch, *, chunk_size: int | None, **values: Any) -> None:
    """Set columns of a batch in hand whose front has moved or become smaller: no attempt at it has failed so far.

    Raises `LeaseLostError`.
    """
    record_progress(batch, failures=0, lapsed_attempts=[], chunk_size=chunk_size, **values)


def record_progress(batch: Batch, **values: Any) -> None:
    """Set columns of a batch in hand.

    Raises `LeaseLostError` where somebody else has taken it over. Inside the transaction of what it tells about.
    """
    if _held(batch).update(**values) != 1:
        raise LeaseLostError
    for name, value in values.items():
        setattr(batch, name, value)


def finish(batch: Batch, *, state: BatchState = BatchState.DONE, **values: Any) -> None:
    """End the work: the batch is done, and the next one of its queue is due. Raises `LeaseLostError`."""
    record_progress(batch, state=state, worker="", lease_until=None, finished_at=Now(), **values)
    wake_workers()


def give_back(batch: Batch, *, failed: bool) -> None:
    """Let the batch wait again; `failed` says whether the batch is to blame.

    Where the lease ran out meanwhile and that was counted against the batch, the count is taken back.
    """
    freed = _held(batch).update(
        state=BatchState.QUEUED,
        worker="",
        lease_until=None,
        failures=F("failures") + (1 if failed else 0),
    )
    if freed:
        wake_workers()
    elif not failed:
        _take_back_count(batch)


def _take_back_count(batch: Batch) -> None:
    with transaction.atomic(durable=True):
        stored = Batch.objects.select_for_update(of=("self",)).filter(id=batch.id, state__one_of=UNFINISHED).first()
        if stored is not None and batch.attempt in stored.lapsed_attempts:
            left = [attempt for attempt in stored.lapsed_attempts if attempt != batch.attempt]
            Batch.objects.filter(id=batch.id).update(failures=F("failures") - 1, lapsed_attempts=left)


def release(worker: str) -> None:
    """Let what a worker has in hand wait again, blaming nobody: it was told to leave at once."""
    held = Batch.objects.filter(worker=worker, state=BatchState.RUNNING)
    if held.update(state=BatchState.QUEUED, worker="", lease_until=None):
        wake_workers()


def set_aside(batch: Batch, *, error: str) -> None:
    """Stop trying: an operator must look at it. The batches behind it in its queue go on."""
    _held(batch).update(state=BatchState.SET_ASIDE, worker="", lease_until=None, finished_at=Now(), error=error[:255])
    wake_workers()


def requeue(batch_id: UUID) -> bool:
    """Let a batch that was set aside or cancelled wait again, commit that, and return whether there was one.

    Records that have their outcome keep it.
    """
    stopped = Batch.objects.filter(id=batch_id, state__in=[BatchState.SET_ASIDE, BatchState.CANCELLED])
    with transaction.atomic(durable=True):
        requeued = stopped.update(
            state=BatchState.QUEUED, error="", failures=0, lapsed_attempts=[], chunk_size=None, finished_at=None
        )
        wake_workers()
    return requeued == 1


def wake_workers() -> None:
    """Tell waiting workers to look, once the transaction is committed. Polling alone would do; this is sooner."""
    calls.call(CHANNEL)


def _first_in_their_queues(batches: QuerySet[Batch], *, besides: Batch | None = None) -> QuerySet[Batch]:
    """Keep those that have no older unfinished batch in their queue, `besides` not counted; the oldest comes first."""
    older = Batch.objects.filter(queue_key=OuterRef("queue_key"), state__one_of=UNFINISHED).filter(
        Q(received_at__lt=OuterRef("received_at")) | Q(received_at=OuterRef("received_at"), id__lt=OuterRef("id"))
    )
    if besides is not None:
        older = older.exclude(id=besides.id)
    return batches.filter(~Exists(older)).order_by("received_at", "id")


def _held(batch: Batch) -> QuerySet[Batch]:
    return Batch.objects.filter(id=batch.id, worker=batch.worker, attempt=batch.attempt, state=BatchState.RUNNING)


def _lease_end() -> Any:
    return Now() + dt.timedelta(seconds=settings.LEASE_SECONDS)
