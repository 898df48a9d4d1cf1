"""Reading ahead: the next batch becomes drafts while the database works on the one in hand.

Reading needs the body alone, and a body never changes, so that drafts can be made before the batch is claimed. Nothing
depends on it: drafts nobody asks for are dropped, and a batch that was not read ahead is read when it is claimed.
"""

import contextlib
from collections.abc import Iterator

import structlog

from batches import leases
from batches.models import Batch
from batches.processing import read_drafts
from profiles.values import ProfileDraft

log = structlog.get_logger(__name__)


class ReadAhead:
    """Reads one batch ahead, record by record."""

    def __init__(self) -> None:
        self.batch: Batch | None = None
        self.drafts: list[ProfileDraft] = []
        self._left: Iterator[ProfileDraft] = iter(())

    def start(self, *, behind: Batch) -> None:
        """Choose the batch that will be claimed after the one in hand; asks the database.

        None beside a batch that has failed before: should it be reading that brings the worker down, then the batch
        read is to blame, not the one in hand, and will be found out when its turn comes.
        """
        self.drop()
        if behind.attempt > 1:
            return
        with self._trying():
            self.batch = leases.find_next(behind=behind)
            if self.batch is not None:
                self._left = read_drafts(self.batch)

    def step(self) -> bool:
        """Read one more record; return whether there was one."""
        draft = None
        with self._trying():
            draft = next(self._left, None)
        if draft is None:
            return False
        self.drafts.append(draft)
        return True

    @contextlib.contextmanager
    def _trying(self) -> Iterator[None]:
        """Give up where anything goes wrong: it is tried again, and told of, when the batch is claimed."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 whatever it is, the batch in hand has nothing to do with it
            log.debug("not_read_ahead", error=type(error).__name__)
            self.drop()

    def take(self, batch: Batch) -> list[ProfileDraft]:
        """Return the drafts of a batch just claimed: those read ahead and the rest; raises what reading raises."""
        if self.batch is not None and self.batch.id == batch.id and batch.attempt == 1:
            drafts = [*self.drafts, *self._left]
        else:
            drafts = list(read_drafts(batch))
        self.drop()
        return drafts

    def drop(self) -> None:
        """Forget what was read."""
        self.batch = None
        self.drafts = []
        self._left = iter(())
