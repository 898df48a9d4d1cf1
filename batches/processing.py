"""One batch from its body to its outcomes: the only place that knows the order."""

import datetime as dt
from collections import Counter, deque
from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils import timezone

from batches import leases
from batches.bodies import RawRecord, RecordReader, record_texts
from batches.files.faults import faults_of
from batches.models import Batch, BatchBody, BatchRecord
from batches.values import BatchSource
from profiles.applying import apply_drafts
from profiles.criteria import EMAIL, looks_like_email
from profiles.db import sets
from profiles.directory import key_rule_texts, key_rules_of
from profiles.models import Identity
from profiles.schema import parse_record
from profiles.times import utc_text
from profiles.values import (
    Cause,
    CauseKind,
    ErrorCode,
    Finding,
    MobileClash,
    Outcome,
    OutcomeKind,
    ProfileDraft,
)

FAILURES_BEFORE_HALVING: Final = 2

log = structlog.get_logger(__name__)


class Drafts:
    """What the records of a batch that have no outcome ask for, in order; each is read when it is asked for, or ahead.

    A record that cannot be read is a draft with an error, and nobody else's matter.
    """

    def __init__(self, batch: Batch) -> None:
        """Read the body; its records are left for later."""
        self._batch = batch
        # Not `batch.body`: the two would hold each other, and the bytes, until garbage is collected.
        bodies = BatchBody.objects.filter(batch=batch)
        content, *texts = bodies.values_list("content", *key_rule_texts()).get()
        self.key_rules = key_rules_of(*texts)  # they came with the body, in one statement
        self._unread = deque(islice(enumerate(record_texts(content)), batch.processed_count, None))
        self._reader = RecordReader()
        self._read: deque[ProfileDraft] = deque()

    def __len__(self) -> int:
        return len(self._read) + len(self._unread)

    def read_one(self) -> bool:
        """Read one more record ahead; return whether there was one."""
        if not self._unread:
            return False
        position, text = self._unread.popleft()
        cause = self._cause(position)
        try:
            draft = self._draft(self._reader.read(position, text), cause)
        except Exception:  # whatever it is, the other records have nothing to do with it
            log.exception("record_unreadable", batch_id=str(self._batch.id), position=position)
            draft = _unreadable(cause)
        self._read.append(draft)
        return True

    def take(self, count: int) -> list[ProfileDraft]:
        """Return the next so many, and forget them."""
        while len(self._read) < count and self.read_one():
            pass
        return [self._read.popleft() for _ in range(min(count, len(self._read)))]

    def skip(self) -> ProfileDraft:
        """Return the next one without reading it, with the error that it cannot be processed."""
        if self._read:
            return _unreadable(self._read.popleft().cause)
        position, _ = self._unread.popleft()
        return _unreadable(self._cause(position))

    def _draft(self, record: RawRecord, cause: Cause) -> ProfileDraft:
        if self._batch.source == BatchSource.IMPORT and (faults := faults_of(record.value)):
            return ProfileDraft(cause=cause, errors=faults)
        return parse_record(record.value, cause=cause, flaws=record.flaws, blocked=self.key_rules.blocked)

    def _cause(self, position: int) -> Cause:
        batch = self._batch
        return Cause(
            kind=CauseKind.BATCH,
            batch_id=batch.id,
            position=position,
            actor_id=batch.submitted_by_id,
            actor_label=batch.label,
        )


def _unreadable(cause: Cause) -> ProfileDraft:
    message = "The hub could not process this record; its operators can see why in the log."
    return ProfileDraft(cause=cause, errors=(Finding(ErrorCode.INTERNAL, "", message),))


def process_batch(batch: Batch, drafts: Drafts) -> None:
    """Decide and write every record that has no outcome yet, and finish the batch.

    The batch is leased to the caller. Records go in one transaction with their outcomes and the lease's word, so that
    after any crash each has been done once or not at all. A batch whose attempts keep failing is read and taken in
    ever smaller pieces, until the one record that does it is alone and is rejected unread. Raises `LeaseLostError`.
    """
    while left := len(drafts):
        size = _chunk_size(batch, left)
        poisonous = _is_poisonous(batch, size)
        chunk = [drafts.skip()] if poisonous else drafts.take(size)
        now = timezone.now()
        store_outcomes = partial(_store_outcomes, now=now)
        with transaction.atomic(durable=True):
            if poisonous:
                outcomes = [_rejected(draft) for draft in chunk]
                store_outcomes(outcomes)
            else:
                outcomes = apply_drafts(
                    chunk,
                    criteria=batch.criteria,
                    now=now,
                    received_at=batch.received_at,
                    mobile_clash=MobileClash(batch.mobile_clash),
                    identity_limits=drafts.key_rules.identity_limits,
                    store_outcomes=store_outcomes,
                )
            progress = _counts(batch, outcomes)
            if len(drafts):
                grown = None if batch.chunk_size is None else batch.chunk_size * 2
                leases.start_anew(batch, chunk_size=grown, **progress)
            else:
                leases.finish(batch, warnings=_warnings(batch), **progress)


# --- Poison ------------------------------------------------------------------------------------------------------


def _chunk_size(batch: Batch, left: int) -> int:
    """Return how many of the records left to take at once, fewer where the last attempts failed.

    At each size counting starts anew, at the size of one too: two accidents must not reject an innocent record.
    """
    size = min(batch.chunk_size or left, left)
    patience = FAILURES_BEFORE_HALVING if batch.chunk_size is None else 1
    if batch.failures >= patience and (size > 1 or batch.chunk_size is None):
        size = (size + 1) // 2
        # Committed before the attempt: a crash in it must find the smaller size.
        with transaction.atomic(durable=True):
            leases.start_anew(batch, chunk_size=size)
    return size


def _is_poisonous(batch: Batch, size: int) -> bool:
    """Whether the one record in hand has failed alone often enough."""
    return size == 1 and batch.failures >= FAILURES_BEFORE_HALVING


def _rejected(draft: ProfileDraft) -> Outcome:
    return Outcome(kind=OutcomeKind.REJECTED, cause=draft.cause, errors=draft.errors)


# --- Outcomes ----------------------------------------------------------------------------------------------------


def _store_outcomes(outcomes: Sequence[Outcome], *, now: dt.datetime) -> None:
    sets.insert_rows(BatchRecord, [record_row(outcome, now=now) for outcome in outcomes])


def record_row(outcome: Outcome, *, now: dt.datetime) -> dict[str, Any]:
    """Return the outcome as a row of `BatchRecord`, decided now."""
    return {
        "batch_id": outcome.cause.batch_id,
        "position": outcome.cause.position,
        "reference": outcome.reference,
        "outcome": outcome.kind,
        "profile_id": outcome.profile_id,
        "profile_version": outcome.profile_version,
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
    """Say so when a match criterion is a handle nobody has, more likely a slip than meant (way 3.2)."""
    handles = [criterion for criterion in batch.criteria if criterion != EMAIL]
    unused = [handle for handle in handles if not Identity.objects.filter(handle=handle).exists()]
    if not unused:
        return list(batch.warnings)
    message = f"No profile has an identity with the handle {' or '.join(unused)}"
    message += f"; did you mean {EMAIL}?" if any(map(looks_like_email, unused)) else "."
    return [*batch.warnings, {"code": "unused_handle", "pointer": "/match_criteria", "message": message}]
