"""Merging two profiles that are the same person."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from uuid import UUID

from profiles import shape
from profiles.conducting import conduct
from profiles.db.ids import new_id
from profiles.directory import Scope, load_key_rules
from profiles.models import DuplicateCandidate
from profiles.models.duplicates import Verdict
from profiles.reconcile import difference, moved_times, state_of
from profiles.reconcile.uniting import MergeError, unite
from profiles.values import (
    Cause,
    Change,
    ChangeAction,
    Directory,
    Plan,
    ProfileResult,
)

__all__ = ["MergeError", "merge_profiles"]


def merge_profiles(*, merged_id: UUID, survivor_id: UUID, cause: Cause, now: dt.datetime, note: str = "") -> UUID:
    """Merge one profile into another and return the operation's id; `note` says why, for the ledger.

    Afterwards the merged profile has no rows of its own, means the survivor, and keeps its email and mobile as aliases
    where the survivor has its own. Profiles merged into it before now mean the survivor too. Raises `MergeError`.
    Runs inside the caller's transaction.

    No key is locked: each of them goes from one locked profile to the other, and whoever wants it has to lock its
    holder first.
    """
    if merged_id == survivor_id:
        raise MergeError("A profile cannot be merged into itself.")
    operation_id = new_id()
    scope = Scope(targets=[merged_id, survivor_id], collections=tuple(shape.COLLECTIONS), with_merged=True)
    decide = partial(
        _plan,
        merged_id=merged_id,
        survivor_id=survivor_id,
        cause=cause,
        operation_id=operation_id,
        note=note,
        identity_limits=load_key_rules().identity_limits,
    )
    conduct(scope, decide, now=now)
    low, high = sorted((merged_id, survivor_id))
    DuplicateCandidate.objects.filter(low=low, high=high).update(verdict=Verdict.SAME)
    return operation_id


def _plan(
    directory: Directory,
    *,
    merged_id: UUID,
    survivor_id: UUID,
    cause: Cause,
    operation_id: UUID,
    note: str,
    identity_limits: Mapping[str, int],
) -> Plan:
    """Decide the merge; raises `MergeError`."""
    for profile_id in (merged_id, survivor_id):
        if profile_id in directory.survivors:
            raise MergeError(f"The profile {profile_id} has been merged already.")
        if profile_id not in directory.profiles:
            raise MergeError(f"There is no profile {profile_id}.")
        if directory.profiles[profile_id].fields["ended"] is not None:
            raise MergeError(f"The profile {profile_id} was taken back or erased.")
    merged, survivor = directory.profiles[merged_id], directory.profiles[survivor_id]
    after_merged, after_survivor = unite(
        state_of(merged),
        state_of(survivor),
        merged_id=merged_id,
        survivor_id=survivor_id,
        identity_limits=identity_limits,
    )
    afters = [(merged, after_merged), (survivor, after_survivor)]
    afters += [
        (one, replace(state_of(one), fields={**one.fields, "merged_into": str(survivor_id)}))
        for one in directory.merged.values()
        if one.fields["merged_into"] == str(merged_id)
    ]
    results = [
        ProfileResult(
            id=before.id,
            version=before.version + 1,
            fields=after.fields,
            collections=after.collections,
            email_key=after.email_key,
            before=before,
            effective_times=after.effective_times,
            source_times=after.source_times,
            rows_of=merged if before is survivor else None,
        )
        for before, after in afters
    ]
    changes = [
        Change(
            profile_id=before.id,
            version=before.version + 1,
            action=ChangeAction.MERGED,
            changes=difference(state_of(before), after),
            cause=cause,
            operation_id=operation_id,
            note=note,
            times=moved_times(state_of(before), after),
        )
        for before, after in afters
    ]
    return Plan(outcomes=[], results=results, changes=changes, duplicates=[])
