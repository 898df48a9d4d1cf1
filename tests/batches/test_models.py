"""A batch says what it is called, where it stands, and how far it has come."""

import datetime as dt

import pytest
from django.utils import timezone

from batches.models import Batch, BatchRecord, PreviewRecord, previews_end
from batches.values import BatchState
from tests.builders import process


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"label": "shop"}, "shop"),
        ({"match_criteria": "email"}, "by email"),
        ({"label": "shop", "dry_run": True}, "Preview: shop"),
    ],
)
def test_batch_has_a_title(fields, title):
    assert Batch(**fields).title == title
    assert title.removeprefix("by ") in str(Batch(**fields))


def test_criteria_are_read_from_their_text():
    assert Batch(match_criteria="shop,email").criteria == ("shop", "email")
    assert Batch().criteria == ()


def test_outcomes_add_up():
    batch = Batch(created_count=1, updated_count=2, unchanged_count=3, rejected_count=4, total_count=20)

    assert batch.processed_count == 10


@pytest.mark.parametrize(
    ("state", "age", "shown"),
    [
        (BatchState.PREVIEWED, -1, BatchState.PREVIEWED),
        (BatchState.PREVIEWED, 1, BatchState.EXPIRED),
        (BatchState.DONE, 1, BatchState.DONE),
    ],
)
def test_preview_gets_too_old_by_itself(state, age, shown):
    batch = Batch(state=state, finished_at=previews_end() - dt.timedelta(minutes=age))

    assert batch.shown_state is shown
    assert bool(batch.shown_error) is (shown is BatchState.EXPIRED)


@pytest.mark.parametrize("model", [BatchRecord, PreviewRecord])
def test_record_is_told_by_its_place_and_never_by_an_id_alone(model):
    assert "#3" in str(model(position=3, outcome="rejected"))


def test_record_is_called_by_whom_it_means():
    assert str(BatchRecord(position=3, external_id="ann@example.com", outcome="updated")) == (
        "#3 ann@example.com: updated"
    )
    assert str(BatchRecord(position=3, reference="row 4", outcome="rejected")) == "#3 row 4: rejected"


@pytest.mark.django_db
def test_batch_that_is_done_says_when():
    batch = process([{"email": "ann@example.com"}])

    assert batch.received_at <= batch.started_at <= batch.finished_at <= timezone.now()
