"""A hub to measure: stored people, batches to process, workers to start."""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

ROOT = Path(__file__).parents[2]
BATCH = 500
_FIRST_NEW_PERSON = 10_000_000
_BATCHES_AT_A_TIME = 100


class Hub:
    """The hub that DATABASE_URL names, empty at first."""

    def __init__(self) -> None:
        from django.core.management import call_command
        from django.db import connection

        from tests.benchmarks.records import load_references

        call_command("migrate", verbosity=0)
        load_references()
        self.is_postgresql = connection.vendor == "postgresql"
        self.size = 0
        self.next_person = _FIRST_NEW_PERSON

    # --- People --------------------------------------------------------------------------------------------------

    def new_people(self, count: int = BATCH) -> list[int]:
        """Return people who are not stored yet."""
        self.next_person += count
        return list(range(self.next_person - count, self.next_person))

    def stored_people(self, turn: int, count: int = BATCH) -> list[int]:
        """Return stored people from all over the tables, others in each turn."""
        stride = max(1, self.size // count)
        return [(turn * 7 + index * stride) % self.size for index in range(count)]

    def grow(self, size: int) -> None:
        """Store people until there are `size`, by the hub's own workers."""
        began = time.perf_counter()
        first = self.size
        while self.size < size:
            for _ in range(_BATCHES_AT_A_TIME):
                if self.size < size:
                    end = min(self.size + BATCH, size)
                    self.submit(range(self.size, end), queue_key=str(self.size))
                    self.size = end
            self.work(workers=2 if self.is_postgresql else 1)
        seconds = time.perf_counter() - began
        print(f"stored {size:,} profiles, {(size - first) / seconds:,.0f} a second with their posting", flush=True)
        self.settle()

    def settle(self) -> None:
        """Let nobody pay for another's leavings."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE" if self.is_postgresql else "ANALYZE")
        self.checkpoint()

    def checkpoint(self) -> None:
        """Have everything on the disk: what changes next is written there in whole pages."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT" if self.is_postgresql else "PRAGMA wal_checkpoint(TRUNCATE)")

    # --- Batches -------------------------------------------------------------------------------------------------

    def submit(
        self,
        people: Iterable[int],
        *,
        version: int = 0,
        everywhere: bool = False,
        submitted_by: Any = None,
        queue_key: str = "",
        dry_run: bool = False,
    ) -> UUID:
        """Submit one batch of the people's records, not processed yet."""
        from batches.intake import submit_batch
        from batches.values import BatchSource
        from tests.benchmarks.records import full_record

        records = [full_record(number, version=version, everywhere=everywhere) for number in people]
        body = json.dumps({"match_criteria": "email", "profiles": records}).encode()
        receipt = submit_batch(
            body=body, source=BatchSource.API, submitted_by=submitted_by, queue_key=queue_key, dry_run=dry_run
        )
        return receipt.batch_id

    def work_off(self, batch_ids: Collection[UUID]) -> float:
        """Have a worker in this process do the batches that wait; return the seconds one takes in full swing.

        That is from the end of the first to the end of the last but one, so that each that counts has read the next
        one. On SQLite without the pauses a worker makes for those who post.
        """
        from batches.worker import loop

        gc.collect()
        with patch.object(loop, "SQLITE_PAUSE_SECONDS", 0):
            ends: list[float] = []
            loop.work(until_idle=True, on_batch=lambda _: ends.append(time.perf_counter()))
        assert len(ends) == len(batch_ids)
        return (ends[-2] - ends[0]) / (len(ends) - 2)

    def process(self, batch_id: UUID) -> float:
        """Claim and process the one batch that waits, by a worker that has read nothing ahead; return the seconds."""
        from batches import leases
        from batches.processing import process_batch
        from batches.worker.ahead import ReadAhead
        from batches.worker.garbage import collecting_seldom

        ahead = ReadAhead()
        with collecting_seldom():
            began = time.perf_counter()
            batch = leases.claim(worker="bench")
            assert batch is not None
            assert batch.id == batch_id
            drafts = ahead.take(batch)
            ahead.start(behind=batch)
            process_batch(batch, drafts)
            return time.perf_counter() - began

    def cancel(self, batch_id: UUID) -> None:
        """Let a batch be, so that no worker takes it."""
        from batches.models import Batch

        Batch.objects.filter(id=batch_id).update(state="cancelled")

    # --- Workers -------------------------------------------------------------------------------------------------

    def start_worker(self, *, until_idle: bool = True) -> "subprocess.Popen[bytes]":
        """Start a worker, which by default ends when nothing is left to do."""
        command = [sys.executable, "manage.py", "work", *(["--until-idle"] if until_idle else [])]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)

    def work(self, *, workers: int) -> float:
        """Have so many workers do all that waits; return the seconds."""
        began = time.perf_counter()
        started = [self.start_worker() for _ in range(workers)]
        assert [worker.wait() for worker in started] == [0] * workers
        return time.perf_counter() - began


def peak_memory(process: "subprocess.Popen[bytes]") -> float:
    """Wait for the process and return the most memory that it or one it started had, in MB."""
    peak = 0.0
    while process.poll() is None:
        peak = max([peak, *map(_high_water, _family(process.pid))])
        time.sleep(0.02)
    assert process.wait() == 0
    return peak


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *map(int, children)]


def _high_water(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return max((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), default=0.0)
