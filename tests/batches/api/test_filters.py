"""What batches and their items are found by."""

import datetime as dt

import pytest
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from batches.api.filters import BatchFilters, select_items
from batches.api.shapes import wire_status
from batches.models import Batch, BatchRecord
from batches.results import BatchItem
from batches.values import BatchState
from profiles.http.errors import InvalidFieldsError
from profiles.values import OutcomeKind
from tests.builders import submit

pytestmark = pytest.mark.django_db


def asking(**filters):
    query = {f"filter[{name}]": value for name, value in filters.items()}
    return Request(APIRequestFactory().get("/", query))


def found(**filters):
    return set(BatchFilters.apply(asking(**filters), Batch.objects.all()).values_list("label", flat=True))


@pytest.fixture
def every_state():
    """Return a batch in each state, and those that are told to be in another one."""
    old, new = timezone.now() - dt.timedelta(days=365), timezone.now()
    facts = [(state, {}) for state in BatchState if state is not BatchState.PREVIEWED]
    facts += [
        (BatchState.DONE, {"rejected_count": 1}),
        (BatchState.RUNNING, {"rejected_count": 1}),
        (BatchState.PREVIEWED, {"finished_at": new, "rejected_count": 1, "dry_run": True}),
        (BatchState.PREVIEWED, {"finished_at": old, "dry_run": True}),
    ]
    for number, (state, columns) in enumerate(facts):
        Batch.objects.filter(id=submit([{}]).id).update(state=state, label=f"{state}-{number}", **columns)
    return list(Batch.objects.all())


@pytest.mark.parametrize("status", ["pending", "success", "failed"])
def test_batches_are_found_by_the_status_they_tell(every_state, status):
    expected = {batch.label for batch in every_state if wire_status(batch) == status}

    assert found(status=status) == expected != set()


@pytest.mark.parametrize("state", BatchState)
def test_batches_are_found_by_the_state_they_tell(every_state, state):
    expected = {batch.label for batch in every_state if batch.shown_state == state}

    assert found(state=state) == expected != set()


@pytest.mark.parametrize(("word", "is_preview"), [("1", True), ("0", False)])
def test_previews_are_found_or_left_out(every_state, word, is_preview):
    assert found(dry_run=word) == {batch.label for batch in every_state if batch.dry_run == is_preview}


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"status": "done"}, "The filter must be one of pending, success, failed."),
        ({"dry_run": "yes"}, "The filter must be one of 1, 0."),
        ({"match_criteria": "a,a"}, "The criterion stands twice."),
        ({"match_criteria": "a\nb"}, "The text must not hold a line break."),
        ({"submitted_by": "a\0b"}, "The text must not hold a NUL character (U+0000)."),
    ],
)
def test_what_finds_no_batch_ever_is_told(filters, message):
    with pytest.raises(InvalidFieldsError) as refusal:
        found(**filters)

    assert refusal.value.errors == {f"filter[{name}]": [message] for name in filters}


# --- Items -------------------------------------------------------------------------------------------------------


@pytest.fixture
def decided():
    """Return records that were decided, with a match value or reference each."""
    batch = submit([{}])
    facts = [
        ("created", "", "ann@example.com", ""),
        ("updated", "r-1", "A-7", ""),
        ("unchanged", "R-1", "Ann@Example.com", ""),
        ("rejected", "", "a-7", "invalid"),
    ]
    for position, (outcome, reference, external_id, code) in enumerate(facts):
        BatchRecord.objects.create(
            batch=batch,
            position=position,
            outcome=outcome,
            reference=reference,
            external_id=external_id,
            error_code=code,
            decided_at=timezone.now(),
        )
    return BatchRecord.objects.order_by("position")


@pytest.mark.parametrize(
    ("criteria", "filters", "positions"),
    [
        ("pos", {}, [0, 1, 2, 3]),
        ("pos", {"outcome": "updated"}, [1]),
        ("pos", {"outcome": "pending"}, []),
        ("pos", {"status": "pending"}, []),
        ("pos", {"status": "success"}, [0, 1, 2]),
        ("pos", {"status": "failed"}, [3]),
        ("pos", {"error_code": "invalid", "outcome": "rejected"}, [3]),
        ("pos", {"reference": " r-1 "}, [1]),
        ("pos", {"external_id": "Ann@Example.com"}, [2]),
        ("email", {"external_id": " ANN@example.com"}, [0]),
        ("pos,email", {"external_id": "Ann@Example.com"}, [0, 2]),
        ("pos,email", {"external_id": "A-7"}, [1]),
    ],
)
def test_items_decided_are_narrowed(decided, criteria, filters, positions):
    selection = select_items(asking(**filters), criteria=tuple(criteria.split(",")))

    assert [row.position for row in selection.decided(decided)] == positions
    assert selection.is_narrow == bool(filters)


@pytest.mark.parametrize(
    ("filters", "is_wanted"),
    [
        ({}, True),
        ({"outcome": "pending"}, True),
        ({"status": "pending", "outcome": "pending"}, True),
        ({"status": "success"}, False),
        ({"outcome": "created"}, False),
        ({"reference": " r-1"}, True),
        ({"reference": "R-1"}, False),
        ({"reference": "r-1", "status": "failed"}, False),
        ({"external_id": "7"}, False),
        ({"error_code": "invalid"}, False),
    ],
)
def test_items_that_wait_are_narrowed_by_what_is_known_of_them(filters, is_wanted):
    selection = select_items(asking(**filters), criteria=("pos",))

    assert selection.pending(BatchItem(0, OutcomeKind.PENDING, "r-1")) == is_wanted
