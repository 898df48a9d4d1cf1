"""Merging two profiles that are the same person (rules 7.7)."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from django.db.models import Q

from profiles import shape
from profiles.conducting import conduct
from profiles.db import sets
from profiles.db.ids import new_id
from profiles.directory import Scope, load_key_rules
from profiles.models import DuplicateCandidate, Profile
from profiles.models.duplicates import UNDECIDED, Verdict
from profiles.reconcile import State, difference, moved_times, state_of
from profiles.reconcile.uniting import CHOOSABLE, MergeError, choose, unite
from profiles.times import utc_text
from profiles.values import Cause, Change, ChangeAction, Directory, Plan, ProfileResult, ProfileSnapshot

__all__ = [
    "CHOOSABLE",
    "DifferentPeopleError",
    "EndedProfileError",
    "Merge",
    "MergeError",
    "MergedAlreadyError",
    "SameProfileError",
    "StaleMergeError",
    "UnknownProfileError",
    "merge_profiles",
    "plan_merge",
]


class SameProfileError(MergeError):
    """A profile cannot be merged into itself."""


class UnknownProfileError(MergeError):
    """There is no such profile."""

    def __init__(self, profile_id: UUID, role: str) -> None:
        super().__init__(f"There is no profile {profile_id}.")
        self.role = role
        """Which of the two it was to be: `merged` or `survivor`."""


class MergedAlreadyError(MergeError):
    """One of the profiles lives on in another one."""

    def __init__(self, profile_id: UUID, survivor_id: UUID) -> None:
        super().__init__(f"The profile {profile_id} has been merged already, into {survivor_id}.")


class DifferentPeopleError(MergeError):
    """Staff have said that the two are different people."""


class EndedProfileError(MergeError):
    """One of the profiles has ended (rules 10.6)."""

    def __init__(self, profile_id: UUID) -> None:
        super().__init__(f"The profile {profile_id} has ended: it was taken back or erased.")


class StaleMergeError(MergeError):
    """One of the profiles was changed by somebody else after it was looked at."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Which profile is to be merged into which, and on what terms."""

    merged_id: UUID
    survivor_id: UUID
    choices: Collection[str] = ()
    """Fields of `CHOOSABLE` that are to have the merged profile's value."""
    despite_verdict: bool = False
    """Whether to merge what staff have called different people."""
    expected_versions: Mapping[UUID, int] | None = None
    """The versions that were looked at; at others the merge is stale."""
    note: str = ""
    """Why, for the ledger."""


def merge_profiles(merge: Merge, *, cause: Cause, now: dt.datetime) -> UUID:
    """Merge one profile into another and return the operation's id, by which the ledger's rows of it are found.

    Afterwards the merged profile has no rows of its own, means the survivor, and keeps its email and mobile as aliases
    where the survivor has its own. Profiles merged into it before now mean the survivor too. Values that were chosen
    are a change of their own, after the merge. Raises `MergeError`. Runs inside the caller's transaction.

    No key is locked: each of them goes from one locked profile to the other, and whoever wants it has to lock its
    holder first.
    """
    operation_id = new_id()
    _conducted(merge, cause=cause, operation_id=operation_id, now=now, write=True)
    _note_verdict(merge)
    _carry_pairs(merge, moment=utc_text(now))
    return operation_id


def plan_merge(merge: Merge, *, cause: Cause, now: dt.datetime) -> Plan:
    """Return what the merge would write, without writing it; raises `MergeError`. Runs inside a transaction."""
    return _conducted(merge, cause=cause, operation_id=new_id(), now=now, write=False)


def _conducted(merge: Merge, *, cause: Cause, operation_id: UUID, now: dt.datetime, write: bool) -> Plan:
    if merge.merged_id == merge.survivor_id:
        raise SameProfileError
    low, high = sorted((merge.merged_id, merge.survivor_id))
    pair = DuplicateCandidate.objects.filter(low=low, high=high, verdict=Verdict.DIFFERENT)
    if not merge.despite_verdict and pair.exists():
        raise DifferentPeopleError
    scope = Scope(targets=[merge.merged_id, merge.survivor_id], collections=tuple(shape.COLLECTIONS), with_merged=True)
    decide = partial(
        _plan,
        merge=merge,
        cause=cause,
        operation_id=operation_id,
        identity_limits=load_key_rules().identity_limits,
    )
    return conduct(scope, decide, now=now, write=write)


def _plan(
    directory: Directory, *, merge: Merge, cause: Cause, operation_id: UUID, identity_limits: Mapping[str, int]
) -> Plan:
    """Decide the merge; raises `MergeError`."""
    for role, profile_id in (("merged", merge.merged_id), ("survivor", merge.survivor_id)):
        if profile_id in directory.survivors:
            raise MergedAlreadyError(profile_id, directory.survivors[profile_id])
        if profile_id not in directory.profiles:
            raise UnknownProfileError(profile_id, role)
        if directory.profiles[profile_id].fields.get("ended") is not None:
            raise EndedProfileError(profile_id)
    merged, survivor = directory.profiles[merge.merged_id], directory.profiles[merge.survivor_id]
    if merge.expected_versions is not None and merge.expected_versions != {
        one.id: one.version for one in (merged, survivor)
    }:
        raise StaleMergeError
    after_merged, after_survivor = unite(
        state_of(merged),
        state_of(survivor),
        merged_id=merged.id,
        survivor_id=survivor.id,
        identity_limits=identity_limits,
    )
    afters = [(merged, after_merged), (survivor, after_survivor)]
    afters += [
        (one, replace(state_of(one), fields={**one.fields, "merged_into": str(survivor.id)}))
        for one in directory.merged.values()
        if one.fields["merged_into"] == str(merged.id)
    ]
    changes = [
        Change(
            profile_id=before.id,
            version=before.version + 1,
            action=ChangeAction.MERGED,
            changes=difference(state_of(before), after),
            cause=cause,
            operation_id=operation_id,
            note=merge.note,
            times=moved_times(state_of(before), after),
        )
        for before, after in afters
    ]
    results = [
        _result(before, after, version=before.version + 1, rows_of=merged if before is survivor else None)
        for before, after in afters
    ]
    chosen = choose(after_survivor, state_of(merged), merge.choices)
    if choice := difference(after_survivor, chosen):
        version = survivor.version + 2
        changes.append(
            Change(survivor.id, version, ChangeAction.UPDATED, choice, cause, operation_id, note=merge.note)
        )
        results[1] = _result(survivor, chosen, version=version, rows_of=merged)
    return Plan(outcomes=[], results=results, changes=changes, duplicates=[])


def _result(
    before: ProfileSnapshot, after: State, *, version: int, rows_of: ProfileSnapshot | None = None
) -> ProfileResult:
    return ProfileResult(
        id=before.id,
        version=version,
        fields=after.fields,
        collections=after.collections,
        email_key=after.email_key,
        before=before,
        effective_times=after.effective_times,
        source_times=after.source_times,
        rows_of=rows_of,
    )


# --- Pairs -------------------------------------------------------------------------------------------------------


def _note_verdict(merge: Merge) -> None:
    low, high = sorted((merge.merged_id, merge.survivor_id))
    DuplicateCandidate.objects.filter(low=low, high=high).update(verdict=Verdict.SAME, later_until=None)


def _carry_pairs(merge: Merge, *, moment: str) -> None:
    """Have the survivor be in the pairs that the merged profile is in, unless they are settled (rules 7.9).

    The old pairs stay, for the day the two are taken apart. That two are different people outweighs that they may be
    the same.
    """
    theirs = _pairs_of(merge.merged_id)
    own = _pairs_of(merge.survivor_id)
    family = set(Profile.objects.filter(merged_into=merge.survivor_id).values_list("id", flat=True))
    carried = {
        other: pair
        for other, pair in theirs.items()
        if pair.verdict != Verdict.SAME and other != merge.survivor_id and other not in family
    }
    rows = []
    for other, pair in carried.items():
        if other not in own:
            low, high = sorted((other, merge.survivor_id))
            rows.append(
                {
                    "low_id": low,
                    "high_id": high,
                    "reason": pair.reason,
                    "batch_id": pair.batch_id,
                    "position": pair.position,
                    "verdict": pair.verdict,
                    "later_until": None if pair.later_until is None else pair.later_until.isoformat(),
                    "created_at": moment,
                }
            )
    sets.insert_rows(
        DuplicateCandidate, sorted(rows, key=lambda row: (row["low_id"], row["high_id"])), unless_there=True
    )
    different = [
        own[other].pk for other, pair in carried.items() if other in own and pair.verdict == Verdict.DIFFERENT
    ]
    DuplicateCandidate.objects.filter(pk__in=different, verdict__in=UNDECIDED).update(
        verdict=Verdict.DIFFERENT, later_until=None
    )


def _pairs_of(profile_id: UUID) -> dict[UUID, DuplicateCandidate]:
    """Return the pairs the profile is in, by the other one of each."""
    pairs = DuplicateCandidate.objects.filter(Q(low=profile_id) | Q(high=profile_id)).order_by("id")
    return {pair.high_id if pair.low_id == profile_id else pair.low_id: pair for pair in pairs}
