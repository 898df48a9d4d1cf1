"""Reading ahead: the next batch becomes drafts while the database works on the one in hand.

Reading needs the body alone, and a body never changes, so that drafts can be made before the batch is claimed. Nothing
depends on it: drafts nobody asks for are dropped, and a batch that was not read ahead is read when it is claimed.

It gains a quarter of a worker's time on PostgreSQL, which is read in while it makes us wait; SQLite leaves a pause to
posters, which is long enough. A thread was tried instead and gained nothing (see profiles.db.waiting). READ_AHEAD=0
switches it off.
"""

import contextlib
from collections.abc import Iterator

import structlog
from django.conf import settings

from batches import leases
from batches.drafts import Drafts
from batches.models import Batch
from batches.values import BatchSource
from profiles.db import engine
from profiles.db.waiting import while_waiting

log = structlog.get_logger(__name__)


class ReadAhead:
    """Reads one batch ahead, record by record."""

    def __init__(self) -> None:
        self.batch: Batch | None = None
        self._drafts: Drafts | None = None

    @contextlib.contextmanager
    def while_working_at(self, batch: Batch) -> Iterator[None]:
        """Read the batch behind this one whenever the block has to wait for the server; on SQLite it never has."""
        if engine.has_one_writer():
            yield
            return
        self.start(behind=batch)
        with while_waiting(self.step):
            yield

    def read_behind(self, batch: Batch) -> None:
        """Read all of the batch behind this one, there being time for it."""
        self.start(behind=batch)
        while self.step():
            pass

    def start(self, *, behind: Batch) -> None:
        """Choose the batch that will be claimed after the one in hand; asks the database.

        None beside a batch that has failed before: should it be reading that brings the worker down, then the batch
        read is to blame, not the one in hand, and will be found out when its turn comes.
        """
        self.drop()
        if behind.attempt > 1 or not settings.READ_AHEAD:
            return
        try:
            batch = leases.find_next(behind=behind)
            if batch is not None and batch.source != BatchSource.UNDO:
                self._drafts = Drafts(batch)
                self.batch = batch
        except Exception as error:  # noqa: BLE001 it is told when its turn comes: the batch in hand is not to blame
            log.debug("not_read_ahead", error=type(error).__name__)

    def step(self) -> bool:
        """Read one more record; return whether there was one."""
        return self._drafts is not None and self._drafts.read_one()

    def take(self, batch: Batch) -> Drafts:
        """Return the drafts of a batch just claimed, some of them read already; raises what reading its body raises.

        What has failed before is read anew, and only as much of it as is tried at once.
        """
        drafts = self._drafts if self.batch is not None and self.batch.id == batch.id and batch.attempt == 1 else None
        self.drop()
        return Drafts(batch) if drafts is None else drafts

    def drop(self) -> None:
        """Forget what was read."""
        self.batch = None
        self._drafts = None
