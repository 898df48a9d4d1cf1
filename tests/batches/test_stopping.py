"""Being told to stop, and waiting ever longer."""

import threading

import pytest

from batches.stopping import Stop, next_backoff


def test_signal_may_come_while_its_own_thread_waits():
    """Its handler runs in the thread that holds the lock."""
    stop = Stop()

    def handle_signal_within_wait():
        with stop._cond:  # noqa: SLF001 where `wait` is
            stop.ask()

    waiting = threading.Thread(target=handle_signal_within_wait, daemon=True)
    waiting.start()
    waiting.join(5)

    assert not waiting.is_alive()
    assert (stop.is_set(), stop.asked) == (True, 1)


@pytest.mark.parametrize(
    ("before", "lived", "seconds"), [(0, 0, 0.5), (0.5, 0, 1), (1, 0, 2), (4, 0, 5), (5, 5, 5), (5, 5.1, 0.5)]
)
def test_what_ends_at_once_is_started_ever_more_slowly(before, lived, seconds):
    assert next_backoff(before, lived=lived, longest=5) == seconds
