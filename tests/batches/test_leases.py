"""Who works on which batch, and what a batch is blamed for."""

import datetime as dt

import pytest
from django.utils import timezone

from batches import leases
from batches.models import Batch
from tests.builders import submit

pytestmark = pytest.mark.django_db


def lapse(batch):
    """Let the batch's lease run out."""
    Batch.objects.filter(id=batch.id).update(lease_until=timezone.now() - dt.timedelta(seconds=1))


def test_lease_that_runs_out_counts_against_the_batch():
    submit([{}])
    first = leases.claim(worker="a")
    lapse(first)

    second = leases.claim(worker="b")

    assert (second.attempt, second.failures, second.lapsed_attempts) == (2, 1, [1])


def test_worker_that_lives_takes_its_count_back():
    submit([{}])
    first = leases.claim(worker="a")
    lapse(first)
    second = leases.claim(worker="b")
    lapse(second)
    third = leases.claim(worker="c")
    assert third.failures == 2

    leases.give_back(first, failed=False)
    leases.give_back(first, failed=False)  # once is enough

    stored = Batch.objects.get()
    assert (stored.state, stored.worker, stored.failures, stored.lapsed_attempts) == ("running", "c", 1, [2])


def test_count_is_not_taken_back_from_a_batch_that_counts_anew():
    submit([{}])
    first = leases.claim(worker="a")
    lapse(first)
    second = leases.claim(worker="b")
    leases.start_anew(second, chunk_size=1)

    leases.give_back(first, failed=False)

    stored = Batch.objects.get()
    assert (stored.failures, stored.lapsed_attempts, stored.chunk_size) == (0, [], 1)


@pytest.mark.parametrize(("failed", "failures"), [(True, 1), (False, 0)])
def test_batch_given_back_waits_again(failed, failures):
    submit([{}])
    batch = leases.claim(worker="a")

    leases.give_back(batch, failed=failed)

    stored = Batch.objects.get()
    assert (stored.state, stored.worker, stored.lease_until, stored.failures) == ("queued", "", None, failures)


def test_what_a_worker_has_in_hand_is_released_by_its_name():
    submit([{}])
    batch = leases.claim(worker="a")

    leases.release("b")
    assert Batch.objects.get().state == "running"
    leases.release("a")

    stored = Batch.objects.get()
    assert (stored.state, stored.worker, stored.failures) == ("queued", "", 0)
    with pytest.raises(leases.LeaseLostError):
        leases.finish(batch)


def test_lease_lost_changes_nothing():
    submit([{}])
    first = leases.claim(worker="a")
    lapse(first)
    leases.claim(worker="b")

    assert not leases.extend(batch_id=first.id, worker="a", attempt=1)
    with pytest.raises(leases.LeaseLostError):
        leases.record_progress(first, chunk_size=1)
    leases.set_aside(first, error="x")
    assert Batch.objects.get().state == "running"
