"""Keeping the lease of a batch that takes long."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Self

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from batches import leases
from batches.models import Batch
from profiles.db import engine


class Heartbeat:
    """Extends the lease of the batch in hand, from a thread and connection of its own.

    Where there is one worker (SQLite) nobody would take it.
    """

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.batch: Batch | None = None
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        if not engine.has_one_writer():
            self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        if self.thread.is_alive():
            self.thread.join()

    @contextlib.contextmanager
    def beating(self, batch: Batch) -> Iterator[None]:
        """Keep the batch's lease while the block runs."""
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
