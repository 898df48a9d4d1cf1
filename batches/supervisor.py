"""Web and workers of one machine, run as child processes and kept alive."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from django.conf import settings

PORTS_TRIED: Final = 50
SECONDS_TO_START: Final = 30
SECONDS_TO_STOP: Final = 60
LONGEST_BACKOFF_SECONDS: Final = 30.0
# Paths without their query strings: those may hold emails and phones.
ACCESS_LOG_FORMAT: Final = "%(t)s %(m)s %(U)s %(s)s %(B)s bytes %(M)s ms"


class StartError(Exception):
    """The hub did not start."""


@dataclass(slots=True)
class _Child:
    name: str
    command: list[str]
    process: "subprocess.Popen[bytes] | None" = None
    backoff: float = 0.5
    restart_at: float = 0.0
    started_at: float = field(default=0.0)


class Supervisor:
    """Runs gunicorn and the hub's workers until it is told to stop."""

    def __init__(  # noqa: PLR0913 what runs, and where
        self,
        *,
        host: str,
        port: int,
        workers: int = 1,
        web_workers: int = 2,
        access_log: bool = False,
        quiet: bool = False,
    ) -> None:
        self.host = host
        self.port = free_port(host, port)
        self.quiet = quiet
        manage = str(Path(settings.BASE_DIR) / "manage.py")
        web = [
            *(sys.executable, "-m", "gunicorn", "--config", str(Path(settings.BASE_DIR) / "config" / "server.py")),
            *("--bind", f"{host}:{self.port}", "--workers", str(web_workers), "--chdir", str(settings.BASE_DIR)),
        ]
        if access_log:
            web += ["--access-logfile", "-", "--access-logformat", ACCESS_LOG_FORMAT]
        self.children = [
            _Child("web", web),
            *(_Child(f"worker {number + 1}", [sys.executable, manage, "work"]) for number in range(workers)),
        ]

    @property
    def url(self) -> str:
        """Where the hub is reached from this machine."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 not bound, compared
        return f"http://{host}:{self.port}"

    def __enter__(self) -> Self:
        for child in self.children:
            self._start(child)
        try:
            self._wait_until_up()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def watch(self, stop: threading.Event) -> None:
        """Start again what ends, ever more slowly, until `stop` is set."""
        while not stop.wait(0.2):
            now = time.monotonic()
            for child in self.children:
                if child.process is None:
                    if now >= child.restart_at:
                        self._start(child)
                elif child.process.poll() is not None:
                    lived = now - child.started_at
                    child.backoff = (
                        0.5 if lived > LONGEST_BACKOFF_SECONDS else min(child.backoff * 2, LONGEST_BACKOFF_SECONDS)
                    )
                    code = child.process.returncode
                    sys.stderr.write(f"The {child.name} ended with {code}; starting again in {child.backoff:g} s.\n")
                    child.process, child.restart_at = None, now + child.backoff

    def has_died(self) -> bool:
        """Whether any of the processes has ended by itself."""
        return any(child.process is None or child.process.poll() is not None for child in self.children)

    def stop(self) -> None:
        """Let everything finish what it has in hand, and end."""
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + SECONDS_TO_STOP
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, child: _Child) -> None:
        # A session of its own: Ctrl-C is ours to pass on, so that a batch in hand is finished.
        child.process = subprocess.Popen(  # noqa: S603 our own programs
            child.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if self.quiet else None,
            start_new_session=True,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        )
        child.started_at = time.monotonic()

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            if self.has_died():
                break
            try:
                with urllib.request.urlopen(f"{self.url}/api/health", timeout=2):  # noqa: S310 our own address
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        message = "The web server did not start; its own words are above."
        raise StartError(message)


def free_port(host: str, port: int) -> int:
    """Return the port, or the next one that nobody listens on; raises `StartError`."""
    for candidate in range(port, port + PORTS_TRIED):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return candidate
    message = f"No port from {port} to {port + PORTS_TRIED - 1} is free on {host}."
    raise StartError(message)
