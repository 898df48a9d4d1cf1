"""What a record names by reference becomes what it means (rules 3.6 and 4.7).

Unknown rows are errors, unknown statuses warnings, and names that disagree are conflicts.
"""

import calendar
import dataclasses
import datetime as dt
from functools import lru_cache
from typing import Any, Final

from profiles.times import utc_text
from profiles.values import (
    ErrorCode,
    Finding,
    ProfileDraft,
    ReferenceName,
    References,
    Referral,
    Row,
    RowKey,
    StatusTerm,
    WarningCode,
)

_KINDS: Final = {
    "location": "location",
    "region": "region",
    "organisation": "organisation",
    "role": "role definition",
    "profile": "profile",
}


def resolve(draft: ProfileDraft, references: References, *, now: dt.datetime) -> ProfileDraft:
    """Return the draft with everything it refers to in its fields and collections, and what was wrong with that."""
    if not (draft.referrals or draft.locations or draft.default_region):
        return draft
    return _Resolving(draft, references, now).resolved()


class _Resolving:
    """One draft whose references are looked up."""

    def __init__(self, draft: ProfileDraft, references: References, now: dt.datetime) -> None:
        self.draft = draft
        self.references = references
        self.now = now
        self.fields = dict(draft.fields)
        self.collections: dict[str, Any] = dict(draft.collections)
        self.errors = list(draft.errors)
        self.warnings = list(draft.warnings)

    def resolved(self) -> ProfileDraft:
        for name, referrals in self.draft.referrals.items():
            if name == "statuses":
                self._statuses(referrals)
            else:
                self._rows(name, referrals)
        for name, referral in self.draft.locations.items():
            if (location := self._find(referral)) is not None:
                self.fields[name] = location
        if self.draft.default_region is not None:
            self._default_region(self.draft.default_region)
        return dataclasses.replace(
            self.draft,
            fields=self.fields,
            collections=self.collections,
            referrals={},
            locations={},
            errors=tuple(self.errors),
            warnings=tuple(self.warnings),
        )

    def _find(self, referral: Referral) -> Any:
        """Return what the names lead to, `None` where they lead nowhere or to different rows."""
        found: list[Any] = []
        for name, pointer in referral.names:
            meant = self._look_up(name, pointer)
            if meant is None:
                continue
            if found and meant != found[0]:
                message = f"The record names two different {_KINDS[name.kind]}s."
                self.errors.append(Finding(ErrorCode.CONFLICT, pointer, message))
            found.append(meant)
        return found[0] if found else None

    def _look_up(self, name: ReferenceName, pointer: str) -> Any:
        meant = self.references.get(name)
        if meant is None:
            message = f"The hub knows no such {_KINDS[name.kind]}."
            self.errors.append(Finding(ErrorCode.UNKNOWN_REFERENCE, pointer, message))
        return meant

    def _rows(self, collection: str, referrals: tuple[Referral, ...]) -> None:
        rows: dict[RowKey, Row] = self.collections.setdefault(collection, {})
        for referral in referrals:
            meant = self._find(referral)
            if meant is None:
                continue
            key = (*referral.key, meant)
            if key in rows:
                message = "The entry stands twice; the last one counts."
                self.warnings.append(Finding(WarningCode.DUPLICATE_ENTRY, referral.pointer, message))
            rows[key] = {**rows.get(key, {}), **self._row(referral)}

    def _row(self, referral: Referral) -> Row:
        row = dict(referral.row)
        for name, value in row.items():
            if isinstance(value, ReferenceName):
                row[name] = self._look_up(value, f"{referral.pointer}/role_definition_id")
        return row

    def _default_region(self, referral: Referral) -> None:
        """Mark the region that is named; what the draft says of the default one stays there, see `rows`."""
        rows: dict[RowKey, Row] = dict(self.collections.get("regions", {}))
        if referral.names and (meant := self._find(referral)) is not None:
            rows[meant,] = {**rows.get((meant,), {}), "is_default": True}
        self.collections["regions"] = rows

    def _statuses(self, referrals: tuple[Referral, ...]) -> None:
        """Leave the set alone where all handles are unknown; an empty list clears it (rules 4.6)."""
        rows: dict[RowKey, Row] = {}
        for referral in referrals:
            ((name, pointer),) = referral.names
            term = self.references.get(name)
            if term is None:
                message = "The hub knows no such status; it was ignored."
                self.warnings.append(Finding(WarningCode.UNKNOWN_STATUS, pointer, message))
            else:
                rows[name.value,] = {"expires_at": expiry(term, now=self.now), "is_active": True}
        if rows or not referrals:
            self.collections["statuses"] = rows


@lru_cache(maxsize=64)
def expiry(term: StatusTerm, *, now: dt.datetime) -> str | None:
    """Return when a status given now ends."""
    if term.period_type is None:
        return None
    if term.period_type.startswith("absolute"):
        return term.absolute_expiry
    if term.period is None:
        return None
    try:
        return utc_text(_later(now, term.period, term.period_type))
    except (OverflowError, ValueError):  # beyond the calendar: for good
        return None


def _later(now: dt.datetime, period: int, period_type: str) -> dt.datetime:
    if period_type in {"days", "weeks"}:
        return now + dt.timedelta(**{period_type: period})
    months = now.month - 1 + period * (12 if period_type == "years" else 1)
    year, month = now.year + months // 12, months % 12 + 1
    return now.replace(year=year, month=month, day=min(now.day, calendar.monthrange(year, month)[1]))
