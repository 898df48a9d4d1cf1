"""What becomes of two profiles that were merged when they are taken apart (rules 11).

Pure: both as they are, their ledgers since the merge and the records since in, the whole plan out.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from profiles.keys import MatchKey, identity_match_key
from profiles.reconcile import State, difference, moved_times
from profiles.reconcile.consent import is_tight
from profiles.reconcile.keeping import Kept, Subject, Surroundings, keys_of, keys_of_field
from profiles.reconcile.registers import Place, Told
from profiles.reconcile.speaking import part_of, say
from profiles.reconcile.taking_back import take_back_rows
from profiles.sentences import ToldError
from profiles.values import (
    Cause,
    Change,
    ChangeAction,
    Directory,
    LedgerRow,
    Origins,
    Plan,
    ProfileResult,
    TakenBack,
    WarningCode,
)


class UnmergeError(ToldError):
    """The two profiles cannot be taken apart."""


class MergedSinceError(UnmergeError):
    """Another merge has come after this one; take that apart first."""


class GoneError(UnmergeError):
    """One of the two profiles has been taken back or erased since."""


@dataclass(frozen=True, slots=True)
class KeyedRecord:
    """A record that meant the survivor since the merge."""

    batch_id: UUID
    position: int
    key: MatchKey | None
    """The key that decided."""
    is_changing: bool
    """Whether the ledger has a row of it."""


@dataclass(frozen=True, slots=True)
class MergeRows:
    """The rows of the ledger by which two profiles became one."""

    merged_id: UUID
    survivor_id: UUID
    versions: Mapping[UUID, tuple[int, ...]]
    """By profile: of the two, and of those merged into the merged one before; the merge's own row first."""


@dataclass(frozen=True, slots=True)
class PartingPlan(Plan):
    """Everything decided about two profiles that are taken apart, ready to be written."""

    sides: tuple[UUID, ...] = ()
    """The merged profile and the survivor."""
    moved: Sequence[LedgerRow] = ()
    """The survivor's rows since the merge that go to the merged profile."""
    kept: Sequence[tuple[UUID, Kept]] = ()
    """What stays as it is, by the profile."""
    differences: Mapping[UUID, Mapping[str, Mapping[str, object]]] = field(default_factory=dict)
    """What changes of each profile, all its rows together."""


def plan_parting(
    merge: MergeRows,
    subjects: Mapping[UUID, Subject],
    directory: Directory,
    *,
    records: Sequence[KeyedRecord],
    to_merged: Collection[int],
    cause: Cause,
    operation_id: UUID,
    note: str,
) -> PartingPlan:
    """Decide who is what once the merge is taken back, and whose each later change is; raises `UnmergeError`.

    `subjects` has every profile of the merge, `records` those that meant the survivor since, `to_merged` the versions
    of the survivor's later changes that go to the merged profile, whoever made them.
    """
    _check(merge, subjects)
    parting = _Parting(merge, subjects, directory, cause=cause, operation_id=operation_id, note=note)
    parting.decide(records, to_merged)
    return parting.plan()


def _check(merge: MergeRows, subjects: Mapping[UUID, Subject]) -> None:
    for profile_id, versions in merge.versions.items():
        subject = subjects[profile_id]
        if subject.state.fields.get("ended") is not None:
            raise GoneError
        if [row.version for row in subject.history.merges(subject.reverts)] != [versions[0]]:
            raise MergedSinceError


class _Parting:
    """A plan in the making."""

    def __init__(
        self,
        merge: MergeRows,
        subjects: Mapping[UUID, Subject],
        directory: Directory,
        *,
        cause: Cause,
        operation_id: UUID,
        note: str,
    ) -> None:
        self.merged = subjects[merge.merged_id]
        self.survivor = subjects[merge.survivor_id]
        self._merge = merge
        self._subjects = subjects
        self._directory = directory
        self._cause = cause
        self._operation_id = operation_id
        self._note = note
        self._holders = {key: one.id for one in subjects.values() for key in keys_of(one.state)} | dict(
            directory.holders
        )
        self._changes: list[Change] = []
        self._moved: list[LedgerRow] = []
        self._kept: list[tuple[UUID, Kept]] = []
        self._before = {profile_id: subject.state for profile_id, subject in subjects.items()}

    def decide(self, records: Sequence[KeyedRecord], to_merged: Collection[int]) -> None:
        """Decide both, and those who were merged into the merged one before."""
        merge_version, *choices = self._merge.versions[self.survivor.id]
        later = [row for row in self._later_rows() if row.version not in choices]
        sides = _Sides(self._keys_of_merged(), records)
        self._moved = [row for row in later if sides.is_mergeds(row, asked=row.version in to_merged)]
        came = {one.place for one in self.survivor.history.writes[merge_version].rows.values() if one.row is not None}
        rows = (merge_version, *choices, *(row.version for row in self._moved))
        # A record that changed nothing may have repeated a refusal that is in no row: then nothing loosens.
        self._take_back(self.survivor, rows, loosen_consent=not sides.has_unread_of_survivor)
        self._take_back(self.merged, self._merge.versions[self.merged.id], loosen_consent=True)
        for profile_id, versions in self._merge.versions.items():
            if profile_id not in {self.merged.id, self.survivor.id}:
                self._take_back(self._subjects[profile_id], versions, loosen_consent=True)
        moved = {row.version for row in self._moved}
        for row in later:
            self._repeat(row, is_whole=row.version in moved, came=came, of_survivor=sides.is_known(row))

    def plan(self) -> PartingPlan:
        """Return what is to be written."""
        stays = self._rows_that_stay()
        results = [
            ProfileResult(
                id=profile_id,
                version=subject.version,
                fields=subject.state.fields,
                collections=subject.state.collections,
                email_key=subject.state.email_key,
                before=self._directory.profiles.get(profile_id) or self._directory.merged[profile_id],
                effective_times=subject.state.effective_times,
                source_times=subject.state.source_times,
                origins=_free(subject.state.origins, stays),
            )
            for profile_id, subject in self._subjects.items()
        ]
        return PartingPlan(
            outcomes=[],
            results=results,
            changes=self._changes,
            duplicates=[],
            sides=(self.merged.id, self.survivor.id),
            moved=self._moved,
            kept=self._kept,
            differences={one: difference(self._before[one], subject.state) for one, subject in self._subjects.items()},
        )

    def _rows_that_stay(self) -> set[tuple[str, int]]:
        """Return which rows of their tables the survivor keeps: removed and made anew in one go they stay the same."""
        before = self._before[self.survivor.id]
        return {
            (name, origin.id)
            for name, origins in before.origins.items()
            for key, origin in origins.items()
            if key in self.survivor.state.collections.get(name, {}) and key in before.collections.get(name, {})
        }

    # --- The survivor's later changes ----------------------------------------------------------------------------

    def _later_rows(self) -> list[LedgerRow]:
        history, reverts = self.survivor.history, self.survivor.reverts
        first = self._merge.versions[self.survivor.id][0]
        return [row for row in history.spoken if row.version > first and history.is_live(row.version, reverts)]

    def _keys_of_merged(self) -> set[MatchKey]:
        """Return the keys that meant the merged profile when it was merged, by whatever of its family."""
        keys: set[MatchKey] = set()
        for profile_id, versions in self._merge.versions.items():
            if profile_id != self.survivor.id:
                subject = self._subjects[profile_id]
                alone = Surroundings(lambda _: None, self._directory.references)
                decision = take_back_rows(subject, versions, around=alone, loosen_consent=True)
                keys.update(keys_of(decision.after or subject.state))
        return keys

    def _repeat(self, row: LedgerRow, *, is_whole: bool, came: Collection[Place], of_survivor: bool) -> None:
        """Say of the merged profile what a later change said of it, or of what came with it.

        And what keeps us from sending, where nobody knows of whom that was said (rules 11.4).
        """
        writes = self.survivor.history.writes[row.version]
        if not is_whole:
            tight = [
                register
                for register, values in writes.fields.items()
                if not of_survivor
                and any(
                    is_tight(name, value) and is_tight(name, self.survivor.state.fields.get(name))
                    for name, value in values.items()
                )
            ]
            writes = part_of(writes, places=came, fields=tight)
            self._kept += [(self.merged.id, Kept(WarningCode.KEPT_CONSENT, register, row)) for register in tight]
        said = say(self.merged.state, row, writes, holder_of=self._other_holder_of)
        self._kept += [
            (self.merged.id, Kept(WarningCode.KEPT_KEY_TAKEN, register, row, holder))
            for register, holder in said.left_out
        ]
        self._change(self.merged, said.after, action=ChangeAction.UPDATED, cause=row.cause)

    def _other_holder_of(self, key: MatchKey) -> UUID | None:
        holder = self._holders.get(key)
        return None if holder == self.merged.id else holder

    # --- What is written -----------------------------------------------------------------------------------------

    def _take_back(self, subject: Subject, versions: tuple[int, ...], *, loosen_consent: bool) -> None:
        around = Surroundings(self._holders.get, self._directory.references)
        decision = take_back_rows(subject, versions, around=around, loosen_consent=loosen_consent)
        self._kept += [(subject.id, one) for one in decision.kept]
        if decision.after is not None:
            self._change(
                subject,
                decision.after,
                action=ChangeAction.UNMERGED,
                cause=self._cause,
                taken_back=decision.taken_back,
            )

    def _change(
        self,
        subject: Subject,
        after: State,
        *,
        action: ChangeAction,
        cause: Cause,
        taken_back: TakenBack | None = None,
    ) -> None:
        """Put the profile down as it is then, with a row in its ledger, for what follows to see."""
        before = subject.state
        changes, times = difference(before, after), moved_times(before, after)
        if not (changes or times or taken_back):
            return
        change = Change(
            profile_id=subject.id,
            version=subject.version + 1,
            action=action,
            changes=changes,
            cause=cause,
            operation_id=self._operation_id,
            times=times,
            reverts=taken_back,
            note=self._note,
        )
        had, has = set(keys_of(before)), set(keys_of(after))
        for key in had - has:
            self._holders.pop(key, None)
        self._holders |= dict.fromkeys(has - had, subject.id)
        subject.state, subject.version = after, change.version
        self._changes.append(change)


def _free(origins: Origins, taken: Collection[tuple[str, int]]) -> Origins:
    """Return where rows come from, but for those that are somebody's: they come back as new rows."""
    return {
        name: {key: origin for key, origin in of_rows.items() if (name, origin.id) not in taken}
        for name, of_rows in origins.items()
    }


class _Sides:
    """Whose each later change is: the merged profile's where it came by one of its keys (rules 11.3)."""

    def __init__(self, merged_keys: Collection[MatchKey], records: Sequence[KeyedRecord]) -> None:
        self._merged_keys = set(merged_keys)
        self._records = records
        self._keys = {(one.batch_id, one.position): one.key for one in records}

    def is_mergeds(self, row: LedgerRow, *, asked: bool) -> bool:
        """Whether the change is the merged profile's; what it brings are keys of that one from then on."""
        if not asked and self._key_of(row) not in self._merged_keys:
            return False
        self._merged_keys.update(_brought(row))
        return True

    def is_known(self, row: LedgerRow) -> bool:
        """Whether a key tells whose the change is."""
        return self._key_of(row) is not None

    @property
    def has_unread_of_survivor(self) -> bool:
        """Whether a record that is not the merged profile's, as far as is known, has changed nothing."""
        return any(not one.is_changing and one.key not in self._merged_keys for one in self._records)

    def _key_of(self, row: LedgerRow) -> MatchKey | None:
        batch_id, position = row.cause.batch_id, row.cause.position
        return None if batch_id is None or position is None else self._keys.get((batch_id, position))


def _brought(row: LedgerRow) -> Iterator[MatchKey]:
    """Yield the keys that a change brought."""
    told = Told(row)
    for name, sides in told.fields.items():
        yield from keys_of_field(name, sides.get("to"))
    yield from (identity_match_key(*place[1]) for place in told.made if place[0] == "identities")
