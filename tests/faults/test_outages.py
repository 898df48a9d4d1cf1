"""Workers that stand still, lose their database or clock, or run out of disk: nothing is lost, done twice or blamed.

After each run the ledgers are whole, nobody was rejected as `internal`, and the hub is what its transactions, one
after another, would have made of it.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import contextmanager

import pytest
from django.db import connection, connections

from batches.models import Batch
from profiles.models import User
from tests.builders import submit
from tests.faults.cut import line_to
from tests.faults.hub import Worker, is_idle, killed_at_exit, times, wait_until
from tests.faults.soundness import check_serial_order, check_soundness
from tests.faults.test_workers import people
from tests.postgres import NOBODY, folder_of, stopped_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

LEASE_SECONDS = 1
needs_postgres = pytest.mark.skipif(os.environ.get("HUB_ENGINE") != "postgres", reason="SQLite has no server")


class Senders:
    """Senders who know the same few persons by different keys, and always have another batch."""

    def __init__(self) -> None:
        self.chance = random.Random(5)
        self.users = [User.objects.create(username=f"sender-{number}") for number in range(3)]
        self.sent = 0

    def keep_waiting(self, count: int) -> None:
        """Send until so many batches wait."""
        for _ in range(count - Batch.objects.filter(state="queued").count()):
            user = self.chance.choice(self.users)
            self.sent += 1
            records = people(40, start=self.chance.randrange(40), company=f"{user.username} {self.sent}")
            for record in records:
                # One sender knows only the email, another only the number, of the same persons.
                record.pop({0: "identities", 1: "email"}.get(self.users.index(user), "nothing"), None)
            self.chance.shuffle(records)
            submit(records, "pos" if user is self.users[1] else "email", submitted_by=user)


def outlive(
    kind: str,
    hit: Callable[[], None],
    *,
    workers: list[Worker],
    hits: int,
    recover: Callable[[], None] = lambda: None,
    pause: tuple[float, float] = (0.2, 0.9),
) -> None:
    """Hit the hub so often in the midst of work, let it come to an end, see that it is sound, and print figures."""
    senders = Senders()
    began, in_hand = time.monotonic(), 0
    with killed_at_exit(workers):
        senders.keep_waiting(4)
        wait_until(lambda: Batch.objects.filter(state="done").exists())
        for _ in range(hits):
            senders.keep_waiting(4)
            time.sleep(senders.chance.uniform(*pause))
            in_hand += is_in_hand(seconds=0.5)
            hit()
        recover()
        wait_until(is_idle, seconds=120)
        for worker in workers:
            worker.send(signal.SIGTERM)
        assert [worker.finish(30) for worker in workers] == [0] * len(workers)
    check_soundness()
    check_serial_order()
    attempts = sum(Batch.objects.values_list("attempt", flat=True))
    print(
        f"{kind}: {hits} hits, {in_hand} with a batch in hand, {senders.sent} batches in {attempts} attempts, "
        f"{time.monotonic() - began:.0f} s: sound, and in a serial order"
    )


def is_in_hand(*, seconds: float) -> bool:
    """Wait for a moment until a batch is being worked on; return whether one is."""
    deadline = time.monotonic() + seconds
    while not Batch.objects.filter(state="running").exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.003)
    return True


@pytest.fixture
def start(tmp_path, engine):
    """Return a function that starts workers: several, where there may be."""

    def start_workers(url, **options) -> list[Worker]:
        lease = str(LEASE_SECONDS)
        return [
            Worker(url, log=tmp_path / f"log-{number}", LEASE_SECONDS=lease, **options)
            for number in range(times(2, 4) if engine == "postgres" else 1)
        ]

    return start_workers


def signal_one(workers: list[Worker], number: signal.Signals, chance: random.Random) -> int | None:
    """Send a signal to one of the processes that work."""
    pids = [pid for worker in workers for pid in worker.children]
    if not pids:
        return None
    pid = chance.choice(pids)
    os.kill(pid, number)
    return pid


def test_workers_paused_beyond_their_leases(url, start):
    workers, chance = start(url), random.Random(6)

    def pause() -> None:
        pid = signal_one(workers, signal.SIGSTOP, chance)
        time.sleep(LEASE_SECONDS * chance.uniform(0.5, 2))
        if pid is not None:
            os.kill(pid, signal.SIGCONT)

    outlive("pauses", pause, workers=workers, hits=times(2, 60))


def test_workers_killed_under_their_guard(url, start):
    workers, chance = start(url), random.Random(7)

    outlive(
        "kills",
        lambda: signal_one(workers, signal.SIGKILL, chance),
        workers=workers,
        hits=times(2, 60),
        pause=(0.2, 1.2),
    )


@needs_postgres
def test_database_stopped_at_once(url, start):
    with connection.cursor() as cursor:  # the server of the tests otherwise forgets what it has just committed
        cursor.execute(f'ALTER DATABASE "{connection.settings_dict["NAME"]}" SET synchronous_commit = on')
    connections.close_all()

    def stop() -> None:
        connections.close_all()
        with stopped_at_once(os.environ["DATABASE_URL"]):
            time.sleep(0.3)

    outlive("database stopped", stop, workers=start(url), hits=times(2, 30), pause=(0.2, 1.2))


@needs_postgres
def test_line_to_the_database_cut(url, start):
    with line_to(url) as (line, address):
        outlive("line cut", line.cut, workers=start(address), hits=times(3, 80))


@needs_postgres
def test_line_to_the_database_held_beyond_the_lease(url, start):
    chance = random.Random(8)
    with line_to(url) as (line, address):

        def hold() -> None:
            line.hold()
            time.sleep(LEASE_SECONDS * chance.uniform(0.5, 2))
            chance.choice((line.let_pass, line.cut))()

        outlive("line held", hold, workers=start(address), hits=times(2, 60))


def test_clock_that_jumps(url, start):
    workers, chance = start(url, sabotaged=True, CLOCK_JUMPS="1"), random.Random(9)

    outlive(
        "clock jumps, and kills",
        lambda: signal_one(workers, signal.SIGKILL, chance),
        workers=workers,
        hits=times(2, 30),
        pause=(0.2, 1.2),
    )


def test_disk_that_is_full(url, start, tmp_path, engine):
    if engine == "sqlite":
        flag = tmp_path / "full"
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")  # else there is room inside the file

        def fill() -> None:
            flag.touch()
            time.sleep(1)
            flag.unlink()

        outlive(
            "disk full",
            fill,
            workers=start(url, sabotaged=True, DISK_FULL=str(flag)),
            hits=times(2, 20),
            pause=(0, 0.1),
        )
        return
    with ledger_on_a_small_disk(times(60, 300)) as disk:

        def fill() -> None:
            filler = disk / "filler"
            with filler.open("wb") as file:
                try:
                    while True:
                        file.write(bytes(1 << 16))
                        file.flush()
                except OSError:
                    pass
            time.sleep(1)
            filler.unlink()

        outlive("disk full", fill, workers=start(url), hits=times(2, 20), pause=(0, 0.1))


@contextmanager
def ledger_on_a_small_disk(megabytes: int):
    """Keep the ledger, which only grows, on a disk of its own."""
    disk = folder_of(os.environ["DATABASE_URL"]) / "small"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,uid={NOBODY},gid={NOBODY},mode=755", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        disk.rmdir()
        pytest.skip("a small disk can be mounted by root only")
    place = disk / "space"
    place.mkdir()
    os.chown(place, NOBODY, NOBODY)
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
            cursor.execute("ALTER TABLE profiles_profilechange SET TABLESPACE small")
            try:
                yield disk
            finally:
                cursor.execute("ALTER TABLE profiles_profilechange SET TABLESPACE pg_default")
                cursor.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
        disk.rmdir()
