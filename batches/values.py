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
    PREVIEWED = "previewed"  # a dry run that has shown what would become of its records
    STALE = "stale"  # pinned to a preview of which something was no longer true: nothing was written
    EXPIRED = "expired"  # a preview that is too old to be confirmed


# What becomes of a record that is decided; the batch counts each.
OUTCOMES: Final = (OutcomeKind.CREATED, OutcomeKind.UPDATED, OutcomeKind.UNCHANGED, OutcomeKind.REJECTED)

MAX_RECORDS: Final = 500
"""Of a batch, whatever way it comes."""
MAX_RECORD_BYTES: Final = 262_144
"""Of a record, likewise."""

UNFINISHED = (BatchState.QUEUED, BatchState.RUNNING)


class BatchSource(StrEnum):
    """Which doorway a batch came through."""

    API = "api"
    IMPORT = "import"
    ADMIN = "admin"
    COMMAND = "command"
    DEMO = "demo"
    UNDO = "undo"  # takes back what another batch did


class IfChanged(StrEnum):
    """What a pinned batch does where a record would come to something else than was shown (way 4)."""

    STOP = "stop"  # nothing of the batch is written
    SKIP = "skip"  # that record is refused


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a submission that was kept."""

    batch_id: UUID
    total_count: int
    replayed: bool = False
    """The idempotency key had been used for the same body before; this is that batch."""
