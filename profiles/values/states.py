"""What is stored: a profile, its rows, what they refer to, and everything known for deciding."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from profiles.keys import MatchKey

RowKey = tuple[str, ...]
Row = Mapping[str, Any]
Rows = Mapping[RowKey, Row]


class Origin(NamedTuple):
    """Which row of its table a stored row is, and since when; a removed one can come back as the same."""

    id: int
    created_at: str | None
    """Null where the table does not keep it."""


Origins = Mapping[str, Mapping[RowKey, Origin]]
"""By the name of the collection and the row's natural key."""


class SourceWord(NamedTuple):
    """When a source spoke about something, by its own clock, and in which record."""

    time: str
    batch_id: UUID | None
    position: int | None


SourceTimes = Mapping[str, Mapping[str, SourceWord]]
"""What each source, by its user's id, has spoken about, and when (see `reconcile.sources`)."""


class ReferenceName(NamedTuple):
    """How a record names a row of reference data, or another profile: by its id, handle or external id."""

    kind: str  # "location", "region", "status", "organisation", "role" or "profile"
    by: str  # "id", "handle", "external_id" or "external_code"
    value: str


@dataclass(frozen=True, slots=True)
class StatusTerm:
    """How long a status is held once given; both null: for good."""

    period: int | None = None
    period_type: str | None = None
    absolute_expiry: str | None = None


References = Mapping[ReferenceName, Any]
"""What is known by the names some drafts use: a location's id, a region's, organisation's or role's handle, a status's
`StatusTerm`, a profile's id as text. What is missing does not exist."""


@dataclass(frozen=True, slots=True)
class ProfileSnapshot:
    """One profile as stored when the decision began."""

    id: UUID
    version: int
    fields: Mapping[str, Any]
    collections: Mapping[str, Rows]
    """By name; only the collections that were asked for are loaded."""
    email_key: str | None
    """Normal form of `fields["email"]`."""
    origins: Origins = field(default_factory=dict)
    """Of the rows in `collections`."""
    effective_times: Mapping[str, str] = field(default_factory=dict)
    """When each flag of consent is taken to have been decided (see `reconcile.consent`)."""
    source_times: SourceTimes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Directory:
    """Everything known for deciding a set of drafts; nothing is looked up afterwards."""

    holders: Mapping[MatchKey, UUID]
    """Whose row holds each key; a merged profile still holds its email and mobile."""
    survivors: Mapping[UUID, UUID]
    """Merged profile -> the profile it lives on in."""
    profiles: Mapping[UUID, ProfileSnapshot]
    """Every holder that is not merged, every survivor and every target."""
    references: References = field(default_factory=dict)
    merged: Mapping[UUID, ProfileSnapshot] = field(default_factory=dict)
    """Where asked for: those merged into the targets, and targets that were merged themselves."""
