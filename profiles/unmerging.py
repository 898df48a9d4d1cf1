"""Taking two profiles apart that were merged (rules 11)."""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from profiles import shape
from profiles.conducting import conduct
from profiles.db.ids import new_id
from profiles.directory import ProfilesMovedError, Scope
from profiles.directory.ledgers import load_reverts, load_rows, takers_of
from profiles.keys import MatchKey
from profiles.models import DuplicateCandidate, Profile, ProfileChange
from profiles.models.duplicates import Verdict
from profiles.parting import (
    GoneError,
    KeyedRecord,
    MergedSinceError,
    MergeRows,
    PartingPlan,
    UnmergeError,
    plan_parting,
)
from profiles.reconcile.replaying import lives_of
from profiles.reconcile.returning import may_come_back
from profiles.reverting import Ledger, subject_of
from profiles.values import Cause, ChangeAction, Directory, ProfileSnapshot, ReferenceName

__all__ = [
    "GoneError",
    "KeyedRecord",
    "MergedSinceError",
    "NotMergedError",
    "PartingPlan",
    "UndoneAcrossError",
    "UnknownChangeError",
    "UnknownProfileError",
    "Unmerge",
    "UnmergeError",
    "unmerge_profiles",
]

RecordsOf = Callable[[UUID, int], Sequence[KeyedRecord]]
"""Returns the records that have meant a profile since a version of it, in their order."""


class NotMergedError(UnmergeError):
    """The one profile was not merged into the other, or has been taken apart from it again."""


class UnknownProfileError(UnmergeError):
    """There is no such profile."""


class UnknownChangeError(UnmergeError):
    """The survivor's ledger has no such change since the merge."""


@dataclass(frozen=True, slots=True)
class Unmerge:
    """Which profile is to be taken out of which, and on what terms."""

    merged_id: UUID
    survivor_id: UUID | None = None
    """Whoever it lives on in, unless told."""
    to_merged: Collection[int] = ()
    """Versions of the survivor's changes since that are the merged profile's, although no key says so."""
    note: str = ""
    """Why, for the ledger."""


def unmerge_profiles(
    unmerge: Unmerge, *, cause: Cause, now: dt.datetime, records_of: RecordsOf, write: bool = True
) -> PartingPlan:
    """Take the profile out of the one it was merged into, and return what has become of both.

    Both are then as if they had never been merged, with what came since: by a key of the merged profile it goes to
    that, else it stays. Staff and the hub remember the two as different people. Without `write` it is only told what
    would become of them. Raises `UnmergeError`. For the rest see `conduct`. Runs inside the caller's transaction.
    """
    reading = _Reading(unmerge)
    operation_id = new_id()

    def decide(directory: Directory) -> PartingPlan:
        reading.check(directory)
        merge = reading.merge
        first, *_ = merge.versions[merge.survivor_id]
        return plan_parting(
            merge,
            {
                profile_id: subject_of(reading.snapshot(directory, profile_id), ledger)
                for profile_id, ledger in reading.ledgers.items()
            },
            directory,
            records=records_of(merge.survivor_id, first),
            to_merged=unmerge.to_merged,
            cause=cause,
            operation_id=operation_id,
            note=unmerge.note,
        )

    plan = conduct(reading.scope, decide, now=now, write=write)
    if write:
        _call_different(reading.merge, now=now)
    return plan


class _Reading:
    """What is read of the merge and the ledgers before the profiles are locked, anew in each attempt."""

    merge: MergeRows

    def __init__(self, unmerge: Unmerge) -> None:
        self._unmerge = unmerge
        self.ledgers: dict[UUID, Ledger] = {}

    def scope(self) -> Scope:
        """Find the merge and read the ledgers since; raises `UnmergeError`."""
        self.merge = _find_merge(self._unmerge)
        floors = {profile_id: versions[0] for profile_id, versions in self.merge.versions.items()}
        reverts, rows = load_reverts(floors), load_rows(floors)
        keys: set[MatchKey] = set()
        names: set[ReferenceName] = set()
        self.ledgers = {}
        for profile_id, floor in floors.items():
            since = {version: taken for version, taken in reverts.get(profile_id, {}).items() if version > floor}
            lives = lives_of(since)
            across = (version for version, taken in since.items() if min(taken.versions, default=floor) < floor)
            if any(lives[version].is_live for version in across):
                raise UndoneAcrossError
            self.ledgers[profile_id] = Ledger(rows.get(profile_id, []), since)
            some_keys, some_names = may_come_back(rows.get(profile_id, []))
            keys |= some_keys
            names |= some_names
        versions = {row.version for row in self.ledgers[self.merge.survivor_id].rows[1:]}
        if not versions >= set(self._unmerge.to_merged):
            raise UnknownChangeError
        return Scope(
            keys=sorted(keys),
            targets=list(floors),
            collections=list(shape.COLLECTIONS),
            references=names,
            with_merged=True,
        )

    def check(self, directory: Directory) -> None:
        """Raise `ProfilesMovedError` where somebody has changed a profile since its ledger was read."""
        moved = {
            profile_id
            for profile_id, ledger in self.ledgers.items()
            if self.snapshot(directory, profile_id).version != ledger.rows[-1].version
        }
        if moved:
            raise ProfilesMovedError(moved)

    @staticmethod
    def snapshot(directory: Directory, profile_id: UUID) -> ProfileSnapshot:
        """Return the profile as stored; raises `ProfilesMovedError` where it is not what it was."""
        found = directory.profiles.get(profile_id) or directory.merged.get(profile_id)
        if found is None:
            raise ProfilesMovedError({profile_id})
        return found


class UndoneAcrossError(UnmergeError):
    """Something from before the merge has been taken back since; take that undo back first."""


def _find_merge(unmerge: Unmerge) -> MergeRows:
    """Return the rows of the merge by which the profile came where it is; four queries."""
    merged = Profile.objects.filter(id=unmerge.merged_id).only("merged_into_id").first()
    if merged is None:
        raise UnknownProfileError
    survivor_id = merged.merged_into_id
    if survivor_id is None or unmerge.survivor_id not in {None, survivor_id}:
        raise NotMergedError
    dead = {version for _, version in takers_of([merged.pk])}
    merges = ProfileChange.objects.filter(profile=merged, action=ChangeAction.MERGED).exclude(version__in=dead)
    newest = merges.order_by("-version").first()
    if newest is None:
        raise NotMergedError
    if newest.changes["/merged_into"].get("from") is not None:
        raise MergedSinceError  # it went along when whoever it lived on in was merged
    versions: dict[UUID, tuple[int, ...]] = {}
    rows = ProfileChange.objects.filter(operation_id=newest.operation_id).order_by("profile", "version")
    for profile_id, version in rows.values_list("profile_id", "version"):
        versions[profile_id] = (*versions.get(profile_id, ()), version)
    return MergeRows(unmerge.merged_id, survivor_id, versions)


def _call_different(merge: MergeRows, *, now: dt.datetime) -> None:
    """Remember that the two are different people; the pair is noted if it was not yet (rules 11.6)."""
    low, high = sorted((merge.merged_id, merge.survivor_id))
    pairs = DuplicateCandidate.objects.filter(low=low, high=high)
    if not pairs.update(verdict=Verdict.DIFFERENT, later_until=None):
        DuplicateCandidate.objects.create(
            low_id=low, high_id=high, reason="unmerged", verdict=Verdict.DIFFERENT, created_at=now
        )
