"""Profiles that became one, with their merges computed again from what shows of each (rules 10.9).

Pure. A merge is no list of values but a function of two states. So what is taken back from before it is as if it had
never been there when the two were united: of each merge both states are found as they show now, and united once more.
"""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from profiles.keys import MatchKey
from profiles.reconcile.difference import State, difference, moved_times
from profiles.reconcile.keeping import Keeping, Kept, Subject, Surroundings, keys_that_go
from profiles.reconcile.laying import Moves, laid_on, moves_between, rewound
from profiles.reconcile.registers import Writes, flag_in, flag_register, read_back
from profiles.reconcile.replaying import History, Shown
from profiles.reconcile.uniting import unite
from profiles.values import ChangeAction, LedgerRow, Origins, TakenBack

_WAYS_KNOWN: Final = 8


@dataclass(frozen=True, slots=True)
class LiveMerge:
    """A merge that has not been taken apart, and the row that each of the two ledgers has of it."""

    merged_id: UUID
    merged_version: int
    survivor_id: UUID
    survivor_version: int

    @property
    def versions(self) -> dict[UUID, int]:
        """The row of each of the two."""
        return {self.merged_id: self.merged_version, self.survivor_id: self.survivor_version}


def ids_of(merges: Iterable[LiveMerge]) -> list[UUID]:
    """Return the profiles of the merges."""
    return list(dict.fromkeys(one for merge in merges for one in (merge.merged_id, merge.survivor_id)))


def merges_across(
    merges: Sequence[LiveMerge], floors: dict[UUID, int], reverts: Mapping[UUID, Mapping[int, TakenBack]]
) -> list[LiveMerge]:
    """Return the merges of a family, oldest first, from before which something is dead or may become so.

    `floors` has the oldest version of each profile that is; it learns from where the ledgers of these merges' profiles
    must be known.
    """
    for profile_id in ids_of(merges):
        versions = [merge.versions[profile_id] for merge in merges if profile_id in merge.versions]
        for taker, taken in reverts.get(profile_id, {}).items():
            crossed = [version for version in versions if min(taken.versions, default=version) < version < taker]
            if crossed:
                floors[profile_id] = min(floors.get(profile_id, crossed[0]), *taken.versions)
    found = []
    for merge in merges:
        if any(floors.get(profile_id, version) < version for profile_id, version in merge.versions.items()):
            found.append(merge)
            for profile_id, version in merge.versions.items():
                floors[profile_id] = min(floors.get(profile_id, version), version)
    return found


class Family:
    """The profiles of some merges, oldest merge first, and what those come to by the rows that show."""

    def __init__(self, subjects: Mapping[UUID, Subject], merges: Sequence[LiveMerge]) -> None:
        self._ids = ids_of(merges)
        self._subjects = subjects
        self._merges = merges
        self._befores = {
            (profile_id, version): _Before(subjects[profile_id], version)
            for merge in merges
            for profile_id, version in merge.versions.items()
        }
        self._known: dict[frozenset[object], dict[UUID, dict[int, Writes]]] = {}
        for profile_id in self._ids:
            subjects[profile_id].family = self

    @property
    def ids(self) -> list[UUID]:
        """All of them."""
        return self._ids

    def writes_of(self, profile_id: UUID, reverts: Mapping[int, TakenBack]) -> Mapping[int, Writes]:
        """Return what the profile's rows of the merges would have written, where these rows take others of it back.

        Of the other profiles it counts what is taken back by now. Raises `MergeError` where they could not have become
        one.
        """
        taken = {one: reverts if one == profile_id else self._subjects[one].reverts for one in self._ids}
        # Each of them asks in turn about the same: with every undo some two or three ways of what is taken back.
        key = frozenset(
            (one, taker, told.versions, told.excepted) for one in taken for taker, told in taken[one].items()
        )
        if key not in self._known:
            if len(self._known) >= _WAYS_KNOWN:
                self._known.clear()
            self._known[key] = self._again(taken)
        return self._known[key][profile_id]

    def _again(self, taken: Mapping[UUID, Mapping[int, TakenBack]]) -> dict[UUID, dict[int, Writes]]:
        """Return what the rows of the merges would have written, by profile, merge after merge."""
        again: dict[UUID, dict[int, Writes]] = {one: {} for one in self._ids}
        for merge in self._merges:
            before: dict[UUID, State | None] = {}
            falling: dict[UUID, set[str]] = {}
            for one, version in merge.versions.items():
                is_merged = one == merge.merged_id
                shown = self._befores[one, version].shown(taken[one], again[one], is_merged=is_merged)
                before[one], falling[one] = shown
            for one, after in self._united(merge, before[merge.merged_id], before[merge.survivor_id]).items():
                row = self._subjects[one].history.rows[merge.versions[one]]
                again[one][row.version] = _written(before[one] or State(), after, row, falling=falling[one])
        return again

    def _united(self, merge: LiveMerge, merged: State | None, survivor: State | None) -> dict[UUID, State]:
        """Return the two after the merge; one that has ended brings nothing."""
        if survivor is None:
            raise LookupError("a profile that others became one with has not ended")
        if merged is None:
            return {merge.survivor_id: survivor}
        left, united = unite(
            merged, survivor, merged_id=merge.merged_id, survivor_id=merge.survivor_id, identity_limits={}
        )
        origins: Origins = {
            name: {**merged.origins.get(name, {}), **survivor.origins.get(name, {})} for name in united.collections
        }
        return {merge.merged_id: left, merge.survivor_id: dataclasses.replace(united, origins=origins)}


class _Before:
    """A profile as it was before its row of a merge."""

    def __init__(self, subject: Subject, version: int) -> None:
        rows = list(subject.history.rows.values())
        self._then = rewound(subject.state, [row for row in rows if row.version >= version])
        self._history = History([row for row in rows if row.version < version], self._then)
        self._reverts = {taker: taken for taker, taken in subject.reverts.items() if taker < version}

    def shown(
        self, reverts: Mapping[int, TakenBack], again: Mapping[int, Writes], *, is_merged: bool
    ) -> tuple[State | None, set[str]]:
        """Return it as it shows where these rows take others back; `None` where it has ended.

        Whoever another one became one with is in use, and has not. With it the collections whose flag is where it is
        because nobody says otherwise.
        """
        now = self._history.replay(reverts, again=again, stands=not is_merged)
        if now.has_ended:
            return None, set()
        state = laid_on(self._then, moves_between(self._history.replay(self._reverts), now))
        return state, {name for name in now.flags if flag_register(name) not in now.writers}


def _written(before: State, after: State, row: LedgerRow, *, falling: Collection[str]) -> Writes:
    """Return what a row of a merge would have written, which led from the one state to the other.

    Where the flags of some collections have come to rest, it says itself.
    """
    told = dataclasses.replace(
        row, action=ChangeAction.MERGED, changes=difference(before, after), times=moved_times(before, after)
    )
    writes = read_back([told], after)[1][row.version]
    return dataclasses.replace(writes, flags={**{name: flag_in(after, name) for name in falling}, **writes.flags})


# --- What follows for the others ---------------------------------------------------------------------------------


class Beside:
    """What follows for the profiles that one became one with, once a row of its ledger is taken back."""

    def __init__(
        self, subject: Subject, subjects: Mapping[UUID, Subject], around: Surroundings, *, loosen_consent: bool
    ) -> None:
        self.around = around if subject.family is None else dataclasses.replace(around, holder_of=self._holder_of)
        self._subject = subject
        self._family = [] if subject.family is None else [subjects[one] for one in subject.family.ids]
        self._holder_in_hub = around.holder_of
        self._loosen_consent = loosen_consent
        self._reverts = dict(subject.reverts)
        self._old: dict[UUID, Shown] = {}
        self._moves: dict[UUID, Moves] = {}
        self._new: dict[UUID, Shown] = {}

    def excepted(self, reverts: Mapping[int, TakenBack]) -> dict[str, Kept]:
        """Return what has to stay as it is of them, where these rows take others of the one back."""
        self._look(reverts)
        found: dict[str, Kept] = {}
        for _, kept in self._others():
            found |= kept
        return found

    def settled(self) -> Iterator[tuple[Subject, State, Sequence[Kept]]]:
        """Yield those that something follows for, as they are then, and what of it stays as it is."""
        self._look(self._subject.reverts)
        for other, kept in list(self._others()):
            after = laid_on(other.state, self._moves[other.id], but=kept)
            if difference(other.state, after) or moved_times(other.state, after):
                yield other, after, list(kept.values())

    def _look(self, reverts: Mapping[int, TakenBack]) -> None:
        own = self._subject.reverts
        try:
            self._subject.reverts = dict(reverts)
            self._new = {one.id: one.replay(one.reverts) for one in self._family}
            self._subject.reverts = self._reverts  # what shows now, with all that is known of by then
            self._old = {one.id: one.replay(one.reverts) for one in self._family}
        finally:
            self._subject.reverts = own
        self._moves = {id_: moves_between(self._old[id_], new) for id_, new in self._new.items()}

    def _others(self) -> Iterator[tuple[Subject, dict[str, Kept]]]:
        around = dataclasses.replace(self.around, users=())
        for other in self._family:
            if other is not self._subject:
                keeping = Keeping(other, (), around, loosen_consent=self._loosen_consent)
                yield other, keeping.excepted(self._old[other.id], self._new[other.id])

    def _holder_of(self, key: MatchKey) -> UUID | None:
        """Return who has the key, unless it is one of them who gives it up."""
        holder = self._holder_in_hub(key)
        return None if holder in self._moves and key in set(keys_that_go(self._moves[holder])) else holder
