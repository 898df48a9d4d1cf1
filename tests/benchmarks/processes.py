"""Whole processes: their memory, and many workers beside one."""

import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from tests.benchmarks.hub import BATCH, ROOT, Hub, peak_memory
from tests.benchmarks.table import Table

_BATCHES = 20


def rate_memory(hub: Hub, table: Table) -> None:
    """Take the peak of a worker that does twenty batches, and of an import of a file."""
    for _ in range(20):
        hub.submit(hub.new_people())
    table.add("peak memory of a worker", peak_memory(hub.start_worker()), 130, 100, unit=" MB", less_is_more=True)
    peaks = [_import_peak(hub, lines) for lines in (1_000, 10_000)]
    print(f"  peak memory of imports of 1,000 and 10,000 records: {peaks[0]:.0f} and {peaks[1]:.0f} MB")
    table.add("peak memory of an import", max(peaks), 130, 100, unit=" MB", less_is_more=True)


def _import_peak(hub: Hub, lines: int) -> float:
    from tests.benchmarks.records import full_record

    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        path = Path(folder) / "people.jsonl.gz"
        with gzip.open(path, "wt", compresslevel=1) as file:
            file.writelines(json.dumps(full_record(number)) + "\n" for number in hub.new_people(lines))
        return peak_memory(
            subprocess.Popen(
                [sys.executable, "manage.py", "import_profiles", str(path), "--match", "email"],
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
            )
        )


@contextmanager
def _idle_workers(hub: Hub, count: int) -> Iterator[None]:
    """Have so many workers wait for something to do."""
    from django.db import connection

    workers = [hub.start_worker(until_idle=False) for _ in range(count)]
    listening = 0
    while listening < count:
        time.sleep(0.1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'")
            ((listening,),) = cursor.fetchall()
    try:
        yield
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait()


def _release(batch_ids: list[UUID]) -> float:
    """Give the batches to the workers that wait; return the seconds until all are done."""
    from batches.leases import wake_workers
    from batches.models import Batch

    began = time.perf_counter()
    Batch.objects.filter(id__in=batch_ids).update(state="queued")
    wake_workers()
    while Batch.objects.filter(id__in=batch_ids).exclude(state="done").exists():
        time.sleep(0.02)
    return time.perf_counter() - began


def rate_workers(hub: Hub, table: Table) -> None:
    """Compare four workers with one on batches of different submitters, whose keys overlap or do not."""
    from batches.models import Batch
    from profiles.models import User

    users = [User.objects.create(username=f"sender-{number}") for number in range(4)]
    version = 80_000
    for keys, step in (("overlapping", BATCH // 5), ("disjoint", BATCH)):
        rates = {}
        for workers in (1, 2, 4):
            version += 100
            with _idle_workers(hub, workers):
                waiting = []
                for number in range(_BATCHES):
                    people = [(number * step + index) % hub.size for index in range(BATCH)]
                    waiting.append(hub.submit(people, version=version + number, submitted_by=users[number % 4]))
                    hub.cancel(waiting[-1])
                rates[workers] = _BATCHES * BATCH / _release(waiting)
        told = ", ".join(f"{workers}: {rate:,.0f}/s" for workers, rate in rates.items())
        print(f"  workers on {keys} keys: {told}")
        floor, goal = {"overlapping": (0.9, 1.1), "disjoint": (1.5, 1.8)}[keys]
        table.add(f"four workers against one, {keys} keys", rates[4] / rates[1], floor, goal)
    unsound = Batch.objects.filter(state="done", rejected_count__gt=0).count()
    failed = Batch.objects.filter(failures__gt=0).count()
    assert (unsound, failed) == (0, 0), f"{unsound} batches with rejected records, {failed} failed"
