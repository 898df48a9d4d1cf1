"""What the server refuses before the hub sees it is named, not kept, and told of in the log."""

import re
import time

import pytest
import structlog
from gunicorn.config import Config

from profiles.http.incoming import Incoming, RefusedRequestError
from profiles.http.serving import Connection, refusal

NAME = re.compile(r"[0-9a-f]{32}")
HEAD = b"POST /api/v3/profiles?filter[email]=ada@example.com HTTP/1.1\r\nHost: localhost\r\n"


def refused(data):
    cfg = Config()
    cfg.set("limit_request_line", 8190)
    cfg.set("http_parser", "python")
    incoming = Incoming(cfg=cfg, client=("127.0.0.1", 1), number=1, most=1_000)
    conn = Connection(None, None, None, incoming, began=time.monotonic() - 2)
    try:
        incoming.take(data)
        incoming.end()
    except RefusedRequestError as error:
        return bytes(refusal(conn, error.status, error.message))
    raise AssertionError


@pytest.mark.parametrize(
    ("data", "method", "status"),
    [
        (b"nonsense\r\n\r\n", "other", 400),
        (HEAD + b"Content-Length: 9\r\n\r\nbroken", "POST", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nx\r\n", "POST", 400),
        (HEAD + b"Content-Length: 1001\r\n\r\n", "POST", 413),
        (b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\n\r\n", "other", 414),
        (HEAD + b"Expect: a miracle\r\n\r\n", "other", 417),
        (HEAD + b"X: " + b"x" * 9_000 + b"\r\n\r\n", "other", 431),
        (HEAD + b"Transfer-Encoding: soup\r\n\r\n", "other", 501),
    ],
)
def test_refusal_is_named_and_told_of(settings, data, method, status):
    settings.ACCESS_LOG = True
    with structlog.testing.capture_logs() as lines:
        head, _, content = refused(data).decode().partition("\r\n\r\n")

    first, *rest = head.split("\r\n")
    headers = dict(line.split(": ", 1) for line in rest)
    (line,) = lines
    assert first.startswith(f"HTTP/1.1 {status} ")
    assert list(headers) == [
        *("Date", "Connection", "Content-Type", "Content-Length", "X-Request-Id", "Cache-Control"),
        "X-Content-Type-Options",
    ]
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert headers["Content-Length"] == str(len(content))
    assert NAME.fullmatch(headers["X-Request-Id"])
    assert 2_000 <= line.pop("ms") < 60_000
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": method,
        "route": "",
        "status": status,
        "user_id": None,
        "request_id": headers["X-Request-Id"],
    }


def test_refusal_keeps_a_sane_name():
    answer = refused(HEAD + b"X-Request-Id: mine-7\r\nContent-Length: 1001\r\n\r\n")

    assert b"\r\nX-Request-Id: mine-7\r\n" in answer


def test_refusal_is_not_told_of_where_requests_are_not(settings):
    settings.ACCESS_LOG = False
    with structlog.testing.capture_logs() as lines:
        refused(b"nonsense\r\n\r\n")

    assert lines == []
