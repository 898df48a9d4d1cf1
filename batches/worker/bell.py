"""Waking up when there is something to do."""

import threading
from typing import Final, Self

import psycopg
import structlog
from django.conf import settings

from batches import leases
from profiles.db import calls

# PostgreSQL wakes the worker; this is for what it missed.
POLL_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class Bell:
    """Waits for something to do: PostgreSQL rings, SQLite is looked at again after a while."""

    def __init__(self) -> None:
        self.line: calls.Line | None = None
        self.has_failed = False  # said once, however long it lasts

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.line is not None:
            self.line.close()

    def wait(self, stop: threading.Event) -> None:
        """Return when there may be something to do, or `stop` is set."""
        url: str | None = settings.LISTEN_DATABASE_URL
        if not calls.are_passed_on() or url == "":
            stop.wait(settings.POLL_SECONDS)
            return
        try:
            if self.line is None:
                self.line = calls.listen(leases.CHANNEL, url=url)
                self.has_failed = False
                return  # look once more: something may have come before the line stood
            for _ in self.line.notifies(timeout=POLL_SECONDS, stop_after=1):
                pass
        except psycopg.Error as error:
            if not self.has_failed:
                log.warning("not_listening", exc_info=error)
            self.has_failed = True
            self.line = None
            stop.wait(POLL_SECONDS)
