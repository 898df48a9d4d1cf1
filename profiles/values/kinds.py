"""The words that values are of: kinds, codes and outcomes, each in its own word."""

from collections.abc import Iterable
from enum import StrEnum


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


class Growth(StrEnum):
    """What a profile may have more of than one person should."""

    IDENTITIES = "identities"
    EMAILS = "emails"  # ever, by the ledger
    MOBILES = "mobiles"  # likewise
