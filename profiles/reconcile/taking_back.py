"""One row of a profile's ledger is taken back: what shows then, and what stays as it is (rules 10).

Pure: a profile as it is and its ledger in, what becomes of it out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from profiles.keys import MatchKey
from profiles.reconcile.difference import State
from profiles.reconcile.keeping import Keeping, Kept, Subject, Surroundings, claimed_keys
from profiles.reconcile.laying import ended, laid_on, moves_between
from profiles.reconcile.registers import flag_register
from profiles.reconcile.replaying import Shown
from profiles.values import ChangeAction, Ended, ErrorCode, Finding, LedgerRow, TakenBack, WarningCode


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a profile whose row is taken back."""

    after: State | None = None
    """`None` where nothing is written, not even that the row was taken back."""
    taken_back: TakenBack | None = None
    kept: tuple[Kept, ...] = ()
    errors: tuple[Finding, ...] = ()
    claimed: Mapping[MatchKey, UUID] = field(default_factory=dict)
    """The keys that would have come back, and who has them."""


Beside = Callable[[Mapping[int, TakenBack]], Mapping[str, Kept]]
"""Returns what has to stay of the profiles that this one became one with, where these rows take others of it back."""


@dataclass(slots=True)
class _Taking:
    """A row while it is decided what taking it back comes to."""

    subject: Subject
    version: int
    around: Surroundings
    loosen_consent: bool
    old: Shown
    covered: Sequence[LedgerRow]
    """The rows that live or die with it."""
    versions: tuple[int, ...]
    """What is taken back: the row, and all that stands on the profile where that ends by force."""
    forced: bool = False
    """Whether the profile ends although others have used it."""
    beside: "Beside | None" = None
    excepted: dict[str, Kept] = field(default_factory=dict)

    @property
    def taken_back(self) -> TakenBack:
        """What is taken back, as the ledger says it."""
        return TakenBack(self.versions, tuple(sorted(self.excepted)))

    @property
    def _written(self) -> set[str]:
        writes = self.subject.history.writes
        return {register for row in self.covered for register in writes[row.version].registers}

    def settle(self) -> Shown:
        """Find out what has to be excepted, and return what shows then."""
        subject = self.subject
        keeping = Keeping(subject, self.covered, self.around, loosen_consent=self.loosen_consent or subject.will_end)
        while True:
            reverts = {**subject.reverts, subject.version + 1: self.taken_back}
            new = subject.replay(reverts, forced=self.forced)
            if subject.family is not None:
                self.old = subject.replay(subject.reverts)  # which may know of more by now
            found = keeping.excepted(self.old, new)
            if self.beside is not None:
                written = {
                    register for row in self.covered for register in subject.history.writes[row.version].registers
                }
                found |= {one: kept for one, kept in self.beside(reverts).items() if one in written}
            if found.keys() <= self.excepted.keys():
                return new
            self.excepted |= found  # other things may move by what now stays, so look again


def take_back_row(
    subject: Subject,
    version: int,
    *,
    around: Surroundings,
    force: bool = False,
    loosen_consent: bool = False,
    beside: Beside | None = None,
) -> Decision:
    """Decide what becomes of the profile when this row of its ledger is taken back.

    `force` ends a profile that was created by it, although others have used it since; `loosen_consent` lets flags of
    consent go back to what allows sending. `beside` says what has to stay for the sake of those it became one with.
    """
    if subject.state.fields.get("ended") == Ended.ERASED:
        return Decision(errors=(_ERASED,))
    history, reverts = subject.history, subject.reverts
    old = subject.replay(reverts)
    covered = history.covered(version, reverts)
    if any(row.action is ChangeAction.MERGED for row in covered):
        return Decision(errors=(_OF_TWO,))
    others: list[LedgerRow] = []
    creations = [row for row in covered if row.action is ChangeAction.CREATED]
    taken = {**reverts, subject.version + 1: TakenBack((version,))}
    if force and creations and not old.has_ended and not any(history.is_live(one.version, taken) for one in creations):
        others = [row for row in history.spoken if history.is_live(row.version, reverts) and row not in covered]
    if not others and not history.is_live(version, reverts):
        return Decision()
    if not loosen_consent and any(map(history.tightens, others)):
        return Decision(errors=(_OPT_OUT,))
    versions = (version, *(row.version for row in others))
    taking = _Taking(subject, version, around, loosen_consent, old, covered, versions, bool(others), beside=beside)
    return _settled(taking, taking.settle(), force=force)


def take_back_rows(
    subject: Subject, versions: tuple[int, ...], *, around: Surroundings, loosen_consent: bool
) -> Decision:
    """Decide what becomes of the profile when these rows are taken back together: a merge, and what came by it.

    The first of them is the merge.
    """
    covered = [subject.history.rows[version] for version in versions]
    old = subject.replay(subject.reverts)
    taking = _Taking(subject, versions[0], around, loosen_consent, old, covered, versions)
    return _settled(taking, taking.settle(), force=False)


def _settled(taking: _Taking, new: Shown, *, force: bool) -> Decision:
    """Return what becomes of the profile where this shows then."""
    subject, old = taking.subject, taking.old
    if new.has_ended > old.has_ended and taking.around.users and not force:
        return Decision(kept=tuple(taking.around.users))
    if new.has_ended < old.has_ended and (claimed := claimed_keys(subject.id, new, taking.around.holder_of)):
        return Decision(errors=(_CLAIMED,), claimed=claimed)
    if new.has_ended:
        after = subject.state if old.has_ended else ended(subject.state)
    else:
        after = laid_on(subject.state, moves_between(old, new), but=taking.excepted)
    kept = (*taking.excepted.values(), *_shadowed(taking, new))
    if after == subject.state and not subject.history.life(taking.version, subject.reverts).is_live:
        return Decision(kept=kept)  # it was taken back before, and nothing of what stayed then can go by now
    told = TakenBack(taking.versions, taking.taken_back.excepted, {one.pointer: str(one.code) for one in kept})
    return Decision(after, told, kept)


# --- Refused -----------------------------------------------------------------------------------------------------

_OPT_OUT: Final = Finding(
    ErrorCode.OPT_OUT, "", "Somebody else has recorded an opt-out since, which would be lost with it."
)
_CLAIMED: Final = Finding(
    ErrorCode.CLAIMED_ELSEWHERE, "", "The profile cannot come back: another profile has one of its keys."
)
_ERASED: Final = Finding(ErrorCode.ERASED, "", "The profile was erased: nothing of it comes back.")
_OF_TWO: Final = Finding(
    ErrorCode.MERGED_SINCE, "", "A merge is no change of one profile: take the two apart, or merge them again."
)


# --- Kept, and taken back all the same ---------------------------------------------------------------------------


def _shadowed(taking: _Taking, new: Shown) -> Iterator[Kept]:
    """Yield what the rows wrote and what shows all the same: somebody said it later, or uses it."""
    told = {*taking.excepted}
    for row in taking.covered if not new.has_ended else ():
        if "" in new.users and row.action is ChangeAction.CREATED:
            yield Kept(WarningCode.KEPT_IN_USE, "", new.users[""])
            continue
        for register in _shown_registers(taking.subject, row, new):
            if register in told:
                continue
            told.add(register)
            writer = new.writers.get(register)
            if register in new.users:
                yield Kept(WarningCode.KEPT_IN_USE, register, new.users[register])
            elif writer is not None and writer.version > taking.version:
                yield Kept(WarningCode.KEPT_NEWER, register, writer)


def _shown_registers(subject: Subject, row: LedgerRow, new: Shown) -> Iterator[str]:
    """Yield the registers that the row wrote, but for those of rows that are not there."""
    writes = subject.history.writes[row.version]
    yield from writes.fields
    for written in (writes.rows, writes.members):
        yield from (register for register, one in written.items() if new.rows.get(one.place) is not None)
    yield from map(flag_register, writes.flags)
