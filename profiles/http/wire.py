"""Bytes in, bytes out: bounded reading and JSON both ways."""

import datetime as dt
from collections.abc import Mapping
from typing import IO, Any, Final
from uuid import UUID

import orjson
from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.request import UnreadablePostError
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from profiles.db.ids import read_id

JSON: Final = "application/json"


class PayloadTooLargeError(APIException):
    """The body is larger than the hub accepts."""

    status_code = 413
    default_detail = "The body is larger than the hub accepts."


def read_body(request: HttpRequest) -> bytes:
    """Return the request's body, reading no more than `MAX_BODY_BYTES` and one byte of it.

    Raises `PayloadTooLargeError`, `UnsupportedMediaType` where it is not plain JSON, and `ParseError` where the sender
    broke off.
    """
    if request.content_type != JSON:
        raise UnsupportedMediaType(request.content_type or "")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType(request.headers["Content-Encoding"])
    limit: int = settings.MAX_BODY_BYTES
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
            raise PayloadTooLargeError
        body: bytes = request.read(limit + 1)
    except (UnreadablePostError, ValueError, OSError) as error:
        raise ParseError("The body ended too early.") from error
    if len(body) > limit:
        raise PayloadTooLargeError
    return body


class BoundedJSONParser(BaseParser):
    """Reads JSON bodies of a bounded size."""

    media_type = JSON

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the body's value."""
        request: Request = (parser_context or {})["request"]
        try:
            return orjson.loads(read_body(request._request))
        except orjson.JSONDecodeError as error:
            raise ParseError("The body is not valid JSON.") from error


class JSONRenderer(BaseRenderer):
    """Writes JSON."""

    media_type = JSON
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the value as JSON; nothing for no value, as a 204 has."""
        return b"" if data is None else orjson.dumps(data)


class AlwaysJSON(BaseContentNegotiation):
    """The hub speaks JSON whatever a client says it accepts: there is nothing else to choose."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return the parser for the body's media type, `None` where there is none."""
        content_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == content_type), None)

    def select_renderer(
        self,
        request: Request,
        renderers: Any,
        format_suffix: str | None = None,
    ) -> tuple[Any, str]:
        """Return the first renderer."""
        return renderers[0], renderers[0].media_type


def wire_time(moment: dt.datetime | None) -> str | None:
    """Return a time as the contract writes it: `2020-05-05 15:20:32`, UTC."""
    return None if moment is None else moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ", "seconds")


def parse_id(text: str) -> UUID:
    """Return the id a path names; what is none names nothing: `Http404`."""
    found = read_id(text)
    if found is None:
        raise Http404
    return found
