"""What was decided of one record, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from profiles.keys import MatchKey
from profiles.readings import JSON
from profiles.values.drafts import Cause, Finding
from profiles.values.kinds import MatchRule, OutcomeKind, StepResult


@dataclass(frozen=True, slots=True)
class Candidate:
    """One profile that was considered for a record, and the key that led there."""

    profile_id: UUID | None
    """`None` where one of several criteria found nobody."""
    rule: str
    key: MatchKey | None
    """`None` where the record has no value for a criterion, or the profile itself was named."""
    criterion: str = ""
    """The one that found nobody."""

    def as_json(self) -> dict[str, Any]:
        """Return the candidate as stored and as the wire says it."""
        told = {
            "profile_id": None if self.profile_id is None else str(self.profile_id),
            "rule": self.rule,
            "key": None if self.key is None else self.key.as_json(),
        }
        return told | {"criterion": self.criterion} if self.criterion else told


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was tried for a record (see `tracing`)."""

    rule: str
    """Its number in `profiles/README.md`."""
    result: StepResult
    message: str

    def as_json(self) -> dict[str, str]:
        """Return the step as the wire says it."""
        return {"rule": self.rule, "result": self.result, "message": self.message}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record, and why."""

    kind: OutcomeKind
    cause: Cause
    reference: str = ""
    profile_id: UUID | None = None
    profile_version: int | None = None
    """The version the profile had after the record, also where that changed nothing."""
    rule: MatchRule | None = None
    key: MatchKey | None = None
    """The key that decided."""
    match_value: str = ""
    """Normal form of the value the record gave for the criterion that decided, else for the first it has one for."""
    considered: tuple[Candidate, ...] = ()
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    steps: tuple[Step, ...] = ()
    """The rules that were tried, where that was asked for."""
    instead: "Decision | None" = None
    """Of a record that was refused because something else had been shown: what it would have come to."""

    def refused(self, error: Finding) -> "Outcome":
        """Return that the record is rejected, for this before whatever else is wrong with it."""
        is_new = self.rule is MatchRule.NEW
        return replace(
            self,
            kind=OutcomeKind.REJECTED,
            profile_id=None,
            profile_version=None,
            rule=None if is_new else self.rule,
            key=None if is_new else self.key,
            errors=(error, *self.errors),
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What a record would come to, and the difference it would make."""

    outcome: Outcome
    changes: Mapping[str, Mapping[str, JSON]]
    digest: bytes
    """By which two decisions are told apart (see `digests`)."""

    @property
    def version_read(self) -> int | None:
        """The version of the profile on which the record was decided; `None` where there is none yet."""
        kind, version = self.outcome.kind, self.outcome.profile_version
        if version is None or kind is OutcomeKind.CREATED:
            return None
        return version - 1 if kind is OutcomeKind.UPDATED else version


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown of a record."""

    digest: bytes
    told: str
    """In words."""


@dataclass(frozen=True, slots=True)
class Pins:
    """What was shown of a batch's records: nothing else may become of them."""

    shown: Mapping[int, Shown]
    """By position, of all records."""
    new: Mapping[UUID, int]
    """The id of the profile that each record may make, with the record's position."""
