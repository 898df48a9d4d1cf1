"""The frozen values of receiving and processing."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from profiles.values import OutcomeKind


class BatchState(StrEnum):
    """Where a batch stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    SET_ASIDE = "set_aside"  # could not be processed; an operator looks, then `requeue`s it
    CANCELLED = "cancelled"


# What becomes of a record that is decided; the batch counts each.
OUTCOMES: Final = (OutcomeKind.CREATED, OutcomeKind.UPDATED, OutcomeKind.UNCHANGED, OutcomeKind.REJECTED)

UNFINISHED = (BatchState.QUEUED, BatchState.RUNNING)


class BatchSource(StrEnum):
    """Which doorway a batch came through."""

    API = "api"
    IMPORT = "import"
    ADMIN = "admin"
    COMMAND = "command"
    DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a submission that was kept."""

    batch_id: UUID
    total_count: int
    replayed: bool = False
    """The idempotency key had been used for the same body before; this is that batch."""
