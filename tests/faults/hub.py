"""A hub of its own with real worker processes, to be killed, stopped and raced."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from batches.models import Batch, BatchRecord
from batches.values import UNFINISHED
from profiles import models, shape
from profiles.directory import load_snapshots
from profiles.history import fold

ROOT = Path(__file__).parents[2]
TORTURE = os.environ.get("HUB_TORTURE") == "1"


def times(short: int, full: int) -> int:
    """Return how often to try: the full number with HUB_TORTURE=1."""
    return full if TORTURE else short


class Worker:
    """Worker processes and their guard; `sabotaged`, some records do them harm."""

    def __init__(self, url: str, *arguments: str, log: Path, sabotaged: bool = False, **environment: str) -> None:
        program = ["-m", "tests.faults.sabotage"] if sabotaged else ["manage.py"]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *program, "work", *arguments],
                cwd=ROOT,
                stdout=output,
                stderr=output,
                env={**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "INFO", "LEASE_SECONDS": "2", **environment},
            )

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def finish(self, seconds: float = 120) -> int:
        return self.process.wait(seconds)


@contextmanager
def killed_at_exit(workers: Sequence[Worker]) -> Iterator[None]:
    """Leave no worker behind."""
    try:
        yield
    finally:
        for worker in workers:
            if worker.process.poll() is None:
                worker.send(signal.SIGCONT)
                worker.kill()


def wait_until(is_so: Callable[[], Any], *, seconds: float = 60) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def is_idle() -> bool:
    """Whether no batch is unfinished."""
    return not Batch.objects.filter(state__in=UNFINISHED).exists()


def check_soundness() -> None:
    """See that each record has one outcome, counts are right, versions have no gaps and ledgers fold."""
    for batch in Batch.objects.all():
        rows = list(BatchRecord.objects.filter(batch=batch).order_by("position"))
        assert [row.position for row in rows] == list(range(batch.total_count))
        for outcome in ("created", "updated", "unchanged", "rejected"):
            assert getattr(batch, f"{outcome}_count") == sum(row.outcome == outcome for row in rows)
        changed = [row.position for row in rows if row.outcome in {"created", "updated"}]
        ledger = models.ProfileChange.objects.filter(batch_id=batch.id).order_by("position")
        assert list(ledger.values_list("position", flat=True)) == changed
    ids = list(models.Profile.objects.values_list("id", flat=True))
    snapshots = load_snapshots(ids, collections=tuple(shape.COLLECTIONS))
    for profile_id in ids:
        ledger_rows = list(models.ProfileChange.objects.filter(profile_id=profile_id).order_by("version"))
        snapshot = snapshots[profile_id]
        assert [row.version for row in ledger_rows] == list(range(1, snapshot.version + 1))
        folded = fold(row.changes for row in ledger_rows)
        assert known(folded.fields) == known(snapshot.fields)
        assert {name: rows for name, rows in folded.collections.items() if rows} == {
            name: rows for name, rows in snapshot.collections.items() if rows
        }


def known(fields: Any) -> dict[str, Any]:
    """Return the fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}
