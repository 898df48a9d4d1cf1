"""Telling of a database that is away: once when it goes and once when it is back, however often it is asked."""

import time

import structlog

log = structlog.get_logger(__name__)


class Outage:
    """What one worker has said about its database."""

    def __init__(self) -> None:
        self.began_at: float | None = None

    def goes_on(self, error: Exception) -> None:
        """Tell that the database is away, unless that has been told."""
        if self.began_at is None:
            self.began_at = time.monotonic()
            log.warning("database_away", error=type(error).__name__)

    def is_over(self) -> None:
        """Tell that the database is back, if it was away."""
        if self.began_at is not None:
            log.warning("database_back", seconds=round(time.monotonic() - self.began_at, 1))
            self.began_at = None
