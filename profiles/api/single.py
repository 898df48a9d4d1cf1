"""One profile over REST: how it is found, and written by one draft (rules 12)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponsePermanentRedirect
from django.urls import resolve, reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from profiles.api.once import answer_once, sent_as
from profiles.api.shapes import profile_documents
from profiles.applying import apply_drafts, explain_draft
from profiles.criteria import EMAIL
from profiles.directory import load_key_rules
from profiles.history import timeline, without_origins
from profiles.http.bodies import read_flag
from profiles.http.errors import ConflictError, InvalidFieldsError, json_answer
from profiles.http.requests import request_id
from profiles.http.wire import parse_id
from profiles.models import Profile
from profiles.once import kept_once
from profiles.schema import parse_entry, parse_record
from profiles.values import Cause, CauseKind, Ended, ErrorCode, Finding, Outcome, OutcomeKind, ProfileDraft

Document = dict[str, Any]
IF_MATCH: Final = OpenApiParameter(
    "If-Match", {"type": "string"}, OpenApiParameter.HEADER, description="The ETag read; at another version 412."
)
DRY_RUN: Final = OpenApiParameter("dry_run", bool, description="Only tell what it would come to; nothing is written.")
_NOT_FOUND: Final = frozenset({ErrorCode.ENDED, ErrorCode.UNKNOWN_REFERENCE})


class HttpResponsePermanentlyMoved(HttpResponsePermanentRedirect):
    """The same request, with its method, elsewhere (rules 2.3)."""

    status_code = 308


class StaleError(APIException):
    """The profile was changed by somebody else after it was looked at."""

    status_code = 412
    default_detail = "The profile was changed by somebody else after it was looked at."


# --- Found -------------------------------------------------------------------------------------------------------


def find_profile(request: Request, profile_id: str, *, moves: bool = True) -> Profile | HttpResponse:
    """Return the profile, or the answer for one that has ended, or lives on in another; queries.

    The latter is 308 to the same below the survivor, or where that would do it to the survivor (not `moves`) 409.
    Raises `Http404` and `ConflictError`.
    """
    profile = Profile.objects.filter(id=parse_id(profile_id)).first()
    if profile is None:
        raise Http404
    if profile.ended is not None:
        return _gone(profile)
    if profile.merged_into_id is None:
        return profile
    if not moves:
        raise ConflictError(f"The profile was merged into {profile.merged_into_id}.")
    query = request.META.get("QUERY_STRING", "")
    found = resolve(request.path)
    address = reverse(found.view_name, kwargs={**found.kwargs, "profile_id": profile.merged_into_id})
    return HttpResponsePermanentlyMoved(f"{address}?{query}" if query else address)


def _gone(profile: Profile) -> HttpResponse:
    """Say that the profile has ended, and by which batch's record; queries."""
    if profile.ended == Ended.ERASED:
        return json_answer(404, "The profile was erased.")
    batch_id = timeline(profile.id).filter(changes__has_key="/ended").values_list("batch_id", flat=True).first()
    return json_answer(404, "The profile was taken back by an undo.", batch_id=batch_id)


def document_of(profile: Profile) -> Document:
    """Return the profile as it is read; one query."""
    (document,) = profile_documents([profile], now=timezone.now())
    return document


def etag_of(profile: Profile) -> dict[str, str]:
    """Return the header that tells the version."""
    return {"ETag": f'"{profile.version}"'}


def expected_version(request: Request, profile: Profile) -> int | None:
    """Return the version that If-Match holds the write to; raises `StaleError` where it is none of those named."""
    asked = request.headers.get("If-Match")
    if asked is None or asked.strip() == "*":
        return None
    if f'"{profile.version}"' not in [one.strip() for one in asked.split(",")]:
        raise StaleError
    return profile.version


# --- What is asked -----------------------------------------------------------------------------------------------


def body_of(request: Request) -> Document:
    """Return the body; raises `InvalidFieldsError` where it is no object."""
    body = request.data
    if not isinstance(body, dict):
        raise InvalidFieldsError({"body": ["The body must be an object."]})
    return body


def draft_of(request: Request, record: Mapping[str, Any], *, target: UUID | None = None) -> ProfileDraft:
    """Return what the record asks for, with all that is wrong with it; queries."""
    return parse_record(record, cause=_cause(request), target=target, blocked=load_key_rules().blocked)


def draft_of_entry(request: Request, collection: str, entry: object, *, target: UUID) -> ProfileDraft:
    """Return what one entry of a collection asks for by itself; queries."""
    return parse_entry(collection, entry, cause=_cause(request), target=target, blocked=load_key_rules().blocked)


def _cause(request: Request) -> Cause:
    return Cause(CauseKind.API, actor_id=request.user.pk, request_id=request_id())


# --- Written -----------------------------------------------------------------------------------------------------


def write_draft(
    request: Request, draft: ProfileDraft, *, read: Profile | None = None, below: str = ""
) -> Outcome | Response:
    """Write the draft and return its outcome; of a dry run the answer that tells what it would come to.

    If-Match is held against the profile as it was `read`. Raises what is answered where it is refused; fields are
    named from the place `below` a record on.
    """
    now = timezone.now()

    def expecting() -> ProfileDraft:
        return draft if read is None else replace(draft, expected_version=expected_version(request, read))

    if read_flag(request, "dry_run"):
        limits = load_key_rules().identity_limits
        outcome, change = explain_draft(expecting(), criteria=(EMAIL,), now=now, identity_limits=limits)
        _refuse(outcome, below)
        changes = {} if change is None else without_origins(change.changes)
        return Response({"data": {"outcome": outcome.kind, "changes": changes, "warnings": _told(outcome, below)}})
    sent = sent_as(request)

    def write() -> Outcome:
        with kept_once(sent) as keep:
            (outcome,) = apply_drafts([expecting()], criteria=(EMAIL,), now=now)
            if outcome.kind is not OutcomeKind.REJECTED:
                keep([cast("UUID", outcome.profile_id), outcome.kind, outcome.profile_version])
        return outcome

    def again(made: list[str]) -> Outcome:
        profile_id, kind, version = made
        return Outcome(OutcomeKind(kind), draft.cause, profile_id=UUID(profile_id), profile_version=int(version))

    outcome = answer_once(request, sent, write, again, claims_first=True)
    _refuse(outcome, below)
    return outcome


def _refuse(outcome: Outcome, below: str) -> None:
    """Raise the answer to a draft that was refused."""
    if outcome.kind is not OutcomeKind.REJECTED:
        return
    codes = {error.code for error in outcome.errors if not error.pointer}
    if ErrorCode.STALE in codes:
        raise StaleError
    if codes & _NOT_FOUND:
        raise Http404
    if ErrorCode.DELETED_PROFILE in codes:
        raise ConflictError("The profile is deleted; naming a profile_type restores it.")
    raise InvalidFieldsError(_by_field(outcome.errors, below))


def _by_field(errors: Sequence[Finding], below: str) -> dict[str, list[str]]:
    """Return the sentences by field, in the dots of Laravel: `addresses.1.postcode`."""
    told: dict[str, list[str]] = {}
    for error in errors:
        pointer = error.pointer.removeprefix(below)
        parts = pointer[1:].split("/") if pointer else ["profile"]
        name = ".".join(part.replace("~1", "/").replace("~0", "~") for part in parts)
        told.setdefault(name, []).append(error.message)
    return told


def _told(outcome: Outcome, below: str) -> list[dict[str, str]]:
    warnings = [one.as_json() for one in outcome.warnings]
    return [one | {"pointer": one["pointer"].removeprefix(below)} for one in warnings]


def written_profile(outcome: Outcome) -> Profile:
    """Return the profile as it is after the write; queries."""
    return Profile.objects.filter(id=cast("UUID", outcome.profile_id)).get()


def answer_with(
    data: object, outcome: Outcome, profile: Profile, *, status: int = 200, below: str = "", **headers: str
) -> Response:
    """Answer with what was written, and what was ignored of what was sent."""
    body: Document = {"data": data}
    if outcome.warnings:
        body["meta"] = {"warnings": _told(outcome, below)}
    return Response(body, status=status, headers={**etag_of(profile), **headers})
