"""Where each value of a profile came from: which row of the ledger said it, through merges and undos (rules 6.6)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from profiles.db.members import Member, newest_members
from profiles.directory.ledgers import load_reverts, load_rows
from profiles.models import ProfileChange
from profiles.reconcile import same
from profiles.reconcile.replaying import Life, floor_of, lives_of
from profiles.values import ChangeAction

MOST_ROWS: Final = 10_000
"""How many rows of a ledger are gone through for what an undo gave back."""
MOST_MERGES: Final = 20
"""How many merges into one another a value is followed through; beyond it the last one is told."""
_BEYOND: Final = 2**31
_MERGED_INTO: Final = "/merged_into"


@dataclass(frozen=True, slots=True)
class Provenance:
    """One path of a profile, its value, and the change that put it there."""

    path: str
    value: Any
    change: ProfileChange
    """Without its `changes`; its profile may be one that was merged into this one."""
    via: tuple[ProfileChange, ...] = ()
    """The undo that gave it back and the merges that brought it here, the newest first."""


def provenance_of(profile_id: UUID) -> list[Provenance]:
    """Return what put each of the profile's values there, in the order of their paths.

    What was cleared is told too, by whoever cleared it; what is gone is not. Queries: two, and
    three for each merge behind one another, however long the history is.
    """
    words = {word.name: word for word in _words({profile_id: _BEYOND}) if "to" in word.value}
    found = _attributed(words.values())
    found |= _before_undos(profile_id, found)
    pending = found
    for _ in range(MOST_MERGES):
        pending = _behind({path: one for path, one in pending.items() if one.change.action == ChangeAction.MERGED})
        if not pending:
            break
        found |= pending
    return [found[path] for path in sorted(found)]


def _words(below: Mapping[UUID, int]) -> list[Member]:
    return newest_members(ProfileChange, "changes", owner="profile", number="version", below=below)


def _attributed(words: Collection[Member]) -> dict[str, Provenance]:
    """Return the provenance of paths by what says them; one query."""
    rows = ProfileChange.objects.defer("changes", "times").in_bulk({word.row_id for word in words})
    return {word.name: Provenance(word.name, word.value["to"], rows[word.row_id]) for word in words}


# --- Through undos -----------------------------------------------------------------------------------------------


def _before_undos(profile_id: UUID, found: Mapping[str, Provenance]) -> dict[str, Provenance]:
    """Return the newest live words for paths that an undo gave back, where they say the same (rules 10.1).

    What an undo gave back is older than what it took back: beyond `MOST_ROWS` the undo itself is told. Three queries,
    and none where nothing was taken back.
    """
    sought = {path: one for path, one in found.items() if one.change.action == ChangeAction.REVERTED}
    if not sought:
        return {}
    reverts = load_reverts([profile_id]).get(profile_id, {})
    newest = max(one.change.version for one in sought.values())
    floor = floor_of(reverts, oldest=newest)
    rows = [] if newest - floor > MOST_ROWS else load_rows({profile_id: floor}).get(profile_id, [])
    lives = lives_of(reverts)
    said: dict[str, int] = {}
    for row in rows:
        life = lives.get(row.version, Life())
        if row.reverts is None and life.is_live:
            said |= dict.fromkeys(row.changes.keys() & sought.keys(), row.version)
    below = {word.name: word for word in _words({profile_id: floor}) if word.name in sought} if rows else {}
    versions = {path: word.number for path, word in below.items()} | said
    changes = {
        change.version: change
        for change in ProfileChange.objects.filter(profile=profile_id, version__among=set(versions.values()))
    }
    return {
        path: Provenance(path, one.value, changes[versions[path]], via=(one.change,))
        for path, one in sought.items()
        if path in versions and same(changes[versions[path]].changes[path].get("to"), one.value)
    }


# --- Through merges ----------------------------------------------------------------------------------------------


def _behind(pending: Mapping[str, Provenance]) -> dict[str, Provenance]:
    """Return the words of the merged profiles for paths that merges put there, where these had the same value.

    A path that is not among them is the merge's own: it united what both said. Three queries, and none for none.
    """
    if not pending:
        return {}
    ends = _ends({one.change.operation_id for one in pending.values()} - {None})
    theirs = {(word.owner, word.name): word for word in _words(dict(ends.values())) if "to" in word.value}
    sought: dict[str, Member] = {}
    for path, one in pending.items():
        merged_id, _ = ends.get((one.change.operation_id, one.change.profile_id), (None, 0))
        word = None if merged_id is None else theirs.get((merged_id, path))
        if word is not None and same(word.value["to"], one.value):
            sought[path] = word
    return {
        path: replace(one, via=(*pending[path].via, pending[path].change))
        for path, one in _attributed(sought.values()).items()
    }


def _ends(operation_ids: Collection[UUID | None]) -> dict[tuple[UUID | None, UUID], tuple[UUID, int]]:
    """Return who was merged by each operation into each survivor, and at which of its versions; one query.

    Those merged into it earlier were led on to the survivor in the same operation: their rows say from where.
    """
    rows = ProfileChange.objects.filter(
        operation_id__among=operation_ids, action=ChangeAction.MERGED, changes__has_key=_MERGED_INTO
    )
    values = rows.values_list(
        "operation_id",
        "profile_id",
        "version",
        f"changes__{_MERGED_INTO}__from",
        f"changes__{_MERGED_INTO}__to",
    )
    return {
        (operation_id, UUID(survivor)): (merged_id, version)
        for operation_id, merged_id, version, led_on_from, survivor in values
        if led_on_from is None and survivor is not None
    }
