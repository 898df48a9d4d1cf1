"""Being told to stop by signals, and starting again, ever more slowly, what ends without being told."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Final

_SHORTEST_BACKOFF_SECONDS: Final = 0.5


class Stop(threading.Event):
    """Set when the operator wants an end; `asked` tells how often."""

    def __init__(self) -> None:
        super().__init__()
        # A signal may come while its own thread holds the lock in `wait`, or in the handler of another one.
        self._cond = threading.Condition(threading.RLock())
        self.asked = 0

    def ask(self) -> None:
        """Want an end, or want it more."""
        self.asked += 1
        self.set()


@contextlib.contextmanager
def stopped_by_signals(stop: Stop | None = None) -> Iterator[Stop]:
    """Give what Ctrl-C, SIGTERM and the end of the terminal set while the block runs, whatever it is at."""
    stop = stop or Stop()
    numbers = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as with nohup
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: stop.ask()) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def next_backoff(before: float, *, lived: float, longest: float) -> float:
    """Return how many seconds to wait before what has ended is started again; twice as long as the last time."""
    return _SHORTEST_BACKOFF_SECONDS if lived > longest else min(before * 2 or _SHORTEST_BACKOFF_SECONDS, longest)
