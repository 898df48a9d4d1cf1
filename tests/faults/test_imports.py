"""An import goes on whatever happens to its worker."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from batches.models import Batch, BatchRecord
from tests.faults.hub import ROOT, times, wait_until
from tests.faults.soundness import check_soundness
from tests.faults.test_workers import people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def start_import(url, path, log, **environment):
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.sabotage", "import_profiles", str(path), "--match", "email"],
            cwd=ROOT,
            stdout=output,
            stderr=output,
            env={**os.environ, "DATABASE_URL": url, "LEASE_SECONDS": "1", **environment},
        )


def test_import_that_is_killed_again_and_again_is_taken_up_without_a_record_twice(url, tmp_path):
    records = people(times(4_000, 40_000))
    path = write(tmp_path / "people.jsonl", records)
    log = tmp_path / "log"
    arguments = [sys.executable, "manage.py", "import_profiles", str(path), "--match", "email"]
    environment = {**os.environ, "DATABASE_URL": url, "LEASE_SECONDS": "1"}

    def start(*more):
        with log.open("ab") as output:
            return subprocess.Popen([*arguments, *more], cwd=ROOT, stdout=output, stderr=output, env=environment)

    process = start()
    for slices in range(1, times(4, 40)):
        wait_until(lambda wanted=slices: Batch.objects.count() >= wanted)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process = start("--resume")

    assert process.wait(240) == 0, log.read_text()[-2_000:]
    assert f"{len(records):,} records: {len(records):,} created" in log.read_text()
    assert BatchRecord.objects.count() == len(records)
    assert list(Batch.objects.order_by("slice").values_list("slice", flat=True)) == list(range(len(records) // 500))
    check_soundness()


def write(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_record_that_hangs_is_rejected_and_the_import_goes_on(url, tmp_path):
    records = people(3)
    records[1]["occupation"] = "decide hold"
    path = write(tmp_path / "people.jsonl", records)

    process = start_import(url, path, tmp_path / "log", ATTEMPT_SECONDS="1")

    assert process.wait(240) == 1
    assert list(BatchRecord.objects.order_by("position").values_list("outcome", "error_code")) == [
        ("created", ""),
        ("rejected", "internal"),
        ("created", ""),
    ]
    assert "3 records: 2 created" in (tmp_path / "log").read_text()


def test_interrupted_import_leaves_at_once_when_told_twice(url, tmp_path):
    path = write(tmp_path / "people.jsonl", [people(1)[0] | {"occupation": "decide hold"}])
    process = start_import(url, path, tmp_path / "log")
    wait_until(lambda: Batch.objects.filter(state="running").exists())

    process.send_signal(signal.SIGINT)
    time.sleep(1)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)

    assert process.wait(20) == 2
    batch = Batch.objects.get()
    assert (batch.state, batch.failures) == ("queued", 0)
    assert "Interrupted." in (tmp_path / "log").read_text()
