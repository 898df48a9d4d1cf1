"""One shape for every error: `{"message": …}`, with `errors` where fields are to blame (contract section 5)."""

from typing import Any, Final

from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from profiles.http.requests import request_id

RETRY_AFTER_SECONDS: Final = 5
_MESSAGES: Final = {
    exceptions.NotAuthenticated: "Unauthenticated.",
    exceptions.AuthenticationFailed: "Unauthenticated.",
    exceptions.PermissionDenied: "Invalid scope(s) provided.",
    exceptions.NotFound: "Not found.",
}


class InvalidFieldsError(exceptions.APIException):
    """The given data was invalid."""

    status_code = 422

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("The given data was invalid.")
        self.errors = errors


class UnavailableError(exceptions.APIException):
    """The hub cannot take this now; try again later."""

    status_code = 503

    def __init__(self, message: str, *, retry_after: int = RETRY_AFTER_SECONDS) -> None:
        super().__init__(message)
        self.wait = retry_after


class ConflictError(exceptions.APIException):
    """The request contradicts what is stored."""

    status_code = 409


def answer_exception(exception: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception of a view into its answer; `None` for those nobody foresaw."""
    del context
    if isinstance(exception, Http404):
        exception = exceptions.NotFound()
    if isinstance(exception, OperationalError):
        if "locked" not in str(exception):
            return None
        exception = UnavailableError("The hub is busy; try again.")
    if not isinstance(exception, exceptions.APIException):
        return None
    message = _MESSAGES.get(type(exception), "")
    body: dict[str, Any] = {"message": message or str(exception.detail)}
    if isinstance(exception, InvalidFieldsError):
        body["errors"] = exception.errors
    headers = {}
    if (header := getattr(exception, "auth_header", None)) is not None:
        headers["WWW-Authenticate"] = header
    if (wait := getattr(exception, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait))
    set_rollback()
    return Response(body, status=exception.status_code, headers=headers)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django itself refuses."""
    if _is_api(request):
        return JsonResponse({"message": "Bad request."}, status=400)
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an unknown path."""
    if _is_api(request):
        return JsonResponse({"message": "Not found."}, status=404)
    return defaults.page_not_found(request, exception)


def unknown_path(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer a path of the API that leads nowhere."""
    del rest
    return not_found(request, Http404())


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what nobody foresaw; by the request's id the log tells more."""
    if _is_api(request):
        return JsonResponse({"message": "Server error.", "request_id": request_id()}, status=500)
    # Of its own and without the request, so that whatever broke does not break this too.
    return HttpResponse(render_to_string("500.html", {"request_id": request_id()}), status=500)
