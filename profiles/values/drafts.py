"""What is asked: one record, read, with what is wrong with it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from profiles.keys import MatchKey
from profiles.values.kinds import CauseKind, ErrorCode, WarningCode
from profiles.values.states import ReferenceName, RowKey, Rows


@dataclass(frozen=True, slots=True)
class Cause:
    """What brought a change about, as plain values that outlive what they name."""

    kind: CauseKind
    batch_id: UUID | None = None
    position: int | None = None
    actor_id: int | None = None
    actor_label: str = ""
    request_id: str = ""
    """Of a write that is answered at once; empty for a batch's, which bears it itself."""


NewId = Callable[[int], UUID]
"""Names what one record makes: at 0 its profile, at 1 and onwards its addresses, in the places they have in it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a record, or ignored of it: a code, a JSON pointer into the record, a sentence.

    Its code tells which: errors reject the record, warnings never alter the outcome.
    """

    code: ErrorCode | WarningCode
    pointer: str
    message: str

    def as_json(self) -> dict[str, str]:
        """Return the finding as stored and as the wire says it."""
        return {"code": self.code, "pointer": self.pointer, "message": self.message}


@dataclass(frozen=True, slots=True)
class Referral:
    """An entry of a record that names reference data, before it is looked up (see `reconcile.referrals`)."""

    pointer: str
    names: tuple[tuple[ReferenceName, str], ...]
    """Each name with its pointer; all of them must lead to the same row."""
    row: Mapping[str, Any] = field(default_factory=dict)
    """Columns the entry sets; one that names reference data itself holds a `ReferenceName`."""
    key: RowKey = ()
    """What of the row's natural key comes before the row referred to."""


@dataclass(frozen=True, slots=True)
class ProfileDraft:
    """What one record asks for.

    `fields` and `collections` hold only what the record sent, in normal form: what is absent is missing here,
    null is `None`, an empty list is empty. A draft with errors is still matched, so that all errors are told
    at once, but never applied; what was wrong is missing from it.
    """

    cause: Cause
    fields: Mapping[str, Any] = field(default_factory=dict)
    collections: Mapping[str, Rows] = field(default_factory=dict)
    referrals: Mapping[str, tuple[Referral, ...]] = field(default_factory=dict)
    """By the collection they will become rows of, once looked up."""
    locations: Mapping[str, Referral] = field(default_factory=dict)
    """By the field that will hold the location's id, once looked up."""
    default_region: Referral | None = None
    """What the record says of the default region: which it is, if it names one, and the columns it sets."""
    replaced_links: frozenset[RowKey] = frozenset()
    """The dates whose links give way to those the record names, be they none."""
    places: Mapping[tuple[str, RowKey], str] = field(default_factory=dict)
    """Where in the record a row of a collection stands, where deciding may find fault with it."""
    reference: str = ""
    source_updated_at: str | None = None
    """When the record was as it is in the system that sent it, by that system's clock."""
    email_key: str | None = None
    """Normal form of `fields["email"]`."""
    pointers: Mapping[MatchKey, str] = field(default_factory=dict)
    """Where in the record each of its keys stands."""
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    target: UUID | None = None
    """The profile itself, where the doorway names it; matching is then skipped."""
    is_new: bool = False
    """Whether it is about somebody nobody knows yet: a key that anybody has is refused, and nobody is matched."""
    expected_version: int | None = None
    """The version of the target that was looked at; at another one the draft is stale."""
    is_explicit: bool = False
    """Whether somebody acts on this one person's consent, as staff do: it then loosens without a time too."""
    note: str = ""
    """Why, in the words of whoever does it."""
    meant: Mapping[tuple[str, RowKey], RowKey] = field(default_factory=dict)
    """Which stored row an entry is about, where the doorway names it; it may get another identifier by that."""
    new_rows: frozenset[str] = frozenset()
    """The collections whose entries must not be there yet."""
    removals: frozenset[tuple[str, RowKey]] = frozenset()
    """Rows that go; what was linked to them goes along. One that is not there is no error."""

    @property
    def touched(self) -> set[str]:
        """Every collection the draft may change, by name."""
        regions = () if self.default_region is None else ("regions",)
        removed = {name for name, _ in self.removals}
        along = {"date_links"} if "dates" in removed else set()
        return {*self.collections, *self.referrals, *regions, *removed, *along}

    @property
    def reference_names(self) -> Iterator[ReferenceName]:
        """Every reference the draft names."""
        for referral in self._all_referrals():
            yield from (name for name, _ in referral.names)
            yield from (value for value in referral.row.values() if isinstance(value, ReferenceName))

    def _all_referrals(self) -> Iterator[Referral]:
        for referrals in self.referrals.values():
            yield from referrals
        yield from self.locations.values()
        if self.default_region is not None:
            yield self.default_region
