"""The frozen values that travel between the rooms: what is asked, what is stored, what was decided."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from profiles.keys import MatchKey
from profiles.readings import JSON

RowKey = tuple[str, ...]
Row = Mapping[str, Any]
Rows = Mapping[RowKey, Row]


def choices(kinds: Iterable[StrEnum]) -> list[tuple[str, str]]:
    """Return what a column or filter may hold, each in its own word."""
    return [(kind.value, kind.value) for kind in kinds]


class ProfileType(StrEnum):
    """What kind of profile it is (rules 8.1)."""

    ACTIVE = "active"
    DELETED = "deleted"
    DEPENDANT = "dependant"
    INCOMPLETE = "incomplete"
    PENDING = "pending"
    SYSTEM = "system"
    TEMPORARY = "temporary"


class Ended(StrEnum):
    """How a profile's time ended (rules 10.6)."""

    UNDONE = "undone"  # its creation was taken back
    ERASED = "erased"


class Gender(StrEnum):
    """The genders of the contract (rules 8.1)."""

    MALE = "male"
    FEMALE = "female"
    WITHHELD = "withheld"
    OTHER = "other"


class AttributeType(StrEnum):
    """The types of a custom attribute's value (rules 8.4)."""

    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    JSON = "json"
    ARRAY = "array"


class Verification(StrEnum):
    """How far the verification of a channel has come (rules 8.6)."""

    NOT_SENT = "not_sent"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    VERIFIED = "verified"


class MobileClash(StrEnum):
    """What becomes of a mobile number that somebody else has (rules 2.12)."""

    REJECT = "reject"
    SECONDARY = "secondary"


class OutcomeKind(StrEnum):
    """What became of a record; `pending` before it was decided."""

    PENDING = "pending"
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


class ErrorCode(StrEnum):
    """Why a record was rejected."""

    INVALID = "invalid"
    TOO_MANY = "too_many"
    TOO_DEEP = "too_deep"
    TOO_LARGE = "too_large"
    DUPLICATE_KEY = "duplicate_key"
    AMBIGUOUS = "ambiguous"
    NO_MATCH_VALUE = "no_match_value"
    DELETED_PROFILE = "deleted_profile"
    CLAIMED_ELSEWHERE = "claimed_elsewhere"
    CONFLICT = "conflict"
    UNKNOWN_REFERENCE = "unknown_reference"
    STALE = "stale"
    ENDED = "ended"
    ERASED = "erased"
    MERGED_SINCE = "merged_since"
    OPT_OUT = "opt_out"
    NOT_APPLIED = "not_applied"  # nothing was wrong with it: another record of its batch stopped them all
    UNREADABLE = "unreadable"  # a row of a file that could not become a record
    INTERNAL = "internal"


class WarningCode(StrEnum):
    """What of a record was ignored, and why."""

    UNKNOWN_FIELD = "unknown_field"
    READ_ONLY = "read_only"
    DUPLICATE_ENTRY = "duplicate_entry"
    BLANK_ENTRY = "blank_entry"
    ALIAS_KEY = "alias_key"
    BLOCKED_VALUE = "blocked_value"
    JOINED_AT_KEPT = "joined_at_kept"
    MOBILE_AS_SECONDARY = "mobile_as_secondary"
    OLDER_THAN_STORED = "older_than_stored"
    CONSENT_NOT_LOOSENED = "consent_not_loosened"
    CONSENT_OLDER = "consent_older"
    COMMS_DISAGREE = "comms_disagree"
    UNKNOWN_STATUS = "unknown_status"
    UNKNOWN_COUNTRY = "unknown_country"
    DEFAULT_ADDRESS_KEPT = "default_address_kept"
    NO_DEFAULT_REGION = "no_default_region"
    LATER_RECORDS = "later_records"
    # What taking back leaves as it is (rules 10.5).
    KEPT_NEWER = "kept_newer"
    KEPT_IN_USE = "kept_in_use"
    KEPT_KEY_TAKEN = "kept_key_taken"
    KEPT_CONSENT = "kept_consent"
    KEPT_REFERENCE_GONE = "kept_reference_gone"
    KEPT_UNCLEAR = "kept_unclear"


class MatchRule(StrEnum):
    """Which rule decided whom a record means (rules 2)."""

    CRITERION = "criterion"  # the value of a criterion found the profile
    ROUTED = "routed"  # the criteria found nobody, another identity of the record did
    NEW = "new"  # nobody had any of the record's keys
    TARGET = "target"  # the doorway named the profile itself: the API's id, a staff edit


class StepResult(StrEnum):
    """What came of a rule that was tried for a record."""

    DECIDES = "decides"  # whom the record means
    APPLIES = "applies"
    DOES_NOT_APPLY = "does_not_apply"
    REFUSES = "refuses"


class ChangeAction(StrEnum):
    """What a row of the ledger did to its profile."""

    CREATED = "created"
    UPDATED = "updated"
    MERGED = "merged"
    UNMERGED = "unmerged"
    REVERTED = "reverted"
    DELETED = "deleted"
    RESTORED = "restored"
    ERASED = "erased"


class CauseKind(StrEnum):
    """Which doorway a change came through."""

    BATCH = "batch"
    API = "api"
    ADMIN = "admin"
    COMMAND = "command"


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
    expected_version: int | None = None
    """The version of the target that was looked at; at another one the draft is stale."""
    is_explicit: bool = False
    """Whether somebody acts on this one person's consent, as staff do: it then loosens without a time too."""

    @property
    def touched(self) -> set[str]:
        """Every collection the draft may change, by name."""
        regions = () if self.default_region is None else ("regions",)
        return {*self.collections, *self.referrals, *regions}

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


class Growth(StrEnum):
    """What a profile may have more of than one person should."""

    IDENTITIES = "identities"
    EMAILS = "emails"  # ever, by the ledger
    MOBILES = "mobiles"  # likewise


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
