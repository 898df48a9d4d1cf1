"""One batch from its body to its outcomes: the only place that knows the order."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from batches import leases
from batches.bodies import RawRecord, iter_records
from batches.files.faults import faults_of
from batches.models import Batch, BatchBody, BatchRecord
from batches.values import BatchSource
from profiles import sets
from profiles.applying import apply_drafts
from profiles.models import Identity
from profiles.schema import parse_record
from profiles.shape import utc_text
from profiles.values import (
    EMAIL,
    Cause,
    CauseKind,
    ErrorCode,
    Outcome,
    OutcomeKind,
    ProfileDraft,
    RecordError,
)

FAILURES_BEFORE_HALVING: Final = 2


def read_drafts(batch: Batch) -> Iterator[ProfileDraft]:
    """Return what the batch's records without an outcome ask for, one after another; reads its body at once."""
    # Not `batch.body`: the two would hold each other, and the bytes, until garbage is collected.
    content = BatchBody.objects.filter(batch=batch).values_list("content", flat=True).get()
    records = iter_records(bytes(content))
    return (_draft(batch, record) for record in islice(records, batch.processed_count, None))


def _draft(batch: Batch, record: RawRecord) -> ProfileDraft:
    cause = Cause(
        kind=CauseKind.BATCH,
        batch_id=batch.id,
        position=record.position,
        actor_id=batch.submitted_by_id,
        actor_label=batch.label,
    )
    if batch.source == BatchSource.IMPORT and (faults := faults_of(record.value)):
        return ProfileDraft(cause=cause, errors=faults)
    return parse_record(record.value, cause=cause, flaws=record.flaws)


def process_batch(batch: Batch, drafts: list[ProfileDraft]) -> None:
    """Decide and write every draft (see `read_drafts`), and finish the batch.

    The batch is leased to the caller. Records go in one transaction with their outcomes and the lease's word, so that
    after any crash each has been done once or not at all. A batch whose attempts keep failing is taken in ever
    smaller pieces, until the one record that does it is alone and is rejected. Raises `LeaseLostError`.
    """
    while drafts:
        size = _chunk_size(batch, len(drafts))
        chunk, drafts = drafts[:size], drafts[size:]
        now = timezone.now()
        store_outcomes = partial(_store_outcomes, now=now)
        with transaction.atomic():
            if _is_poisonous(batch, size):
                outcomes = [_internal_error(draft) for draft in chunk]
                store_outcomes(outcomes)
            else:
                outcomes = apply_drafts(chunk, criteria=batch.match_criteria, now=now, store_outcomes=store_outcomes)
            progress = _counts(batch, outcomes)
            if drafts:
                grown = None if batch.chunk_size is None else batch.chunk_size * 2
                leases.record_progress(batch, failures=0, chunk_size=grown, **progress)
            else:
                leases.finish(batch, warnings=_warnings(batch), **progress)


# --- Poison ------------------------------------------------------------------------------------------------------


def _chunk_size(batch: Batch, left: int) -> int:
    """Return how many of the records left to take at once, fewer where the last attempts failed."""
    size = min(batch.chunk_size or left, left)
    patience = FAILURES_BEFORE_HALVING if batch.chunk_size is None else 1
    if size > 1 and batch.failures >= patience:
        size = (size + 1) // 2
        # Committed before the attempt: a crash in it must find the smaller size.
        leases.record_progress(batch, chunk_size=size, failures=0)
    return size


def _is_poisonous(batch: Batch, size: int) -> bool:
    """Whether the one record in hand has failed alone often enough."""
    return size == 1 and batch.failures >= FAILURES_BEFORE_HALVING


def _internal_error(draft: ProfileDraft) -> Outcome:
    message = "The hub could not process this record; its operators can see why in the log."
    return Outcome(
        kind=OutcomeKind.REJECTED,
        cause=draft.cause,
        reference=draft.reference,
        errors=(*draft.errors, RecordError(ErrorCode.INTERNAL, "", message)),
        warnings=draft.warnings,
    )


# --- Outcomes ----------------------------------------------------------------------------------------------------


def _store_outcomes(outcomes: Sequence[Outcome], *, now: dt.datetime) -> None:
    sets.insert_rows(BatchRecord, [_record_row(outcome, now) for outcome in outcomes])


def _record_row(outcome: Outcome, now: dt.datetime) -> dict[str, Any]:
    return {
        "batch_id": outcome.cause.batch_id,
        "position": outcome.cause.position,
        "reference": outcome.reference,
        "outcome": outcome.kind,
        "profile_id": outcome.profile_id,
        "external_id": outcome.match_value,
        "rule": outcome.rule or "",
        "key": None if outcome.key is None else outcome.key.as_json(),
        "considered": [candidate.as_json() for candidate in outcome.considered],
        "error_code": outcome.errors[0].code if outcome.errors else "",
        "errors": [error.as_json() for error in outcome.errors],
        "warnings": [warning.as_json() for warning in outcome.warnings],
        "decided_at": utc_text(now),
    }


def _counts(batch: Batch, outcomes: Sequence[Outcome]) -> dict[str, int]:
    counted = Counter(outcome.kind for outcome in outcomes)
    return {
        "created_count": batch.created_count + counted[OutcomeKind.CREATED],
        "updated_count": batch.updated_count + counted[OutcomeKind.UPDATED],
        "unchanged_count": batch.unchanged_count + counted[OutcomeKind.UNCHANGED],
        "rejected_count": batch.rejected_count + counted[OutcomeKind.REJECTED],
    }


def _warnings(batch: Batch) -> list[dict[str, str]]:
    """Say so when the match criterion is a handle nobody has, more likely a slip than meant (contract S12)."""
    if batch.match_criteria == EMAIL or Identity.objects.filter(handle=batch.match_criteria).exists():
        return list(batch.warnings)
    message = f"No profile has an identity with the handle {batch.match_criteria}."
    return [*batch.warnings, {"code": "unused_handle", "pointer": "/match_criteria", "message": message}]
