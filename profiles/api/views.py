"""Reading profiles and their ledger."""

from typing import ClassVar, Final

from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from profiles import keys
from profiles.api.documents import ProfileEnvelope
from profiles.api.filters import ProfileFilters
from profiles.api.lookups import find_by_identity
from profiles.api.shapes import change_documents, profile_documents
from profiles.api.single import document_of, etag_of, find_profile
from profiles.history import timeline
from profiles.http.documents import PageEnvelope, answers
from profiles.http.errors import InvalidFieldsError
from profiles.http.filtering import NoFilters
from profiles.http.pagination import PAGE_PARAMETERS, page_of_rows
from profiles.http.permissions import HubView
from profiles.http.sorting import read_sort, sort_parameter
from profiles.http.wire import parse_id
from profiles.keys import InvalidValueError
from profiles.models import Profile
from profiles.values import ProfileType

# Ids are in the order of creation, and indexed; so are names as they are searched, and emails.
SORTS: Final = {
    "created_at": "id",
    "id": "id",
    "first_name": "search_name",
    "last_name": "search_last",
    "email": "email_key",
    "updated_at": "updated_at",
    "joined_at": "joined_at",
}


BY_IDENTITY: Final = "identity[handle]"


class ProfileList(HubView):
    """All profiles that are neither deleted nor merged, and have not ended."""

    required_scopes: ClassVar = {"GET": ("read-profiles",)}

    @extend_schema(
        operation_id="list_profiles",
        summary="Find profiles",
        tags=["profiles"],
        parameters=[
            *ProfileFilters.parameters(),
            sort_parameter(SORTS),
            *PAGE_PARAMETERS,
        ],
        responses=answers(422, ok=PageEnvelope),
    )
    def get(self, request: Request) -> Response:
        """Return a page of profiles, newest first."""
        profiles = Profile.objects.filter(merged_into=None, ended=None)
        if not any(name.startswith("profile_type") for name in ProfileFilters.asked(request)):
            profiles = profiles.exclude(profile_type=ProfileType.DELETED)
        profiles = ProfileFilters.apply(request, profiles)
        ordered = profiles.order_by(*read_sort(request, SORTS, default="-created_at"))
        now = timezone.now()
        return page_of_rows(request, ordered, lambda rows: profile_documents(rows, now=now))


class ProfileDetail(HubView):
    """One profile."""

    required_scopes: ClassVar = {"GET": ("read-profiles",)}

    @extend_schema(
        operation_id="read_profile",
        summary="Read a profile",
        tags=["profiles"],
        parameters=[
            OpenApiParameter(BY_IDENTITY, str, description="The id is an identifier then, under this handle.")
        ],
        responses=answers(308, 404, 422, ok=ProfileEnvelope),
    )
    def get(self, request: Request, profile_id: str) -> HttpResponse:
        """Return the profile; the ETag is its version."""
        if BY_IDENTITY in request.query_params:
            profile: Profile | HttpResponse = _by_identity(request, profile_id)
        else:
            profile = find_profile(request, profile_id)
        if isinstance(profile, HttpResponse):
            return profile
        return Response({"data": document_of(profile)}, headers=etag_of(profile))


def _by_identity(request: Request, identifier: str) -> Profile:
    try:
        handle, name = keys.name(request.query_params[BY_IDENTITY]), keys.name(identifier)
    except InvalidValueError as error:
        raise InvalidFieldsError({BY_IDENTITY: [str(error)]}) from error
    return find_by_identity(handle, name)


class ProfileChanges(HubView):
    """The ledger of one profile; a merged or deleted one keeps its own."""

    required_scopes: ClassVar = {"GET": ("read-profiles", "read-audits")}

    @extend_schema(
        operation_id="read_profile_changes",
        summary="Read a profile's ledger",
        tags=["profiles"],
        parameters=PAGE_PARAMETERS,
        responses=answers(404, 422, ok=PageEnvelope),
    )
    def get(self, request: Request, profile_id: str) -> Response:
        """Return a page of its changes, newest first."""
        parsed = parse_id(profile_id)
        if not Profile.objects.filter(id=parsed).exists():
            raise Http404
        return page_of_rows(request, NoFilters.apply(request, timeline(parsed)), change_documents)


class ProfileHistory(ProfileChanges):
    """The ledger of one profile, under the name it had first."""

    required_scopes: ClassVar = {"GET": ("read-profiles", "read-audits")}

    @extend_schema(
        operation_id="read_profile_history",
        summary="Read a profile's ledger (the older path)",
        tags=["profiles"],
        parameters=PAGE_PARAMETERS,
        responses=answers(404, 422, ok=PageEnvelope),
        deprecated=True,
    )
    def get(self, request: Request, profile_id: str) -> Response:
        """Return a page of its changes, newest first."""
        return super().get(request, profile_id)
