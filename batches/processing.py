"""One batch from its body to its outcomes: the only place that knows the order."""

import datetime as dt
from dataclasses import replace
from functools import partial

from django.db import transaction
from django.utils import timezone

from batches import leases
from batches.drafts import Drafts
from batches.models import Batch
from batches.outcomes import batch_warnings, counts, store_outcomes
from batches.pieces import is_poisonous, next_size, piece_size
from batches.previewing import held_to_preview, preview_afresh, preview_batch
from batches.reverting import revert_batch
from batches.values import BatchSource, BatchState, IfChanged
from profiles.applying import Held, StaleDraftsError, apply_drafts
from profiles.db.ids import new_id
from profiles.values import ErrorCode, Finding, MobileClash, Outcome, OutcomeKind, ProfileDraft


def process_batch(batch: Batch, drafts: Drafts) -> None:
    """Decide and write every record that has no outcome yet, and finish the batch; of a dry run, only show it.

    The batch is leased to the caller. Records go in one transaction with their outcomes and the lease's word, so that
    after any crash each has been done once or not at all. A batch whose attempts keep failing is read and taken in
    ever smaller pieces, until the one record that does it is alone and is rejected unread; but one that is to be
    written as a whole or not at all (way 4.4) is never taken in pieces. Raises `LeaseLostError`.
    """
    if batch.source == BatchSource.UNDO:
        revert_batch(batch)
        return
    if batch.dry_run:
        preview_batch(batch, drafts)
        return
    stops = batch.if_changed == IfChanged.STOP
    held: Held | None = None
    received_at = batch.received_at
    if batch.pinned_to_id is not None:
        held, received_at = held_to_preview(batch.pinned_to_id, batch, afresh=new_id() if stops else None)
    while left := len(drafts):
        size = left if stops else piece_size(batch, left)
        poisonous = not stops and is_poisonous(batch, size)
        chunk = [drafts.skip()] if poisonous else drafts.take(size)
        now = timezone.now()
        store = partial(store_outcomes, batch_id=batch.id, now=now)
        with transaction.atomic(durable=True):
            if poisonous:
                outcomes = [_rejected(draft) for draft in chunk]
                store(outcomes)
            else:
                try:
                    outcomes = apply_drafts(
                        chunk,
                        criteria=batch.criteria,
                        now=now,
                        received_at=received_at,
                        mobile_clash=MobileClash(batch.mobile_clash),
                        identity_limits=drafts.key_rules.identity_limits,
                        store_outcomes=store,
                        held=held,
                    )
                except StaleDraftsError as stale:
                    _stop(batch, stale, now=now)
                    return
            progress = counts(outcomes, beside=batch)
            if len(drafts):
                leases.start_anew(batch, chunk_size=next_size(batch), **progress)
            else:
                leases.finish(batch, warnings=batch_warnings(batch), **progress)


def _rejected(draft: ProfileDraft) -> Outcome:
    return Outcome(kind=OutcomeKind.REJECTED, cause=draft.cause, errors=draft.errors)


def _stop(batch: Batch, stale: StaleDraftsError, *, now: dt.datetime) -> None:
    """End a batch of which nothing is written because some of it has changed, with a fresh preview to look at."""
    outcomes = [outcome if outcome.instead else _not_applied(outcome) for outcome in stale.outcomes]
    count = sum(outcome.instead is not None for outcome in outcomes)
    preview = preview_afresh(batch, stale.afresh, preview_id=stale.preview_id, now=now)
    store_outcomes([replace(outcome, instead=None) for outcome in outcomes], batch_id=batch.id, now=now)
    leases.finish(
        batch,
        state=BatchState.STALE,
        preview_id=preview.id,
        error=(
            f"{count:,} of {len(outcomes):,} records {'is' if count == 1 else 'are'} no longer what the preview "
            f"showed, so nothing was written; look at the fresh preview."
        ),
        warnings=preview.warnings,
        **counts(outcomes),
    )


def _not_applied(outcome: Outcome) -> Outcome:
    """Return the refusal of a record of which nothing has changed, in a batch that was stopped."""
    message = "Nothing of the batch was written, as other records are no longer what the preview showed."
    return outcome.refused(Finding(ErrorCode.NOT_APPLIED, "", message))
