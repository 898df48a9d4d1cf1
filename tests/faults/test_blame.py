"""Records that crash, hang or hold their worker are found and rejected; accidents reject nobody."""

import signal
import time

import pytest

from batches.models import Batch, BatchRecord
from tests.builders import submit
from tests.faults.hub import TORTURE, Worker, killed_at_exit, wait_until
from tests.faults.soundness import check_soundness
from tests.faults.test_workers import people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
BOUNDS = {"ATTEMPT_SECONDS": "1", "LEASE_SECONDS": "1"}
ALWAYS = [(2, "read hold"), (0, "decide loop")]
MORE = [
    (number, f"{when} {harm}")
    for number in (0, 3)
    for when in ("read", "decide")
    for harm in ("loop", "sleep", "hold", "crash", "fail", "exhaust")
]


@pytest.mark.parametrize(("neighbours", "harm"), MORE if TORTURE else ALWAYS)
def test_record_that_does_harm_is_the_only_one_rejected(url, tmp_path, neighbours, harm):
    log = tmp_path / "log"
    records = people(1 + neighbours)
    records[neighbours // 2]["occupation"] = harm
    harmful, other = submit(records), submit(people(2, start=100))
    worker = Worker(url, "--until-idle", log=log, sabotaged=True, **BOUNDS)

    with killed_at_exit([worker]):
        assert worker.finish(240) == 0

    for batch in (harmful, other):
        batch.refresh_from_db()
    assert (harmful.state, harmful.created_count, harmful.rejected_count) == ("done", neighbours, 1)
    rejected = BatchRecord.objects.get(outcome="rejected")
    assert (rejected.batch_id, rejected.position) == (harmful.id, neighbours // 2)
    assert rejected.error_code == "internal"
    assert (other.state, other.created_count) == ("done", 2)
    check_soundness(harmful=1)
    told = log.read_text()
    assert "@example.com" not in told
    if harm.endswith(("loop", "sleep", "hold")):
        assert "sabotage.py" in told  # where it hung


def test_batch_of_one_whose_worker_is_killed_is_not_to_blame(url, tmp_path):
    record = people(1)[0] | {"occupation": "decide sleep"}
    batch = submit([record])
    for _ in range(3):
        worker = Worker(url, log=tmp_path / "log", sabotaged=True, LEASE_SECONDS="1")
        with killed_at_exit([worker]):
            attempt = Batch.objects.get(id=batch.id).attempt
            wait_until(lambda before=attempt: Batch.objects.get(id=batch.id).attempt > before)
            worker.kill()
    last = Worker(url, "--until-idle", log=tmp_path / "log", LEASE_SECONDS="1")

    with killed_at_exit([last]):
        assert last.finish() == 0

    batch.refresh_from_db()
    assert (batch.state, batch.created_count, batch.attempt) == ("done", 1, 4)


@pytest.mark.parametrize("harm", ["decide hold", "read loop"])
def test_second_sigterm_ends_a_worker_that_hangs_and_blames_nobody(url, tmp_path, harm):
    batch = submit([people(1)[0] | {"occupation": harm}])
    worker = Worker(url, log=tmp_path / "log", sabotaged=True)
    with killed_at_exit([worker]):
        wait_until(lambda: Batch.objects.filter(state="running").exists())
        worker.send(signal.SIGTERM)
        time.sleep(1)
        assert worker.process.poll() is None
        worker.send(signal.SIGTERM)

        assert worker.finish(20) == 143

    batch.refresh_from_db()
    assert (batch.state, batch.failures, batch.worker) == ("queued", 0, "")


def test_worker_dies_with_its_guard(url, tmp_path):
    batch = submit([people(1)[0] | {"occupation": "decide sleep"}])
    worker = Worker(url, log=tmp_path / "log", sabotaged=True, LEASE_SECONDS="1")
    with killed_at_exit([worker]):
        wait_until(lambda: Batch.objects.filter(state="running").exists())
        worker.kill()
        second = Worker(url, "--until-idle", log=tmp_path / "log", LEASE_SECONDS="1")
        with killed_at_exit([second]):
            assert second.finish() == 0

    batch.refresh_from_db()
    assert (batch.state, batch.created_count, batch.failures) == ("done", 1, 1)


def test_processes_make_room_for_new_ones(url, tmp_path, engine):
    for number in range(7):
        submit(people(2, start=number * 2))
    log = tmp_path / "log"
    worker = Worker(url, "--until-idle", "--max-batches", "2", "--processes", "2", log=log)

    with killed_at_exit([worker]):
        assert worker.finish() == 0

    assert Batch.objects.filter(state="done").count() == 7
    names = set(Batch.objects.values_list("attempt", flat=True))
    assert names == {1}
    told = log.read_text()
    assert "7 batches processed." in told
    assert ("On SQLite one worker works" in told) == (engine == "sqlite")
    assert "worker_ended" not in told
    check_soundness()
