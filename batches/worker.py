"""The loop: claim a batch, process it, wait for the next."""

import contextlib
import fcntl
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Final, Self

import psycopg
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection

from batches import leases
from batches.models import Batch
from batches.processing import process_batch
from batches.values import UNFINISHED
from profiles import sets

# On SQLite the worker leaves the file alone for a moment after each commit: without it those who post batches starve.
SQLITE_PAUSE_SECONDS: Final = 0.12
# PostgreSQL wakes the worker; this is for what it missed.
POSTGRESQL_POLL_SECONDS: Final = 1.0
SECONDS_BETWEEN_TRIES: Final = 1.0
# Pieces that fail are made smaller (see processing); this is for a batch that fails before its first record.
FAILURES_BEFORE_SETTING_ASIDE: Final = 5

log = structlog.get_logger(__name__)


def work(
    *,
    until_idle: bool = False,
    stop: threading.Event | None = None,
    on_batch: Callable[[Batch], None] | None = None,
    on_wait: Callable[[], None] | None = None,
) -> int:
    """Process batches until `stop` is set, or with `until_idle` until none is unfinished; return how many were done.

    `on_batch` hears of each batch done, `on_wait` once if another worker has the SQLite file and this one waits.
    """
    stop = stop or threading.Event()
    worker = f"{socket.gethostname()}:{os.getpid()}:{token_hex(3)}"
    done = 0
    with only_worker(stop=stop, on_wait=on_wait), _Heartbeat(worker) as heartbeat, _Bell() as bell:
        while not stop.is_set():
            close_old_connections()
            batch = _claim(worker)
            if batch is None:
                if until_idle and not Batch.objects.filter(state__in=UNFINISHED).exists():
                    break
                bell.wait(stop)
                continue
            with heartbeat.beating(batch):
                done += _process(batch)
            if on_batch is not None:
                on_batch(batch)
            if not sets.is_postgresql():
                stop.wait(SQLITE_PAUSE_SECONDS)
    return done


class WorkerDiedError(Exception):
    """The worker of this process has ended; its log says why."""


class Helper:
    """A worker in a thread of this process."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, name="worker", daemon=True)

    def pause(self) -> None:
        """Let it work for a moment; raises `WorkerDiedError`."""
        self.thread.join(timeout=0.05)
        if not self.thread.is_alive():
            raise WorkerDiedError(WorkerDiedError.__doc__)

    def _run(self) -> None:
        try:
            work(stop=self.stop)
        finally:
            connection.close()


@contextlib.contextmanager
def helping() -> Iterator[Helper]:
    """Work along in this process while the block runs; where a SQLite hub has its worker, that one does it all."""
    helper = Helper()
    helper.thread.start()
    try:
        yield helper
    finally:
        helper.stop.set()
        helper.thread.join()


def _claim(worker: str) -> Batch | None:
    try:
        return leases.claim(worker=worker)
    except (OperationalError, InterfaceError) as error:
        log.warning("database_unavailable", error=type(error).__name__)
        close_old_connections()
        time.sleep(SECONDS_BETWEEN_TRIES)
        return None


def _process(batch: Batch) -> bool:
    """Process the batch and tell how it went; whatever happens is logged by ids and counts only."""
    started = time.perf_counter()
    facts = {"batch_id": str(batch.id), "records": batch.total_count, "attempt": batch.attempt}
    try:
        if batch.failures >= FAILURES_BEFORE_SETTING_ASIDE:
            log.error("batch_set_aside", **facts)
            leases.set_aside(batch, error="The batch failed again and again; the log says where.")
            return False
        process_batch(batch)
    except leases.LeaseLostError:
        log.warning("lease_lost", **facts)
        return False
    except (OperationalError, InterfaceError) as error:
        # The database, not the batch, is to blame.
        log.warning("batch_interrupted", error=type(error).__name__, **facts)
        _give_back(batch, failed=False)
        time.sleep(SECONDS_BETWEEN_TRIES)
        return False
    except Exception as error:  # noqa: BLE001 whatever it is: the batch must not take the worker down
        # Messages and values may hold a person's data; the place does not.
        log.error("batch_failed", error=type(error).__name__, at=_place(error), **facts)  # noqa: TRY400
        _give_back(batch, failed=True)
        return False
    log.info("batch_done", seconds=round(time.perf_counter() - started, 3), rejected=batch.rejected_count, **facts)
    return True


def _give_back(batch: Batch, *, failed: bool) -> None:
    close_old_connections()
    with contextlib.suppress(DatabaseError, InterfaceError):  # then the lease runs out by itself
        leases.give_back(batch, failed=failed)


def _place(error: BaseException) -> str:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return "" if frame is None else f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}"


# --- One worker on SQLite ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def only_worker(*, stop: threading.Event, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Be the only worker of a SQLite hub; wait for the one there is. On PostgreSQL any number may work."""
    if sets.is_postgresql():
        yield
        return
    with Path(f"{settings.DATABASES['default']['NAME']}.worker.lock").open("w") as lock:
        said = False
        while not stop.is_set():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not said and on_wait is not None:
                    on_wait()
                said = True
                stop.wait(settings.POLL_SECONDS)
        yield


# --- Keeping the lease -------------------------------------------------------------------------------------------


class _Heartbeat:
    """Extends the lease of the batch in hand, from a thread and connection of its own (PostgreSQL only)."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.batch: Batch | None = None
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        if sets.is_postgresql():
            self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        if self.thread.is_alive():
            self.thread.join()

    @contextlib.contextmanager
    def beating(self, batch: Batch) -> Iterator[None]:
        self.batch = batch
        try:
            yield
        finally:
            self.batch = None

    def _run(self) -> None:
        try:
            while not self.stopped.wait(settings.LEASE_SECONDS / 3):
                batch = self.batch
                if batch is None:
                    continue
                try:
                    leases.extend(batch_id=batch.id, worker=self.worker, attempt=batch.attempt)
                except (OperationalError, InterfaceError):
                    close_old_connections()
        finally:
            connection.close()


# --- Waking up ---------------------------------------------------------------------------------------------------


class _Bell:
    """Waits for something to do: PostgreSQL rings, SQLite is looked at again after a while."""

    def __init__(self) -> None:
        self.line: psycopg.Connection[tuple[object, ...]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.line is not None:
            self.line.close()

    def wait(self, stop: threading.Event) -> None:
        if not sets.is_postgresql():
            stop.wait(settings.POLL_SECONDS)
            return
        try:
            if self.line is None:
                # A connection of its own: the ORM's may be pooled or inside a transaction.
                parameters = connection.get_connection_params()
                self.line = psycopg.connect(
                    **{
                        key: parameters[key]
                        for key in ("dbname", "user", "password", "host", "port")
                        if key in parameters
                    },
                    autocommit=True,
                )
                self.line.execute(f"LISTEN {leases.CHANNEL}")
                return  # look once more: something may have come before the line stood
            for _ in self.line.notifies(timeout=POSTGRESQL_POLL_SECONDS, stop_after=1):
                pass
        except psycopg.Error:
            self.line = None
            stop.wait(POSTGRESQL_POLL_SECONDS)
