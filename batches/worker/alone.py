"""One worker on SQLite: a lock on a file beside the database's tells the others to wait."""

import contextlib
import fcntl
import threading
from collections.abc import Callable, Iterator

from django.conf import settings

from profiles.db import engine


@contextlib.contextmanager
def only_worker(*, stop: threading.Event, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Be the only worker of a SQLite hub; wait for the one there is. On PostgreSQL any number may work."""
    file = engine.file()
    if file is None:
        yield
        return
    with file.with_name(f"{file.name}.worker.lock").open("w") as lock:
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
