"""Collecting garbage seldom: a batch makes many values and next to no cycles, and is soon over.

Python's collector walks through all drafts in hand again and again, and finds nothing.
"""

import contextlib
import gc
import itertools
from collections.abc import Callable, Iterator
from typing import Final

TURNS_BETWEEN_COLLECTIONS: Final = 10


@contextlib.contextmanager
def collecting_seldom() -> Iterator[Callable[[], None]]:
    """Have garbage collected every few turns of the block's loop only; it counts them by calling what this gives."""
    gc.collect()
    gc.freeze()
    gc.disable()
    counted = itertools.count(1)

    def count_turn() -> None:
        if next(counted) % TURNS_BETWEEN_COLLECTIONS == 0:
            gc.collect()

    try:
        yield count_turn
    finally:
        gc.enable()
        gc.unfreeze()
