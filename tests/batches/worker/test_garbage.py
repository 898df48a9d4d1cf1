"""Garbage is collected seldom while a worker works, and as ever before and after."""

import gc
import weakref

import pytest

from batches.worker.garbage import TURNS_BETWEEN_COLLECTIONS, collecting_seldom


class Cycle:
    """Garbage that only the collector finds."""

    def __init__(self):
        self.itself = self


def test_every_few_turns_only():
    with collecting_seldom() as count_turn:
        gone = weakref.ref(Cycle())

        for _ in range(TURNS_BETWEEN_COLLECTIONS - 1):
            count_turn()
        assert (gc.isenabled(), gone() is None) == (False, False)
        count_turn()

        assert gone() is None


def test_collector_works_on_afterwards_whatever_happened():
    with pytest.raises(KeyError), collecting_seldom():
        raise KeyError

    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
