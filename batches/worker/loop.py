"""The loop: claim a batch, process it, wait for the next."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from secrets import token_hex
from typing import Final

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections

from batches import leases
from batches.models import Batch
from batches.processing import process_batch
from batches.signs import Signs
from batches.values import UNFINISHED
from batches.worker.ahead import ReadAhead
from batches.worker.alone import only_worker
from batches.worker.bell import Bell
from batches.worker.garbage import collecting_seldom
from batches.worker.heartbeat import Heartbeat
from batches.worker.outage import Outage
from batches.worker.watchdog import within_bounds
from profiles.db import engine

# On SQLite the worker leaves the file alone for a moment after each commit: without it those who post batches starve.
SQLITE_PAUSE_SECONDS: Final = 0.12
SECONDS_BETWEEN_TRIES: Final = 1.0
# Pieces that fail are made smaller (see processing); this is for a batch that fails before its first record.
FAILURES_BEFORE_SETTING_ASIDE: Final = 5

log = structlog.get_logger(__name__)


def new_name() -> str:
    """Return a name no worker ever had."""
    return f"{socket.gethostname()}:{os.getpid()}:{token_hex(3)}"


def work(
    *,
    worker: str = "",
    until_idle: bool = False,
    max_batches: int | None = None,
    stop: threading.Event | None = None,
    on_batch: Callable[[Batch], None] | None = None,
    on_wait: Callable[[], None] | None = None,
) -> int:
    """Process batches until `stop` is set, or with `until_idle` until none is unfinished; return how many were done.

    `worker` is the name leases bear. After `max_batches` it leaves whatever is waiting. `on_batch` hears of each batch
    done, `on_wait` once if another worker has the SQLite file and this one waits.
    """
    stop = stop or threading.Event()
    worker = worker or new_name()
    ahead, outage = ReadAhead(), Outage()
    lost: list[Batch] = []
    done = 0
    with (
        only_worker(stop=stop, on_wait=on_wait),
        Heartbeat(worker) as heartbeat,
        Bell() as bell,
        Signs(worker) as signs,
        collecting_seldom() as count_turn,
    ):
        while not stop.is_set() and done != max_batches:
            count_turn()
            close_old_connections()
            signs.give()
            batch = _claim(worker, lost, outage)
            if batch is None:
                if until_idle and not Batch.objects.filter(state__one_of=UNFINISHED).exists():
                    break
                bell.wait(stop)
                continue
            with heartbeat.beating(batch), within_bounds():
                is_done = _process(batch, ahead, lost)
            if is_done:
                done += 1
                if on_batch is not None:
                    on_batch(batch)
            if engine.has_one_writer():
                _pause(stop, batch, ahead)
    return done


def _pause(stop: threading.Event, batch: Batch, ahead: ReadAhead) -> None:
    """Leave the SQLite file to those who post, and read the next batch meanwhile."""
    end = time.monotonic() + SQLITE_PAUSE_SECONDS
    with within_bounds():
        ahead.read_behind(batch)
    stop.wait(max(0, end - time.monotonic()))


def _claim(worker: str, lost: list[Batch], outage: Outage) -> Batch | None:
    """Claim a batch, once those are given back that could not be while the database was away."""
    try:
        while lost:
            leases.give_back(lost[-1], failed=False)
            lost.pop()
        batch = leases.claim(worker=worker)
    except (OperationalError, InterfaceError) as error:
        outage.goes_on(error)
        close_old_connections()
        time.sleep(SECONDS_BETWEEN_TRIES)
        return None
    outage.is_over()
    return batch


def _process(batch: Batch, ahead: ReadAhead, lost: list[Batch]) -> bool:
    """Process the batch and tell how it went; whatever happens is logged by ids and counts only.

    A lease that was lost, or may be, though this worker lives goes to `lost`.
    """
    started = time.perf_counter()
    facts = {"batch_id": str(batch.id), "records": batch.total_count, "attempt": batch.attempt}
    try:
        if batch.failures >= FAILURES_BEFORE_SETTING_ASIDE:
            log.error("batch_set_aside", **facts)
            leases.set_aside(batch, error="The batch failed again and again; the log says where.")
            return False
        drafts = ahead.take(batch)
        with ahead.while_working_at(batch):
            process_batch(batch, drafts)
    except leases.LeaseLostError:
        log.warning("lease_lost", **facts)
        lost.append(batch)
        return False
    except Exception as error:  # whatever it is: the batch must not take the worker down
        if engine.is_unavailable(error):
            log.warning("batch_interrupted", error=type(error).__name__, **facts)
            lost.append(batch)
            close_old_connections()
            time.sleep(SECONDS_BETWEEN_TRIES)
            return False
        log.exception("batch_failed", **facts)
        close_old_connections()
        with contextlib.suppress(DatabaseError, InterfaceError):  # then the lease runs out by itself
            leases.give_back(batch, failed=True)
        return False
    log.info("batch_done", seconds=round(time.perf_counter() - started, 3), rejected=batch.rejected_count, **facts)
    return True
