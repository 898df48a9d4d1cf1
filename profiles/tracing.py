"""Why a record means whom it means: the rules that were tried for it, and what came of each.

Matching tells a trace what it looks at, in the order in which it does; the trace puts that into sentences and decides
nothing. Only who asks for one has it made (`explain`): a batch's records are decided without.
"""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from profiles.keys import MatchKey
from profiles.values import Candidate, Finding, MobileClash, ProfileDraft, Step, StepResult, WarningCode

_MOST_NAMED: Final = 5


class Trace:
    """The steps of one record, as matching takes them."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    # --- Whom it means -------------------------------------------------------------------------------------------

    def blocked(self, draft: ProfileDraft) -> None:
        """Say which of its values are never a key (rules 2.10)."""
        if places := _places(draft.warnings, WarningCode.BLOCKED_VALUE):
            self._add("2.10", StepResult.APPLIES, f"Left out before matching, as blocked values: {places}.")
        else:
            self._add("2.10", StepResult.DOES_NOT_APPLY, "None of its values is blocked.")

    def criterion(
        self, criterion: str, keys: Sequence[MatchKey], found: Sequence[Candidate], *, later: Iterable[str]
    ) -> None:
        """Say whom a criterion found, and which are not asked any more where it found somebody (rules 2.1)."""
        if not keys:
            self._add("2.1", StepResult.DOES_NOT_APPLY, f"{criterion}: the record has no value that could be matched.")
        elif not found:
            self._add("2.1", StepResult.DOES_NOT_APPLY, f"{criterion}: nobody has {_all_shown(keys)}.")
        else:
            self._found("2.1", f"{criterion}: ", found)
            for left in later:
                self._add("2.1", StepResult.DOES_NOT_APPLY, f"{left}: not asked, as one before it found somebody.")
            self._add("2.2", StepResult.DOES_NOT_APPLY, "A criterion found somebody.")

    def routing(self, keys: Sequence[MatchKey], found: Sequence[Candidate]) -> None:
        """Say whom the record's identities found, once all criteria had found nobody (rules 2.2)."""
        if not keys:
            self._add("2.2", StepResult.DOES_NOT_APPLY, "The record has no identity to look for.")
        elif not found:
            self._add("2.2", StepResult.DOES_NOT_APPLY, f"Nobody has {_all_shown(keys)}.")
        else:
            self._found("2.2", "By its identities: ", found)

    def alias(self, key: MatchKey, merged: UUID, survivor: UUID) -> None:
        """Say that a merged profile's key means its survivor (rules 2.3)."""
        step = Step("2.3", StepResult.APPLIES, f"The {_shown(key)} was that of {merged}, now merged into {survivor}.")
        if step not in self.steps:
            self.steps.append(step)

    # --- Whether it may ------------------------------------------------------------------------------------------

    def permission(self, profile_id: UUID | None, *, has_match_value: bool, refusals: Sequence[Finding]) -> None:
        """Say whether a profile may be made, or the one that was found be written to (rules 2.4 and 2.5)."""
        if profile_id is None and has_match_value:
            self._add("2.4", StepResult.DECIDES, "Nobody was found: a new profile.")
        elif profile_id is None:
            message = refusals[0].message if refusals else "The value to match by cannot be read."
            self._add("2.4", StepResult.REFUSES, message)
        else:
            self._add("2.4", StepResult.DOES_NOT_APPLY, "Somebody was found.")
            if refusals:
                self._add("2.5", StepResult.REFUSES, refusals[0].message)
            else:
                message = "The profile is not deleted, or the record says what type it is to have."
                self._add("2.5", StepResult.DOES_NOT_APPLY, message)

    def claims(self, holders: Sequence[Candidate]) -> None:
        """Say who else holds keys of the record (rules 2.6)."""
        for holder in holders:
            if holder.key is not None:
                self._add("2.6", StepResult.REFUSES, f"The {_shown(holder.key)} belongs to {holder.profile_id}.")
        if not holders:
            self._add("2.6", StepResult.DOES_NOT_APPLY, "None of its keys belongs to anybody else.")

    def mobile(self, clash: MobileClash, draft: ProfileDraft, holders: Sequence[Candidate]) -> None:
        """Say what becomes of a mobile that somebody else has (rules 2.12)."""
        if _places(draft.warnings, WarningCode.MOBILE_AS_SECONDARY):
            self._add("2.12", StepResult.APPLIES, "Somebody else has its mobile; here it is the secondary phone.")
        elif not any(holder.key is not None and holder.key.kind == "mobile" for holder in holders):
            self._add("2.12", StepResult.DOES_NOT_APPLY, "Its mobile does not clash with anybody's.")
        elif clash is MobileClash.SECONDARY:
            self._add("2.12", StepResult.DOES_NOT_APPLY, "Another number is its secondary phone already.")
        else:
            self._add("2.12", StepResult.DOES_NOT_APPLY, f"mobile_clash is {clash}.")

    def late(self, sent: ProfileDraft, heard: ProfileDraft) -> None:
        """Say what of the record its source has spoken about later (rules 3.7)."""
        if sent.source_updated_at is None:
            self._add("3.7", StepResult.DOES_NOT_APPLY, "It does not say when it was so at its source.")
        elif places := _places(heard.warnings, WarningCode.OLDER_THAN_STORED):
            self._add("3.7", StepResult.APPLIES, f"Its source has spoken later about {places}; that stays.")
        else:
            self._add("3.7", StepResult.DOES_NOT_APPLY, "Its source has said nothing else about it later.")

    # --- Sentences -----------------------------------------------------------------------------------------------

    def _found(self, rule: str, by: str, found: Sequence[Candidate]) -> None:
        told = "; ".join(f"the {_shown(one.key)} belongs to {one.profile_id}" for one in found if one.key is not None)
        if len(found) > 1:
            self._add(rule, StepResult.REFUSES, f"{by}{told}. That is more than one profile.")
        else:
            self._add(rule, StepResult.DECIDES, f"{by}{told}.")

    def _add(self, rule: str, result: StepResult, message: str) -> None:
        self.steps.append(Step(rule, result, message))


def _shown(key: MatchKey) -> str:
    return f"identity {key.handle} {key.value}" if key.kind == "identity" else f"{key.kind} {key.value}"


def _all_shown(keys: Sequence[MatchKey]) -> str:
    told = [f"the {_shown(key)}" for key in keys[:_MOST_NAMED]]
    if more := len(keys) - len(told):
        told.append(f"{more} more")
    return " or ".join(told)


def _places(warnings: Iterable[Finding], code: WarningCode) -> str:
    places = [warning.pointer for warning in warnings if warning.code is code]
    told = places[:_MOST_NAMED]
    if more := len(places) - len(told):
        told.append(f"{more} more")
    return ", ".join(told)
