"""One shape for every error: `{"message": …}`, with `errors` where fields are to blame (rules 8.14)."""

import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from django.core.exceptions import BadRequest, DisallowedHost, SuspiciousOperation, TooManyFieldsSent
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults
from rest_framework import exceptions

from profiles.db.engine import is_busy
from profiles.http.requests import request_id
from profiles.http.wire import JSON

HTML: Final = "text/html; charset=utf-8"
RETRY_AFTER_SECONDS: Final = 5
BUSY: Final = "The hub is busy; try again."
NO_DATABASE: Final = "The hub cannot reach its database; try again."
_MESSAGES: Final = {
    exceptions.NotAuthenticated: "Unauthenticated.",
    exceptions.AuthenticationFailed: "Unauthenticated.",
    exceptions.PermissionDenied: "Invalid scope(s) provided.",
    exceptions.NotFound: "Not found.",
}
_REFUSALS: Final[Mapping[type[Exception], str]] = {
    TooManyFieldsSent: "The query has too many fields.",
    DisallowedHost: "The hub does not answer to this host name.",
}


class InvalidFieldsError(exceptions.APIException):
    """The given data was invalid."""

    status_code = 422

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("The given data was invalid.")
        self.errors = errors


def raise_errors(errors: dict[str, list[str]]) -> None:
    """Raise `InvalidFieldsError` where there are any."""
    if errors:
        raise InvalidFieldsError(errors)


class UnavailableError(exceptions.APIException):
    """The hub cannot take this now; try again later."""

    status_code = 503

    def __init__(self, message: str, *, retry_after: int = RETRY_AFTER_SECONDS) -> None:
        super().__init__(message)
        self.wait = retry_after


class TooManyRequestsError(exceptions.APIException):
    """Somebody asks more often, or for more, than they may."""

    status_code = 429

    def __init__(
        self,
        message: str = "Too Many Attempts.",
        *,
        retry_after: int,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.wait = retry_after
        self.headers = headers or {}


class ConflictError(exceptions.APIException):
    """The request contradicts what is stored."""

    status_code = 409


# --- What views raise ------------------------------------------------------------------------------------------------

Answers = Mapping[type[Exception], Callable[[Any], exceptions.APIException]]
"""What is answered where an exception of this kind, or of one derived from it, comes out of a view."""

_ANSWERS: Final[dict[type[Exception], Callable[[Any], exceptions.APIException]]] = {
    Http404: lambda _: exceptions.NotFound(),
    OperationalError: lambda error: UnavailableError(_why_unavailable(error)),
    InterfaceError: lambda error: UnavailableError(_why_unavailable(error)),
    SuspiciousOperation: lambda error: exceptions.ParseError(_REFUSALS.get(type(error), "Bad request.")),
    BadRequest: lambda _: exceptions.ParseError("Bad request."),
}


def add_answers(answers: Answers) -> None:
    """Put errors of an app into the table: its views let them pass, and all of them are answered alike."""
    _ANSWERS.update(answers)


def answer_exception(exception: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Turn an exception of a view into its answer; `None` for those nobody foresaw."""
    translate = next((_ANSWERS[kind] for kind in type(exception).__mro__ if kind in _ANSWERS), None)
    if translate is not None:
        exception = translate(exception)
    if not isinstance(exception, exceptions.APIException):
        return None
    errors = exception.errors if isinstance(exception, InvalidFieldsError) else None
    headers = dict(getattr(exception, "headers", {}))
    if (header := getattr(exception, "auth_header", None)) is not None:
        headers["WWW-Authenticate"] = header
    if (wait := getattr(exception, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait))
    message = _MESSAGES.get(type(exception)) or str(exception.detail)
    more = {} if errors is None else {"errors": errors}
    return json_answer(exception.status_code, message, headers=headers, **more)


def json_answer(
    status: int,
    message: str,
    *,
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> HttpResponse:
    """Return an error's answer, perhaps with more than its message; no renderer of a view has a say in it."""
    body = {"message": message, **more}
    answer = HttpResponse(orjson.dumps(body), status=status, content_type=JSON, headers=headers)
    answer.headers["Content-Length"] = str(len(answer.content))
    return answer


def _why_unavailable(error: Exception) -> str:
    return BUSY if is_busy(error) else NO_DATABASE


# --- What never comes to a view, or comes from one that is not of the API -------------------------------------------


class ErrorsInShape:
    """The outermost middleware: below /api/ every error is JSON, and a database that is away is a 503 anywhere."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        answer = self.get_response(request)
        if answer.status_code < HTTPStatus.BAD_REQUEST:
            return answer
        if (why := getattr(request, "unavailable", None)) is not None:
            answer.status_code = HTTPStatus.SERVICE_UNAVAILABLE
            answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
            # Without the request: a session is in the database.
            if _is_api(request):
                _say(answer, why)
            else:
                _say(answer, render_to_string("503.html", {"why": why}), HTML)
        elif _is_api(request) and answer.headers.get("Content-Type") != JSON:
            _say(answer, f"{HTTPStatus(answer.status_code).phrase.capitalize()}.")
        return answer


def _say(answer: HttpResponse, message: str, content_type: str = JSON) -> None:
    """Have an answer say something else, and keep its other headers."""
    answer.content = orjson.dumps({"message": message}) if content_type == JSON else message
    answer.headers["Content-Type"] = content_type
    answer.headers["Content-Length"] = str(len(answer.content))


@receiver(got_request_exception)
def note_unavailable(request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Remember that it was the database, for `ErrorsInShape`: whoever else failed, failed for that."""
    error = sys.exc_info()[1]
    if request is not None and isinstance(error, OperationalError | InterfaceError):
        request.unavailable = _why_unavailable(error)  # type: ignore[attr-defined]


def _is_api(request: HttpRequest) -> bool:
    return request.path == "/api" or request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django itself refuses."""
    if _is_api(request):
        return json_answer(400, _REFUSALS.get(type(exception), "Bad request."))
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an unknown path."""
    if _is_api(request):
        return json_answer(404, "Not found.")
    return defaults.page_not_found(request, exception)


def unknown_path(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer a path that leads nowhere, whatever is left of it."""
    return not_found(request, Http404())


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what nobody foresaw; by the request's id the log tells more."""
    if _is_api(request):
        return json_answer(500, "Server error.", request_id=request_id())
    # Of its own and without the request, so that whatever broke does not break this too.
    return HttpResponse(render_to_string("500.html", {"request_id": request_id()}), status=500)
