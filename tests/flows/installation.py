"""A copy of the hub as somebody who has just cloned it has it, and the shell they start it from."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 120


def clone(folder: Path) -> Path:
    """Copy the hub into the folder, with this run's own environment as its .venv."""
    copied = folder / "profile-hub"
    shutil.copytree(
        ROOT,
        copied,
        ignore=shutil.ignore_patterns(".*", "tests", "staticfiles", "__pycache__", "*.sqlite3*", "node_modules"),
    )
    (copied / ".venv").symlink_to(sys.prefix)
    return copied


def bare_shell(**variables: str) -> dict[str, str]:
    """Return the environment of a shell in which nothing was set, and these."""
    return {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **variables}


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Terminal:
    """A program on a terminal of 80 columns, and what it has printed."""

    def __init__(self, command: list[str], *, folder: Path, environment: dict[str, str]) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509 whoever runs the tests may ignore it
        )
        os.close(slave)
        self.printed = ""

    @property
    def text(self) -> str:
        """What it has printed, without colours and the drawing of bars."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.printed).replace("\r\n", "\n")

    def wait_for(self, words: str) -> str:
        """Wait until the words are there and return all that is printed until then."""
        deadline = time.monotonic() + SECONDS
        while words not in self.text:
            assert time.monotonic() < deadline, self.text
            assert self._read() or words in self.text, self.text
        return self.text

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> int:
        """Press Ctrl-C, or send another signal, wait for the end and return the exit code."""
        self.process.send_signal(number)
        return self.finish()

    def finish(self) -> int:
        """Wait for the end and return the exit code."""
        while self._read():
            pass
        return self.process.wait(SECONDS)

    def _read(self) -> bool:
        if not select.select([self.master], [], [], SECONDS)[0]:
            return False
        try:
            part = os.read(self.master, 65_536)
        except OSError:  # its end, on Linux
            return False
        self.printed += part.decode(errors="replace")
        return part != b""


@contextmanager
def on_terminal(command: list[str], *, folder: Path, environment: dict[str, str]) -> Iterator[Terminal]:
    """Run a program on a terminal, and leave nothing of it behind."""
    terminal = Terminal(command, folder=folder, environment=environment)
    try:
        yield terminal
    finally:
        if terminal.process.poll() is None:
            terminal.process.terminate()
            try:
                terminal.process.wait(90)
            except subprocess.TimeoutExpired:
                terminal.process.kill()
                terminal.process.wait()
        os.close(terminal.master)
