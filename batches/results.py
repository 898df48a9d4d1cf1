"""What became of a batch's records: those decided from their rows, the others out of the body."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from batches.bodies import iter_records
from batches.models import Batch, BatchBody, BatchRecord, PreviewRecord, previews_end
from batches.values import UNFINISHED, BatchState
from profiles.models import ProfileChange
from profiles.values import OutcomeKind


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One record and its outcome; `pending` until it is decided."""

    position: int
    outcome: OutcomeKind
    reference: str = ""
    row: BatchRecord | PreviewRecord | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which items of a batch are wanted."""

    decided: Callable[[QuerySet[Any]], QuerySet[Any]] = field(default=lambda rows: rows)
    """Narrows the rows of those decided."""
    is_narrow: bool = False
    """Whether it leaves any of them out."""
    pending: Callable[[BatchItem], bool] = field(default=lambda _: True)
    """Whether an item not yet decided is wanted."""


def read_items(batch: Batch, selection: Selection, *, offset: int, size: int) -> tuple[list[BatchItem], int]:
    """Return a part of the batch's items in order, and how many there are.

    Records are decided in their order, so that those without an outcome are the last ones. Queries; reads the body
    only while the batch has undecided records.
    """
    model: type[BatchRecord | PreviewRecord] = PreviewRecord if batch.dry_run else BatchRecord
    rows = selection.decided(model._default_manager.filter(batch=batch, position__lt=batch.processed_count))
    decided_count = rows.count() if selection.is_narrow else batch.processed_count
    items = [
        BatchItem(row.position, OutcomeKind(row.outcome), row.reference, row)
        for row in rows.order_by("position")[offset : offset + size]
    ]
    if batch.processed_count == batch.total_count:
        return items, decided_count
    pending = [item for item in _pending(batch) if selection.pending(item)]
    start = max(0, offset - decided_count)
    items += pending[start : start + size - len(items)]
    return items, decided_count + len(pending)


def _pending(batch: Batch) -> list[BatchItem]:
    body = BatchBody.objects.filter(batch=batch).first()
    if body is None:
        return []
    return [
        BatchItem(record.position, OutcomeKind.PENDING, record.reference)
        for record in iter_records(body.content, start=batch.processed_count)
    ]


def in_state(batches: QuerySet[Batch], state: str) -> QuerySet[Batch]:
    """Keep the batches in a state; a preview gets too old by itself. One query where previews are asked for."""
    if state == BatchState.EXPIRED:
        return batches.filter(Q(state=state) | too_old_previews())
    if state == BatchState.PREVIEWED:
        return batches.filter(state=state).exclude(too_old_previews())
    return batches.filter(state=state)


def too_old_previews() -> Q:
    """Return what finds previews that are too old by now and do not say so yet; one that finds nothing if none is.

    One query, so that others need not look for them.
    """
    too_old = Q(state=BatchState.PREVIEWED, finished_at__lt=previews_end())
    return too_old if Batch.objects.filter(too_old).exists() else Q(pk__in=[])


def decisions_about(batch: Batch, positions: Collection[int]) -> dict[int, dict[str, PreviewRecord | None]]:
    """Return of records that were refused as stale what had been `shown`, and what they were at `present`.

    Either is `None` where it is no longer kept. One query, none where there are no such records.
    """
    if not positions or batch.pinned_to_id is None:
        return {}
    sides = {"shown": batch.pinned_to_id, "present": batch.preview_id or batch.id}
    rows = PreviewRecord.objects.filter(batch_id__in=sides.values(), position__in=positions)
    found = {(row.batch_id, row.position): row for row in rows}
    return {
        position: {name: found.get((batch_id, position)) for name, batch_id in sides.items()} for position in positions
    }


Place = tuple[UUID, int]
"""A record's batch and its position there."""


def records_behind(changes: Iterable[ProfileChange]) -> dict[Place, BatchRecord]:
    """Return the records that brought the changes about, so far as they are kept, by their places; one query."""
    places = {
        (change.batch_id, change.position): change.profile_id for change in changes if change.batch_id is not None
    }
    if not places:
        return {}
    # By profile too, which has an index of its own: a batch may speak of 500 people.
    records = BatchRecord.objects.filter(
        profile__among=set(places.values()), batch__among={batch_id for batch_id, _ in places}
    ).only("batch_id", "position", "reference", "rule", "key")
    return {place: record for record in records if (place := (record.batch_id, record.position)) in places}


def queue_positions(batches: list[Batch]) -> dict[Any, int]:
    """Return how many unfinished batches were received before each of those that wait, counting no further than 1,000.

    One query, and none where all are finished.
    """
    waiting = [batch for batch in batches if batch.state in UNFINISHED]
    if not waiting:
        return {}
    line = (
        Batch.objects.filter(state__one_of=UNFINISHED)
        .order_by("received_at", "id")
        .values_list("id", flat=True)[:1_000]
    )
    places = {batch_id: place for place, batch_id in enumerate(line)}
    return {batch.id: places.get(batch.id, 1_000) for batch in waiting}
