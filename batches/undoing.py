"""Taking a batch back: what it did is looked up, shown, and submitted as a batch of its own (way 5)."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Self
from uuid import UUID

from django.utils import timezone

from batches.intake import keep_batch, queue_batch
from batches.models import Batch, BatchRecord
from batches.previewing import keep_preview
from batches.reverting import UndoBody, decisions_of, placed
from batches.values import UNFINISHED, BatchSource, BatchState, IfChanged, Receipt
from profiles.db.ids import new_id
from profiles.keys import NAME_LENGTH
from profiles.once import Sent, kept_once
from profiles.reconcile import Changes
from profiles.reverting import composed
from profiles.sentences import ToldError
from profiles.undoing import Reversal, Target, UndoOptions, targets_of_batch
from profiles.values import OutcomeKind

if TYPE_CHECKING:
    from profiles.models import User


# More people than this are not taken for granted: their number is typed.
MANY: Final = 1_000
# What is shown of several batches at once is kept in memory, and their ids stand in one address.
MOST_SHOWN: Final = 10_000
MOST_BATCHES: Final = 100


class UndoError(ToldError):
    """The batch cannot be taken back."""


class UnfinishedError(UndoError):
    """The batch is not finished, so that it cannot be taken back yet."""


class NothingToTakeBackError(UndoError):
    """Nothing came of it that could be taken back."""


class TooManyError(UndoError):
    """More records than can be shown at once: `manage.py undo` takes any number back."""


class OvertakenError(UndoError):
    """It would come to something else by now: look at it again."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the batches that are taken back together, and what it did."""

    batch: Batch
    targets: Sequence[Target]


def targets_of(batch: Batch, *, positions: Collection[int] | None = None) -> list[Target]:
    """Return what the batch did, or its records at some positions, in the order in which it is taken back.

    Raises `UndoError`. Queries.
    """
    if batch.dry_run:
        raise NothingToTakeBackError("A preview has written nothing that could be taken back.")
    if batch.state in {*UNFINISHED, BatchState.SET_ASIDE}:
        raise UnfinishedError
    if positions is not None and (beyond := [one for one in positions if not 0 <= one < batch.total_count]):
        raise NothingToTakeBackError(f"The batch has no record at {', '.join(map(str, sorted(beyond)[:5]))}.")
    records = BatchRecord.objects.filter(batch=batch)
    unchanged = records.filter(outcome=OutcomeKind.UNCHANGED, profile__isnull=False)
    found = targets_of_batch(
        batch.id, positions=positions, unchanged=dict(unchanged.values_list("position", "profile_id"))
    )
    if not found:
        raise NothingToTakeBackError
    return found


def batches_of(label: str) -> list[Batch]:
    """Return the batches that bear a label, as they are taken back: the newest first. Raises `UndoError`. Queries.

    Previews and undos are none of them.
    """
    found = list(
        Batch.objects.filter(label=label, dry_run=False)
        .exclude(source=BatchSource.UNDO)
        .defer("record_digests")
        .order_by("-received_at", "-id")
    )
    if not found:
        raise NothingToTakeBackError(f"No batch has the label {label}.")
    return found


def batches_of_import(import_id: UUID) -> list[Batch]:
    """Return the batches of an import, the newest first; raises `UndoError`. Queries."""
    found = list(Batch.objects.filter(part_of=import_id).defer("record_digests").order_by("-slice"))
    if not found:
        raise NothingToTakeBackError(f"There is no import {import_id} of which anything was taken.")
    return found


def parts_of(batches: Iterable[Batch], *, most: int | None = None) -> list[Part]:
    """Return what each of the batches did, the newest first as they are taken back; of some that may be nothing.

    Raises `UndoError`, for `most` records or more too. Queries.
    """
    ordered = sorted(batches, key=lambda one: (one.received_at, one.pk), reverse=True)
    if most is not None and sum(one.total_count for one in ordered) > most:
        raise TooManyError
    parts, nothing = [], NothingToTakeBackError()
    for batch in ordered:
        try:
            parts.append(Part(batch, targets_of(batch)))
        except NothingToTakeBackError as error:
            nothing = error
        except UnfinishedError as error:
            raise UnfinishedError(f"{batch.title} ({batch.pk}): {error}") from error
    if not parts:
        raise nothing
    return parts


def undo_under_way(batch: Batch, *, targets: int) -> Batch | None:
    """Return the batch that takes all of this one back or has done so, unless that was taken back itself; one query.

    `targets` is how many there are: an undo of some records only has fewer.
    """
    undos = Batch.objects.filter(
        undoes=batch, dry_run=False, total_count=targets, state__in=[*UNFINISHED, BatchState.DONE]
    )
    live = undos.exclude(undone_by__state=BatchState.DONE, undone_by__dry_run=False)
    return live.order_by("-received_at", "-id").first()


def submit_undo(
    batch: Batch,
    *,
    positions: Collection[int] | None = None,
    options: UndoOptions,
    note: str = "",
    dry_run: bool = False,
    submitted_by: "User | None",
    request_id: str = "",
    sent: Sent | None = None,
) -> Receipt:
    """Commit a batch that takes this one back, or some of its records, and return its receipt.

    A `dry_run` only shows what would become of it. Raises `UndoError` and `QueueFullError`.
    """
    body = UndoBody(targets_of(batch, positions=positions), options, note)
    undo = _undo_of(batch, body, submitted_by=submitted_by, request_id=request_id, dry_run=dry_run)
    return keep_batch(undo, body.as_bytes(), sent=sent)


def submit_undos(
    parts: Sequence[Part],
    *,
    options: UndoOptions,
    note: str = "",
    shown: Sequence[Reversal] | None = None,
    submitted_by: "User | None",
    request_id: str = "",
    sent: Sent | None = None,
) -> list[Receipt]:
    """Commit a batch for each part that takes it back, all of them or none, and return their receipts.

    What has been `shown` of all targets is kept as a preview of each part, which its batch is held to: it does that,
    or nothing. Raises `QueueFullError`.
    """
    now = timezone.now()
    receipts = []
    decisions = None if shown is None else iter(decisions_of(shown))
    with kept_once(sent) as keep:
        for part in parts:
            body = UndoBody(part.targets, options, note)
            undo = _undo_of(part.batch, body, submitted_by=submitted_by, request_id=request_id)
            if decisions is not None:
                of_part = [placed(one, place) for place, one in enumerate(islice(decisions, len(part.targets)))]
                undo.pinned_to = keep_preview(undo, body.as_bytes(), of_part, preview_id=new_id(), now=now)
                undo.if_changed = IfChanged.STOP
            queue_batch(undo, body.as_bytes())
            receipts.append(Receipt(undo.id, undo.total_count))
        keep([receipt.batch_id for receipt in receipts])
    return receipts


def _undo_of(batch: Batch, body: UndoBody, **terms: Any) -> Batch:
    content, user = body.as_bytes(), terms["submitted_by"]
    return Batch(
        match_criteria="",
        source=BatchSource.UNDO,
        undoes=batch,
        label=f"Undo of {batch.title}"[:NAME_LENGTH],
        queue_key=f"user:{user.pk if user else ''}",
        body_sha256=hashlib.sha256(content).hexdigest(),
        body_size=len(content),
        total_count=len(body.targets),
        **terms,
    )


def undone_by(batch: Batch) -> list[Batch]:
    """Return the batches that have taken this one back, or some of it, the newest first; one query."""
    undos = Batch.objects.filter(undoes=batch, dry_run=False, state=BatchState.DONE)
    return list(undos.order_by("-received_at", "-id")[:10])


# --- What it would come to ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tally:
    """What taking something back comes to, in numbers that add up (way 5.3)."""

    profiles: int
    ended: int
    """Profiles that end."""
    changed: int
    """Profiles that change, and do not end."""
    values: int
    """How many values change in these."""
    same: int
    """Profiles that stay as they are."""
    refused: int
    """Targets that cannot be taken back."""
    again: int
    """How many values are as later records say, read again."""
    kept: Counter[str]
    """What stays as it is, by its code."""

    @classmethod
    def of(cls, reversals: Sequence[Reversal]) -> Self:
        """Count what would become of the targets, or what became of them."""
        people = {one.target.profile_id for one in reversals} | {
            change.profile_id for one in reversals for change in one.beside
        }
        ended = {one.target.profile_id for one in reversals if one.ends}
        parts: dict[UUID, list[Changes]] = {}
        for one in reversals:
            parts.setdefault(one.target.profile_id, []).append(one.changes)
            for change in one.beside:
                parts.setdefault(change.profile_id, []).append(composed([change.changes]))
        values = {profile_id: found for profile_id, some in parts.items() if (found := composed(some))}
        changed = values.keys() - ended
        return cls(
            profiles=len(people),
            ended=len(ended),
            changed=len(changed),
            values=sum(len(values[profile_id]) for profile_id in changed),
            same=len(people - ended - changed),
            refused=sum(one.outcome.kind is OutcomeKind.REJECTED for one in reversals),
            again=sum(len(change.changes) for one in reversals for change in one.again),
            kept=Counter(kept.code.value for one in reversals for kept in one.kept),
        )

    @property
    def sentence(self) -> str:
        """The first sentence of a preview: it counts, and adds up."""
        parts = [
            f"{self.ended:,} {'profile ends' if self.ended == 1 else 'profiles end'}",
            f"{self.changed:,} {'changes' if self.changed == 1 else 'change'} back ({_values(self.values)})",
            f"{self.same:,} {'stays as it is' if self.same == 1 else 'stay as they are'}",
        ]
        again = f" {_values(self.again)} {'is' if self.again == 1 else 'are'} as later records say." * bool(self.again)
        return f"{', '.join(parts)}.{again} Nobody else is touched."

    @property
    def touched(self) -> int:
        """How many profiles end or change."""
        return self.ended + self.changed

    @property
    def must_be_typed(self) -> bool:
        """Whether so many people are touched that whoever confirms it types their number."""
        return self.touched > MANY


def _values(count: int) -> str:
    return f"{count:,} {'value' if count == 1 else 'values'}"
