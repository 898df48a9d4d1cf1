"""Waiting for one's turn at a file."""

import fcntl
import threading
from collections.abc import Callable
from typing import IO


def wait_for_lock(
    file: IO[str], *, stop: threading.Event, seconds: float, on_wait: Callable[[], object] | None = None
) -> None:
    """Take the file's lock, looking every so many seconds until `stop`; `on_wait` hears of it if it is not free."""
    said = False
    while not stop.is_set():
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if not said and on_wait is not None:
                on_wait()
            said = True
            stop.wait(seconds)
