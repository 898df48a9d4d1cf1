"""What becomes of the profiles whose rows of the ledger are taken back (rules 10).

Pure: targets and everything known in, the whole plan out. Targets are taken back in the order given, the newest first,
and each sees what the former gave back: keys that go from one profile to another go by themselves.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID

from profiles.keys import MatchKey
from profiles.readings import JSON
from profiles.reconcile import Changes, State, difference, moved_times, same, state_of
from profiles.reconcile.families import Beside, Family, LiveMerge
from profiles.reconcile.keeping import Kept, RecordSince, Subject, Surroundings, keys_of
from profiles.reconcile.laying import ended
from profiles.reconcile.replaying import History
from profiles.reconcile.rereading import Rereading, made_anew, said_again
from profiles.reconcile.taking_back import Decision, take_back_row
from profiles.reconcile.uniting import MergeError
from profiles.values import (
    Cause,
    Change,
    ChangeAction,
    Directory,
    DuplicatePair,
    ErrorCode,
    Finding,
    LedgerRow,
    Outcome,
    OutcomeKind,
    Plan,
    ProfileDraft,
    ProfileResult,
    ProfileSnapshot,
    TakenBack,
    WarningCode,
)


@dataclass(frozen=True, slots=True)
class Target:
    """One row of a profile's ledger that is to be taken back; or a record that left none."""

    profile_id: UUID
    version: int | None
    """`None` of a record that changed nothing: there is nothing to take back, and it is not there any more."""
    reference: str = ""
    """The sender's own name for the record."""


@dataclass(frozen=True, slots=True)
class UndoOptions:
    """What an undo may do beyond what it does by itself (rules 10.7)."""

    force: frozenset[UUID] = frozenset()
    """Profiles that end if their creation is taken back, although others have used them since."""
    loosen_consent: bool = False
    """Whether flags of consent may go back to what allows sending."""
    by_ledger_alone: bool = False
    """Whether later records are not read again (rules 10.11)."""


NO_OPTIONS: Final = UndoOptions()


@dataclass(frozen=True, slots=True)
class Reversal:
    """What became of one target."""

    target: Target
    outcome: Outcome
    change: Change | None = None
    """The row of the ledger that takes it back."""
    kept: tuple[Kept, ...] = ()
    again: tuple[Change, ...] = ()
    """What later records have said of the profile, read again: rows of its ledger after the one above."""
    beside: tuple[Change, ...] = ()
    """What follows for the profiles that it became one with: rows of their ledgers (rules 10.9)."""

    @property
    def changes(self) -> Changes:
        """What changes by it, all its rows together."""
        return {} if self.change is None else composed([self.change.changes, *(one.changes for one in self.again)])

    @property
    def is_made_anew(self) -> bool:
        """Whether later records have made the profile anew whose creation was taken back."""
        return any(one.action is ChangeAction.CREATED for one in self.again)

    @property
    def ends(self) -> bool:
        """Whether the profile ends by it."""
        return self.changes.get("/ended", {}).get("to") is not None


@dataclass(frozen=True, slots=True)
class ReversalPlan(Plan):
    """Everything decided about a set of targets, ready to be written."""

    reversals: Sequence[Reversal] = ()


@dataclass(frozen=True, slots=True)
class Ledger:
    """A profile's ledger, as far as taking back needs it."""

    rows: Sequence[LedgerRow]
    """From the oldest version that is dead or may become so; in order."""
    reverts: Mapping[int, TakenBack] = field(default_factory=dict)
    """All that takes rows back, by version."""


Ledgers = Mapping[UUID, Ledger]


def plan_reversals(
    targets: Sequence[Target],
    directory: Directory,
    ledgers: Ledgers,
    *,
    options: UndoOptions,
    cause: Cause,
    operation_ids: Sequence[UUID],
    note: str,
    records: Iterable[RecordSince] = (),
    links: Mapping[UUID, Sequence[UUID]] | None = None,
    families: Sequence[Sequence[LiveMerge]] = (),
    first_position: int = 0,
) -> ReversalPlan:
    """Decide every target in order and return outcomes, the profiles to write and their ledger.

    `operation_ids` has one for each target. `records` are those since that changed nothing, `links` the profiles that
    have dates which concern others, `families` the merges across which something is taken back, oldest first, whose
    profiles' ledgers are all there; `first_position` the place of the first target in its batch.
    """
    planning = _Planning(targets, directory, ledgers, options, _Standing(records, links or {}), families)
    for place, target in enumerate(targets):
        of_target = cause if cause.batch_id is None else dataclasses.replace(cause, position=first_position + place)
        planning.decide(target, cause=of_target, operation_id=operation_ids[place], note=note)
    return ReversalPlan(
        outcomes=[one.outcome for one in planning.reversals],
        results=planning.results(),
        changes=[
            change
            for one in planning.reversals
            if one.change is not None
            for change in (one.change, *one.again, *one.beside)
        ],
        duplicates=list(planning.duplicates.values()),
        reversals=planning.reversals,
    )


class _Planning:
    """A plan in the making: its targets are decided one after another."""

    def __init__(
        self,
        targets: Sequence[Target],
        directory: Directory,
        ledgers: Ledgers,
        options: UndoOptions,
        standing: "_Standing",
        families: Sequence[Sequence[LiveMerge]],
    ) -> None:
        self.reversals: list[Reversal] = []
        self.duplicates: dict[tuple[UUID, UUID], DuplicatePair] = {}
        self._directory = directory
        self._options = options
        self._standing = standing
        self._holders = dict(directory.holders)
        self._subjects = {
            profile_id: subject_of(snapshot, ledger)
            for profile_id, ledger in ledgers.items()
            if (snapshot := stored_in(directory, profile_id)) is not None
        }
        for merges in families:
            Family(self._subjects, merges)
        self._family_ids = {one.id for one in self._subjects.values() if one.family is not None}
        self._before = {profile_id: subject.state for profile_id, subject in self._subjects.items()}
        self._reverts = {profile_id: dict(subject.reverts) for profile_id, subject in self._subjects.items()}
        self._last = {target.profile_id: target for target in targets if target.version is not None}
        self._is_alone = len(targets) == 1
        self._touched: dict[UUID, None] = {}
        versions: dict[UUID, list[int]] = {}
        for target in targets:
            if target.version is not None:
                versions.setdefault(target.profile_id, []).append(target.version)
        for profile_id, subject in self._subjects.items():
            subject.will_end = _ends_by(subject, versions.get(profile_id, ()))

    def decide(self, target: Target, *, cause: Cause, operation_id: UUID, note: str) -> None:
        """Take the target back, for those that follow to see."""
        if target.version is None:
            self._tell(target, cause, Decision())
            return
        subject = self._subjects.get(target.profile_id)
        if subject is None or target.version not in subject.history.rows:
            self._tell(target, cause, Decision(errors=(_NO_SUCH_ROW,)))
            return
        if (taken := subject.reverts.get(target.version)) is not None and not taken.versions:
            # It goes with what it follows from, which is taken back of the other profile.
            self._tell(target, cause, Decision(errors=(_FOLLOWS,) if self._is_alone else ()))
            return
        around = Surroundings(self._holder_of, self._directory.references, self._users(subject.id))
        beside = Beside(subject, self._subjects, around, loosen_consent=self._options.loosen_consent)
        around = beside.around
        try:
            anew = self._words_anew(subject, target.version) if target is self._last[subject.id] else []
            decision = take_back_row(
                subject,
                target.version,
                around=around if not anew else dataclasses.replace(around, users=()),
                force=bool(anew) or subject.id in self._options.force,
                loosen_consent=bool(anew) or self._options.loosen_consent,
                beside=None if subject.family is None else beside.excepted,
            )
        except MergeError as error:
            self._tell(target, cause, Decision(errors=(Finding(ErrorCode.MERGED_SINCE, "", f"{_APART} {error}"),)))
            return
        self._suspect(subject.id, decision, cause)
        if decision.after is None or decision.taken_back is None:
            self._tell(target, cause, decision)
            return
        change = self._change(
            subject,
            decision.after,
            action=ChangeAction.REVERTED,
            cause=cause,
            operation_id=operation_id,
            note=note,
            taken_back=decision.taken_back,
        )
        again: list[Change] = []
        for of_record, after in self._said_again(subject, target, decision, anew, around):
            action = ChangeAction.CREATED if subject.state.fields.get("ended") else ChangeAction.UPDATED
            again.append(
                self._change(subject, after, action=action, cause=of_record, operation_id=operation_id, note=note)
            )
        self._touched[subject.id] = None
        follows: list[Change] = []
        for other, after, kept in beside.settled():
            decision = dataclasses.replace(decision, kept=(*decision.kept, *kept))
            reason = TakenBack((), kept={one.pointer: str(one.code) for one in kept})
            follows.append(
                self._change(
                    other,
                    after,
                    action=ChangeAction.REVERTED,
                    cause=cause,
                    operation_id=operation_id,
                    note=note,
                    taken_back=reason,
                )
            )
            self._touched[other.id] = None
        self._tell(target, cause, decision, change, again, follows)

    def _change(
        self,
        subject: Subject,
        after: State,
        *,
        action: ChangeAction,
        cause: Cause,
        operation_id: UUID,
        note: str,
        taken_back: TakenBack | None = None,
    ) -> Change:
        """Put the profile down as it is then, for the targets that follow to see, and return the row that says so."""
        before = subject.state
        change = Change(
            profile_id=subject.id,
            version=subject.version + 1,
            action=action,
            changes=difference(before, after),
            cause=cause,
            operation_id=operation_id,
            times=moved_times(before, after),
            reverts=taken_back,
            note=note,
        )
        self._move_keys(subject.id, before, after)
        subject.state, subject.version = after, change.version
        if taken_back is not None:
            subject.reverts[change.version] = taken_back
        return change

    def results(self) -> list[ProfileResult]:
        """Return the profiles that rows of the ledger were taken back of, as they are to be stored."""
        return [
            ProfileResult(
                id=profile_id,
                version=subject.version,
                fields=subject.state.fields,
                collections=subject.state.collections,
                email_key=subject.state.email_key,
                before=stored_in(self._directory, profile_id),
                effective_times=subject.state.effective_times,
                source_times=subject.state.source_times,
                origins=subject.state.origins,
            )
            for profile_id in self._touched
            for subject in (self._subjects[profile_id],)
        ]

    def _tell(
        self,
        target: Target,
        cause: Cause,
        decision: Decision,
        change: Change | None = None,
        again: Sequence[Change] = (),
        follows: Sequence[Change] = (),
    ) -> None:
        profile = self._subjects.get(target.profile_id, self._directory.profiles.get(target.profile_id))
        kind = OutcomeKind.REJECTED if decision.errors else OutcomeKind.UNCHANGED
        kept = decision.kept
        rows = [] if change is None else [change, *again]
        moved = composed([one.changes for one in rows]) or any(one.changes for one in follows)
        if moved or any(one.times for one in (*rows, *follows)):
            kind = OutcomeKind.UPDATED
            kept += tuple(self._unread(target))
        outcome = Outcome(
            kind=kind,
            cause=cause,
            reference=target.reference,
            profile_id=target.profile_id,
            profile_version=None if profile is None else profile.version,
            errors=decision.errors,
            warnings=tuple(Finding(one.code, one.pointer, _sentence(one)) for one in kept),
        )
        self.reversals.append(Reversal(target, outcome, change, kept, tuple(again), tuple(follows)))

    # --- Keys ----------------------------------------------------------------------------------------------------

    def _holder_of(self, key: MatchKey) -> UUID | None:
        return self._holders.get(key)

    def _move_keys(self, profile_id: UUID, before: State, after: State) -> None:
        """Free the keys the profile gives up and note those it takes, for the targets that follow."""
        held, holds = set(keys_of(before)), set(keys_of(after))
        for key in held - holds:
            if self._holders.get(key) == profile_id:  # else another one has taken it already
                del self._holders[key]
        for key in holds - held:
            self._holders[key] = profile_id

    def _suspect(self, profile_id: UUID, decision: Decision, cause: Cause) -> None:
        """Note whoever has a key that would have come back, but for those who live on in the profile."""
        holders = [*decision.claimed.values(), *(one.holder for one in decision.kept if one.code == _KEY_TAKEN)]
        for holder in holders:
            meant = None if holder is None else self._directory.survivors.get(holder, holder)
            if meant not in {None, profile_id} and meant is not None:
                low, high = sorted((meant, profile_id))
                pair = DuplicatePair(low, high, ErrorCode.CLAIMED_ELSEWHERE, cause)
                self.duplicates.setdefault((low, high), pair)

    # --- Later records, read again (rules 10.11) ---------------------------------------------------------------------

    def _rereading(self, subject: Subject) -> Rereading | None:
        """Return the later records of the profile that can be read again; `None` where there are none."""
        records = [one for one in self._standing.records.get(subject.id, ()) if one.draft is not None]
        if self._options.by_ledger_alone or not records or subject.family is not None:
            return None
        return Rereading(subject, records, self._directory.references, partial(self._aliases, subject.id))

    def _aliases(self, profile_id: UUID, draft: ProfileDraft) -> list[MatchKey]:
        """Return the keys of the draft that a profile merged into this one has."""
        holders = {key: self._directory.holders.get(key) for key in draft.pointers}
        return [
            key
            for key, holder in holders.items()
            if holder is not None and holder != profile_id and self._directory.survivors.get(holder) == profile_id
        ]

    def _words_anew(self, subject: Subject, version: int) -> list[tuple[Cause, State]]:
        """Return how later records make the profile anew whose creation is taken back; none if they do not."""
        rereading = self._rereading(subject)
        taken = {**subject.reverts, subject.version + 1: TakenBack((version,))}
        creations = [row.version for row in subject.history.spoken if row.action is ChangeAction.CREATED]
        is_live = subject.history.is_live
        if (
            rereading is None
            or subject.id in self._options.force
            or subject.state.fields.get("ended") is not None
            or not any(is_live(one, subject.reverts) for one in creations)
            or any(is_live(one, taken) for one in creations)
        ):
            return []
        return made_anew(
            rereading.walk(None, taken),
            present=ended(subject.state),
            before=self._before[subject.id],
            around=Surroundings(self._holder_of, self._directory.references),
            profile_id=subject.id,
            loosen_consent=self._options.loosen_consent,
        )

    def _said_again(
        self,
        subject: Subject,
        target: Target,
        decision: Decision,
        anew: list[tuple[Cause, State]],
        around: Surroundings,
    ) -> list[tuple[Cause, State]]:
        """Return what later records have said of the profile, once the last of its targets is taken back."""
        if anew:
            return anew
        rereading = self._rereading(subject)
        if rereading is None or target is not self._last[subject.id] or subject.state.fields.get("ended") is not None:
            return []
        before = self._before[subject.id]
        is_kept_whole = any(not one.pointer for one in decision.kept)
        if is_kept_whole or before.fields.get("ended") is not None:
            return []
        start = rereading.floor()
        return said_again(
            rereading.walk(start, subject.reverts),
            rereading.walk(start, self._reverts[subject.id]),
            start=start,
            present=subject.state,
            before=before,
            around=around,
            profile_id=subject.id,
            loosen_consent=self._options.loosen_consent,
            but=[one.pointer for one in decision.kept if one.code is not WarningCode.KEPT_NEWER],
        )

    # --- What the ledger does not tell ---------------------------------------------------------------------------

    def _users(self, profile_id: UUID) -> list[Kept]:
        """Return what stands on the profile without having changed it."""
        records = (one for one in self._standing.records.get(profile_id, ()) if not one.is_changing)
        users = [Kept(WarningCode.KEPT_IN_USE, "", record=one) for one in records]
        for holder in self._standing.links.get(profile_id, ()):
            other = self._subjects.get(holder)
            rows = {} if other is None else other.state.collections.get("date_links", {})
            if other is None or any(key[-1] == str(profile_id) for key in rows):
                users.append(Kept(WarningCode.KEPT_IN_USE, "", holder=holder))
        return users

    def _unread(self, target: Target) -> list[Kept]:
        """Return the newest record since that changed nothing, which says what is not read again."""
        records = [
            one
            for one in self._standing.records.get(target.profile_id, ())
            if target.version is not None
            and one.profile_version >= target.version
            and not one.is_changing
            and (one.draft is None or self._options.by_ledger_alone or target.profile_id in self._family_ids)
        ]
        newest = max(records, key=lambda one: (one.profile_version, one.at, one.position), default=None)
        return [] if newest is None else [Kept(WarningCode.LATER_RECORDS, "", record=newest)]


class _Standing:
    """What stands on profiles without having changed them."""

    def __init__(self, records: Iterable[RecordSince], links: Mapping[UUID, Sequence[UUID]]) -> None:
        self.links = links
        self.records: dict[UUID, list[RecordSince]] = {}
        for record in records:
            self.records.setdefault(record.profile_id, []).append(record)


def composed(parts: Sequence[Mapping[str, Mapping[str, JSON]]]) -> Changes:
    """Return several differences, one after another, as one; what goes back and forth is none."""
    found: Changes = {}
    for part in parts:
        for pointer, sides in part.items():
            whole = {name: value for name, value in found.pop(pointer, sides).items() if name == "from"}
            whole |= {name: value for name, value in sides.items() if name == "to"}
            if whole and ("from" in whole) is ("to" in whole) and same(whole.get("from"), whole.get("to")):
                continue
            if whole:
                found[pointer] = whole
    return found


def subject_of(snapshot: ProfileSnapshot, ledger: Ledger) -> Subject:
    """Return the profile as it is, with its ledger, so that rows of it can be taken back."""
    state = state_of(snapshot)
    return Subject(snapshot.id, snapshot.version, state, History(ledger.rows, state), dict(ledger.reverts))


def _ends_by(subject: Subject, versions: Sequence[int]) -> bool:
    """Whether the profile ends once all of these are taken back."""
    creations = [row.version for row in subject.history.spoken if row.action is ChangeAction.CREATED]
    if not set(creations) & set(versions):
        return False
    taken = {subject.version + 1: TakenBack(tuple(versions))}
    return subject.replay({**subject.reverts, **taken}).has_ended


def stored_in(directory: Directory, profile_id: UUID) -> ProfileSnapshot | None:
    """Return the profile as stored, also one that was merged."""
    return directory.profiles.get(profile_id) or directory.merged.get(profile_id)


_KEY_TAKEN: Final = WarningCode.KEPT_KEY_TAKEN


def _sentence(kept: Kept) -> str:
    """Return why something stays, and who stands there since when; a record is named as its item is found."""
    sentence = SENTENCES[kept.code]
    if kept.row is not None:
        cause = kept.row.cause
        who = f"version {kept.row.version}, {cause.actor_label or cause.kind}, {kept.row.at[:16].replace('T', ' ')}"
        record = "" if cause.batch_id is None else f", record {cause.position} of batch {cause.batch_id}"
        return f"{sentence} ({who}{record})"
    if kept.record is not None:
        return f"{sentence} (record {kept.record.position} of batch {kept.record.batch_id})"
    return sentence if kept.holder is None else f"{sentence} (profile {kept.holder})"


_APART: Final = "Without it the two could not have become one."
_FOLLOWS: Final = Finding(
    ErrorCode.MERGED_SINCE,
    "",
    "It follows from what was taken back of a profile that became one with this one: take that undo back.",
)
_NO_SUCH_ROW: Final = Finding(ErrorCode.UNKNOWN_REFERENCE, "", "The profile's ledger has no such version.")
SENTENCES: Final = {
    WarningCode.LATER_RECORDS: "Later records that changed nothing were not read again: what they repeated may go.",
    WarningCode.KEPT_NEWER: "It was said otherwise, or again, since; the later word stays.",
    WarningCode.KEPT_IN_USE: "It has been used since, and stays until that is taken back too.",
    WarningCode.KEPT_KEY_TAKEN: "What was there before belongs to somebody else by now; it stays as it is.",
    WarningCode.KEPT_CONSENT: "Taking it back would loosen consent, which must be asked for; it stays as it is.",
    WarningCode.KEPT_REFERENCE_GONE: "What was there before refers to what is gone by now; it stays as it is.",
    WarningCode.KEPT_UNCLEAR: "The profile does not hold what its ledger says; it stays as it is.",
}
"""Why something stays, for those who read it."""
