"""Waking up when there is something to do."""

import threading
from typing import Final, Self

import psycopg
from django.conf import settings
from django.db import connection

from batches import leases
from profiles import sets

# PostgreSQL wakes the worker; this is for what it missed.
POLL_SECONDS: Final = 1.0


class Bell:
    """Waits for something to do: PostgreSQL rings, SQLite is looked at again after a while."""

    def __init__(self) -> None:
        self.line: psycopg.Connection[tuple[object, ...]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.line is not None:
            self.line.close()

    def wait(self, stop: threading.Event) -> None:
        """Return when there may be something to do, or `stop` is set."""
        if not sets.is_postgresql():
            stop.wait(settings.POLL_SECONDS)
            return
        try:
            if self.line is None:
                # A connection of its own: the ORM's may be pooled or inside a transaction.
                parameters = connection.get_connection_params()
                self.line = psycopg.connect(
                    **{
                        key: parameters[key]
                        for key in ("dbname", "user", "password", "host", "port")
                        if key in parameters
                    },
                    autocommit=True,
                )
                self.line.execute(f"LISTEN {leases.CHANNEL}")
                return  # look once more: something may have come before the line stood
            for _ in self.line.notifies(timeout=POLL_SECONDS, stop_after=1):
                pass
        except psycopg.Error:
            self.line = None
            stop.wait(POLL_SECONDS)
