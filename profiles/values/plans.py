"""What was decided of all records, ready to be written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from profiles.values.drafts import Cause
from profiles.values.kinds import ErrorCode, Growth
from profiles.values.ledger import Change
from profiles.values.outcomes import Outcome
from profiles.values.states import Origins, ProfileSnapshot, Rows, SourceTimes


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two profiles that a record could not tell apart or that each hold some of its keys; lower id first."""

    low: UUID
    high: UUID
    reason: ErrorCode
    cause: Cause


@dataclass(frozen=True, slots=True)
class ProfileResult:
    """One profile as it is to be stored after all drafts, beside what was stored before (`None`: it is new)."""

    id: UUID
    version: int
    fields: Mapping[str, Any]
    collections: Mapping[str, Rows]
    email_key: str | None
    before: ProfileSnapshot | None
    effective_times: Mapping[str, str] = field(default_factory=dict)
    source_times: SourceTimes = field(default_factory=dict)
    origins: Origins = field(default_factory=dict)
    """Of rows that are not stored, and come back as the rows they were."""
    rows_of: ProfileSnapshot | None = None
    """Another profile whose rows move here, where both have them by the same key: it has none of them any more."""

    @property
    def is_changed(self) -> bool:
        """Whether more than effective times moved: only then is there a new version."""
        return self.before is None or self.version != self.before.version


@dataclass(frozen=True, slots=True)
class Alarm:
    """A profile that may be several people, by what it had more of after a record."""

    profile_id: UUID
    growth: Growth
    count: int
    cause: Cause


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything decided about a set of drafts, ready to be written."""

    outcomes: Sequence[Outcome]
    results: Sequence[ProfileResult]
    changes: Sequence[Change]
    duplicates: Sequence[DuplicatePair]
    alarms: Sequence[Alarm] = ()
