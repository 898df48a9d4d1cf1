"""Processing a record once more: a batch of one with the record's own bytes, which names what it corrects.

The first outcome stays as it was. The word remains the sender's, so the new batch is on the sender's behalf.
"""

from collections.abc import Iterator
from typing import Final

import orjson
from django.db.models import Exists, OuterRef

from batches.bodies import record_texts
from batches.intake import submit_batch
from batches.models import Batch, BatchBody, BatchRecord
from batches.values import BatchSource, Receipt
from profiles.criteria import wire_criteria
from profiles.sentences import ToldError
from profiles.values import ErrorCode, OutcomeKind

# Their cause lies outside of the record, so that it may be gone although the record is what it was.
MAY_PASS: Final = (
    ErrorCode.AMBIGUOUS,
    ErrorCode.CLAIMED_ELSEWHERE,
    ErrorCode.UNKNOWN_REFERENCE,
    ErrorCode.DELETED_PROFILE,
    ErrorCode.STALE,
    ErrorCode.NOT_APPLIED,
    ErrorCode.INTERNAL,
)


class ResendingError(ToldError):
    """The record cannot be sent again."""


def failed_positions(batch: Batch) -> list[int]:
    """Return the positions of records the hub itself failed at and that nobody has sent again; one query."""
    return positions_not_sent_again(batch, ErrorCode.INTERNAL)


def positions_not_sent_again(batch: Batch, code: str) -> list[int]:
    """Return the positions of records that were rejected with this code and that nobody has sent again; one query."""
    again = Batch.objects.filter(
        corrects_batch_id=OuterRef("batch_id"), corrects_position=OuterRef("position"), dry_run=False
    )
    failed = BatchRecord.objects.filter(batch=batch, outcome=OutcomeKind.REJECTED, error_code=code)
    return list(failed.exclude(Exists(again)).order_by("position").values_list("position", flat=True))


def sent_again(record: BatchRecord) -> Batch | None:
    """Return the batch by which the record was sent again, the last of them; one query."""
    again = Batch.objects.filter(corrects_batch_id=record.batch_id, corrects_position=record.position, dry_run=False)
    return again.order_by("-received_at", "-id").first()


def resend(
    batch: Batch, positions: list[int], *, source: BatchSource, dry_run: bool = False
) -> Iterator[tuple[int, Receipt]]:
    """Submit each of the batch's rejected records as a batch of one and yield its position and receipt.

    A `dry_run` only shows what would become of them. Raises `ResendingError` before anything is submitted where one
    of them was not rejected or is no longer there, and what `submit_batch` raises.
    """
    if not positions:
        return
    if batch.source == BatchSource.UNDO:
        raise ResendingError("An undo is not sent again; take the batch back once more.")
    rejected = set(
        BatchRecord.objects.filter(batch=batch, position__in=positions, outcome=OutcomeKind.REJECTED).values_list(
            "position", flat=True
        )
    )
    if missing := sorted({*positions} - rejected):
        raise ResendingError(f"No record was rejected at {', '.join(map(str, missing))}.")
    body = BatchBody.objects.filter(batch=batch).first()
    if body is None:
        raise ResendingError("The batch's body is no longer kept.")
    terms = orjson.dumps({"match_criteria": wire_criteria(batch.criteria), "mobile_clash": batch.mobile_clash})
    texts = record_texts(body.content)
    if max(positions) >= len(texts):
        raise ResendingError
    for position in positions:
        yield (
            position,
            submit_batch(
                body=terms[:-1] + b',"profiles":[' + texts[position].encode() + b"]}",
                source=source,
                submitted_by=batch.submitted_by,
                label=batch.label,
                corrects=(batch.id, position),
                dry_run=dry_run,
            ),
        )
