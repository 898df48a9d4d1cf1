"""Every request under a name of its own, and told of in one line of the log.

The name is in the answer (`X-Request-Id`), on error pages, in the lines that are logged on the way, in the batch or in
the ledger: whoever has one of them finds the others. The line tells the route, never the path: keys and ids of persons
stand in paths, their emails and phones in query strings.
"""

import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from secrets import token_hex
from typing import Final

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import LazyObject, empty

HEADER: Final = "X-Request-Id"
MAX_LENGTH: Final = 64
# Ids as proxies and clients make them; anything else could be a person's data, or a line of its own in the log.
_SANE: Final = re.compile(rf"[A-Za-z0-9._=:-]{{1,{MAX_LENGTH}}}", re.ASCII)
_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
# Asked every few seconds by machines; told of only where something is wrong.
_PROBES: Final = frozenset({"api/health", "readyz"})

_request_id: ContextVar[str] = ContextVar("request_id", default="")
log = structlog.get_logger("hub.requests")


def request_id() -> str:
    """Return the name of the request that is being answered, empty where none is."""
    return _request_id.get()


def route(request: HttpRequest) -> str:
    """Return the pattern of the request's path, never the path; empty where no pattern has it."""
    return request.resolver_match.route if request.resolver_match is not None else ""


def follow_requests(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Return the middleware; the outermost one, so that whatever is answered bears its name."""

    def follow(request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        name = name_of(request.headers.get(HEADER, ""))
        token = _request_id.set(name)
        try:
            with structlog.contextvars.bound_contextvars(request_id=name):
                response = get_response(request)
                response[HEADER] = name
                if _is_telling(request, response):
                    tell(
                        method=request.method,
                        route=route(request),
                        status=response.status_code,
                        user_id=_user_id(request),
                        seconds=time.perf_counter() - started,
                    )
        finally:
            _request_id.reset(token)
        return response

    return follow


def name_of(sent: str) -> str:
    """Return the name the request came with, if it is a sane one, else a new one."""
    return sent if _SANE.fullmatch(sent) else token_hex(16)


def tell(*, method: str | None, route: str, status: int, user_id: object, seconds: float, **more: str) -> None:
    """Write a request's line, if that is wanted."""
    if settings.ACCESS_LOG:
        log.info(
            "request",
            method=method if method in _METHODS else "other",
            route=route,
            status=status,
            user_id=user_id,
            ms=round(seconds * 1_000, 1),
            **more,
        )


def _user_id(request: HttpRequest) -> object:
    """Return whose request it is, if anybody has asked for that: the log is no reason for a query."""
    user = getattr(request, "user", None)
    if isinstance(user, LazyObject) and user._wrapped is empty:  # noqa: SLF001 there is no other way to ask it
        return None
    return getattr(user, "pk", None)


def _is_telling(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether the line is worth its place: not for static files, nor for probes that find all well."""
    if response.status_code >= 400:  # noqa: PLR2004 the client's or our own mistake
        return True
    return request.resolver_match is not None and request.resolver_match.route not in _PROBES
