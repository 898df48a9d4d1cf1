"""A request as it comes in, piece by piece: how much of it is there, and what is wrong with it.

Knows bytes only, no sockets. gunicorn reads the head, once all of it is there; the body is gathered here.
"""

import io
import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from tempfile import TemporaryFile
from typing import IO, Any, Final

from gunicorn.http import errors
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader

LONGEST_HEAD: Final = 65_536
# A line of the framing of chunks, and all of it: sizes, extensions and trailers.
_LONGEST_LINE: Final = 4_096
_MOST_FRAMING: Final = 16_000_000
_BARE_LINE_FEED: Final = re.compile(rb"(?<!\r)\n")
_CHUNK_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?")
_TRAILER: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*")
_TLS_RECORD: Final = b"\x16\x03"
_OTHER_VERSION: Final = re.compile(rb"[^\r\n]* HTTP/(?!1\.)[0-9.]+\r")
_OTHER_VERSION_TOLD: Final = "The hub speaks HTTP/1.1 only; let a proxy in front speak other versions."
_REFUSALS: Final = (
    (errors.LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long."),
    (errors.LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large."),
    (errors.ExpectationFailed, HTTPStatus.EXPECTATION_FAILED, "The only expectation met is 100-continue."),
    (errors.UnsupportedTransferCoding, HTTPStatus.NOT_IMPLEMENTED, "The only transfer coding known is chunked."),
    (errors.InvalidRequestMethod, HTTPStatus.BAD_REQUEST, "The method is none of HTTP's."),
    (errors.InvalidHTTPVersion, HTTPStatus.BAD_REQUEST, _OTHER_VERSION_TOLD),
    (errors.InvalidRequestLine, HTTPStatus.BAD_REQUEST, "The first line is not HTTP: method, address, HTTP/1.1."),
    (errors.InvalidHeaderName, HTTPStatus.BAD_REQUEST, "The name of a header holds a character that none may hold."),
    (errors.ObsoleteFolding, HTTPStatus.BAD_REQUEST, "A header goes on in a second line, as HTTP no longer allows."),
    (errors.InvalidHeader, HTTPStatus.BAD_REQUEST, "A header holds a character that none may hold."),
    (errors.ParseException, HTTPStatus.BAD_REQUEST, "The head of the request is not HTTP."),
)


class RefusedRequestError(Exception):
    """The request is refused before the hub sees it."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Incoming:
    """One request on its way in."""

    def __init__(self, *, cfg: Any, client: Any, number: int, most: int) -> None:
        self.cfg = cfg
        self.client = client
        self.number = number
        """The how manyth of its connection."""
        self.most = most
        """Bytes of body it may have."""
        self.request: Any = None
        """gunicorn's, once the head is there."""
        self.body: IO[bytes] = io.BytesIO()
        self.size = 0
        self.rest = bytearray()
        """What has come and is not taken apart yet; in the end, what belongs to the next request."""
        self._searched = 0
        self._left = 0
        self._chunks: Chunks | None = None

    @property
    def held(self) -> int:
        """How many bytes of memory its body takes."""
        return self.size if isinstance(self.body, io.BytesIO) and not self.body.closed else 0

    def take(self, data: bytes) -> bool:
        """Add what has come and return whether the request is whole; raises `RefusedRequestError`."""
        self.rest += data
        if self.request is None and not self._take_head():
            return False
        if self._chunks is not None:
            is_whole = self._chunks.take(self.rest, self._write)
        else:
            self._left -= _move(self.rest, self._left, self._write)
            is_whole = not self._left
        if is_whole:
            self._finish()
        return is_whole

    def end(self) -> None:
        """Refuse what has been begun, for its sender sends no more; raises `RefusedRequestError`."""
        if self.request is not None:
            raise RefusedRequestError(HTTPStatus.BAD_REQUEST, "The body ended too early.")
        if self.rest:
            raise RefusedRequestError(HTTPStatus.BAD_REQUEST, "The head of the request ended too early.")

    def spill(self) -> None:
        """Keep the body in a file from now on."""
        if isinstance(self.body, io.BytesIO):
            file = TemporaryFile()  # noqa: SIM115 closed by `close`
            file.write(self.body.getvalue())
            self.body = file

    def close(self) -> None:
        """Let go of the body."""
        self.body.close()

    def asks_to_go_on(self) -> bool:
        """Whether the sender waits for a "100 Continue" before it sends the body; true once."""
        if self.request is None or not self.request._expected_100_continue:  # noqa: SLF001 it has no public name
            return False
        self.request._expected_100_continue = False  # noqa: SLF001 likewise
        return not self.size

    def _take_head(self) -> bool:
        end = self.rest.find(b"\r\n\r\n", max(0, self._searched - 3))
        is_too_long = end < 0 and len(self.rest) > LONGEST_HEAD
        if end < 0 and not is_too_long and not _BARE_LINE_FEED.search(self.rest, self._searched):
            self._searched = len(self.rest)
            return False
        head = bytes(self.rest[: end + 4] if end >= 0 else self.rest)
        try:
            request = Request(self.cfg, IterUnreader([head]), self.client, self.number)
        except errors.ParseException as error:
            raise _refusal_of_head(error, head) from error
        except (errors.NoMoreData, StopIteration) as error:
            cause = errors.LimitRequestHeaders("") if is_too_long else errors.ParseException()
            raise _refusal_of_head(cause, head) from error
        del self.rest[: len(head)]
        self.request = request
        headers = dict(request.headers)
        if (coding := headers.get("TRANSFER-ENCODING")) is None:
            self._left = int(headers.get("CONTENT-LENGTH", 0))
            self._refuse_beyond(self._left)
        elif coding.lower() == "chunked":
            self._chunks = Chunks()
        else:
            raise _refusal(errors.UnsupportedTransferCoding)
        return True

    def _write(self, piece: bytes) -> None:
        self.size += len(piece)
        self._refuse_beyond(self.size)
        self.body.write(piece)

    def _refuse_beyond(self, size: int) -> None:
        if size > self.most:
            raise RefusedRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is larger than the hub accepts.")

    def _finish(self) -> None:
        """Show the body as what it is now: whole, and of a known length."""
        self.body.seek(0)
        self.request.body = self.body
        if self._chunks is not None:
            headers = [header for header in self.request.headers if header[0] != "TRANSFER-ENCODING"]
            self.request.headers = [*headers, ("CONTENT-LENGTH", str(self.size))]


def _refusal(kind: type[Exception]) -> RefusedRequestError:
    """Return what is answered to one of gunicorn's own complaints."""
    status, message = next((status, message) for known, status, message in _REFUSALS if issubclass(kind, known))
    return RefusedRequestError(status, message)


def _refusal_of_head(error: Any, head: bytes) -> RefusedRequestError:
    """Return what is answered to a head that gunicorn cannot read; no value of it is repeated."""
    if type(error) in {errors.LimitRequestLine, errors.LimitRequestHeaders}:
        return _refusal(type(error))
    told = ""
    if head.startswith(_TLS_RECORD):
        told = "That is TLS; the hub speaks plain HTTP, and a proxy in front ends TLS."
    elif _OTHER_VERSION.match(head):
        told = _OTHER_VERSION_TOLD
    elif _BARE_LINE_FEED.search(head):
        told = "A line of the head ends in LF alone; in HTTP it ends in CR LF."
    elif type(error) is errors.InvalidHeader:
        lines = [line.partition(b":") for line in head.split(b"\r\n")[1:] if line]
        fields = [(name.decode("latin-1").upper(), value.decode("latin-1")) for name, _, value in lines]
        if error.hdr == "TRANSFER-ENCODING" and _has_other_coding(fields):
            return _refusal(errors.UnsupportedTransferCoding)
        told = _why_header_is_wrong(str(error.hdr), fields, is_1_0=b" HTTP/1.0\r\n" in head)
    return RefusedRequestError(HTTPStatus.BAD_REQUEST, told) if told else _refusal(type(error))


def _has_other_coding(fields: Sequence[tuple[str, str]]) -> bool:
    codings = [coding.strip() for name, value in fields if name == "TRANSFER-ENCODING" for coding in value.split(",")]
    return any(coding.lower() != "chunked" for coding in codings)


def _why_header_is_wrong(header: str, fields: Sequence[tuple[str, str]], *, is_1_0: bool) -> str:
    names = [name for name, _ in fields]
    framing = {"CONTENT-LENGTH", "TRANSFER-ENCODING"}
    causes = (
        (names.count(header) > 1, f"The header {header.title()} stands twice."),
        (header == "TRANSFER-ENCODING" and is_1_0, "HTTP/1.0 knows no Transfer-Encoding."),
        (header == "TRANSFER-ENCODING", "The transfer coding chunked stands twice."),
        (header in framing and framing <= {*names}, "Content-Length and Transfer-Encoding stand beside each other."),
        (header == "CONTENT-LENGTH", "The Content-Length is no whole number."),
        (":" not in header and header not in names, "A line of the headers has no colon."),
    )
    return next((told for is_so, told in causes if is_so), "")


class Chunks:
    """Takes a body apart that is sent in chunks (RFC 9112, section 7.1); trailers are checked and left out."""

    def __init__(self) -> None:
        self._left = 0
        self._framing = 0
        self._is_after_data = False
        self._is_in_trailers = False

    def take(self, rest: bytearray, write: Callable[[bytes], None]) -> bool:
        """Take what can be taken off the front of `rest` and return whether that was the last of it.

        Raises `RefusedRequestError`.
        """
        while True:
            if self._left:
                self._left -= _move(rest, self._left, write)
                if self._left:
                    return False
                self._is_after_data = True
            if (line := self._line(rest)) is None:
                return False
            if self._is_after_data:
                self._is_after_data = False
            elif not self._is_in_trailers:
                self._left = _size_of_chunk(line)
                self._is_in_trailers = not self._left
            elif not line:
                return True
            elif not _TRAILER.fullmatch(line):
                raise _broken_chunks()

    def _line(self, rest: bytearray) -> bytes | None:
        """Return the next line of the framing, `None` while it is not whole; after data it must be empty."""
        most = 0 if self._is_after_data else _LONGEST_LINE
        end = rest.find(b"\r\n", 0, most + 2)
        if end < 0:
            if len(rest) > most + 1 or (not most and bytes(rest) not in {b"", b"\r"}) or _BARE_LINE_FEED.search(rest):
                raise _broken_chunks()
            return None
        line = bytes(rest[:end])
        del rest[: end + 2]
        self._framing += end + 2
        if self._framing > _MOST_FRAMING:
            raise _broken_chunks()
        return line


def _move(rest: bytearray, most: int, write: Callable[[bytes], None]) -> int:
    """Write what there is, but no more than `most`, take it off and return how much it was."""
    piece = bytes(rest[:most])
    del rest[:most]
    write(piece)
    return len(piece)


def _size_of_chunk(line: bytes) -> int:
    size = _CHUNK_LINE.fullmatch(line)
    if size is None:
        raise _broken_chunks()
    return int(size[1], 16)


def _broken_chunks() -> RefusedRequestError:
    return RefusedRequestError(HTTPStatus.BAD_REQUEST, "The chunks of the body are broken.")
