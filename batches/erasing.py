"""What batches have kept of somebody who was erased: noted, until it is scrubbed (rules 13.4).

Purging frees the keys and empties the profile at once; its records lie in bodies that may be large and many, so that
a list of them is kept, which the scrubbing of bodies works off.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from batches.models import BatchRecord, Erasure
from profiles.erasing import erase_profile
from profiles.values import Cause


def purge_profile(profile_id: UUID, *, cause: Cause, now: dt.datetime, expected_version: int | None = None) -> Erasure:
    """Erase the profile, and note what is still to be scrubbed; raises `EraseError`.

    Runs inside the caller's transaction.
    """
    ids = erase_profile(profile_id, cause=cause, now=now, expected_version=expected_version)
    records = BatchRecord.objects.filter(profile__in=ids).order_by("id")
    places: list[Any] = [
        [str(batch_id), position] for batch_id, position in records.values_list("batch_id", "position")
    ]
    return Erasure.objects.create(
        profile_id=profile_id,
        profile_ids=[str(one) for one in ids],
        records=places,
        requested_by_id=cause.actor_id,
        requested_at=now,
        finished_at=None if places else now,
    )


def unfinished_erasure(profile_id: UUID) -> Erasure | None:
    """Return the erasure of the profile that is not finished; one query."""
    return Erasure.objects.filter(profile_id=profile_id, finished_at=None).first()
