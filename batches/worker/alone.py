"""One worker on SQLite: a lock on a file beside the database's tells the others to wait."""

import contextlib
import threading
from collections.abc import Callable, Iterator

from django.conf import settings

from batches.filelocks import wait_for_lock
from profiles.db import engine


@contextlib.contextmanager
def only_worker(*, stop: threading.Event, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Be the only worker of a SQLite hub; wait for the one there is. On PostgreSQL any number may work."""
    file = engine.file()
    if file is None:
        yield
        return
    with file.with_name(f"{file.name}.worker.lock").open("w") as lock:
        wait_for_lock(lock, stop=stop, seconds=settings.POLL_SECONDS, on_wait=on_wait)
        yield
