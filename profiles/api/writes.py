"""Writing one profile over REST: each write is one draft through the one conductor (rules 12)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import BaseModel, ConfigDict, RootModel
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from profiles.api.documents import ProfileEnvelope
from profiles.api.sent import record_of
from profiles.api.shapes import profile_documents, with_everything
from profiles.api.views import HttpResponsePermanentlyMoved, ProfileDetail, ProfileList, gone
from profiles.applying import apply_drafts, explain_draft
from profiles.criteria import EMAIL
from profiles.directory import load_key_rules
from profiles.history import without_origins
from profiles.http.bodies import read_flag
from profiles.http.documents import answers
from profiles.http.errors import ConflictError, InvalidFieldsError
from profiles.http.requests import request_id
from profiles.http.wire import parse_id
from profiles.models import ApiToken, Profile
from profiles.schema import parse_record
from profiles.schema.record import Record
from profiles.values import Cause, CauseKind, ErrorCode, Finding, Outcome, OutcomeKind, ProfileDraft, ProfileType

DELETING: Final = "delete-profiles"
_IF_MATCH: Final = OpenApiParameter(
    "If-Match", {"type": "string"}, OpenApiParameter.HEADER, description="The ETag read; at another version 412."
)
_DRY_RUN: Final = OpenApiParameter("dry_run", bool, description="Only tell what it would come to; nothing is written.")
_NOT_FOUND: Final = frozenset({ErrorCode.ENDED, ErrorCode.UNKNOWN_REFERENCE})


class ProfileIn(RootModel[Record]):
    """A profile, or what is to be changed of one."""

    model_config = ConfigDict(json_schema_extra={"title": "ProfileIn"})


class Foretold(BaseModel):
    """What a write would come to."""

    outcome: str
    changes: dict[str, Any]
    warnings: list[dict[str, Any]]


class ForetoldEnvelope(BaseModel):
    """The answer to a dry run."""

    data: Foretold


class ChangedEnvelope(RootModel[ProfileEnvelope | ForetoldEnvelope]):
    """The profile as it is then; of a dry run what it would come to."""


class StaleError(APIException):
    """The profile was changed by somebody else after it was looked at."""

    status_code = 412
    default_detail = "The profile was changed by somebody else after it was looked at."


class Profiles(ProfileList):
    """Where profiles are found, and made one by one."""

    required_scopes: ClassVar = {**ProfileList.required_scopes, "POST": ("create-profiles",)}

    @extend_schema(
        operation_id="create_profile",
        summary="Make a profile",
        description="It is nobody whom the hub knows: an email, mobile or identity that anybody has is refused.",
        tags=["profiles"],
        request=ProfileIn,
        parameters=[_DRY_RUN],
        responses=answers(413, 415, 422, 503, ok=ForetoldEnvelope, created=ProfileEnvelope),
    )
    def post(self, request: Request) -> HttpResponse:
        """Make the profile and answer with it."""
        draft = replace(_draft(request, record_of(_body(request), {}, {})), is_new=True)
        outcome = _written(request, draft)
        if isinstance(outcome, Response):
            return outcome
        return _answer(outcome, status=201)


class OneProfile(ProfileDetail):
    """Where one profile is read, changed and deleted."""

    required_scopes: ClassVar = {
        **ProfileDetail.required_scopes,
        "PUT": ("update-profiles",),
        "DELETE": (DELETING,),
    }

    @extend_schema(
        operation_id="update_profile",
        summary="Change a profile",
        description=(
            "What is absent stays, null clears. It may be sent back as it was read: what is as it is changes nothing. "
            "To delete it by its profile_type the token needs delete-profiles too."
        ),
        tags=["profiles"],
        request=ProfileIn,
        parameters=[_DRY_RUN, _IF_MATCH],
        responses=answers(308, 404, 409, 412, 413, 415, 422, 503, ok=ChangedEnvelope),
    )
    def put(self, request: Request, profile_id: str) -> HttpResponse:
        """Change what is said, and answer with the profile."""
        body = _body(request)
        profile = with_everything(Profile.objects.filter(id=parse_id(profile_id))).first()
        if profile is None:
            raise Http404
        if profile.ended is not None:
            return gone(profile)
        if profile.merged_into_id is not None:
            return _moved(request, profile.merged_into_id)
        (current,) = profile_documents([profile], now=timezone.now())
        types = {(row.namespace, row.handle): row.type for row in profile.attributes.all()}
        record = record_of(body, current, types)
        if record.get("profile_type") == ProfileType.DELETED and not cast("ApiToken", request.auth).allows(DELETING):
            raise PermissionDenied
        draft = replace(_draft(request, record, target=profile.pk), expected_version=_expected(request, profile))
        outcome = _written(request, draft)
        if isinstance(outcome, Response):
            return outcome
        return _answer(outcome, status=200)

    @extend_schema(
        operation_id="delete_profile",
        summary="Delete a profile softly",
        description="It keeps its keys and is restored by naming another profile_type. Deleting it again is no error.",
        tags=["profiles"],
        parameters=[_IF_MATCH],
        responses=answers(404, 409, 412, 503, no_content=None),
    )
    def delete(self, request: Request, profile_id: str) -> HttpResponse:
        """Delete it, if it is not deleted yet."""
        profile = Profile.objects.filter(id=parse_id(profile_id)).first()
        if profile is None:
            raise Http404
        if profile.ended is not None:
            return gone(profile)
        if profile.merged_into_id is not None:
            raise ConflictError(f"The profile was merged into {profile.merged_into_id}.")
        record = {"profile_type": ProfileType.DELETED.value}
        draft = replace(_draft(request, record, target=profile.pk), expected_version=_expected(request, profile))
        _written(request, draft)
        return HttpResponse(status=204)


def _body(request: Request) -> dict[str, Any]:
    body = request.data
    if not isinstance(body, dict):
        raise InvalidFieldsError({"body": ["The body must be an object."]})
    return body


def _draft(request: Request, record: dict[str, Any], *, target: UUID | None = None) -> ProfileDraft:
    cause = Cause(CauseKind.API, actor_id=request.user.pk, request_id=request_id())
    return parse_record(record, cause=cause, target=target, blocked=load_key_rules().blocked)


def _written(request: Request, draft: ProfileDraft) -> Outcome | Response:
    """Write the draft and return its outcome; of a dry run the answer that tells what it would come to.

    Raises what is answered where it is refused.
    """
    now = timezone.now()
    if read_flag(request, "dry_run"):
        limits = load_key_rules().identity_limits
        outcome, change = explain_draft(draft, criteria=(EMAIL,), now=now, identity_limits=limits)
        _refuse(outcome)
        changes = {} if change is None else without_origins(change.changes)
        told = {"outcome": outcome.kind, "changes": changes, "warnings": [one.as_json() for one in outcome.warnings]}
        return Response({"data": told})
    with transaction.atomic(durable=True):
        (outcome,) = apply_drafts([draft], criteria=(EMAIL,), now=now)
    _refuse(outcome)
    return outcome


def _refuse(outcome: Outcome) -> None:
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
    raise InvalidFieldsError(_by_field(outcome.errors))


def _by_field(errors: Sequence[Finding]) -> dict[str, list[str]]:
    """Return the sentences by field, in the dots of Laravel: `addresses.1.postcode`."""
    told: dict[str, list[str]] = {}
    for error in errors:
        parts = error.pointer[1:].split("/") if error.pointer else ["profile"]
        name = ".".join(part.replace("~1", "/").replace("~0", "~") for part in parts)
        told.setdefault(name, []).append(error.message)
    return told


def _answer(outcome: Outcome, *, status: int) -> Response:
    """Answer with the profile as it is then, and what was ignored of what was sent; queries."""
    assert outcome.profile_id is not None  # noqa: S101 it was accepted
    profile = with_everything(Profile.objects.filter(id=outcome.profile_id)).get()
    (document,) = profile_documents([profile], now=timezone.now())
    body: dict[str, Any] = {"data": document}
    if outcome.warnings:
        body["meta"] = {"warnings": [one.as_json() for one in outcome.warnings]}
    headers = {"ETag": f'"{profile.version}"'}
    if status == 201:  # noqa: PLR2004 made
        headers["Location"] = reverse("profile", args=[profile.pk])
    return Response(body, status=status, headers=headers)


def _moved(request: Request, survivor_id: UUID) -> HttpResponse:
    """Answer that the same is to be asked of the survivor, with the same query."""
    query = request.META.get("QUERY_STRING", "")
    address = reverse("profile", args=[survivor_id])
    return HttpResponsePermanentlyMoved(f"{address}?{query}" if query else address)


def _expected(request: Request, profile: Profile) -> int | None:
    """Return the version that If-Match holds the write to; raises `StaleError` where it is none of those named."""
    asked = request.headers.get("If-Match")
    if asked is None or asked.strip() == "*":
        return None
    if f'"{profile.version}"' not in [one.strip() for one in asked.split(",")]:
        raise StaleError
    return profile.version
