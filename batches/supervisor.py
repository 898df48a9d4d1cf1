"""Web and workers of one machine, run as child processes and kept alive."""

import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from django.conf import settings

from batches.stopping import Stop, next_backoff

PORTS_TRIED: Final = 50
LAST_PORT: Final = 65_535
BACKLOG: Final = 2_048
SECONDS_TO_START: Final = 30
SECONDS_TO_STOP: Final = 60
LONGEST_BACKOFF_SECONDS: Final = 30.0


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
    """Runs gunicorn and the hub's workers until it is told to stop.

    The web server is given a socket that listens already: nobody can take the port meanwhile, and what comes while a
    web server that broke down is started again waits for it. `next_port` takes the next free one where the port is in
    use.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        workers: int = 1,
        web_workers: int = 2,
        access_log: bool | None = None,
        quiet: bool = False,
        next_port: bool = True,
        stop: Stop | None = None,
    ) -> None:
        self.stop_asked = stop or Stop()
        self.quiet = quiet
        self.socket = listen(host, port, next_port=next_port)
        self.host, self.port = self.socket.getsockname()[:2]
        self.environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
        if access_log is not None:
            # The hub's own line: the server knows paths, in which keys of persons stand, and no routes.
            self.environment["ACCESS_LOG"] = str(int(access_log))
        web = [
            *(sys.executable, "-m", "gunicorn", "--config", str(Path(settings.BASE_DIR) / "config" / "server.py")),
            *("--bind", f"fd://{self.socket.fileno()}", "--workers", str(web_workers)),
            *("--chdir", str(settings.BASE_DIR)),
        ]
        self.web = _Child("web server", web)
        self.children = [self.web, *_workers(workers)]

    @property
    def url(self) -> str:
        """Where the hub is reached from this machine."""
        return f"http://{self._address}"

    @property
    def _address(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 not bound, looked up
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    def __enter__(self) -> Self:
        try:
            for child in self.children:
                self._start(child)
            self._wait_until_up()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def watch(self) -> None:
        """Start again what ends, ever more slowly, until an end is asked for."""
        while not self.stop_asked.wait(0.2):
            now = time.monotonic()
            for child in self.children:
                if child.process is None:
                    if now >= child.restart_at:
                        self._start(child)
                elif child.process.poll() is not None:
                    lived = now - child.started_at
                    child.backoff = next_backoff(child.backoff, lived=lived, longest=LONGEST_BACKOFF_SECONDS)
                    self._say(f"The {child.name} {_ended(child.process)}; starting again in {child.backoff:g} s.")
                    child.process, child.restart_at = None, now + child.backoff

    def has_died(self) -> bool:
        """Whether any of the processes has ended by itself."""
        return any(child.process is None or child.process.poll() is not None for child in self.children)

    def stop(self) -> None:
        """Let everything finish what it has in hand, and end; asked again meanwhile, let it go at once."""
        self.socket.close()
        running = [child.process for child in self.children if child.process is not None]
        _terminate(running)
        asked, deadline = self.stop_asked.asked, time.monotonic() + SECONDS_TO_STOP
        while time.monotonic() < deadline and any(process.poll() is None for process in running):
            if self.stop_asked.asked > asked:
                asked, deadline = self.stop_asked.asked, min(deadline, time.monotonic() + 2)
                _terminate(running)
            time.sleep(0.05)
        for process in running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _start(self, child: _Child) -> None:
        # A session of its own: Ctrl-C is ours to pass on, so that a batch in hand is finished.
        child.process = subprocess.Popen(  # noqa: S603 our own programs
            child.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if self.quiet else None,
            start_new_session=True,
            pass_fds=[self.socket.fileno()] if child is self.web else [],
            env=self.environment,
        )
        child.started_at = time.monotonic()

    def _wait_until_up(self) -> None:
        """Wait for the web server's first answer; raises `StartError` if it ends instead."""
        began, said = time.monotonic(), False
        while not self.stop_asked.is_set():
            if self.web.process is None or self.web.process.poll() is not None:
                how = _ended(self.web.process)
                raise StartError(
                    f"The web server {how} instead of starting; its own words are above. Everything was stopped."
                )
            trouble = self._probe()
            if trouble is None:
                return
            if not said and time.monotonic() - began > SECONDS_TO_START:
                said = True
                self._say(f"The web server has not answered for {SECONDS_TO_START} s ({trouble}); waiting for it.")
            self.stop_asked.wait(0.1)

    def _probe(self) -> str | None:
        """Return what is wrong with the web server's answer, or nothing; asked under a name the hub answers to."""
        line = http.client.HTTPConnection(self._address, timeout=2)
        try:
            line.request("GET", "/api/health", headers={"Host": allowed_host(settings.ALLOWED_HOSTS)})
            status = line.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            line.close()
        return None if status == http.HTTPStatus.OK else f"it answers with {status}"

    @staticmethod
    def _say(sentence: str) -> None:
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()


def allowed_host(patterns: list[str]) -> str:
    """Return a name that Django's ALLOWED_HOSTS let through."""
    pattern = patterns[0] if patterns else "localhost"
    return "localhost" if pattern == "*" else pattern.removeprefix(".")


def listen(host: str, port: int, *, next_port: bool) -> socket.socket:
    """Return a socket that listens on the port, or on the next free one; raises `StartError`."""
    if not 1 <= port <= LAST_PORT:
        raise StartError(f"There is no port {port}; they go from 1 to {LAST_PORT}.")
    host = host.removeprefix("[").removesuffix("]")
    last = min(port + PORTS_TRIED, LAST_PORT + 1) if next_port else port + 1
    for candidate in range(port, last):
        try:
            return _listening(host, candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise StartError(f"Port {candidate} of {host} cannot be used: {error.strerror or error}.") from error
        except UnicodeError as error:
            raise StartError(f"{host} is not the name of a host.") from error
    raise StartError(
        f"No port from {port} to {last - 1} is free on {host}."
        if next_port
        else f"Port {port} of {host} is in use; stop what has it, or name another one with --port."
    )


def _listening(host: str, port: int) -> socket.socket:
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, kind)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def _workers(number: int) -> list[_Child]:
    """Return the process that works: one, which itself has others where more than one is wanted."""
    if number == 0:
        return []
    command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "work"]
    if number == 1:
        return [_Child("worker", command)]
    return [_Child("workers", [*command, "--processes", str(number)])]


def _terminate(processes: "list[subprocess.Popen[bytes]]") -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)


def _ended(process: "subprocess.Popen[bytes] | None") -> str:
    """Return how the process ended, in words."""
    code = None if process is None else process.returncode
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with {code}"
