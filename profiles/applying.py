"""Drafts become profiles: lock, read, decide, write. The one way in for batches, API, admin and imports.

One profile's write is a list of one.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from profiles.directory import ProfilesMovedError, TooManyLocksError, open_directory
from profiles.ids import new_id
from profiles.matching import plan
from profiles.values import Outcome, ProfileDraft
from profiles.writing import OutcomeStore, StaleWriteError, store_no_outcomes, write_plan

ATTEMPTS_BEFORE_WHOLE_HUB: Final = 5


def apply_drafts(
    drafts: Sequence[ProfileDraft],
    *,
    criteria: str,
    now: dt.datetime,
    received_at: dt.datetime | None = None,
    store_outcomes: OutcomeStore = store_no_outcomes,
) -> list[Outcome]:
    """Match, decide and write the drafts as if one by one in their order; return one outcome for each.

    `criteria` is `email` or an identity handle; `now` is the time the changes bear, `received_at` when the drafts
    came in, if that was before: what they refuse without a time was refused then. `store_outcomes` is called with
    the outcomes each time they are written, and undone with them where they have to be. Runs inside the caller's
    transaction, which must not have written to profiles before, and keeps its locks until that ends. When
    somebody else was faster it plans again; in the end with the whole hub to itself, so that it comes through.
    """
    keys = list({key: None for draft in drafts for key in draft.pointers})
    targets = [draft.target for draft in drafts if draft.target is not None]
    collections = sorted({name for draft in drafts for name in draft.touched})
    references = {name for draft in drafts for name in draft.reference_names}
    also_lock: frozenset[UUID] = frozenset()
    whole_hub = False
    for attempt in range(ATTEMPTS_BEFORE_WHOLE_HUB + 1):
        last = attempt == ATTEMPTS_BEFORE_WHOLE_HUB
        try:
            with transaction.atomic():
                directory = open_directory(
                    keys,
                    targets=targets,
                    collections=collections,
                    references=references,
                    also_lock=also_lock,
                    whole_hub=whole_hub or last,
                )
                decided = plan(drafts, directory, criteria=criteria, now=now, new_id=new_id, received_at=received_at)
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
            return list(decided.outcomes)
    raise AssertionError  # the last attempt returns or raises
