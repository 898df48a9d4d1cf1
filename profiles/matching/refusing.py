"""Why a draft is refused by whom it means, in sentences (rules 2.4 to 2.6)."""

from collections.abc import Sequence
from typing import Final

from profiles.criteria import EMAIL, Criteria, looks_like_email
from profiles.matching.finding import Match
from profiles.reconcile import State
from profiles.values import Candidate, ErrorCode, Finding, ProfileDraft, ProfileType

UNKNOWN: Final = Finding(ErrorCode.UNKNOWN_REFERENCE, "", "The profile does not exist.")
ENDED: Final = Finding(ErrorCode.ENDED, "", "The profile was taken back or erased; there is nobody to write to.")
STALE: Final = Finding(ErrorCode.STALE, "", "The profile was changed by somebody else after it was looked at.")
# The contract's own sentences; clients look for the second one (rules 8.14).
_TAKEN: Final = {
    "email": "The email has already been taken.",
    "mobile": "The phone number exists",
    "identity": "The identity belongs to another profile.",
}


def ambiguous(match: Match) -> Finding:
    """Return the refusal of what means several, by their ids."""
    ids = ", ".join(str(candidate.profile_id) for candidate in match.candidates)
    return Finding(ErrorCode.AMBIGUOUS, "", f"The record means more than one profile: {ids}.")


def claimed(draft: ProfileDraft, holders: Sequence[Candidate]) -> list[Finding]:
    """Return the refusals of keys that others have, each where the draft names it."""
    return [
        Finding(ErrorCode.CLAIMED_ELSEWHERE, draft.pointers[holder.key], _TAKEN[holder.key.kind])
        for holder in holders
        if holder.key is not None
    ]


def match_errors(draft: ProfileDraft, match: Match, before: State | None, *, criteria: Criteria) -> list[Finding]:
    """Nobody to create without a match value; nobody deleted is written to by accident (rules 2.4 and 2.5)."""
    if match.profile_id is None and match.key is None:
        fields = tuple("/email" if criterion == EMAIL else "/identities" for criterion in criteria)
        if any(
            error.code is ErrorCode.UNREADABLE or not error.pointer or error.pointer.startswith(fields)
            for error in draft.errors
        ):
            return []  # the value was there, and wrong, or nothing could be read: that has been said
        if draft.is_new:
            return [Finding(ErrorCode.NO_MATCH_VALUE, "/email", "The email field is required.")]
        return [Finding(ErrorCode.NO_MATCH_VALUE, fields[0], _no_match_value(criteria))]
    if (
        before is not None
        and before.fields.get("profile_type") == ProfileType.DELETED
        and "profile_type" not in draft.fields
    ):
        message = "The profile is deleted; naming a profile_type restores it."
        return [Finding(ErrorCode.DELETED_PROFILE, "", message)]
    return []


def _no_match_value(criteria: Criteria) -> str:
    handles = [criterion for criterion in criteria if criterion != EMAIL]
    lacking = ["email"] * (EMAIL in criteria)
    if handles:
        lacking.append(f"identity with the handle {' or '.join(handles)}")
    message = f"The record has no {' and no '.join(lacking)} to match by"
    return f"{message}; did you mean {EMAIL}?" if any(map(looks_like_email, handles)) else f"{message}."
