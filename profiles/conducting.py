"""The one way to change people: lock, load, decide, write, and start over where somebody else was faster."""

import datetime as dt
from collections.abc import Callable
from typing import Final, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction

from profiles.directory import ProfilesMovedError, Scope, TooManyLocksError, lock_hub, open_directory
from profiles.values import Directory, Plan
from profiles.writing import OutcomeStore, StaleWriteError, store_no_outcomes, write_plan

ATTEMPTS_BEFORE_WHOLE_HUB: Final = 5
_Decided = TypeVar("_Decided", bound=Plan)


def conduct(
    scope: Scope | Callable[[], Scope],
    decide: Callable[[Directory], _Decided],
    *,
    now: dt.datetime,
    look_back: Callable[[_Decided], _Decided] | None = None,
    store_outcomes: OutcomeStore = store_no_outcomes,
    write: bool = True,
) -> _Decided:
    """Decide by what is known of the scope, write what was decided, and return it.

    `decide` writes nothing, and is called again with what is known then where somebody else was faster; in the end
    with the whole hub to itself, so that it comes through. What it raises is the caller's, and nothing is written; but
    `ProfilesMovedError` has it start over. Where only reading tells what the scope is, `scope` does that: it is called
    each time, before anything but the whole hub is locked. `now` is the time the changes bear; `look_back` adds to a
    plan that is to be written what only the ledger tells, and may query for it; `store_outcomes` is called with the
    plan's outcomes each time they are written, and undone with them where they have to be. Without `write` the
    decision is only told: its locks are held all the same, so that the same decision can be written afterwards. Runs
    inside the caller's transaction, which must not have written to profiles before, and keeps its locks until that
    ends.
    """
    also_lock: frozenset[UUID] = frozenset()
    whole_hub = False
    for attempt in range(ATTEMPTS_BEFORE_WHOLE_HUB + 1):
        last = attempt == ATTEMPTS_BEFORE_WHOLE_HUB
        try:
            with transaction.atomic():
                decided = decide(_open(scope, also_lock=also_lock, whole_hub=whole_hub or last))
                if write:
                    if look_back is not None:
                        decided = look_back(decided)
                    write_plan(decided, now=now, store_outcomes=store_outcomes)
        except TooManyLocksError:
            whole_hub = True
        except ProfilesMovedError as moved:
            if last:
                raise
            also_lock = moved.profile_ids
        except (IntegrityError, StaleWriteError):
            if last:
                raise
        else:
            return decided
    raise AssertionError  # the last attempt returns or raises


def _open(scope: Scope | Callable[[], Scope], *, also_lock: frozenset[UUID], whole_hub: bool) -> Directory:
    """Lock and load what the scope names, once that is known."""
    if callable(scope):
        if whole_hub:
            lock_hub()  # from now on what the scope is read from stays as it is
        scope = scope()
    return open_directory(scope, also_lock=also_lock, whole_hub=whole_hub)
