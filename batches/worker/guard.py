"""Worker processes and the process that guards them.

The guard does nothing that could hang, so that it can always be told to stop. It starts again what ends, and when told
twice ends its workers at once and returns what they had in hand.
"""

import contextlib
import ctypes
import logging
import mmap
import os
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from django.db import Error, connection, connections

from batches import leases
from batches.stopping import Stop, next_backoff, stopped_by_signals
from batches.worker.loop import new_name
from profiles.db.server import LocksDoNotExcludeError

LONGEST_BACKOFF_SECONDS: Final = 5.0
SECONDS_BETWEEN_LOOKS: Final = 0.05
# How a worker's process ends that has done as many batches as it may: another one takes its place.
RECYCLED: Final = 75
# And one whose server gives no locks that exclude: another one would fare no better.
UNFIT: Final = 78
_COUNT: Final = struct.Struct("q")
_PR_SET_PDEATHSIG: Final = 1

log = structlog.get_logger(__name__)

WorkerBody = Callable[[str, threading.Event, Callable[[], None]], int]
"""What a worker's process runs: its name, when to stop, what to call for each batch done; returns the exit code."""


@dataclass(slots=True)
class _Worker:
    pid: int
    name: str
    started_at: float


class Guard:
    """Runs worker processes, forked from this one, until it is told to stop or all of them have nothing left to do."""

    def __init__(self, body: WorkerBody, *, processes: int, standard_error: int | None = None) -> None:
        """Take what the workers run, how many there are, and the file descriptor of their standard error."""
        self.body = body
        self.standard_error = standard_error
        self.processes = processes
        self.stop = Stop()
        self.is_unfit = False
        self._passed_on = 0
        self._done = mmap.mmap(-1, _COUNT.size * processes)  # shared with the workers, a count for each
        self._workers: dict[int, _Worker] = {}
        self._due: dict[int, float] = dict.fromkeys(range(processes), 0.0)
        self._backoff: dict[int, float] = dict.fromkeys(range(processes), 0.0)

    @property
    def done(self) -> int:
        """How many batches have been done."""
        return sum(self._count(number) for number in range(self.processes))

    def run(self) -> int:
        """Guard the workers until they are gone; return the exit code. Raises `LocksDoNotExcludeError`."""
        with stopped_by_signals(self.stop):
            self._until_gone()
        self.check()
        return 128 + signal.SIGTERM if self.stop.asked > 1 else 0

    def _until_gone(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        while self.tend():
            meanwhile()
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def check(self) -> None:
        """Raise `LocksDoNotExcludeError` where a worker has found that so."""
        if self.is_unfit:
            raise LocksDoNotExcludeError

    def tend(self) -> bool:
        """Start what is to be started, end what is to end, see what has ended; return whether there is more to do."""
        if self.stop.asked > self._passed_on:
            self._passed_on = self.stop.asked
            self._signal(signal.SIGTERM if self.stop.asked == 1 else signal.SIGKILL)
        self._reap()
        if self.stop.asked:
            return bool(self._workers)
        self._start_due()
        return bool(self._workers or self._due)

    def end(self, meanwhile: Callable[[], object]) -> None:
        """Let the workers finish what they have in hand, and wait for them; interrupted, end them at once.

        `meanwhile` is called again and again.
        """
        self.stop.ask()
        try:
            self._until_gone(meanwhile)
        except KeyboardInterrupt:
            self.stop.ask()
            self._until_gone(meanwhile)

    def _signal(self, number: signal.Signals) -> None:
        for worker in self._workers.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, number)

    def _start_due(self) -> None:
        now = time.monotonic()
        for number in [number for number, due in self._due.items() if due <= now]:
            del self._due[number]
            self._start(number)

    def _start(self, number: int) -> None:
        name = new_name()
        connections.close_all()  # a connection must not be shared
        sys.stdout.flush()
        sys.stderr.flush()
        guard = os.getpid()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                code = self._be_worker(number, name, guard)
            finally:  # whatever it is, the guard's own code is none of the worker's
                os._exit(code)
        self._workers[number] = _Worker(pid, name, time.monotonic())

    def _be_worker(self, number: int, name: str, guard: int) -> int:
        """Be the worker's process and return its exit code."""
        stop = Stop()
        # Ctrl-C and the terminal's end reach every process there; it is the guard who passes them on.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: stop.ask())
        _die_with(guard)
        if self.standard_error is not None:
            self._write_elsewhere(self.standard_error)
        code = 1
        try:
            code = self.body(name, stop, lambda: self._add_done(number))
        except LocksDoNotExcludeError:
            code = UNFIT
        except Exception:  # noqa: BLE001 a process of its own: what else would tell
            sys.excepthook(*sys.exc_info())  # the log's, which tells no values
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
        return code

    @staticmethod
    def _write_elsewhere(standard_error: int) -> None:
        """Have this process write to the descriptor, whatever the guard does with its own log lines."""
        os.dup2(standard_error, 2)
        for handler in logging.getLogger().handlers:
            if type(handler) is logging.StreamHandler:  # no file of somebody's own
                handler.setStream(sys.__stderr__)

    def _reap(self) -> None:
        """See which workers have ended, and start them again, ever more slowly where they crash."""
        for number, worker in list(self._workers.items()):
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid == 0:
                continue
            del self._workers[number]
            code = os.waitstatus_to_exitcode(status)
            if self.stop.asked > 1:
                self._release(worker)
            self.is_unfit |= code == UNFIT
            if code in {0, UNFIT} or self.stop.asked:
                continue
            if code == RECYCLED:
                self._due[number] = 0.0
                continue
            lived = time.monotonic() - worker.started_at
            backoff = next_backoff(self._backoff[number], lived=lived, longest=LONGEST_BACKOFF_SECONDS)
            self._backoff[number], self._due[number] = backoff, time.monotonic() + backoff
            log.error("worker_ended", code=code, worker=worker.name, again_in_seconds=backoff)

    def _release(self, worker: _Worker) -> None:
        """Return what a worker had in hand that was told to leave at once: the batch is not to blame."""
        with contextlib.suppress(Error):  # then its lease runs out
            leases.release(worker.name)
            connection.close()

    def _count(self, number: int) -> int:
        (count,) = _COUNT.unpack_from(self._done, number * _COUNT.size)
        return int(count)

    def _add_done(self, number: int) -> None:
        _COUNT.pack_into(self._done, number * _COUNT.size, self._count(number) + 1)


def _die_with(guard: int) -> None:
    """Have the system end this process when the guard is no more (Linux; elsewhere it goes on until it is idle)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != guard:
            os._exit(1)
