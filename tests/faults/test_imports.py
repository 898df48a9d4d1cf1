"""An import goes on whatever happens to its worker."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from batches.models import Batch, BatchRecord
from tests.faults.hub import ROOT, wait_until
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
