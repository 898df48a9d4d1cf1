"""The loop claims batches and processes them until it is told to stop, or none is left (way 2)."""

import threading

import pytest

from batches.models import Batch
from batches.worker import loop
from batches.worker.loop import FAILURES_BEFORE_SETTING_ASIDE, new_name, work
from tests.builders import submit

pytestmark = pytest.mark.django_db(transaction=True)


def batches(count):
    return [submit([{"email": f"p{number}@example.com"}]) for number in range(count)]


def states():
    return list(Batch.objects.order_by("received_at", "id").values_list("state", flat=True))


def test_until_idle_everything_is_done_in_order():
    made, heard = batches(3), []

    assert work(until_idle=True, on_batch=lambda batch: heard.append(batch.id)) == 3

    assert heard == [batch.id for batch in made]
    assert states() == ["done"] * 3


def test_no_more_than_asked_for_are_done():
    batches(3)

    assert work(until_idle=True, max_batches=1) == 1
    assert states() == ["done", "queued", "queued"]


def test_worker_that_is_stopped_claims_nothing():
    batches(1)
    stop = threading.Event()
    stop.set()

    assert work(stop=stop) == 0
    assert states() == ["queued"]


def test_batch_that_fails_again_and_again_is_set_aside_and_the_next_one_done():
    first, _ = batches(2)
    Batch.objects.filter(id=first.id).update(failures=FAILURES_BEFORE_SETTING_ASIDE)

    assert work(until_idle=True) == 1
    assert states() == ["set_aside", "done"]
    assert "again and again" in Batch.objects.get(id=first.id).error


def test_batch_that_raises_does_not_take_the_worker_down(monkeypatch):
    batches(2)
    process, calls = loop.process_batch, []

    def failing(batch, drafts):
        calls.append(batch.id)
        if len(calls) == 1:
            raise ValueError("never told")
        process(batch, drafts)

    monkeypatch.setattr(loop, "process_batch", failing)

    assert work(until_idle=True) == 2
    assert states() == ["done", "done"]


def test_names_are_never_the_same():
    assert len({new_name() for _ in range(100)}) == 100
