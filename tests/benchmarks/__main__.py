"""`make bench`: how fast the hub is, beside others that write the same final rows, on a server of its own.

Figures are ratios within this run: the machine's own speed falls out.
"""

import argparse
import gc
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BATCH = 500
RECOMMENDED = {
    "shared_buffers": "'1GB'",
    "max_wal_size": "'8GB'",
    "checkpoint_timeout": "'30min'",
    "wal_compression": "on",
    "random_page_cost": "1.1",
}


def main() -> None:
    options = read_options()
    with ExitStack() as resources:
        if options.engine == "postgres":
            from tests.postgres import running_postgres

            settings = {} if options.stock else RECOMMENDED
            os.environ["DATABASE_URL"] = resources.enter_context(running_postgres(fsync=True, settings=settings))
        else:
            folder = resources.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-"))
            os.environ["DATABASE_URL"] = f"sqlite:///{folder}/hub.sqlite3"
            settings = {}
        os.environ.update(SECRET_KEY="of-the-benchmark", DJANGO_SETTINGS_MODULE="config.settings", LOG_LEVEL="ERROR")
        os.environ.pop("DEBUG", None)
        import django

        django.setup()
        print(f"engine {options.engine}, settings {settings or 'stock'}, {os.cpu_count()} cores")
        figures = Bench(options).run()
    show(figures)
    results = ROOT / "bench-results"
    results.mkdir(exist_ok=True)
    name = f"{options.engine}-{options.size}.json"
    (results / name).write_text(json.dumps({"settings": settings, "size": options.size, "figures": figures}, indent=2))
    print(f"written to bench-results/{name}")
    if options.check and any(figure["below_floor"] for figure in figures):
        sys.exit(1)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--engine", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--size", type=int, default=10_000, help="stored profiles")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stock", action="store_true", help="PostgreSQL's own settings, not the README's")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a figure is below its floor")
    return parser.parse_args()


class UndoneError(Exception):
    """What was written is taken back."""


class Bench:
    """One run."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.is_postgresql = options.engine == "postgres"
        self.figures: list[dict[str, Any]] = []
        self.next_person = 10_000_000  # of those not stored yet

    def run(self) -> list[dict[str, Any]]:
        from django.core.management import call_command

        from tests.benchmarks.records import load_references

        call_command("migrate", verbosity=0)
        load_references()
        self.seed()
        self.check_contents()
        times = self.time_writing()
        self.rate(times)
        self.rate_unchanged()
        self.count_statements()
        self.rate_intake()
        self.rate_memory()
        if self.is_postgresql:
            self.rate_workers()
        return self.figures

    # --- Stored profiles -----------------------------------------------------------------------------------------

    def seed(self) -> None:
        """Store the profiles that are there from the start, through the hub itself."""
        began = time.perf_counter()
        for start in range(0, self.options.size, BATCH):
            self.process(self.batch(range(start, min(start + BATCH, self.options.size))))
            if sys.stderr.isatty():
                print(f"\rstored {start + BATCH:,}", end="", file=sys.stderr)
        seconds = time.perf_counter() - began
        print(
            f"\rstored {self.options.size:,} profiles in {seconds:.0f} s: {self.options.size / seconds:,.0f} a second"
        )
        self.settle()

    def settle(self) -> None:
        """Let no contender pay for another's leavings."""
        from django.db import connection

        with connection.cursor() as cursor:
            if self.is_postgresql:
                cursor.execute("VACUUM ANALYZE")
                cursor.execute("CHECKPOINT")
            else:
                cursor.execute("ANALYZE")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def new_people(self, count: int = BATCH) -> range:
        people = range(self.next_person, self.next_person + count)
        self.next_person += count
        return people

    def batch(self, people: Any, *, version: int = 0) -> Any:
        """Submit one batch of the people's records, not processed yet."""
        from batches.intake import submit_batch
        from batches.values import BatchSource
        from tests.benchmarks.records import full_record

        records = [full_record(number, version=version) for number in people]
        body = json.dumps({"match_criteria": "email", "profiles": records}).encode()
        return submit_batch(body=body, source=BatchSource.API, submitted_by=None).batch_id

    def process(self, batch_id: Any) -> float:
        """Claim and process the batch that waits; return the seconds."""
        from batches import leases
        from batches.processing import process_batch

        gc.collect()
        began = time.perf_counter()
        batch = leases.claim(worker="bench")
        assert batch is not None
        assert batch.id == batch_id
        process_batch(batch)
        return time.perf_counter() - began

    # --- Writing -------------------------------------------------------------------------------------------------

    def mixes(self, turn: int) -> dict[str, Callable[[], tuple[Any, int]]]:
        """Return, by name, what makes the people and the version of a batch."""
        size = self.options.size
        stride = max(1, size // BATCH)

        def matched(count: int) -> list[int]:
            return [(turn * 7 + index * stride) % size for index in range(count)]

        return {
            "new": lambda: (list(self.new_people()), 0),
            "half": lambda: (matched(BATCH // 2) + list(self.new_people(BATCH // 2)), turn + 1),
            "matched": lambda: (matched(BATCH), turn + 1_000),
        }

    def recorded(self, people: Any, version: int) -> list[Any]:
        """Return the final rows of a batch, having written nothing."""
        from django.db import transaction

        from tests.benchmarks.contenders import recording

        batch_id = self.batch(people, version=version)
        with recording() as operations:
            try:
                with transaction.atomic():
                    self.process(batch_id)
                    raise UndoneError  # noqa: TRY301 it takes back what was written
            except UndoneError:
                pass
        from batches.models import Batch

        Batch.objects.filter(id=batch_id).update(state="cancelled")
        return operations

    def time_writing(self) -> dict[tuple[str, str], list[float]]:
        """Time every contender on every mix, in turns."""
        from django.db import transaction

        from tests.benchmarks.contenders import CONTENDERS

        times: dict[tuple[str, str], list[float]] = {}
        for turn in range(self.options.rounds + 1):
            for number, mix in enumerate(("new", "half", "matched")):
                for place, contender in enumerate(("hub", *CONTENDERS)):
                    if (contender == "copy" and (mix != "new" or not self.is_postgresql)) or (
                        contender == "naive" and (mix != "half" or turn > 2)
                    ):
                        continue
                    people, version = self.mixes(turn * 100 + number * 10 + place)[mix]()
                    if contender == "hub":
                        seconds = self.process(self.batch(people, version=version))
                    else:
                        operations = self.recorded(people, version)
                        gc.collect()
                        began = time.perf_counter()
                        with transaction.atomic():
                            CONTENDERS[contender](operations)
                        seconds = time.perf_counter() - began
                    if turn:  # the first round warms up
                        times.setdefault((mix, contender), []).append(seconds)
        return times

    def check_contents(self) -> None:
        """See that all contenders leave the same rows."""
        from django.db import transaction

        from tests.benchmarks.contenders import CONTENDERS

        people = [*range(min(50, self.options.size)), *self.new_people(50)]
        operations = self.recorded(people, 9)
        hashes = {}
        for name, write in CONTENDERS.items():
            if name == "copy" and not self.is_postgresql:
                continue
            try:
                with transaction.atomic():
                    write(operations)
                    hashes[name] = self.contents({operation.model for operation in operations})
                    raise UndoneError  # noqa: TRY301 it takes back what was written
            except UndoneError:
                pass
        assert len(set(hashes.values())) == 1, hashes
        print(f"the same rows by {', '.join(hashes)}: sha256 {next(iter(hashes.values()))[:12]}")

    def contents(self, tables: set[Any]) -> str:
        """Return a hash of the tables, without the ids that the database gives."""
        digest = hashlib.sha256()
        for model in sorted(tables, key=lambda model: model._meta.db_table):
            names = [
                field.attname for field in model._meta.concrete_fields if field.get_internal_type() != "BigAutoField"
            ]
            rows = sorted(
                json.dumps(row, default=str, sort_keys=True) for row in model._default_manager.values(*names)
            )
            digest.update("\n".join(rows).encode())
        return digest.hexdigest()

    def rate(self, times: dict[tuple[str, str], list[float]]) -> None:
        median = {key: statistics.median(values) for key, values in times.items()}
        for mix, contender in sorted(median):
            print(f"  {mix:8} {contender:7} {BATCH / median[mix, contender]:8,.0f} profiles/s")
        if self.is_postgresql:
            share = median["new", "copy"] / median["new", "hub"]
            self.add("all new against plain COPY", share * 100, floor=30, goal=50, unit="%")
            self.add("half and half against the naive ORM", median["half", "naive"] / median["half", "hub"], 35, 60)
            self.add("half and half against bulk upsert", median["half", "upsert"] / median["half", "hub"], 1.5, 2.5)
            self.add("the writer alone against bulk upsert", median["half", "upsert"] / median["half", "sets"], 2, 3.5)
        else:
            self.add("half and half against bulk upsert", median["half", "upsert"] / median["half", "hub"], 1.5, 3)

    def rate_unchanged(self) -> None:
        """Compare batches that change nothing with those that change, warm and right after a checkpoint."""
        for when, floor, goal in (("warm", 1.3, 2), ("after a checkpoint", 2, 3)):
            ratios = []
            for turn in range(self.options.rounds):
                start = turn * BATCH % max(BATCH, self.options.size - BATCH)
                people = range(start, min(start + BATCH, self.options.size))
                self.process(self.batch(people, version=50_000 + turn))
                if when != "warm":
                    self.settle()
                changed = self.process(self.batch(people, version=60_000 + turn))
                if when != "warm":
                    self.settle()
                unchanged = self.process(self.batch(people, version=60_000 + turn))
                ratios.append(changed / unchanged)
            self.add(f"unchanged against changed, {when}", statistics.median(ratios), floor, goal)

    def count_statements(self) -> None:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        counts = []
        for count in (1, 3, BATCH):
            people = [*range(count - count // 2), *self.new_people(count // 2 or 1)]
            batch_id = self.batch(people, version=70_000 + count)
            with CaptureQueriesContext(connection) as queries:
                self.process(batch_id)
            counts.append(len([query for query in queries if "SAVEPOINT" not in query["sql"]]))
        self.add("statements per batch", max(counts), 45, 30, unit="", less_is_more=True)
        print(f"  statements for 1, 3 and {BATCH} records: {counts}")

    # --- Receiving -----------------------------------------------------------------------------------------------

    def rate_intake(self) -> None:
        """Compare accepting a batch with what a plain DRF view would do: parse and store 500 rows."""
        from django.db import transaction
        from django.utils import timezone
        from rest_framework.test import APIClient

        from batches.models import Batch, BatchRecord
        from profiles.models import ApiToken, User
        from tests.benchmarks.records import full_record

        user = User.objects.create(username="bench")
        _, token = ApiToken.objects.create(user=user, label="bench", scopes=["*"])
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        records = [full_record(number) for number in range(BATCH)]
        body = json.dumps({"match_criteria": "email", "profiles": records}).encode()
        ours, theirs = [], []
        for turn in range(self.options.rounds * 3):
            began = time.perf_counter()
            answer = client.generic(
                "POST",
                "/api/v3/profiles/batch.json",
                body.decode(),
                content_type="application/json",
                HTTP_IDEMPOTENCY_KEY=str(turn),
                HTTP_HOST="localhost",
            )
            ours.append(time.perf_counter() - began)
            assert answer.status_code == 202
            began = time.perf_counter()
            parsed = json.loads(body)
            with transaction.atomic():
                batch = Batch.objects.create(
                    match_criteria="email",
                    source="api",
                    queue_key="x",
                    total_count=BATCH,
                    body_size=1,
                    state="cancelled",
                )
                now = timezone.now()
                BatchRecord.objects.bulk_create(
                    BatchRecord(batch=batch, position=index, outcome="created", errors=record, decided_at=now)
                    for index, record in enumerate(parsed["profiles"])
                )
            theirs.append(time.perf_counter() - began)
        Batch.objects.filter(state="queued").update(state="cancelled")
        ratio = statistics.median(theirs) / statistics.median(ours)
        print(f"  accepted {1 / statistics.median(ours):,.0f} batches/s of {len(body) / 1e6:.2f} MB")
        self.add("accept against parse and 500 rows", ratio, 8, 15)

    # --- Processes -----------------------------------------------------------------------------------------------

    def rate_memory(self) -> None:
        """Take the peak of a worker process that does twenty batches."""
        for _ in range(20):
            self.batch(self.new_people())
        worker = self.start_worker()
        peak = 0.0
        while worker.poll() is None:
            status = Path(f"/proc/{worker.pid}/status").read_text()
            marks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
            peak = max(peak, *(int(mark) / 1024 for mark in marks), 0.0)
            time.sleep(0.02)
        self.add("peak memory of a worker, MB", peak, 200, 120, unit=" MB", less_is_more=True)

    def start_worker(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "manage.py", "work", "--until-idle"], cwd=ROOT, stdout=subprocess.DEVNULL
        )

    def wait_for_workers(self, workers: list["subprocess.Popen[bytes]"]) -> None:
        for worker in workers:
            assert worker.wait() == 0

    def rate_workers(self) -> None:
        """Compare four workers with one on batches of different submitters whose keys overlap."""
        from batches.models import Batch
        from profiles.models import User
        from tests.benchmarks.records import full_record

        users = [User.objects.create(username=f"sender-{number}") for number in range(4)]
        rates = {}
        for count in (1, 2, 4):
            from batches.intake import submit_batch
            from batches.values import BatchSource

            for number in range(24):
                people = [(number * 100 + index) % self.options.size for index in range(BATCH)]
                records = [full_record(person, version=80_000 + count * 100 + number) for person in people]
                body = json.dumps({"match_criteria": "email", "profiles": records}).encode()
                submit_batch(body=body, source=BatchSource.API, submitted_by=users[number % 4])
            began = time.perf_counter()
            self.wait_for_workers([self.start_worker() for _ in range(count)])
            rates[count] = 24 * BATCH / (time.perf_counter() - began)
        print(f"  workers on overlapping keys: {', '.join(f'{n}: {rate:,.0f}/s' for n, rate in rates.items())}")
        assert not Batch.objects.filter(rejected_count__gt=0, state="done").exists()
        self.add("four workers against one, overlapping keys", rates[4] / rates[1], 0.9, 1.1)

    # --- The table -----------------------------------------------------------------------------------------------

    def add(  # the columns of the table
        self,
        name: str,
        measured: float,
        floor: float,
        goal: float,
        *,
        unit: str = " times",
        less_is_more: bool = False,
    ) -> None:
        below = measured > floor if less_is_more else measured < floor
        reached = measured <= goal if less_is_more else measured >= goal
        self.figures.append(
            {
                "figure": name,
                "floor": floor,
                "goal": goal,
                "measured": round(measured, 2),
                "unit": unit,
                "below_floor": below,
                "goal_reached": reached,
            }
        )


def show(figures: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("Figure")
    for name in ("Floor", "Goal", "Measured"):
        table.add_column(name, justify="right")
    table.add_column("")
    for one in figures:
        verdict = "below floor" if one["below_floor"] else "goal" if one["goal_reached"] else "floor"
        cells = [f"{one[name]:g}{one['unit']}" for name in ("floor", "goal", "measured")]
        table.add_row(one["figure"], *cells, verdict)
    Console(width=None if sys.stdout.isatty() else 110).print(table)


if __name__ == "__main__":
    main()
