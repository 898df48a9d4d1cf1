"""Writing one profile over REST: each write is one draft through the one conductor (rules 12)."""

from dataclasses import replace
from typing import ClassVar, Final, cast

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field, RootModel
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from profiles.api.documents import ChangedEnvelope, ForetoldEnvelope, ProfileEnvelope
from profiles.api.once import IDEMPOTENCY_KEY
from profiles.api.sent import record_of
from profiles.api.single import (
    DRY_RUN,
    IF_MATCH,
    answer_with,
    body_of,
    document_of,
    draft_of,
    find_profile,
    write_draft,
    written_profile,
)
from profiles.api.views import ProfileDetail, ProfileList
from profiles.http.bodies import as_sent, read_fields
from profiles.http.documents import answers
from profiles.http.permissions import HubView
from profiles.models import ApiToken
from profiles.schema.record import Record
from profiles.values import ProfileType

DELETING: Final = "delete-profiles"


class ProfileIn(RootModel[Record]):
    """A profile, or what is to be changed of one."""

    model_config = as_sent(
        "ProfileIn",
        email="ada@example.com",
        first_name="Ada",
        last_name="Lovelace",
        mobile_phone="+61404123123",
        tags=["vip"],
        identities=[{"handle": "shop", "identifier": "7112"}],
        comms_attributes={"email_promo": True},
    )


class Profiles(ProfileList):
    """Where profiles are found, and made one by one."""

    required_scopes: ClassVar = {**ProfileList.required_scopes, "POST": ("create-profiles",)}

    @extend_schema(
        operation_id="create_profile",
        summary="Make a profile",
        description="It is nobody whom the hub knows: an email, mobile or identity that anybody has is refused.",
        tags=["profiles"],
        request=ProfileIn,
        parameters=[DRY_RUN, IDEMPOTENCY_KEY],
        responses=answers(409, 413, 415, 422, 503, ok=ForetoldEnvelope, created=ProfileEnvelope),
    )
    def post(self, request: Request) -> HttpResponse:
        """Make the profile and answer with it."""
        draft = replace(draft_of(request, record_of(body_of(request), {}, {})), is_new=True)
        outcome = write_draft(request, draft)
        if isinstance(outcome, Response):
            return outcome
        profile = written_profile(outcome)
        address = reverse("profile", args=[profile.pk])
        return answer_with(document_of(profile), outcome, profile, status=201, Location=address)


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
        parameters=[DRY_RUN, IF_MATCH],
        responses=answers(308, 404, 409, 412, 413, 415, 422, 503, ok=ChangedEnvelope),
    )
    def put(self, request: Request, profile_id: str) -> HttpResponse:
        """Change what is said, and answer with the profile."""
        body = body_of(request)
        profile = find_profile(request, profile_id)
        if isinstance(profile, HttpResponse):
            return profile
        current = document_of(profile)
        types = {(row.namespace, row.handle): row.type for row in profile.attributes.all()}
        record = record_of(body, current, types)
        if str(record.get("profile_type")).strip().lower() == ProfileType.DELETED:
            check_may_delete(request)
        draft = draft_of(request, record, target=profile.pk)
        outcome = write_draft(request, draft, read=profile)
        if isinstance(outcome, Response):
            return outcome
        profile = written_profile(outcome)
        return answer_with(document_of(profile), outcome, profile)

    @extend_schema(
        operation_id="delete_profile",
        summary="Delete a profile softly",
        description="It keeps its keys and is restored by naming another profile_type. Deleting it again is no error.",
        tags=["profiles"],
        parameters=[DRY_RUN, IF_MATCH],
        responses=answers(404, 409, 412, 422, 503, ok=ForetoldEnvelope, no_content=None),
    )
    def delete(self, request: Request, profile_id: str) -> HttpResponse:
        """Delete it, if it is not deleted yet."""
        profile = find_profile(request, profile_id, moves=False)
        if isinstance(profile, HttpResponse):
            return profile
        draft = draft_of(request, {"profile_type": ProfileType.DELETED.value}, target=profile.pk)
        outcome = write_draft(request, draft, read=profile)
        return outcome if isinstance(outcome, Response) else HttpResponse(status=204)


class ProfileTypeIn(BaseModel):
    """The type a profile is to have."""

    model_config = as_sent("ProfileTypeIn", profile_type="active")

    profile_type: str = Field(description="Another one than deleted restores a deleted profile.")


class ProfileTypeUpdate(HubView):
    """Where a profile gets another type."""

    required_scopes: ClassVar = {"PUT": ("update-profiles",)}

    @extend_schema(
        operation_id="update_profile_type",
        summary="Change a profile's type, or restore it",
        description="To delete it the token needs delete-profiles too. 409 names the survivor of a merged profile.",
        tags=["profiles"],
        request=ProfileTypeIn,
        parameters=[DRY_RUN, IF_MATCH],
        responses=answers(404, 409, 412, 413, 415, 422, 503, ok=ChangedEnvelope),
    )
    def put(self, request: Request, profile_id: str) -> HttpResponse:
        """Change it, and answer with the profile."""
        asked = read_fields(request, ProfileTypeIn)
        if asked.profile_type.strip().lower() == ProfileType.DELETED:
            check_may_delete(request)
        profile = find_profile(request, profile_id, moves=False)
        if isinstance(profile, HttpResponse):
            return profile
        draft = draft_of(request, {"profile_type": asked.profile_type}, target=profile.pk)
        outcome = write_draft(request, draft, read=profile)
        if isinstance(outcome, Response):
            return outcome
        profile = written_profile(outcome)
        return answer_with(document_of(profile), outcome, profile)


def check_may_delete(request: Request) -> None:
    """Raise `PermissionDenied` where the token may not delete."""
    if not cast("ApiToken", request.auth).allows(DELETING):
        raise PermissionDenied
