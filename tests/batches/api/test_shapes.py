"""Batches and their items in the contract's words."""

import datetime as dt
from uuid import UUID

import pytest
from django.utils import timezone
from pydantic import ValidationError

from batches.api.shapes import (
    BatchIn,
    ConfirmationIn,
    batch_documents,
    explanation_document,
    item_documents,
    wire_status,
)
from batches.explaining import Explanation
from batches.models import Batch, BatchRecord, PreviewRecord
from batches.results import BatchItem
from batches.values import BatchState
from profiles import digests
from profiles.values import OutcomeKind, Step, StepResult
from tests.builders import submit

ANN, OLD = UUID(int=1), UUID(int=2)
NOW = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
KEY = {"handle": "pos", "identifier": "7"}
INVALID = {"code": "invalid", "pointer": "/email", "message": "No."}
CHANGES = {"/tags/a": {"from": True}, "/tags/a/id": {"from": 7}}


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        ({"state": "queued"}, "pending"),
        ({"state": "running", "rejected_count": 2}, "pending"),
        ({"state": "done", "rejected_count": 1}, "success"),
        ({"state": "done", "rejected_count": 2}, "failed"),
        ({"state": "set_aside"}, "failed"),
        ({"state": "cancelled"}, "failed"),
        ({"state": "stale"}, "failed"),
        ({"state": "expired"}, "failed"),
        ({"state": "previewed", "rejected_count": 2, "finished_at": timezone.now()}, "success"),
        ({"state": "previewed", "finished_at": NOW - dt.timedelta(days=365)}, "failed"),
    ],
)
def test_batch_has_failed_only_if_nothing_of_it_was_taken(columns, status):
    assert wire_status(Batch(total_count=2, **columns)) == status


def test_every_state_has_a_status():
    assert {wire_status(Batch(state=state, total_count=1)) for state in BatchState} == {"pending", "success", "failed"}


@pytest.mark.django_db
def test_batch_tells_what_is_empty_as_null(django_assert_num_queries):
    batch = submit([{}])

    with django_assert_num_queries(1):
        (told,) = batch_documents([batch])

    assert {name for name, value in told.items() if value is None} == {
        *("import_job_id", "submitted_by", "label", "request_id", "error", "digest", "undoes", "pinned_to"),
        *("if_changed", "preview", "started_at", "finished_at"),
    }
    assert (told["queue_position"], told["match_criteria"], told["updated_at"]) == (0, "email", told["received_at"])


@pytest.mark.parametrize(
    ("times", "updated"),
    [
        ({"received_at": "10"}, "10"),
        ({"received_at": "10", "started_at": "11"}, "11"),
        ({"received_at": "10", "started_at": "11", "finished_at": "12"}, "12"),
    ],
)
def test_batch_was_updated_when_it_last_moved(times, updated):
    moments = {name: NOW.replace(hour=int(hour)) for name, hour in times.items()}

    (told,) = batch_documents([Batch(state="done", **moments)])

    assert told["updated_at"] == f"2026-01-31 {updated}:00:00"


def test_batch_tells_its_counts_and_its_kin():
    batch = Batch(state="done", created_count=1, rejected_count=2, undoes_id=OLD, pinned_to_id=ANN, preview_id=OLD)
    batch.received_at = NOW

    (told,) = batch_documents([batch])

    assert (told["processed_count"], told["success_count"], told["failed_count"]) == (3, 1, 2)
    assert (told["undoes"], told["pinned_to"], told["preview"]) == (str(OLD), str(ANN), str(OLD))
    assert told["match_criteria"] is None


# --- Items -------------------------------------------------------------------------------------------------------


def item(model=BatchRecord, *, outcome="rejected", **columns):
    row = model(outcome=outcome, reference="r-1", decided_at=NOW, **columns)
    return BatchItem(0, OutcomeKind(outcome), "r-1", row)


def test_item_that_waits_tells_its_place_only():
    (told,) = item_documents(Batch(), [BatchItem(3, OutcomeKind.PENDING)], with_changes=True)

    assert {name: value for name, value in told.items() if value} == {
        "position": 3,
        "status": "pending",
        "outcome": "pending",
    }


def test_item_tells_what_decided_and_the_first_error():
    decided = item(external_id="7", rule="criterion", key=KEY, profile_id=ANN, errors=[INVALID, {"message": "Old."}])

    (told,) = item_documents(Batch(), [decided], with_changes=True)

    assert (told["status"], told["error"], told["matched_by"]) == ("failed", "No.", {"rule": "criterion", "key": KEY})
    assert (told["profile_id"], told["entity_id"], told["external_id"]) == (str(ANN), str(ANN), "7")
    assert "changes" not in told


@pytest.mark.parametrize("outcome", ["created", "updated", "unchanged"])
def test_item_that_was_taken_is_a_success(outcome):
    (told,) = item_documents(Batch(), [item(outcome=outcome)], with_changes=False)

    assert (told["status"], told["error"], told["matched_by"], told["external_id"]) == ("success", None, None, None)


@pytest.mark.parametrize(("with_changes", "told"), [(False, {}), (True, {"changes": {"/tags/a": {"from": True}}})])
def test_changes_of_a_preview_are_for_those_who_may_see_them(with_changes, told):
    shown = item(PreviewRecord, outcome="updated", changes=CHANGES)

    (document,) = item_documents(Batch(), [shown], with_changes=with_changes)

    assert {name: value for name, value in document.items() if name == "changes"} == told


@pytest.mark.django_db
@pytest.mark.parametrize("with_changes", [False, True])
def test_stale_item_tells_both_decisions(django_assert_num_queries, with_changes):
    preview, run = submit([{}], dry_run=True), submit([{}])
    run.pinned_to = preview
    PreviewRecord(batch=preview, position=0, outcome="updated", profile_id=ANN, changes=CHANGES, decided_at=NOW).save()

    with django_assert_num_queries(1):
        (told,) = item_documents(run, [item(error_code="stale")], with_changes=with_changes)

    shown = {"outcome": "updated", "profile_id": str(ANN), "matched_by": None, "errors": [], "warnings": []}
    assert told["shown"] == shown | ({"changes": {"/tags/a": {"from": True}}} if with_changes else {})
    assert told["present"] is None


def test_explanation_is_the_item_with_its_steps():
    steps = (Step("2.1", StepResult.DECIDES, "Found."),)
    row = item(outcome="updated", position=0).row

    told = explanation_document(Explanation(row, steps, {"/company": {"to": "Acme"}}))

    assert (told["id"], told["outcome"], told["changes"]) == (None, "updated", {"/company": {"to": "Acme"}})
    assert told["steps"] == [{"rule": "2.1", "result": "decides", "message": "Found."}]


# --- What is sent ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "sent", "is_right"),
    [
        (BatchIn, {"match_criteria": "email", "profiles": [{}]}, True),
        (BatchIn, {"match_criteria": ["shop", "email"], "profiles": [{}] * 500, "mobile_clash": "secondary"}, True),
        (BatchIn, {"match_criteria": "", "profiles": [{}]}, False),
        (BatchIn, {"match_criteria": [], "profiles": [{}]}, False),
        (BatchIn, {"match_criteria": "email", "profiles": []}, False),
        (BatchIn, {"match_criteria": "email", "profiles": [{}] * 501}, False),
        (BatchIn, {"match_criteria": "email", "profiles": [{}], "mobile_clash": "other"}, False),
        (ConfirmationIn, {"digest": "0f" * digests.SIZE}, True),
        (ConfirmationIn, {"digest": "0f" * digests.SIZE, "if_changed": "skip"}, True),
        (ConfirmationIn, {"digest": "0F" * digests.SIZE}, False),
        (ConfirmationIn, {"digest": "0f" * digests.SIZE + "0"}, False),
        (ConfirmationIn, {"digest": "0f" * digests.SIZE, "if_changed": "go"}, False),
    ],
)
def test_document_describes_what_is_taken(model, sent, is_right):
    try:
        model.model_validate(sent)
    except ValidationError:
        assert not is_right
    else:
        assert is_right
