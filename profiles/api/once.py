"""Idempotency keys of requests (rules 12.14)."""

from collections.abc import Callable
from typing import Final, TypeVar, cast

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from profiles import keys
from profiles.http.errors import Answers, ConflictError, InvalidFieldsError, UnavailableError
from profiles.keys import InvalidValueError
from profiles.models import User
from profiles.once import KeyConflictError, KeyFoughtOverError, Sent, once

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
IDEMPOTENCY_KEY: Final = OpenApiParameter(
    HEADER,
    {"type": "string", "maxLength": keys.NAME_LENGTH},
    OpenApiParameter.HEADER,
    description=(
        "The same key with the same path and body is done once, and answered with what is there now; with another "
        "path or body it is 409."
    ),
)
ANSWERS: Final[Answers] = {
    KeyConflictError: lambda error: ConflictError(str(error)),
    KeyFoughtOverError: lambda error: UnavailableError(str(error)),
}
_Answer = TypeVar("_Answer")


def sent_as(request: Request, *said: object) -> Sent | None:
    """Return the write as it was sent, if under a key; what it `said` beside the path is its body, unless told.

    Raises `InvalidFieldsError` for what is no key.
    """
    if request.method != "POST" or (key := asked_key(request)) is None:
        return None
    user = cast("User", request.user)  # the permission saw to it
    return Sent.of(user.pk, key, request.path, *(said or [request.data]))


def asked_key(request: Request) -> str | None:
    """Return the idempotency key that stands with the request; raises `InvalidFieldsError` for what is no key."""
    if (written := request.headers.get(HEADER)) is None:
        return None
    try:
        return keys.name(written)
    except InvalidValueError as error:
        raise InvalidFieldsError({HEADER: [str(error)]}) from error


def answer_once(
    request: Request,
    sent: Sent | None,
    write: Callable[[], _Answer],
    again: Callable[[list[str]], _Answer],
    *,
    claims_first: bool = False,
) -> _Answer:
    """Return what the write comes to, or `again` what it has made, and have the answer say so."""

    def replay(made: list[str]) -> _Answer:
        request.parser_context["view"].headers[REPLAYED] = "true"
        return again(made)

    return once(sent, write, replay, claims_first=claims_first)
