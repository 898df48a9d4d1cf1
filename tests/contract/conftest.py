"""A live hub, on the database this run was given, and plain sockets to talk to it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from batches.supervisor import Supervisor

ROOT = Path(__file__).parents[2]
TORTURE = os.environ.get("HUB_TORTURE") == "1"


def manage(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


@dataclass(frozen=True)
class Hub:
    """Where it is, and a token that may do everything."""

    url: str
    token: str

    def connect(self, *, receive_buffer: int | None = None) -> socket.socket:
        """Open a connection that does not wait for ever."""
        address = urlsplit(self.url)
        sock = socket.socket()
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(60)
        sock.connect((address.hostname, address.port))
        return sock

    def say(self, data: bytes, *, end: bool = False) -> bytes:
        """Send bytes on a connection of their own and return all that comes back until it is closed."""
        with closing(self.connect()) as sock:
            try:
                sock.sendall(data)
                if end:
                    sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # refused before it was through; the answer says why
            return read_all(sock)

    def lives(self) -> bool:
        """Whether the hub says so."""
        answer = self.say(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b'{"status": "ok"}')


def read_all(sock: socket.socket) -> bytes:
    pieces = []
    try:
        while piece := sock.recv(65_536):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


@contextmanager
def running_hub(*, port: int, web_workers: int = 1, **environment: str) -> Iterator[Hub]:
    """Run a hub of its own."""
    manage("migrate", "--verbosity", "0")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with Supervisor(host="127.0.0.1", port=port, web_workers=web_workers, quiet=True) as supervisor:
            yield Hub(supervisor.url, manage("create_token", "wire"))


@pytest.fixture(scope="module")
def hub():
    """Run a hub as it comes."""
    with running_hub(port=8810) as live:
        yield live
