"""The guard runs worker processes, starts again what ends, and passes on that they are to stop (way 2)."""

import os
import signal
import threading
import time

import pytest

from batches.worker import guard as guards
from batches.worker.guard import RECYCLED, UNFIT, Guard
from profiles.db.server import LocksDoNotExcludeError


@pytest.fixture(autouse=True)
def _no_database(monkeypatch):
    """Leave the tests' own connections open: these workers ask no database."""
    monkeypatch.setattr(guards.connections, "close_all", lambda: None)
    monkeypatch.setattr(guards.leases, "release", lambda name: None)


def test_workers_that_have_nothing_left_to_do_end_the_guard():
    def body(name, stop, done):
        done()
        done()
        return 0

    guard = Guard(body, processes=3)

    assert guard.run() == 0
    assert guard.done == 6


@pytest.mark.parametrize("first", [RECYCLED, 1])
def test_worker_that_ends_is_started_again(tmp_path, monkeypatch, first):
    monkeypatch.setattr(guards, "next_backoff", lambda *_, **__: 0.0)

    def body(name, stop, done):
        (tmp_path / name.replace(":", "-")).touch()
        return first if len(list(tmp_path.iterdir())) < 3 else 0

    assert Guard(body, processes=1).run() == 0
    assert len(list(tmp_path.iterdir())) == 3


def test_worker_that_raises_is_started_again(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(guards, "next_backoff", lambda *_, **__: 0.0)

    def body(name, stop, done):
        if not (tmp_path / "again").exists():
            (tmp_path / "again").touch()
            raise ValueError
        return 0

    assert Guard(body, processes=1).run() == 0


def test_server_whose_locks_do_not_exclude_ends_it():
    with pytest.raises(LocksDoNotExcludeError):
        Guard(lambda name, stop, done: UNFIT, processes=1).run()


def test_workers_that_are_told_to_stop_finish_what_they_have_in_hand():
    def body(name, stop, done):
        stop.wait()
        done()
        return 0

    guard = Guard(body, processes=2)
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGTERM)).start()

    assert guard.run() == 0
    assert guard.done == 2


def test_workers_that_hang_are_ended_when_told_twice():
    def body(name, stop, done):
        time.sleep(60)
        return 0

    guard = Guard(body, processes=1)
    guard.tend()
    guard.stop.ask()
    guard.tend()
    guard.stop.ask()

    assert guard.run() == 128 + signal.SIGTERM
    assert guard.done == 0
