"""Reading the next batch while the one in hand is written."""

import pytest

from batches import leases
from batches.drafts import Drafts
from batches.models import Batch, BatchBody, BatchRecord
from batches.worker import work
from batches.worker.ahead import ReadAhead
from profiles.models import ProfileChange
from tests.builders import raw_record, submit

pytestmark = pytest.mark.django_db


def batch_of(number, **options):
    return submit([raw_record(email=f"p{number}@example.com")], **options)


@pytest.mark.parametrize(
    ("queues", "states", "expected"),
    [
        ("AA", ["running", "queued"], 1),
        ("AAA", ["running", "queued", "queued"], 1),
        ("AB", ["running", "queued"], 1),
        ("ABA", ["running", "running", "queued"], 2),
        ("ABB", ["running", "running", "queued"], None),  # due once the other worker is done
        ("ABC", ["running", "running", "queued"], None),  # the other worker may be first
        ("ABCA", ["running", "running", "queued", "queued"], None),
        ("ABCA", ["running", "queued", "queued", "queued"], 1),
        ("AA", ["running", "done"], None),
        ("A", ["running"], None),
    ],
)
def test_next_is_the_batch_this_worker_will_claim(queues, states, expected):
    batches = [batch_of(number, queue_key=queue) for number, queue in enumerate(queues)]
    for batch, state in zip(batches, states, strict=True):
        Batch.objects.filter(id=batch.id).update(state=state, attempt=int(state == "running"))

    following = leases.find_next(behind=batches[0])

    assert following == (None if expected is None else batches[expected])


def test_batch_read_ahead_is_the_batch_read_when_claimed(django_assert_num_queries):
    submit([raw_record(), {"email": "no"}])
    submit([raw_record(email="a@example.com"), {"email": 7}, {"tags": ["x"]}], label="second")
    ahead = ReadAhead()

    first = leases.claim(worker="test")
    with django_assert_num_queries(2):
        ahead.start(behind=first)
    with django_assert_num_queries(0):
        assert [ahead.step() for _ in range(2)] == [True, True]
    leases.finish(first)
    second = leases.claim(worker="test")
    with django_assert_num_queries(0):
        drafts = ahead.take(second)

    read = drafts.take(500)
    assert read == Drafts(second).take(500)
    assert [draft.cause.position for draft in read] == [0, 1, 2]
    assert {draft.cause.actor_label for draft in read} == {"second"}


def test_another_batch_than_expected_is_read_when_claimed():
    first, second = batch_of(1), batch_of(2)
    ahead = ReadAhead()
    ahead.start(behind=leases.claim(worker="test"))
    assert ahead.batch == second

    (draft,) = ahead.take(first).take(1)

    assert draft.email_key == "p1@example.com"
    assert ahead.batch is None


@pytest.mark.parametrize("failed", [0, 1])
def test_neither_is_read_ahead_of_nor_beside_what_has_failed_before(failed):
    batches = [batch_of(1), batch_of(2)]
    Batch.objects.filter(id=batches[failed].id).update(attempt=1, failures=1)
    ahead = ReadAhead()

    ahead.start(behind=leases.claim(worker="test"))

    assert ahead.batch is None
    assert not ahead.step()


def test_body_that_is_gone_is_told_when_its_turn_comes():
    first, second = batch_of(1), batch_of(2)
    second.body.delete()
    ahead = ReadAhead()

    ahead.start(behind=leases.claim(worker="test"))

    assert not ahead.step()
    leases.set_aside(Batch.objects.get(id=first.id), error="x")
    with pytest.raises(BatchBody.DoesNotExist):
        ahead.take(leases.claim(worker="test"))


def test_switched_off_it_asks_and_reads_nothing(settings, django_assert_num_queries):
    settings.READ_AHEAD = False
    first, second = batch_of(1), batch_of(2)
    leases.claim(worker="test")
    ahead = ReadAhead()

    with django_assert_num_queries(0):
        ahead.start(behind=first)

    assert (ahead.batch, ahead.step()) == (None, False)
    assert [draft.email_key for draft in ahead.take(second).take(500)] == ["p2@example.com"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("reads_ahead", [True, False])
def test_switched_off_everything_comes_out_the_same(settings, reads_ahead):
    settings.READ_AHEAD = reads_ahead
    submit([raw_record(email="ann@example.com", tags=["a"]), {"email": "no", "reference": "r-1"}])
    submit([{"email": "ann@example.com", "tags": ["b"]}, raw_record(email="ben@example.com"), {"tags": ["x"]}])
    submit(
        [{"email": "ANN@example.com", "tags": ["b"]}, {"email": "ben@example.com", "first_name": "Ben"}], label="last"
    )

    assert work(until_idle=True) == 3

    rows = BatchRecord.objects.order_by("batch__received_at", "batch_id", "position")
    assert [(row.position, row.outcome, row.reference, row.external_id, row.error_code) for row in rows] == [
        (0, "created", "", "ann@example.com", ""),
        (1, "rejected", "r-1", "", "invalid"),
        (0, "updated", "", "ann@example.com", ""),
        (1, "created", "", "ben@example.com", ""),
        (2, "rejected", "", "", "no_match_value"),
        (0, "unchanged", "", "ann@example.com", ""),
        (1, "updated", "", "ben@example.com", ""),
    ]
    changes = ProfileChange.objects.order_by("id").values_list("profile__email", "version", "action", "actor_label")
    assert list(changes) == [
        ("ann@example.com", 1, "created", ""),
        ("ann@example.com", 2, "updated", ""),
        ("ben@example.com", 1, "created", ""),
        ("ben@example.com", 2, "updated", "last"),
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("reads_ahead", [True, False])
def test_worker_does_all_that_waits_in_order(settings, reads_ahead):
    settings.READ_AHEAD = reads_ahead
    batches = [batch_of(number % 2) for number in range(5)]
    done = []

    assert work(until_idle=True, on_batch=done.append) == 5

    assert [(batch.id, batch.state, batch.created_count, batch.unchanged_count) for batch in done] == [
        (batch.id, "done", int(number < 2), int(number >= 2)) for number, batch in enumerate(batches)
    ]
