"""The record at hand, as the rules of all collections see it."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from profiles.keys import MatchKey
from profiles.values import ErrorCode, Finding, NewId, ProfileDraft, Row, RowKey, WarningCode


@dataclass(frozen=True)
class Case:
    """A record that is decided about: what the rules of collections need beside the rows, and what they find."""

    draft: ProfileDraft
    now: dt.datetime
    new_id: NewId
    aliases: Collection[MatchKey]
    errors: list[Finding]
    warnings: list[Finding]
    identity_limits: Mapping[str, int] = field(default_factory=dict)

    def place(self, name: str, key: RowKey) -> str:
        """Return where in the record the row stands."""
        return self.draft.places.get((name, key), "")

    def refuse(self, code: ErrorCode, pointer: str, message: str) -> None:
        """Note why the record cannot be applied; what parsing took out as wrong is not missed once more."""
        if self.draft.errors and pointer in self._faulty_places:
            return
        self.errors.append(Finding(code, pointer, message))

    @cached_property
    def _faulty_places(self) -> frozenset[str]:
        """Every place in the record at or below which parsing found an error."""
        return frozenset(place for error in self.draft.errors for place in _upwards(error.pointer))

    def require(self, names: tuple[str, ...], row: Row, pointer: str) -> None:
        """Refuse a new row that lacks what a new one needs."""
        for name in names:
            if name not in row:
                self.refuse(ErrorCode.INVALID, f"{pointer}/{name}", "The value is required.")

    def warn(self, code: WarningCode, pointer: str, message: str) -> None:
        """Note what is ignored."""
        self.warnings.append(Finding(code, pointer, message))


def _upwards(pointer: str) -> Iterator[str]:
    """Yield the pointer and all that it lies below."""
    while pointer:
        yield pointer
        pointer = pointer.rpartition("/")[0]
