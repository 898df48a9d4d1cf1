"""A worker beside other work: a process of its own, so that whatever happens to it, the other work goes on."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from batches.worker.guard import Guard
from batches.worker.loop import work

SECONDS_PER_PAUSE: Final = 0.02
_BYTES_AT_ONCE: Final = 65_536


class Helper:
    """A guarded worker of this command."""

    def __init__(self, *, on_output: Callable[[str], None] | None) -> None:
        self.on_output = on_output
        self._output: int | None = None
        writing_end: int | None = None
        if on_output is not None:
            self._output, writing_end = os.pipe()
            os.set_blocking(self._output, False)
        self.guard = Guard(_be_worker, processes=1, standard_error=writing_end)

    def pause(self) -> None:
        """Let it work for a moment, and start it again where it has ended. Raises `LocksDoNotExcludeError`."""
        self.guard.tend()
        self.pass_on_output()
        self.guard.check()
        time.sleep(SECONDS_PER_PAUSE)

    def pass_on_output(self) -> None:
        """Hand over what the worker has written to its standard error."""
        if self._output is None or self.on_output is None:
            return
        with contextlib.suppress(BlockingIOError):
            while written := os.read(self._output, _BYTES_AT_ONCE):
                self.on_output(written.decode(errors="replace"))


def _be_worker(name: str, stop: threading.Event, count: Callable[[], None]) -> int:
    work(worker=name, stop=stop, on_batch=lambda _: count())
    return 0


@contextlib.contextmanager
def helping(*, on_output: Callable[[str], None] | None = None) -> Iterator[Helper]:
    """Have a worker work along while the block runs; where a SQLite hub has its worker, that one does it all.

    What it writes to its standard error goes to `on_output`, in pieces, if that is given. Not inside a transaction:
    the process's database connections are closed when the worker is started.
    """
    helper = Helper(on_output=on_output)
    helper.guard.tend()
    try:
        yield helper
    finally:
        helper.guard.end(meanwhile=helper.pass_on_output)
        helper.pass_on_output()
