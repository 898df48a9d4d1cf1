"""A hub of its own with real worker processes, to be killed, stopped and raced."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from batches.models import Batch
from batches.values import UNFINISHED

ROOT = Path(__file__).parents[2]
TORTURE = os.environ.get("HUB_TORTURE") == "1"


def times(short: int, full: int) -> int:
    """Return how often to try: the full number with HUB_TORTURE=1."""
    return full if TORTURE else short


class Worker:
    """Worker processes and their guard; `sabotaged`, some records do them harm."""

    def __init__(self, url: str, *arguments: str, log: Path, sabotaged: bool = False, **environment: str) -> None:
        program = ["-m", "tests.faults.sabotage"] if sabotaged else ["manage.py"]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *program, "work", *arguments],
                cwd=ROOT,
                stdout=output,
                stderr=output,
                env={**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "INFO", "LEASE_SECONDS": "2", **environment},
            )

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def children(self) -> list[int]:
        """The processes that work; the one started here only guards them."""
        try:
            told = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        except OSError:
            return []
        return [int(pid) for pid in told.split()]

    def finish(self, seconds: float = 120) -> int:
        return self.process.wait(seconds)


@dataclass(frozen=True)
class Web:
    """Where a hub's web answers, and a token that may do everything."""

    port: int
    token: str


@contextmanager
def answering(url: str, *, port: int) -> Iterator[Web]:
    """Run a hub's web without workers."""
    from batches.supervisor import Supervisor  # noqa: PLC0415 it reads the environment

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        patch.setenv("DEBUG", "1")
        made = subprocess.run(
            [sys.executable, "manage.py", "create_token", "clients"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        with Supervisor(host="127.0.0.1", port=port, workers=0, quiet=True) as hub:
            yield Web(hub.port, made.stdout.strip())


@contextmanager
def killed_at_exit(workers: Sequence[Worker]) -> Iterator[None]:
    """Leave no worker behind."""
    try:
        yield
    finally:
        for worker in workers:
            if worker.process.poll() is None:
                worker.send(signal.SIGCONT)
                worker.kill()


def wait_until(is_so: Callable[[], Any], *, seconds: float = 60) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def is_idle() -> bool:
    """Whether no batch is unfinished."""
    return not Batch.objects.filter(state__in=UNFINISHED).exists()
