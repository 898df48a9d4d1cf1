"""Locks of the transaction on keys, on profiles and on the whole hub, where there is more than one writer.

All of them are advisory. Locking the profiles' rows would write to each of them, which after a checkpoint costs as
much as changing them. Rows that somebody else moves all the same are found out by their version (see `writing`).
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import Final
from uuid import UUID

from django.conf import settings

from profiles.db import locks
from profiles.keys import MatchKey

_HUB_LOCK: Final[locks.Pair] = (0x6875, 1)


class ProfilesMovedError(Exception):
    """A key led to another profile by the time the first one was locked; start over, locking these too."""

    def __init__(self, profile_ids: Collection[UUID]) -> None:
        super().__init__(profile_ids)
        self.profile_ids = frozenset(profile_ids)


class TooManyLocksError(ProfilesMovedError):
    """There are more profiles behind the keys than may be locked one by one; start over with the whole hub."""


def lock_keys(keys: Sequence[MatchKey], *, whole_hub: bool) -> bool:
    """Lock the keys, or the whole hub where they are too many, as the lock table has an end; return which."""
    whole_hub = whole_hub or len(keys) > settings.HUB_LOCK_BUDGET
    # Waiting for somebody's lock is no hanging: it ends, for this transaction, well before the watchdog would say so.
    locks.lock_pair(_HUB_LOCK, shared=not whole_hub, patience=max(1, int(settings.ATTEMPT_SECONDS / 2)))
    if not whole_hub:
        _lock("\x00".join(key) for key in keys)
    return whole_hub


def lock_hub() -> None:
    """Keep every other writer out until the transaction ends."""
    lock_keys((), whole_hub=True)


def lock_profiles(ids: Collection[UUID], *, beside: int) -> None:
    """Lock the profiles; raises `TooManyLocksError` where they are, `beside` the locks held, more than may be."""
    if beside + len(ids) > settings.HUB_LOCK_BUDGET:
        raise TooManyLocksError(ids)
    _lock(f"profile\x00{profile_id}" for profile_id in ids)


def _lock(names: Iterable[str]) -> None:
    """Take a lock for each name until the transaction ends."""
    locks.lock_numbers(map(_lock_number, names))


def _lock_number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
