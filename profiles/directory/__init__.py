"""Everything known for deciding: from keys and ids to locks, profiles and reference data (rules 7.1 and 7.2).

Two writers never decide about the same key or the same profile at once. The keys are locked first, which keeps
others from taking a key that nobody holds yet; then the profiles behind them, because two keys of one person share
no lock; only then the profiles are read. Where one of them changed while its lock was waited for, the keys are
looked up again.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from profiles.db import engine
from profiles.directory.finding import find_holders, find_merged
from profiles.directory.keyrules import key_rule_texts, key_rules_of, load_key_rules
from profiles.directory.locks import ProfilesMovedError, TooManyLocksError, lock_hub, lock_keys, lock_profiles
from profiles.directory.references import load_references
from profiles.directory.snapshots import load_snapshots
from profiles.keys import MatchKey
from profiles.values import Directory, ReferenceName

__all__ = [
    "ProfilesMovedError",
    "Scope",
    "TooManyLocksError",
    "key_rule_texts",
    "key_rules_of",
    "load_key_rules",
    "load_references",
    "load_snapshots",
    "lock_hub",
    "open_directory",
]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a decision is about: what is locked for it and known to it."""

    keys: Sequence[MatchKey] = ()
    """They and whoever holds them."""
    targets: Collection[UUID] = ()
    """Profiles named by their ids; one that was merged brings its survivor along."""
    collections: Collection[str] = ()
    """The collections that are loaded with the profiles."""
    references: Collection[ReferenceName] = ()
    """The reference data that is looked up."""
    with_merged: bool = False
    """Whether those merged into the targets are loaded too, and the targets themselves if they were merged."""


def open_directory(
    scope: Scope, *, also_lock: Iterable[UUID] = (), whole_hub: bool = False, lock: bool = True
) -> Directory:
    """Lock what the scope names and whoever is behind it until the transaction ends, and return what is known.

    `whole_hub` keeps every other writer out instead of locking one by one. Raises `ProfilesMovedError`. Runs inside
    the caller's transaction; queries. Without `lock` that must see one moment (`db.moments`), and nothing may be
    written by what is known.
    """
    named = {*scope.targets, *also_lock}
    # The one writer is the caller's transaction already.
    is_locked = lock and not engine.has_one_writer()
    if is_locked:
        whole_hub = lock_keys(scope.keys, whole_hub=whole_hub)
    found = find_holders(scope.keys, named)
    locked = named | found.behind
    if is_locked and not whole_hub:
        lock_profiles(locked, beside=len(scope.keys))
    profiles = load_snapshots(locked - found.survivors.keys(), collections=scope.collections)
    if is_locked and not found.still_holds(profiles):
        found = find_holders(scope.keys, named)
        if not found.behind <= locked:
            raise ProfilesMovedError(found.behind | locked)
        profiles = load_snapshots(locked - found.survivors.keys(), collections=scope.collections)
    merged = {}
    if scope.with_merged:
        # Whoever merges another one into a target, or takes one out, has to lock the target.
        merged_ids = find_merged(scope.targets) | (found.survivors.keys() & {*scope.targets})
        merged = load_snapshots(merged_ids, collections=scope.collections)
    return Directory(found.holders, found.survivors, profiles, load_references(scope.references), merged)
