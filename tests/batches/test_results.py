"""What became of a batch's records: those decided, and those still to come."""

import pytest

from batches.models import Batch
from batches.results import BatchItem, Selection, read_items
from profiles.values import OutcomeKind
from tests.builders import process, submit

pytestmark = pytest.mark.django_db
RECORDS = [{"email": f"p{number}@example.com", "reference": f"r{number}"} for number in range(5)]
REJECTED = Selection(
    decided=lambda rows: rows.filter(outcome="rejected"), is_narrow=True, pending=lambda item: item.position > 3
)
ALL = Selection()


def told(batch, selection=ALL, *, offset=0, size=10):
    items, total = read_items(batch, selection, offset=offset, size=size)
    return [(item.position, str(item.outcome), item.reference) for item in items], total


@pytest.fixture
def half():
    """Return a batch of five of which the first two are decided: one created, one rejected."""
    batch = process([RECORDS[0], {**RECORDS[1], "email": "no"}, *RECORDS[2:]])
    batch.records.filter(position__gt=1).delete()
    Batch.objects.filter(id=batch.id).update(state="queued", created_count=1, rejected_count=1)
    batch.refresh_from_db()
    return batch


def test_records_that_wait_are_read_out_of_the_body():
    batch = submit(RECORDS[:2])

    items, total = read_items(batch, ALL, offset=0, size=10)

    assert items == [BatchItem(0, OutcomeKind.PENDING, "r0"), BatchItem(1, OutcomeKind.PENDING, "r1")]
    assert total == 2


def test_decided_ones_come_first_and_the_others_after_them(half):
    assert told(half) == (
        [
            (0, "created", "r0"),
            (1, "rejected", "r1"),
            (2, "pending", "r2"),
            (3, "pending", "r3"),
            (4, "pending", "r4"),
        ],
        5,
    )


@pytest.mark.parametrize(
    ("offset", "size", "positions"), [(0, 2, [0, 1]), (1, 3, [1, 2, 3]), (2, 2, [2, 3]), (4, 9, [4]), (9, 2, [])]
)
def test_part_may_lie_across_both(half, offset, size, positions):
    items, total = told(half, offset=offset, size=size)

    assert ([position for position, _, _ in items], total) == (positions, 5)


def test_selection_narrows_both(half):
    assert told(half, REJECTED) == ([(1, "rejected", "r1"), (4, "pending", "r4")], 2)


def test_body_is_not_read_where_all_are_decided(django_assert_num_queries):
    batch = process(RECORDS)

    with django_assert_num_queries(1):
        assert told(batch)[1] == 5
