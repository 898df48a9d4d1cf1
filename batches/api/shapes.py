"""Batches and their items in the contract's words (way 3)."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from batches.explaining import Explanation
from batches.models import Batch
from batches.results import BatchItem, queue_positions
from batches.values import BatchState
from profiles.criteria import LONGEST_LIST, MOST_CRITERIA, wire_criteria
from profiles.http.wire import wire_time
from profiles.keys import NAME_LENGTH
from profiles.schema import Record
from profiles.values import MobileClash, OutcomeKind, StepResult

QUEUED_MESSAGE: Final = "Profiles queued for batch import."


_Criterion = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]


class BatchIn(BaseModel):
    """A batch as it is posted."""

    model_config = ConfigDict(json_schema_extra={"title": "BatchIn"})

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
        "state": batch.state,
        "total_count": batch.total_count,
        "processed_count": batch.processed_count,
        "success_count": batch.processed_count - batch.rejected_count,
        "failed_count": batch.rejected_count,
        "created_count": batch.created_count,
        "updated_count": batch.updated_count,
        "unchanged_count": batch.unchanged_count,
        "rejected_count": batch.rejected_count,
        "queue_position": queue_position,
        "match_criteria": wire_criteria(batch.criteria),
        "mobile_clash": batch.mobile_clash,
        "source": batch.source,
        "submitted_by": None if user is None else user.username,
        "label": batch.label or None,
        "request_id": batch.request_id or None,
        "warnings": batch.warnings,
        "error": batch.error or None,
        "created_at": wire_time(batch.received_at),
        "updated_at": wire_time(batch.finished_at or batch.started_at or batch.received_at),
        "received_at": wire_time(batch.received_at),
        "started_at": wire_time(batch.started_at),
        "finished_at": wire_time(batch.finished_at),
    }


def wire_status(batch: Batch) -> str:
    """Return the contract's word for a batch's state: failed only if nothing of it was taken (way 3.3)."""
    if batch.state in {BatchState.SET_ASIDE, BatchState.CANCELLED}:
        return "failed"
    if batch.state != BatchState.DONE:
        return "pending"
    return "failed" if batch.rejected_count == batch.total_count else "success"


_ITEM_STATUS: Final = {
    OutcomeKind.PENDING: "pending",
    OutcomeKind.CREATED: "success",
    OutcomeKind.UPDATED: "success",
    OutcomeKind.UNCHANGED: "success",
    OutcomeKind.REJECTED: "failed",
}


def item_document(item: BatchItem) -> dict[str, Any]:
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
    }


def explanation_document(explanation: Explanation) -> dict[str, Any]:
    """Return the item that the record would be, with the rules that were tried and what would change."""
    return {
        **item_document(explanation.item),
        "steps": [step.as_json() for step in explanation.steps],
        "changes": explanation.changes,
    }
