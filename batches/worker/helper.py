"""A worker beside other work of the same process."""

import contextlib
import threading
from collections.abc import Iterator

from django.db import connection

from batches.worker.loop import work


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
