"""How many records of a batch are tried at once: fewer where attempts keep failing, down to the one that does it.

At each size counting starts anew, at the size of one too: two accidents must not reject an innocent record.
"""

from typing import Final

from django.db import transaction

from batches import leases
from batches.models import Batch

FAILURES_BEFORE_HALVING: Final = 2


def piece_size(batch: Batch, left: int) -> int:
    """Return how many of the records left to take at once; where that is less than before, it is committed."""
    size = min(batch.chunk_size or left, left)
    patience = FAILURES_BEFORE_HALVING if batch.chunk_size is None else 1
    if batch.failures >= patience and (size > 1 or batch.chunk_size is None):
        size = (size + 1) // 2
        # Before the attempt: a crash in it must find the smaller size.
        with transaction.atomic(durable=True):
            leases.start_anew(batch, chunk_size=size)
    return size


def next_size(batch: Batch) -> int | None:
    """Return how many to try at once after a piece that went well."""
    return None if batch.chunk_size is None else batch.chunk_size * 2


def is_poisonous(batch: Batch, size: int) -> bool:
    """Whether the one record in hand has failed alone often enough."""
    return size == 1 and batch.failures >= FAILURES_BEFORE_HALVING
