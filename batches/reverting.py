"""A batch that takes another one back, from its body to its outcomes (way 5).

Its body names its targets as a batch names its records, the newest first: profiles and versions, no more.
"""

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from batches import leases
from batches.bodies import record_texts
from batches.drafts import drafts_of
from batches.models import Batch, BatchBody, BatchRecord
from batches.outcomes import counts, store_decisions, store_outcomes
from batches.pieces import is_poisonous, next_size, piece_size
from batches.previewing import held_to_preview, preview_afresh, shown_of
from batches.values import BatchSource, BatchState
from profiles import digests
from profiles.db.ids import derived_ids, new_id
from profiles.times import utc_text
from profiles.undoing import RecordSince, Reversal, Target, UndoOptions, take_back
from profiles.values import (
    Cause,
    CauseKind,
    Decision,
    ErrorCode,
    Finding,
    Outcome,
    OutcomeKind,
    Shown,
)

# More later records than this are not read again: what they ask for is kept in memory.
MOST_READ_AGAIN: Final = 5_000


@dataclass(frozen=True, slots=True)
class UndoBody:
    """What a batch that takes another one back says."""

    targets: Sequence[Target]
    options: UndoOptions
    note: str

    def as_bytes(self) -> bytes:
        """Return the body as it is kept."""
        terms = {
            "force": sorted(map(str, self.options.force)),
            "loosen_consent": self.options.loosen_consent,
            "by_ledger_alone": self.options.by_ledger_alone,
            "note": self.note,
            "profiles": [
                {"profile_id": str(target.profile_id), "version": target.version, "reference": target.reference}
                for target in self.targets
            ],
        }
        return orjson.dumps(terms)

    @classmethod
    def from_bytes(cls, content: bytes) -> "UndoBody":
        """Return what such a body says."""
        terms = orjson.loads(content)
        return cls(
            targets=[
                Target(UUID(one["profile_id"]), one["version"], one["reference"])
                for one in map(orjson.loads, record_texts(content))
            ],
            options=UndoOptions(
                frozenset(map(UUID, terms["force"])),
                loosen_consent=terms["loosen_consent"],
                by_ledger_alone=terms["by_ledger_alone"],
            ),
            note=terms["note"],
        )


def revert_batch(batch: Batch) -> None:
    """Take back every target that has no outcome yet, and finish the batch; of a dry run, only show it.

    The batch is leased to the caller. As with records, targets go in one transaction with their outcomes and the
    lease's word, in ever smaller pieces where attempts keep failing; but what was previewed is taken back as it was
    shown, or not at all. Raises `LeaseLostError`.
    """
    body = UndoBody.from_bytes(BatchBody.objects.values_list("content", flat=True).get(batch=batch))
    if batch.dry_run:
        _preview(batch, body)
        return
    shown: Mapping[int, Shown] | None = None
    if batch.pinned_to_id is not None:
        shown = held_to_preview(batch.pinned_to_id, batch, afresh=None)[0].shown
    while left := len(body.targets) - batch.processed_count:
        size = left if shown is not None else piece_size(batch, left)
        poisonous = shown is None and is_poisonous(batch, size)
        now = timezone.now()
        with transaction.atomic(durable=True):
            if shown is not None and (stale := _stale(batch, body, shown, now=now)):
                _stop(batch, stale, shown, now=now)
                return
            store = partial(store_outcomes, batch_id=batch.id, now=now)
            if poisonous:
                outcomes = [_given_up(body.targets[batch.processed_count], cause=_cause(batch))]
                store(outcomes)
            else:
                reversals = _take_back(batch, body, size=size, now=now, store_outcomes=store)
                outcomes = [reversal.outcome for reversal in reversals]
            progress = counts(outcomes, beside=batch)
            if left > size:
                leases.start_anew(batch, chunk_size=next_size(batch), **progress)
            else:
                leases.finish(batch, **progress)


def foretell(
    targets: Sequence[Target],
    *,
    options: UndoOptions,
    cause: Cause,
    now: dt.datetime,
    besides: Collection[UUID] = (),
) -> list[Reversal]:
    """Return what would become of the targets now; nothing is written.

    Runs inside a transaction, whose end lets go of its locks. `besides` are the batches that are taken back.
    """
    return take_back(
        targets,
        cause=cause,
        now=now,
        options=options,
        records_since=partial(records_since, besides=besides),
        write=False,
    )


def records_since(
    profiles: Mapping[UUID, int], *, read: bool, besides: Collection[UUID] = ()
) -> Iterator[RecordSince]:
    """Yield the records that have meant these profiles, from a version of each on, in their order.

    But for those of the batches `besides`, which are taken back now, and of batches that were. With what they asked
    for where they are to be `read`, so far as that is kept; not of more than `MOST_READ_AGAIN` of them. One query, and
    one for the bodies.
    """
    undone = BatchRecord.objects.filter(
        batch__undoes=OuterRef("batch"),
        batch__state=BatchState.DONE,
        batch__dry_run=False,
        profile=OuterRef("profile"),
    ).exclude(batch__undone_by__state=BatchState.DONE, batch__undone_by__dry_run=False)
    rows = BatchRecord.objects.filter(profile__among=list(profiles), profile_version__isnull=False).exclude(
        Exists(undone) | Q(batch__source=BatchSource.UNDO)
    )
    if besides:
        rows = rows.exclude(batch__in=besides)
    found = [
        row
        for row in rows.order_by("profile_version", "id")
        .select_related("batch")
        .only(
            "profile_id",
            "profile_version",
            "position",
            "outcome",
            "decided_at",
            *(f"batch__{name}" for name in ("label", "source", "submitted_by", "received_at", "pinned_to")),
        )
        if row.profile_id is not None and (row.profile_version or 0) >= profiles[row.profile_id]
    ]
    drafts = drafts_of(found) if read and len(found) <= MOST_READ_AGAIN else {}
    for row in found:
        if row.profile_id is None:
            continue
        batch = row.batch
        yield RecordSince(
            row.profile_id,
            row.profile_version or 0,
            batch.id,
            row.position,
            at=utc_text(row.decided_at),
            actor_label=batch.label,
            is_changing=row.outcome != OutcomeKind.UNCHANGED,
            draft=drafts.get((batch.id, row.position)),
            received_at=batch.received_at,
            new_id=partial(derived_ids(batch.pinned_to_id or batch.id, at=batch.received_at), row.position),
        )


def _take_back(batch: Batch, body: UndoBody, *, size: int, now: dt.datetime, **options: Any) -> list[Reversal]:
    first = batch.processed_count
    return take_back(
        body.targets[first : first + size],
        cause=_cause(batch),
        now=now,
        options=body.options,
        note=body.note,
        records_since=partial(records_since, besides=[] if batch.undoes_id is None else [batch.undoes_id]),
        first_position=first,
        **options,
    )


def _cause(batch: Batch) -> Cause:
    return Cause(
        kind=CauseKind.BATCH,
        batch_id=batch.id,
        position=batch.processed_count,
        actor_id=batch.submitted_by_id,
        actor_label=batch.label,
    )


def _given_up(target: Target, *, cause: Cause) -> Outcome:
    error = Finding(ErrorCode.INTERNAL, "", _GIVEN_UP)
    return Outcome(OutcomeKind.REJECTED, cause, target.reference, target.profile_id, errors=(error,))


_GIVEN_UP: Final = "The hub could not take this back; its operators can see why in the log."


# --- Previews ----------------------------------------------------------------------------------------------------


def decisions_of(reversals: Sequence[Reversal]) -> list[Decision]:
    """Return what would become of the targets, with the digests by which it is told apart."""
    decisions = []
    for reversal in reversals:
        changes = reversal.changes
        beside = {f"{one.profile_id}{path}": sides for one in reversal.beside for path, sides in one.changes.items()}
        digest = digests.digest_of(reversal.outcome, {**changes, **beside}, new={}, given={})
        decisions.append(Decision(reversal.outcome, changes, digest))
    return decisions


def placed(decision: Decision, position: int) -> Decision:
    """Return what would become of a target as that of the one at this place of its batch."""
    cause = dataclasses.replace(decision.outcome.cause, position=position)
    return dataclasses.replace(decision, outcome=dataclasses.replace(decision.outcome, cause=cause))


def _preview(batch: Batch, body: UndoBody) -> None:
    """Show what would become of every target, and finish the batch."""
    now = timezone.now()
    with transaction.atomic():  # its locks are let go before anything is written
        decisions = decisions_of(_take_back(batch, body, size=len(body.targets), now=now, write=False))
    with transaction.atomic(durable=True):
        store_decisions(decisions, batch_id=batch.id, now=now)
        progress = counts(decision.outcome for decision in decisions)
        leases.finish(batch, state=BatchState.PREVIEWED, **shown_of(batch, decisions), **progress)


def _stale(batch: Batch, body: UndoBody, shown: Mapping[int, Shown], *, now: dt.datetime) -> list[Decision]:
    """Return all decisions, if one of them is no longer what was shown; the locks they were made under are kept."""
    decisions = decisions_of(_take_back(batch, body, size=len(body.targets), now=now, write=False))
    is_stale = any(one.digest != shown[place].digest for place, one in enumerate(decisions))
    return decisions if is_stale else []


def _stop(batch: Batch, decisions: Sequence[Decision], shown: Mapping[int, Shown], *, now: dt.datetime) -> None:
    """End an undo of which nothing is done because some of it has changed, with a fresh preview to look at."""
    preview = preview_afresh(batch, decisions, preview_id=new_id(), now=now)
    outcomes = [
        one.outcome.refused(_CHANGED if one.digest != shown[place].digest else _UNTOUCHED)
        for place, one in enumerate(decisions)
    ]
    store_outcomes(outcomes, batch_id=batch.id, now=now)
    count = sum(one.digest != shown[place].digest for place, one in enumerate(decisions))
    leases.finish(
        batch,
        state=BatchState.STALE,
        preview_id=preview.id,
        error=(
            f"{count:,} of {len(decisions):,} {'is' if count == 1 else 'are'} no longer what the preview showed, so "
            "nothing was taken back; look at the fresh preview."
        ),
        **counts(outcomes),
    )


_CHANGED: Final = Finding(ErrorCode.STALE, "", "Taking it back would come to something else than was shown.")
_UNTOUCHED: Final = Finding(
    ErrorCode.NOT_APPLIED, "", "Nothing was taken back, as others are no longer what the preview showed."
)
