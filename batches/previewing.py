"""Dry runs: what would become of a batch's records, shown before anything is written (way 4).

By the same decisions as a run, on what the database says at one moment; nobody is kept waiting for it.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from batches import leases
from batches.drafts import Drafts
from batches.models import Batch, BatchBody, PreviewRecord, previews_end
from batches.outcomes import batch_warnings, counts, store_decisions
from batches.pieces import is_poisonous, next_size, piece_size
from batches.values import UNFINISHED, BatchState
from profiles import digests
from profiles.applying import Held, foretell_drafts
from profiles.db.moments import one_moment
from profiles.values import Decision, MobileClash, Shown

PRUNED_AT_ONCE: Final = 100


def preview_batch(batch: Batch, drafts: Drafts) -> None:
    """Show what would become of every record, and finish the batch.

    The batch is leased to the caller. Where attempts keep failing, ever fewer records are added to those that were
    shown, until the one that does it is alone and is shown as rejected unread; each time all of them are decided
    anew, so that they see one another and one moment. Raises `LeaseLostError`.
    """
    taken = drafts.take(batch.processed_count)
    while left := len(drafts):
        size = piece_size(batch, left)
        taken += [drafts.skip()] if is_poisonous(batch, size) else drafts.take(size)
        now = timezone.now()
        with one_moment():
            decisions = foretell_drafts(
                taken,
                criteria=batch.criteria,
                now=now,
                received_at=batch.received_at,
                mobile_clash=MobileClash(batch.mobile_clash),
                identity_limits=drafts.key_rules.identity_limits,
                source=batch.id,
            )
            shown = shown_of(batch, decisions)
        with transaction.atomic(durable=True):
            if batch.processed_count:
                PreviewRecord.objects.filter(batch=batch).delete()
            store_decisions(decisions, batch_id=batch.id, now=now)
            progress = counts(decision.outcome for decision in decisions)
            if len(drafts):
                leases.start_anew(batch, chunk_size=next_size(batch), **progress)
            else:
                leases.finish(batch, state=BatchState.PREVIEWED, **shown, **progress)


def preview_afresh(batch: Batch, decisions: Sequence[Decision], *, preview_id: UUID, now: dt.datetime) -> Batch:
    """Keep what the records of a batch that stopped would come to now, as a preview of its own, and return that.

    Inside the transaction in which the batch stops.
    """
    content = BatchBody.objects.values_list("content", flat=True).get(batch=batch)
    return keep_preview(batch, content, decisions, preview_id=preview_id, now=now)


def keep_preview(
    batch: Batch, content: bytes, decisions: Sequence[Decision], *, preview_id: UUID, now: dt.datetime
) -> Batch:
    """Keep what a batch of this body would come to, as a preview of its own, and return that."""
    preview = Batch(
        id=preview_id,
        dry_run=True,
        state=BatchState.PREVIEWED,
        received_at=now,
        started_at=now,
        finished_at=now,
        **shown_of(batch, decisions),
        **counts(decision.outcome for decision in decisions),
        **as_sent(batch),
    )
    preview.save(force_insert=True)
    BatchBody.objects.create(batch=preview, content=content)
    store_decisions(decisions, batch_id=preview.id, now=now)
    return preview


def as_sent(batch: Batch) -> dict[str, Any]:
    """Return what another batch of the same bytes has in common with this one."""
    names = (
        "match_criteria",
        "mobile_clash",
        "source",
        "submitted_by_id",
        "label",
        "queue_key",
        "body_sha256",
        "body_size",
        "total_count",
        "corrects_batch_id",
        "corrects_position",
        "undoes_id",
    )
    return {name: getattr(batch, name) for name in names}


def held_to_preview(preview_id: UUID, batch: Batch, *, afresh: UUID | None) -> tuple[Held, dt.datetime]:
    """Return what a pinned batch is held to, and when what it says was received; two queries.

    `afresh` names the preview that is made where one record that has changed stops them all.
    """
    preview = Batch.objects.only("id", "received_at", "record_digests").get(id=preview_id)
    joined = bytes(preview.record_digests or b"")
    rows = PreviewRecord.objects.filter(batch=preview).order_by("position")
    shown = {
        position: Shown(
            joined[position * digests.SIZE : (position + 1) * digests.SIZE],
            digests.in_words(outcome, profile_id, [error["code"] for error in errors]),
        )
        for position, outcome, profile_id, errors in rows.values_list("position", "outcome", "profile_id", "errors")
    }
    if len(shown) != batch.total_count:
        raise LookupError("What was shown of the batch is no longer kept.")
    return Held(preview.id, shown, afresh), preview.received_at


def prune_previews() -> int:
    """Remove what previews have shown that are too old, and return how many they were; commits a hundred at a time.

    Not of those whose run has not ended: it is held to them. An hour later than they say so, so that what was
    confirmed at the last moment is one of those.
    """
    end = previews_end() - dt.timedelta(hours=1)
    unended = [*UNFINISHED, BatchState.SET_ASIDE, BatchState.CANCELLED]  # the latter two may be requeued
    runs = Batch.objects.filter(pinned_to=OuterRef("pk"), state__in=unended)
    old = Batch.objects.filter(state=BatchState.PREVIEWED, finished_at__lt=end).exclude(Exists(runs))
    # What records of runs would have come to is told by rows of the runs themselves.
    kept = PreviewRecord.objects.filter(batch=OuterRef("pk"))
    told = Batch.objects.filter(pinned_to__isnull=False, finished_at__lt=end).filter(Exists(kept))
    count = 0
    for batches in (old, told):
        while ids := list(batches.order_by("id").values_list("id", flat=True)[:PRUNED_AT_ONCE]):
            with transaction.atomic(durable=True):
                PreviewRecord.objects.filter(batch__in=ids).delete()
                shown = Batch.objects.filter(id__in=ids, dry_run=True)
                count += shown.update(state=BatchState.EXPIRED, record_digests=None)
    return count


def shown_of(batch: Batch, decisions: Sequence[Decision]) -> dict[str, Any]:
    """Return the columns of what a preview shows of its batch as a whole; queries."""
    made = {
        pointer.split("/")[2].replace("~1", "/").replace("~0", "~")
        for decision in decisions
        for pointer in decision.changes
        if pointer.startswith("/identities/")
    }
    joined = [decision.digest for decision in decisions]
    return {
        "record_digests": b"".join(joined),
        "digest": digests.digest_of_all(joined),
        "warnings": batch_warnings(batch, new_handles=made),
    }
