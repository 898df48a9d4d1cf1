"""Erasing a profile for good: a tombstone stays, and of its ledger what happened when, but no value (rules 13)."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from profiles import shape
from profiles.conducting import conduct
from profiles.db.ids import new_id
from profiles.directory import Scope
from profiles.models import DuplicateCandidate, MiddleName, OvermergeAlarm, Profile, ProfileChange
from profiles.reconcile import State, difference, state_of
from profiles.reconcile.laying import ended
from profiles.sentences import ToldError
from profiles.values import Cause, Change, ChangeAction, Directory, Ended, Plan, ProfileResult, ProfileSnapshot

MASKED: Final = "-"
_ROWS_AT_ONCE: Final = 500


class EraseError(ToldError):
    """The profile cannot be erased."""


class MergedProfileError(EraseError):
    """The profile lives on in another one: that is whom to erase."""

    def __init__(self, survivor_id: UUID) -> None:
        super().__init__(f"The profile was merged into {survivor_id}; erase that one.")


class GoneProfileError(EraseError):
    """There is no such profile, or not any more."""


class StaleEraseError(EraseError):
    """The profile was changed by somebody else after it was looked at."""


def erase_profile(
    profile_id: UUID, *, cause: Cause, now: dt.datetime, expected_version: int | None = None
) -> list[UUID]:
    """Erase the profile and all that were merged into it, and return their ids.

    Of each stays a tombstone, whose keys are free. Its ledger keeps causes, times and which fields changed; values,
    notes and the names of rows are gone, and so are pairs and alarms. What batches have kept of it is the caller's to
    see to. Raises `EraseError`. Runs inside the caller's transaction.
    """
    operation_id = new_id()

    def decide(directory: Directory) -> Plan:
        if profile_id in directory.survivors:
            raise MergedProfileError(directory.survivors[profile_id])
        found = directory.profiles.get(profile_id)
        if found is None or found.fields.get("ended") == Ended.ERASED:
            raise GoneProfileError
        if expected_version not in {None, found.version}:
            raise StaleEraseError
        family = [found, *(one for one in directory.merged.values() if one.fields["merged_into"] == str(profile_id))]
        return _plan(family, cause=cause, operation_id=operation_id)

    scope = Scope(targets=[profile_id], collections=tuple(shape.COLLECTIONS), with_merged=True)
    plan = conduct(scope, decide, now=now)
    ids = [result.id for result in plan.results]
    _mask_ledgers(ids)
    pairs = DuplicateCandidate.objects.filter(Q(low__in=ids) | Q(high__in=ids))
    pairs.delete()
    OvermergeAlarm.objects.filter(profile__in=ids).delete()
    return ids


def _plan(family: list[ProfileSnapshot], *, cause: Cause, operation_id: UUID) -> Plan:
    changes, results = [], []
    for before in family:
        after = ended(state_of(before), how=Ended.ERASED)
        version = before.version + 1
        told = difference(state_of(before), after)
        changes.append(Change(before.id, version, ChangeAction.ERASED, told, cause, operation_id))
        results.append(_result(before, after, version))
    return Plan(outcomes=[], results=results, changes=changes, duplicates=[])


def _result(before: ProfileSnapshot, after: State, version: int) -> ProfileResult:
    return ProfileResult(
        id=before.id,
        version=version,
        fields=after.fields,
        collections=after.collections,
        email_key=None,
        before=before,
    )


# --- The ledger --------------------------------------------------------------------------------------------------


def _mask_ledgers(ids: list[UUID]) -> None:
    """Take all values out of the ledgers, and the names of rows, some rows at a time."""
    rows = ProfileChange.objects.filter(profile__in=ids).order_by("id")
    last, seen = 0, dict[UUID, set[str]]()
    while some := list(rows.filter(id__gt=last)[:_ROWS_AT_ONCE]):
        for row in some:
            of_profile = seen.setdefault(row.profile_id, set())
            of_profile.update(name for pointer in row.changes if (name := _collection(pointer)) is not None)
            is_last = row.action == ChangeAction.ERASED
            row.changes = _last_words(of_profile, row.changes) if is_last else dict(_masked(row.changes))
            row.times, row.note = None, ""
            if row.reverts is not None:
                row.reverts = {"versions": row.reverts["versions"], "except": [], "kept": {}}
        ProfileChange.objects.bulk_update(some, ["changes", "times", "note", "reverts"])
        last = some[-1].pk
    Profile.objects.filter(id__in=ids).update(search_name="", search_last="")
    MiddleName.objects.filter(profile__in=ids).delete()


def _collection(pointer: str) -> str | None:
    name = pointer.split("/")[1]
    return name if name in shape.COLLECTIONS else None


def _masked(changes: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, None]]]:
    """Yield the changes without their values; a row has no name any more, so that all of a collection are one."""
    for pointer, sides in changes.items():
        name, *parts = pointer[1:].split("/")
        if (collection := shape.COLLECTIONS.get(name)) is not None:
            width = len(collection.key)
            pointer = "/".join(("", name, *([MASKED] * width), *parts[width:]))  # noqa: PLW2901 under another name
        yield pointer, dict.fromkeys(sides)


def _last_words(collections: set[str], changes: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the last row: every field is null then but for what says that it ended, and no row is left."""
    told: dict[str, dict[str, Any]] = {
        pointer: {"from": None, "to": sides["to"]}
        for pointer, sides in changes.items()
        if _collection(pointer) is None
    }
    for name in sorted(collections):
        told["/".join(("", name, *([MASKED] * len(shape.COLLECTIONS[name].key))))] = {"from": None}
    return told
