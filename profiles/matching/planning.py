"""The plan: records are taken in the order received, and each sees what the former decided (rules 2)."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from profiles import digests
from profiles.criteria import Criteria
from profiles.matching.finding import Finder, Match
from profiles.matching.refusing import ENDED, STALE, UNKNOWN, ambiguous, claimed, match_errors
from profiles.reconcile import Reconciliation, State, reconcile, state_of
from profiles.reconcile.referrals import resolve
from profiles.reconcile.sources import hear
from profiles.tracing import Trace
from profiles.values import (
    Candidate,
    Cause,
    Change,
    ChangeAction,
    Decision,
    Directory,
    DuplicatePair,
    ErrorCode,
    Finding,
    MatchRule,
    MobileClash,
    NewId,
    Outcome,
    OutcomeKind,
    Pins,
    Plan,
    ProfileDraft,
    ProfileResult,
    ProfileType,
    Shown,
    Step,
    WarningCode,
)


@dataclass(frozen=True, slots=True)
class _Accepted:
    """What a draft makes of a profile, before those that follow hear of it."""

    profile_id: UUID
    before: State
    after: State
    change: Change | None


def plan(
    drafts: Sequence[ProfileDraft],
    directory: Directory,
    *,
    criteria: Criteria,
    now: dt.datetime,
    new_ids: Callable[[Cause], NewId],
    received_at: dt.datetime | None = None,
    mobile_clash: MobileClash = MobileClash.REJECT,
    identity_limits: Mapping[str, int] | None = None,
    is_traced: bool = False,
    pins: Pins | None = None,
) -> Plan:
    """Decide every draft in order and return outcomes, the profiles to write, their ledger and possible duplicates.

    `criteria` are tried in order; `now` is the time the changes bear. `new_ids` names the profile
    and the addresses that a draft creates. `received_at` is when the drafts came in, if that was before now.
    `mobile_clash` says what becomes of numbers that others have, `identity_limits` how many identities of a handle
    one profile may hold. Where there are `pins`, a draft of which something else was shown is refused; where it
    `is_traced`, each outcome tells which rules were tried.
    """
    planning = _Planning(
        directory,
        criteria=criteria,
        now=now,
        new_ids=new_ids,
        received_at=received_at or now,
        mobile_clash=mobile_clash,
        identity_limits=identity_limits or {},
        is_traced=is_traced,
        pins=pins,
    )
    outcomes = [planning.decide(draft) for draft in drafts]
    return Plan(outcomes, planning.results(), planning.changes, list(planning.duplicates.values()))


class _Planning:
    """A plan in the making: its drafts are decided one after another."""

    def __init__(
        self,
        directory: Directory,
        *,
        criteria: Criteria,
        now: dt.datetime,
        new_ids: Callable[[Cause], NewId],
        received_at: dt.datetime,
        mobile_clash: MobileClash,
        identity_limits: Mapping[str, int],
        is_traced: bool,
        pins: Pins | None,
    ) -> None:
        self.directory = directory
        self.now = now
        self.received_at = received_at
        self.mobile_clash = mobile_clash
        self.new_ids = new_ids
        self.identity_limits = identity_limits
        self.is_traced = is_traced
        self.pins = pins
        self.given = {} if pins is None else digests.given_statuses(directory.references, now=now)
        self.finder = Finder(directory.holders, directory.survivors, criteria=criteria)
        self.states = {profile.id: state_of(profile) for profile in directory.profiles.values()}
        self.versions = {profile.id: profile.version for profile in directory.profiles.values()}
        self.touched: dict[UUID, None] = {}
        self.changes: list[Change] = []
        self.duplicates: dict[tuple[UUID, UUID], DuplicatePair] = {}

    def results(self) -> list[ProfileResult]:
        """Return the profiles that changed, or whose times moved, as they are to be stored."""
        return [
            ProfileResult(
                id=profile_id,
                version=self.versions[profile_id],
                fields=self.states[profile_id].fields,
                collections=self.states[profile_id].collections,
                email_key=self.states[profile_id].email_key,
                before=self.directory.profiles.get(profile_id),
                effective_times=self.states[profile_id].effective_times,
                source_times=self.states[profile_id].source_times,
                origins=self.states[profile_id].origins,
            )
            for profile_id in self.touched
        ]

    def decide(self, draft: ProfileDraft) -> Outcome:
        """Return the draft's outcome, having taken its changes into account for those that follow."""
        suspected = len(self.duplicates)
        outcome, accepted = self._consider(draft)
        if self.pins is not None and draft.cause.position is not None:
            shown = self.pins.shown[draft.cause.position]
            changes = {} if accepted is None or accepted.change is None else accepted.change.changes
            digest = digests.digest_of(outcome, changes, new=self.pins.new, given=self.given)
            if digest != shown.digest:
                while len(self.duplicates) > suspected:
                    self.duplicates.popitem()
                return _stale(Decision(outcome, changes, digest), shown)
        if accepted is not None:
            self._take(accepted)
        return outcome

    def _consider(self, draft: ProfileDraft) -> tuple[Outcome, _Accepted | None]:
        """Return what becomes of the draft, and what it makes of a profile if it is accepted."""
        trace = self.finder.trace = Trace() if self.is_traced else None
        draft = resolve(draft, self.directory.references, now=self.now)
        match = self.finder.match(draft)
        errors = list(draft.errors)
        if match.is_ambiguous:
            errors.append(ambiguous(match))
            self._suspect(_profile_ids(match.candidates), ErrorCode.AMBIGUOUS, draft)
            return self._reject(draft, match, errors), None

        if match.rule is MatchRule.TARGET and match.profile_id not in self.states:
            return self._reject(draft, match, [*errors, UNKNOWN]), None
        before = None if match.profile_id is None else self.states[match.profile_id]
        if before is not None and before.fields.get("ended") is not None:
            return self._reject(draft, match, [*errors, ENDED]), None
        if match.profile_id is not None and self._is_stale(draft, match.profile_id):
            return self._reject(draft, match, [*errors, STALE]), None
        aliases, holders = self.finder.claims(draft, match.profile_id)
        sent = draft
        heard = hear(draft, before, received_at=self.received_at)
        draft = heard.draft
        errors += heard.errors
        if self.mobile_clash is MobileClash.SECONDARY:
            draft, holders = _with_shared_mobile(draft, before, holders)
        refusals = match_errors(draft, match, before, criteria=self.finder.criteria)
        errors += refusals
        if trace is not None:
            trace.permission(match.profile_id, has_match_value=match.key is not None, refusals=refusals)
            trace.claims(holders)
            trace.mobile(self.mobile_clash, draft, holders)
            trace.late(sent, draft)
        errors += claimed(draft, holders)
        self._suspect_holders(draft, match, holders)
        new_id = self.new_ids(draft.cause)
        reconciliation = reconcile(
            before,
            draft,
            now=self.now,
            received_at=self.received_at,
            new_id=new_id,
            aliases=aliases,
            source_times=heard.times,
            identity_limits=self.identity_limits,
        )
        errors += reconciliation.errors
        if errors:
            return self._reject(sent, match, errors, holders), None
        return self._accept(draft, match, reconciliation, new_id)

    def _is_stale(self, draft: ProfileDraft, profile_id: UUID) -> bool:
        return draft.expected_version is not None and draft.expected_version != self.versions[profile_id]

    # --- What becomes of it --------------------------------------------------------------------------------------

    def _accept(
        self, draft: ProfileDraft, match: Match, reconciliation: Reconciliation, new_id: NewId
    ) -> tuple[Outcome, _Accepted | None]:
        if match.profile_id is None:
            kind, profile_id = OutcomeKind.CREATED, new_id(0)
            before = State()
        else:
            profile_id = match.profile_id
            before = self.states[profile_id]
            kind = OutcomeKind.UPDATED if reconciliation.changes else OutcomeKind.UNCHANGED
        version, change = self.versions.get(profile_id, 0), None
        if kind is not OutcomeKind.UNCHANGED:
            version += 1
            change = Change(
                profile_id=profile_id,
                version=version,
                action=_action(kind, before, reconciliation.after),
                changes=reconciliation.changes,
                cause=draft.cause,
                times=reconciliation.times,
                note=draft.note,
            )
        outcome = Outcome(
            kind=kind,
            cause=draft.cause,
            reference=draft.reference,
            profile_id=profile_id,
            profile_version=version,
            rule=match.rule,
            key=match.key,
            match_value=self.finder.match_value(draft, match),
            considered=match.tried,
            warnings=draft.warnings + reconciliation.warnings,
            steps=self._steps(),
        )
        if change is None and not reconciliation.times:
            return outcome, None
        return outcome, _Accepted(profile_id, before, reconciliation.after, change)

    def _take(self, accepted: _Accepted) -> None:
        """Take what a draft makes of a profile into account."""
        self.states[accepted.profile_id] = accepted.after
        self.touched[accepted.profile_id] = None
        if accepted.change is not None:
            self.finder.move_keys(accepted.profile_id, accepted.before, accepted.after)
            self.versions[accepted.profile_id] = accepted.change.version
            self.changes.append(accepted.change)

    def _reject(
        self, draft: ProfileDraft, match: Match, errors: Sequence[Finding], holders: Sequence[Candidate] = ()
    ) -> Outcome:
        considered = [*match.tried, *match.candidates]
        if match.rule is MatchRule.TARGET and match.profile_id is not None:
            considered.append(Candidate(match.profile_id, match.rule, None))
        return Outcome(
            kind=OutcomeKind.REJECTED,
            cause=draft.cause,
            reference=draft.reference,
            rule=None if match.rule is MatchRule.NEW else match.rule,
            key=None if match.rule is MatchRule.NEW else match.key,
            match_value=self.finder.match_value(draft, match),
            considered=(*considered, *holders),
            errors=tuple(errors),
            warnings=draft.warnings,
            steps=self._steps(),
        )

    def _steps(self) -> tuple[Step, ...]:
        return () if self.finder.trace is None else tuple(self.finder.trace.steps)

    def _suspect_holders(self, draft: ProfileDraft, match: Match, holders: Sequence[Candidate]) -> None:
        """Note whoever has keys of the draft: with the one it means, or with one another where it is to be new."""
        if match.profile_id is not None:
            for holder in holders:
                self._suspect([match.profile_id, *_profile_ids([holder])], ErrorCode.CLAIMED_ELSEWHERE, draft)
        elif draft.is_new and holders:
            self._suspect(_profile_ids(holders), ErrorCode.CLAIMED_ELSEWHERE, draft)

    def _suspect(self, profile_ids: Sequence[UUID], reason: ErrorCode, draft: ProfileDraft) -> None:
        """Note possible duplicates: the lowest id with each of the others."""
        lowest, *others = sorted(set(profile_ids))
        for other in others:
            pair = DuplicatePair(lowest, other, reason, draft.cause)
            self.duplicates.setdefault((pair.low, pair.high), pair)


def _stale(present: Decision, shown: Shown) -> Outcome:
    """Return the refusal of a record that would now come to something else than was shown."""
    outcome = present.outcome
    now = digests.in_words(outcome.kind, outcome.profile_id, [error.code for error in outcome.errors])
    more = ", with another difference" if now == shown.told else ""
    message = f"The preview showed: {shown.told}. Now it would be: {now}{more}."
    considered = outcome.considered
    if outcome.profile_id is not None and outcome.kind is not OutcomeKind.CREATED and outcome.rule is not None:
        considered = (*considered, Candidate(outcome.profile_id, outcome.rule, outcome.key))
    refused = outcome.refused(Finding(ErrorCode.STALE, "", message))
    return dataclasses.replace(refused, considered=considered, instead=present)


def _with_shared_mobile(
    draft: ProfileDraft, before: State | None, holders: list[Candidate]
) -> tuple[ProfileDraft, list[Candidate]]:
    """Return the draft with a mobile that another profile holds as its secondary phone, where that is free.

    And those holders who remain in its way (rules 2.12).
    """
    clash = next((holder for holder in holders if holder.key is not None and holder.key.kind == "mobile"), None)
    if clash is None or clash.key is None or "mobile_phone" not in draft.fields:
        return draft, holders
    number = clash.key.value
    stored = None if before is None else before.fields.get("secondary_phone")
    if draft.fields.get("secondary_phone", stored) not in {None, number}:
        return draft, holders
    message = "Another profile has this number as its mobile phone; here it is the secondary phone."
    fields = {name: value for name, value in draft.fields.items() if name != "mobile_phone"}
    shared = dataclasses.replace(
        draft,
        fields=fields | {"secondary_phone": number},
        warnings=(*draft.warnings, Finding(WarningCode.MOBILE_AS_SECONDARY, draft.pointers[clash.key], message)),
    )
    return shared, [holder for holder in holders if holder is not clash]


def _profile_ids(candidates: Iterable[Candidate]) -> list[UUID]:
    return [candidate.profile_id for candidate in candidates if candidate.profile_id is not None]


def _action(kind: OutcomeKind, before: State, after: State) -> ChangeAction:
    if kind is OutcomeKind.CREATED:
        return ChangeAction.CREATED
    was_deleted = before.fields.get("profile_type") == ProfileType.DELETED
    is_deleted = after.fields.get("profile_type") == ProfileType.DELETED
    if is_deleted and not was_deleted:
        return ChangeAction.DELETED
    if was_deleted and not is_deleted:
        return ChangeAction.RESTORED
    return ChangeAction.UPDATED
