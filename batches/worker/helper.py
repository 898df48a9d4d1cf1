"""A worker beside other work: a process of its own, so that whatever happens to it, the other work goes on."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from batches.worker.guard import Guard
from batches.worker.loop import work

SECONDS_PER_PAUSE: Final = 0.02


class Helper:
    """A guarded worker of this command."""

    def __init__(self) -> None:
        self.guard = Guard(_be_worker, processes=1)

    def pause(self) -> None:
        """Let it work for a moment, and start it again where it has ended. Raises `LocksDoNotExcludeError`."""
        self.guard.tend()
        self.guard.check()
        time.sleep(SECONDS_PER_PAUSE)


def _be_worker(name: str, stop: threading.Event, count: Callable[[], None]) -> int:
    work(worker=name, stop=stop, on_batch=lambda _: count())
    return 0


@contextlib.contextmanager
def helping() -> Iterator[Helper]:
    """Have a worker work along while the block runs; where a SQLite hub has its worker, that one does it all.

    Not inside a transaction: the process's database connections are closed when the worker is started.
    """
    helper = Helper()
    helper.guard.tend()
    try:
        yield helper
    finally:
        helper.guard.end()
