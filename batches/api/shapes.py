"""Batches and their items in the contract's words (way 3)."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from batches.explaining import Explanation
from batches.models import Batch, PreviewRecord
from batches.results import BatchItem, decisions_about, queue_positions
from batches.values import BatchState, IfChanged
from profiles import digests
from profiles.criteria import LONGEST_LIST, MOST_CRITERIA, wire_criteria
from profiles.history import without_origins
from profiles.http.bodies import as_sent
from profiles.http.wire import wire_time
from profiles.keys import NAME_LENGTH
from profiles.schema import Record
from profiles.values import ErrorCode, MobileClash, OutcomeKind, StepResult

QUEUED_MESSAGE: Final = "Profiles queued for batch import."
PREVIEW_MESSAGE: Final = "Profiles queued for preview."


_Criterion = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]


class BatchIn(BaseModel):
    """A batch as it is posted."""

    model_config = as_sent(
        "BatchIn", match_criteria="email", profiles=[{"email": "ada@example.com", "first_name": "Ada"}]
    )

    match_criteria: (
        Annotated[str, Field(min_length=1, max_length=LONGEST_LIST)]
        | Annotated[list[_Criterion], Field(min_length=1, max_length=MOST_CRITERIA)]
    ) = Field(
        description='"email", or the handle of the identity to match by. Several are tried in their order, and the '
        'first that finds somebody decides: a list, or a text with commas, "shop,email" (the hub\'s own extension). '
        "A handle that holds a comma can be named in a list only."
    )
    profiles: list[Record] = Field(min_length=1, max_length=500)
    mobile_clash: MobileClash | None = Field(
        None,
        description="What becomes of a mobile number that another profile has (the hub's own extension): the record "
        "is rejected, or the number becomes the secondary phone where that is free. Absent: as the hub is set.",
    )


class ConfirmationIn(BaseModel):
    """That exactly what a preview has shown is to be done."""

    model_config = as_sent("ConfirmationIn", digest="0123456789abcdef0123456789abcdef", if_changed="stop")

    digest: str = Field(
        pattern=f"^[0-9a-f]{{{2 * digests.SIZE}}}$", description="The preview's digest, as `GET /batches/{id}` says."
    )
    if_changed: IfChanged | None = Field(
        None,
        description="What is done where a record would by now come to something else than was shown: `stop` (the "
        "default) writes nothing of the batch and previews it afresh, `skip` refuses that record.",
    )


class KeptBatch(BaseModel):
    """That a batch was kept."""

    message: str
    batch_id: str


class KeptBatchEnvelope(BaseModel):
    """The answer to a batch."""

    data: KeptBatch


class BatchDocument(BaseModel):
    """Where a batch stands."""

    model_config = ConfigDict(extra="allow")

    id: str
    entity_type: str
    status: str
    state: str
    total_count: int
    processed_count: int
    success_count: int
    failed_count: int
    created_count: int
    updated_count: int
    unchanged_count: int
    rejected_count: int
    queue_position: int | None
    dry_run: bool
    digest: str | None = Field(description="Of a preview: what confirming it has to name.")
    pinned_to: str | None = Field(description="The preview that was confirmed with this batch.")
    if_changed: str | None
    undoes: str | None = Field(description="The batch that this one takes back.")
    preview: str | None = Field(description="Of a batch that is stale: the preview that was made in its stead.")


class BatchEnvelope(BaseModel):
    """One batch."""

    data: BatchDocument


class StepDocument(BaseModel):
    """One rule that was tried for a record."""

    rule: str
    result: StepResult
    message: str


class ExplanationDocument(BaseModel):
    """What would become of a record, and why."""

    model_config = ConfigDict(extra="allow")

    outcome: OutcomeKind
    profile_id: str | None
    steps: list[StepDocument]
    changes: dict[str, Any]


class ExplanationEnvelope(BaseModel):
    """The answer to a record that is to be explained."""

    data: ExplanationDocument


def batch_documents(batches: Sequence[Batch]) -> list[dict[str, Any]]:
    """Return the batches with their counts; one query, where any of them waits."""
    places = queue_positions(list(batches))
    return [_batch(batch, places.get(batch.id)) for batch in batches]


def _batch(batch: Batch, queue_position: int | None) -> dict[str, Any]:
    user = batch.submitted_by
    return {
        "id": str(batch.id),
        "import_job_id": None,
        "entity_type": "profile",
        "status": wire_status(batch),
        "state": batch.shown_state,
        "total_count": batch.total_count,
        "processed_count": batch.processed_count,
        "success_count": batch.processed_count - batch.rejected_count,
        "failed_count": batch.rejected_count,
        "created_count": batch.created_count,
        "updated_count": batch.updated_count,
        "unchanged_count": batch.unchanged_count,
        "rejected_count": batch.rejected_count,
        "queue_position": queue_position,
        "match_criteria": wire_criteria(batch.criteria) if batch.criteria else None,
        "mobile_clash": batch.mobile_clash,
        "source": batch.source,
        "submitted_by": None if user is None else user.username,
        "label": batch.label or None,
        "request_id": batch.request_id or None,
        "warnings": batch.warnings,
        "error": batch.shown_error or None,
        "dry_run": batch.dry_run,
        "digest": batch.digest or None,
        "undoes": None if batch.undoes_id is None else str(batch.undoes_id),
        "pinned_to": None if batch.pinned_to_id is None else str(batch.pinned_to_id),
        "if_changed": batch.if_changed or None,
        "preview": None if batch.preview_id is None else str(batch.preview_id),
        "created_at": wire_time(batch.received_at),
        "updated_at": wire_time(batch.finished_at or batch.started_at or batch.received_at),
        "received_at": wire_time(batch.received_at),
        "started_at": wire_time(batch.started_at),
        "finished_at": wire_time(batch.finished_at),
    }


def wire_status(batch: Batch) -> str:
    """Return the contract's word for a batch's state: failed only if nothing of it was taken (way 3.3)."""
    match batch.shown_state:
        case BatchState.QUEUED | BatchState.RUNNING:
            return "pending"
        case BatchState.PREVIEWED:
            return "success"
        case BatchState.DONE:
            return "failed" if batch.rejected_count == batch.total_count else "success"
        case _:
            return "failed"


_ITEM_STATUS: Final = {
    OutcomeKind.PENDING: "pending",
    OutcomeKind.CREATED: "success",
    OutcomeKind.UPDATED: "success",
    OutcomeKind.UNCHANGED: "success",
    OutcomeKind.REJECTED: "failed",
}


def item_documents(batch: Batch, items: Sequence[BatchItem], *, with_changes: bool) -> list[dict[str, Any]]:
    """Return the items; one query where any of them was refused as stale.

    `with_changes` tells of previews the changes too.
    """
    stale = [item.position for item in items if item.row is not None and item.row.error_code == ErrorCode.STALE]
    told = decisions_about(batch, stale)
    return [
        _item(item, with_changes=with_changes)
        | {
            name: None if row is None else _decision(row, with_changes=with_changes)
            for name, row in told.get(item.position, {}).items()
        }
        for item in items
    ]


def _decision(row: PreviewRecord, *, with_changes: bool) -> dict[str, Any]:
    """Return one of the two decisions about a record that was refused as stale."""
    return {
        "outcome": row.outcome,
        "profile_id": None if row.profile_id is None else str(row.profile_id),
        "matched_by": {"rule": row.rule, "key": row.key} if row.rule else None,
        "errors": row.errors,
        "warnings": row.warnings,
        **({"changes": without_origins(row.changes)} if with_changes else {}),
    }


def _item(item: BatchItem, *, with_changes: bool) -> dict[str, Any]:
    """Return one item: what became of the record, and why."""
    row = item.row
    profile_id = None if row is None or row.profile_id is None else str(row.profile_id)
    errors = [] if row is None else row.errors
    decided_at = None if row is None else wire_time(row.decided_at)
    return {
        "id": None if row is None else row.pk,
        "position": item.position,
        "reference": item.reference or None,
        "status": _ITEM_STATUS[item.outcome],
        "outcome": item.outcome,
        "profile_id": profile_id,
        "entity_id": profile_id,
        "external_id": None if row is None else row.external_id or None,
        "matched_by": None if row is None or not row.rule else {"rule": row.rule, "key": row.key},
        "considered": [] if row is None else row.considered,
        "error": errors[0]["message"] if errors else None,
        "errors": errors,
        "warnings": [] if row is None else row.warnings,
        "created_at": decided_at,
        "updated_at": decided_at,
        **({"changes": without_origins(row.changes)} if with_changes and isinstance(row, PreviewRecord) else {}),
    }


def explanation_document(explanation: Explanation) -> dict[str, Any]:
    """Return the item that the record would be, with the rules that were tried and what would change."""
    return {
        **_item(explanation.item, with_changes=False),
        "steps": [step.as_json() for step in explanation.steps],
        "changes": explanation.changes,
    }
