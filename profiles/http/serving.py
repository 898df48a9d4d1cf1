"""gunicorn's worker for the hub: only whole requests get a thread, and only until their answer is made.

gunicorn's own threads read from the sender and write to the reader, at whatever pace those like: a few that dribble
hold them all. Here the main loop does both, for all connections at once and with deadlines, so that a thread waits
for nobody but the database. TLS and HTTP/2 are for a proxy in front.
"""

import math
import os
import selectors
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import orjson
from django.conf import settings
from gunicorn.errors import ConfigError
from gunicorn.http import wsgi
from gunicorn.util import http_date
from gunicorn.workers.gthread import ThreadWorker

from profiles.http import requests
from profiles.http.incoming import Incoming, RefusedRequestError

# A thread of its own: it is to be heard that the process lives while all others have work.
LIFE_SIGN_PATHS: Final = frozenset({"/api/health"})
_READ_BYTES: Final = 262_144
# Bodies beyond it, all connections together, are kept in files.
_MOST_HELD_BYTES: Final = 64_000_000
_SMALL_BODY_BYTES: Final = 65_536
# For how long, and how much of what is still sent is taken in, so that a refused sender gets to read why.
_FAREWELL_SECONDS: Final = 5.0
_MOST_DISCARDED_BYTES: Final = 100_000_000
# How long a stopping process waits for the requests of connections it has let stay, and of those that come in.
_LINGER_SECONDS: Final = 1.0
_LAST_SECONDS: Final = 5.0
_SECONDS_BETWEEN_LOOKS: Final = 0.5


class Stage(Enum):
    """Where a connection stands."""

    IDLE = auto()
    """Nothing of a request has come."""
    ARRIVING = auto()
    AT_WORK = auto()
    """A thread has it, or it waits for one."""
    ANSWERING = auto()
    FAREWELL = auto()
    """Nothing more will be sent; the other side is to close."""


class Answer:
    """Stands where gunicorn writes an answer to: takes all of it at once, however slow the reader is."""

    def __init__(self) -> None:
        self.content = bytearray()

    def sendall(self, data: bytes) -> None:
        """Add to the answer."""
        self.content += data


@dataclass(slots=True, eq=False)
class Connection:
    """One sender's socket, and the request in hand."""

    sock: socket.socket
    client: Any
    server: Any
    incoming: Incoming
    stage: Stage = Stage.IDLE
    deadline: float = 0.0
    """When it is given up, in the stage it is in."""
    began: float = 0.0
    """When the request in hand began to come in."""
    answer: bytes | bytearray | memoryview = b""
    stays: bool = False
    """Whether another request may follow."""
    discarded: int = 0

    def push(self) -> bool:
        """Send as much of the answer as the other side takes now, and return whether that was all."""
        while self.answer:
            try:
                sent = self.sock.send(self.answer)
            except BlockingIOError:
                return False
            self.answer = memoryview(self.answer)[sent:]
        return True


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn comes without types
    """A process that answers requests."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting: dict[Connection, None] = {}
        """Those in the poller, the oldest first."""
        self.at_work: set[Connection] = set()
        self.looked_at = 0.0
        self.life_signs = ThreadPoolExecutor(1)

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Refuse what only gunicorn's own worker knows."""
        super().check_config(cfg, log)
        if cfg.is_ssl or cfg.proxy_protocol != "off":
            raise ConfigError("The hub's worker speaks plain HTTP/1.1; let a proxy in front end TLS.")

    def run(self) -> None:
        """Serve until told to stop."""
        super().run()
        self.life_signs.shutdown(wait=False)

    # --- Coming in -----------------------------------------------------------------------------------------------

    def accept(self, listener: socket.socket) -> None:
        """Take in a new connection."""
        try:
            sock, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:  # no more files may be open
            self._make_room()
            return
        self.nr_conns += 1
        sock.settimeout(0)
        conn = Connection(sock, client, listener.getsockname(), self._expected(client, number=1))
        # The first request is expected at once, those after it only if they come.
        self._watch(conn, Stage.IDLE, settings.HEAD_SECONDS)

    def _expected(self, client: Any, *, number: int) -> Incoming:
        return Incoming(cfg=self.cfg, client=client, number=number, most=settings.MAX_BODY_BYTES)

    def _watch(self, conn: Connection, stage: Stage, seconds: float) -> None:
        conn.stage = stage
        conn.deadline = time.monotonic() + seconds
        if conn not in self.waiting:
            self.waiting[conn] = None
            event = selectors.EVENT_WRITE if stage is Stage.ANSWERING else selectors.EVENT_READ
            self.poller.register(conn.sock, event, partial(self._on_event, conn))

    def _unwatch(self, conn: Connection) -> None:
        if conn in self.waiting:
            del self.waiting[conn]
            self.poller.unregister(conn.sock)

    def _on_event(self, conn: Connection, _sock: socket.socket) -> None:
        if conn in self.waiting:  # else it was given up by an event of the same moment
            self._go_on(conn, self._send if conn.stage is Stage.ANSWERING else self._read)

    def _go_on(self, conn: Connection, step: Callable[[Connection], None]) -> None:
        """Take a step with a connection; whatever goes wrong concerns this one only."""
        try:
            step(conn)
        except OSError:  # the other side has gone
            self._drop(conn)
        except Exception:
            self.log.exception("Error on a connection")
            self._drop(conn)

    def _read(self, conn: Connection) -> None:
        try:
            data = conn.sock.recv(_READ_BYTES)
        except BlockingIOError:
            return
        if conn.stage is Stage.FAREWELL:
            conn.discarded += len(data)
            if not data or conn.discarded > _MOST_DISCARDED_BYTES:
                self._drop(conn)
            return
        self._arrive(conn, data)

    def _arrive(self, conn: Connection, data: bytes) -> None:
        """Add what has come to the request in hand, and have it answered if that makes it whole."""
        now = time.monotonic()
        if data and conn.stage is not Stage.ARRIVING:
            conn.began = now
            self._watch(conn, Stage.ARRIVING, settings.HEAD_SECONDS)
        try:
            is_whole = conn.incoming.take(data)
            if not (data or is_whole):
                conn.incoming.end()
                self._drop(conn)
                return
        except RefusedRequestError as error:
            self._refuse(conn, error.status, error.message)
            return
        if is_whole:
            self._unwatch(conn)
            self.enqueue_req(conn)
            return
        if conn.incoming.held > _SMALL_BODY_BYTES and self._held() > _MOST_HELD_BYTES:
            conn.incoming.spill()
        if conn.incoming.request is not None:
            conn.deadline = min(conn.began + settings.REQUEST_SECONDS, now + settings.SILENCE_SECONDS)
            if conn.incoming.asks_to_go_on():
                conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _held(self) -> int:
        return sum(conn.incoming.held for conn in (*self.waiting, *self.at_work))

    # --- Answering -----------------------------------------------------------------------------------------------

    def enqueue_req(self, conn: Connection) -> None:
        """Give a whole request to a thread."""
        conn.stage = Stage.AT_WORK
        conn.deadline = math.inf  # until a thread takes it up
        self.at_work.add(conn)
        pool = self.life_signs if conn.incoming.request.path in LIFE_SIGN_PATHS else self.tpool
        future = pool.submit(self.handle, conn)
        future.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def handle(self, conn: Connection) -> None:
        """Have the hub answer a request, and send what can be sent at once. Runs in a thread."""
        conn.deadline = time.monotonic() + settings.WORK_SECONDS
        began = datetime.now()  # noqa: DTZ005 gunicorn's logger measures by it
        request, answer = conn.incoming.request, Answer()
        try:
            request._expected_100_continue = False  # noqa: SLF001 the body is here already
            response, environ = wsgi.create(request, answer, conn.client, conn.server, self.cfg)
            environ["wsgi.multithread"] = True
            if not self.alive:
                response.force_close()
            content: Iterable[bytes] = self.wsgi(environ, response.start_response)
            try:
                for piece in content:
                    response.write(piece)
                response.close()
            finally:
                if hasattr(content, "close"):
                    content.close()
            self.log.access(response, request, environ, datetime.now() - began)  # noqa: DTZ005 likewise
            conn.answer, conn.stays = answer.content, not response.should_close()
        except Exception:
            self.log.exception("Error answering a request")
            conn.answer, conn.stays = refusal(conn, HTTPStatus.INTERNAL_SERVER_ERROR, "Server error."), False
        conn.push()

    def finish_request(self, conn: Connection, done: "Future[None]") -> None:
        """Go on with a connection whose answer is made."""
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False
        self.at_work.discard(conn)
        conn.incoming.close()
        self._go_on(conn, self._drop if done.exception() else self._send)

    def _send(self, conn: Connection) -> None:
        """Send the answer, or what of it the reader takes now."""
        if not conn.push():
            if conn.stage is not Stage.ANSWERING:
                self._watch(conn, Stage.ANSWERING, settings.ANSWER_SECONDS)
            return
        self._unwatch(conn)
        if conn.stays:
            rest, number = bytes(conn.incoming.rest), conn.incoming.number + 1
            conn.incoming = self._expected(conn.client, number=number)
            self._watch(conn, Stage.IDLE, self.cfg.keepalive if self.alive else _LINGER_SECONDS)
            if rest:
                self._arrive(conn, rest)
        else:
            conn.sock.shutdown(socket.SHUT_WR)
            self._watch(conn, Stage.FAREWELL, _FAREWELL_SECONDS)

    def _refuse(self, conn: Connection, status: HTTPStatus, message: str) -> None:
        """Answer in the hub's stead; whatever else the sender has to say is not heard."""
        self._unwatch(conn)
        conn.incoming.close()
        conn.answer, conn.stays = refusal(conn, status, message), False
        self._go_on(conn, self._send)

    # --- Giving up -----------------------------------------------------------------------------------------------

    def _drop(self, conn: Connection) -> None:
        self._unwatch(conn)
        conn.incoming.close()
        conn.sock.close()
        self.nr_conns -= 1

    def murder_pending(self) -> None:
        """Cut off whoever is too slow, and see that there is room; gunicorn calls it in every turn of its loop."""
        now = time.monotonic()
        if self.nr_conns >= self.worker_connections:
            self._make_room()
        if now - self.looked_at < _SECONDS_BETWEEN_LOOKS:
            return
        self.looked_at = now
        for conn in [conn for conn in self.waiting if conn.deadline <= now]:
            if conn.stage is Stage.ARRIVING:
                self._refuse(conn, HTTPStatus.REQUEST_TIMEOUT, "The request did not come in within the time allowed.")
            else:
                self._drop(conn)
        if any(conn.deadline <= now for conn in self.at_work):
            self._leave_to_another_process(now)

    def _leave_to_another_process(self, now: float) -> None:
        """End, once those at work within their time are through: a thread that hangs can only end with its process."""
        if self.alive:
            self.log.error("A request is at work for more than %g s; starting anew", settings.WORK_SECONDS)
            self.alive = False
        if not any(now < conn.deadline < math.inf for conn in self.at_work):
            os._exit(1)  # leaving in any other way would wait for the threads

    def _make_room(self) -> None:
        """Give up the connections that have waited longest, a tenth of all."""
        for conn in [*self.waiting][: 1 + self.worker_connections // 10]:
            self._drop(conn)

    def murder_keepalived(self, force: bool = False) -> None:  # noqa: FBT001, FBT002 gunicorn's own
        """Give up every connection, if that is what gunicorn wants; the deadlines are looked after elsewhere."""
        if force:
            for conn in [*self.waiting]:
                self._drop(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """Wait no longer than that for new requests, and not much longer for those that come in."""
        for conn in self.waiting:
            most = deadline if conn.stage is Stage.IDLE else time.monotonic() + _LAST_SECONDS
            conn.deadline = min(conn.deadline, most)


def refusal(conn: Connection, status: HTTPStatus, message: str) -> bytearray:
    """Return a whole answer in the contract's shape (rules 8.14), as traceable as the hub's own, and tell of it.

    The request has no route: it came to none.
    """
    request = conn.incoming.request
    headers = {} if request is None else dict(request.headers)
    name = requests.name_of(headers.get(requests.HEADER.upper(), ""))
    requests.tell(
        method=None if request is None else request.method,
        route="",
        status=status.value,
        user_id=None,
        seconds=time.monotonic() - conn.began,
        request_id=name,
    )
    content = orjson.dumps({"message": message})
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nDate: {http_date()}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n{requests.HEADER}: {name}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    return bytearray(head.encode() + content)
