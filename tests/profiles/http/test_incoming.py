"""Requests put together from pieces: the same whatever the pieces are."""

import pytest
from gunicorn.config import Config
from hypothesis import given
from hypothesis import strategies as st

from profiles.http.incoming import LONGEST_HEAD, Incoming, RefusedRequestError

HEAD = b"POST /api/v3/profiles/batch?label=x HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def incoming(*, most: int = 1_000) -> Incoming:
    cfg = Config()
    cfg.set("forwarded_allow_ips", "")
    cfg.set("limit_request_line", 8190)
    cfg.set("http_parser", "python")
    return Incoming(cfg=cfg, client=("127.0.0.1", 1), number=1, most=most)


def in_pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
@pytest.mark.parametrize(
    ("data", "body", "rest"),
    [
        (HEAD + b"\r\n", b"", b""),
        (b"\r\n" + HEAD + b"\r\n", b"", b""),
        (HEAD + b"Content-Length: 3\r\n\r\nabc", b"abc", b""),
        (HEAD + b"Content-Length: 3\r\n\r\nabcGET /", b"abc", b"GET /"),
        (CHUNKED + b"0\r\n\r\n", b"", b""),
        (CHUNKED + b"3\r\nabc\r\n0\r\n\r\n", b"abc", b""),
        (CHUNKED + b"3\r\nabc\r\n00a\r\n0123456789\r\n0\r\n\r\nGET", b"abc0123456789", b"GET"),
        (CHUNKED + b'3 ; a="b;c"\r\n\r\n\r\r\n0\r\nX-Sum: 1\r\n\r\n', b"\r\n\r", b""),
    ],
)
def test_request_is_whole_once_all_of_it_has_come(data, body, rest, size):
    request = incoming()
    pieces = iter(in_pieces(data, size))

    while not request.take(next(pieces)):
        pass

    left = bytes(request.rest) + b"".join(pieces)
    assert (request.body.read(), request.size, left) == (body, len(body), rest)
    assert request.request.path == "/api/v3/profiles/batch"


def test_chunked_body_is_shown_with_its_length():
    request = incoming()

    assert request.take(CHUNKED + b"3\r\nabc\r\n0\r\n\r\n")

    assert request.request.headers == [("HOST", "localhost"), ("CONTENT-LENGTH", "3")]


@pytest.mark.parametrize("size", [1, 5, 100_000])
@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (HEAD.replace(b"\r\n", b"\n") + b"\n", 400),
        (b"GET / HTTP/3.0\r\n\r\n", 400),
        (b"get / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\x00 HTTP/1.1\r\n\r\n", 400),
        (b"GET http://[ HTTP/1.1\r\n\r\n", 400),
        (HEAD + b"no colon\r\n\r\n", 400),
        (HEAD + b" folded: x\r\n\r\n", 400),
        (HEAD + b"Host: twice\r\n\r\n", 400),
        (HEAD + b"X: \x00\r\n\r\n", 400),
        (HEAD + b"Content-Length: -1\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1_0\r\n\r\n", 400),
        (HEAD + b"Content-Length: \xb2\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (CHUNKED + b"\r\n", 400),
        (CHUNKED + b"x\r\n", 400),
        (CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n", 400),
        (CHUNKED + b"-3\r\nabc\r\n0\r\n\r\n", 400),
        (CHUNKED + b"+3\r\nabc\r\n0\r\n\r\n", 400),
        (CHUNKED + b"3\nabc\n0\n\n", 400),
        (CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n", 400),
        (CHUNKED + b"3\r\nab\r\n0\r\n\r\n", 400),
        (CHUNKED + b"3\r\nabc0\r\n\r\n", 400),
        (CHUNKED + b"0\r\nno colon\r\n\r\n", 400),
        (CHUNKED + b"fffffffffffffffff\r\n", 400),
        (CHUNKED + b"3;" + b"x" * 5_000, 400),
        (CHUNKED + b"0\r\nX: " + b"x" * 5_000, 400),
        (HEAD + b"Content-Length: 1001\r\n\r\n", 413),
        (HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n", 413),
        (CHUNKED + b"3e8\r\n" + b"x" * 1_000 + b"\r\n1\r\nx", 413),
        (CHUNKED + b"fffffffffffffff\r\n" + b"x" * 1_001, 413),
        (b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\n\r\n", 414),
        (HEAD + b"Expect: a miracle\r\n\r\n", 417),
        (HEAD + b"X: " + b"x" * 9_000 + b"\r\n\r\n", 431),
        (HEAD + b"X: x\r\n" * 101 + b"\r\n", 431),
        (HEAD + b"X: " + b"x" * (LONGEST_HEAD + 1), 431),
        (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (HEAD + b"Transfer-Encoding: soup\r\n\r\n", 501),
        (HEAD + b"Transfer-Encoding: gzip\r\n\r\n", 501),
        (HEAD + b"Transfer-Encoding: chunked, gzip\r\n\r\n", 501),
        (HEAD + b"Transfer-Encoding: xchunked\r\n\r\n", 501),
        (HEAD + b"Transfer-Encoding: identity\r\n\r\n", 501),
    ],
)
def test_what_is_no_request_is_refused(data, status, size):
    request = incoming()

    with pytest.raises(RefusedRequestError) as refusal:
        [request.take(piece) for piece in in_pieces(data, size)]

    assert refusal.value.status == status


VERSION = "The hub speaks HTTP/1.1 only; let a proxy in front speak other versions."
LINE_FEED = "A line of the head ends in LF alone; in HTTP it ends in CR LF."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"nonsense\r\n\r\n", "The first line is not HTTP: method, address, HTTP/1.1."),
        (
            b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
            "That is TLS; the hub speaks plain HTTP, and a proxy in front ends TLS.",
        ),
        (b"PRI * HTTP/2.0\r\n\r\n", VERSION),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", VERSION),
        (b"GET / HTTP/3\r\nHost: a\r\n\r\n", VERSION),
        (b"g\xe4t / HTTP/1.1\r\n\r\n", "The method is none of HTTP's."),
        (HEAD.replace(b"\r\n", b"\n") + b"\n", LINE_FEED),
        (HEAD + b"A: b\n\r\n", LINE_FEED),
        (HEAD + b"no colon\r\n\r\n", "A line of the headers has no colon."),
        (HEAD + b"a b: c\r\n\r\n", "The name of a header holds a character that none may hold."),
        (HEAD + b"A: \x00\r\n\r\n", "A header holds a character that none may hold."),
        (HEAD + b" folded: x\r\n\r\n", "A header goes on in a second line, as HTTP no longer allows."),
        (HEAD + b"Host: b\r\n\r\n", "The header Host stands twice."),
        (HEAD + b"Content-Length: 1\r\ncontent-length: 1\r\n\r\n", "The header Content-Length stands twice."),
        (HEAD + b"Content-Length: x\r\n\r\n", "The Content-Length is no whole number."),
        (
            HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "Content-Length and Transfer-Encoding stand beside each other.",
        ),
        (HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n", "The transfer coding chunked stands twice."),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.0 knows no Transfer-Encoding."),
        (HEAD + b"Transfer-Encoding: gzip\r\n\r\n", "The only transfer coding known is chunked."),
    ],
)
def test_cause_of_a_refusal_is_named(data, sentence):
    with pytest.raises(RefusedRequestError) as refusal:
        incoming().take(data)

    assert refusal.value.message == sentence


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"GET", "The head of the request ended too early."),
        (HEAD + b"Content-Length: 3\r\n\r\nab", "The body ended too early."),
        (CHUNKED, "The body ended too early."),
        (CHUNKED + b"3\r\nabc\r\n0\r\n", "The body ended too early."),
    ],
)
def test_sender_that_breaks_off_is_refused(data, message):
    request = incoming()
    assert not request.take(data)

    with pytest.raises(RefusedRequestError) as refusal:
        request.end()

    assert (refusal.value.status, refusal.value.message) == (400, message)


def test_sender_that_says_nothing_is_not_refused():
    incoming().end()


def test_sender_that_asks_is_told_once_to_go_on():
    request = incoming()

    assert not request.take(HEAD + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n")

    assert [request.asks_to_go_on(), request.asks_to_go_on()] == [True, False]


@given(st.lists(st.binary(max_size=40)), st.integers(1, 50))
def test_chunks_give_the_body_back(chunks, size):
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks if chunk) + b"0\r\n\r\n"
    request = incoming(most=100_000)

    whole = [request.take(piece) for piece in in_pieces(CHUNKED + framed, size)]

    assert (whole[-1], request.body.read()) == (True, b"".join(chunks))


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes_are_taken_or_refused(data, size):
    request = incoming(most=100)

    try:
        for piece in in_pieces(CHUNKED + data, size):
            if request.take(piece):
                break
        else:
            request.end()
    except RefusedRequestError as error:
        assert error.status in {400, 413}  # noqa: PT017 it need not be refused


def test_body_may_move_into_a_file_on_its_way():
    request = incoming()
    request.take(HEAD + b"Content-Length: 6\r\n\r\nabc")

    request.spill()
    is_whole = request.take(b"def")

    assert (is_whole, request.held, request.body.read()) == (True, 0, b"abcdef")
    request.close()
