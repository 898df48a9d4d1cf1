"""What is told of changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from profiles.readings import JSON
from profiles.values.drafts import Cause
from profiles.values.kinds import ChangeAction


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Which earlier rows of a profile's ledger a row takes back, by their versions, and what of them it leaves."""

    versions: tuple[int, ...]
    excepted: tuple[str, ...] = ()
    """Pointers to what goes on as those rows had it, and can be taken back later."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Pointers to what shows as it did, each with the reason."""

    def as_json(self) -> dict[str, Any]:
        """Return it as stored."""
        return {"versions": list(self.versions), "except": list(self.excepted), "kept": dict(self.kept)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "TakenBack":
        """Return what is stored so."""
        return cls(tuple(stored["versions"]), tuple(stored["except"]), stored["kept"])


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One row of a profile's ledger, as stored."""

    version: int
    action: ChangeAction
    changes: Mapping[str, Mapping[str, JSON]]
    cause: Cause
    at: str
    times: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)
    reverts: TakenBack | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """The difference one cause makes to one profile; a row of the ledger (`ProfileChange`) keeps it.

    `changes` maps JSON pointers over natural keys to `{"from": …, "to": …}`; a missing member means absent. `times`
    does so for the times that moved with it, which are no part of what the ledger folds to.
    """

    profile_id: UUID
    version: int
    action: ChangeAction
    changes: Mapping[str, Mapping[str, JSON]]
    cause: Cause
    operation_id: UUID | None = None
    """Ties the rows of one merge or revert together."""
    times: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)
    reverts: TakenBack | None = None
    note: str = ""
    """Why, in the words of whoever did it."""
