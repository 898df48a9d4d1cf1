"""Finding one profile by what somebody has at hand (rules 12.11)."""

from typing import Any, ClassVar, Final

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from profiles import keys
from profiles.api.documents import ProfileEnvelope
from profiles.api.shapes import identity_document, profile_documents
from profiles.api.single import document_of, etag_of
from profiles.db.ids import read_id
from profiles.http.bodies import as_sent, read_fields
from profiles.http.documents import PageEnvelope, answers
from profiles.http.errors import InvalidFieldsError
from profiles.http.filtering import BracketFilterSet, NormalFilter
from profiles.http.pagination import PAGE_PARAMETERS, page_of_rows
from profiles.http.permissions import HubView
from profiles.keys import NAME_LENGTH, InvalidValueError
from profiles.models import Identity, Profile
from profiles.values import ProfileType

BY_ID: Final = "profile_id"
READS_IDENTITIES: Final = ("read-identities", "read-profiles")


class NamedIn(BaseModel):
    """Which profile is meant: its id, or what another system calls it."""

    model_config = as_sent("NamedIn", type="shop", id="7112")

    type: str = Field(max_length=NAME_LENGTH, description="`profile_id`, or the handle of an identity.")
    id: str | int = Field(description="The id, or the identifier there.")


class AvailabilityIn(BaseModel):
    """Which keys somebody would like to have."""

    model_config = as_sent("AvailabilityIn", email="ada@example.com")

    email: str | None = None
    mobile_phone: str | None = None


class Taken(BaseModel):
    """Whether a key is free, and who has it where it is not."""

    available: bool
    profile: dict[str, str] | None = Field(description="Its id and full_name; of a merged one the survivor's.")


class Availability(BaseModel):
    """Whether each key is free; null where it was not asked for."""

    email: Taken | None
    mobile_phone: Taken | None


class AvailabilityEnvelope(BaseModel):
    """The answer to whether keys are free."""

    data: Availability


class IdEnvelope(BaseModel):
    """The answer that tells who it is."""

    data: dict[str, str]


class ListEnvelope(BaseModel):
    """All there are."""

    data: list[dict[str, Any]]


def known(rows: QuerySet[Profile]) -> QuerySet[Profile]:
    """Keep the profiles that lists show."""
    return rows.filter(merged_into=None, ended=None).exclude(profile_type=ProfileType.DELETED)


def find_by_identity(handle: str, identifier: str) -> Profile:
    """Return the profile that another system calls so; raises `Http404`. Queries."""
    named = {"identities__handle": handle, "identities__identifier": identifier}
    profile = known(Profile.objects.filter(**named)).first()
    if profile is None:
        raise Http404
    return profile


def _find(asked: NamedIn) -> Profile:
    """Return the profile that is meant, of a merged one the survivor; raises `Http404` and `InvalidFieldsError`."""
    try:
        handle, identifier = keys.name(asked.type), keys.name(str(asked.id))
    except InvalidValueError as error:
        raise InvalidFieldsError({"id": [str(error)]}) from error
    if handle != BY_ID:
        return find_by_identity(handle, identifier)
    profile_id = read_id(identifier)
    if profile_id is None:
        raise Http404
    named = Profile.objects.filter(id=profile_id, ended=None).values_list("merged_into", flat=True)
    survivor = named.first() or profile_id
    profile = Profile.objects.filter(id=survivor, ended=None).first()
    if profile is None:
        raise Http404
    return profile


class ProfileSearch(HubView):
    """Where a profile is found by a name of it."""

    required_scopes: ClassVar = {"POST": ("read-profiles",)}

    @extend_schema(
        operation_id="search_profile_id",
        summary="Find a profile by its id or an identity",
        tags=["profiles"],
        request=NamedIn,
        responses=answers(404, 413, 415, 422, ok=ProfileEnvelope),
    )
    def post(self, request: Request) -> HttpResponse:
        """Return it."""
        profile = _find(read_fields(request, NamedIn))
        return Response({"data": document_of(profile)}, headers=etag_of(profile))


class ProfileExists(HubView):
    """Where it is asked whether there is a profile of some name."""

    required_scopes: ClassVar = {"POST": ("read-profiles",)}

    @extend_schema(
        operation_id="profile_exists",
        summary="Ask for a profile's id",
        tags=["profiles"],
        request=NamedIn,
        responses=answers(404, 413, 415, 422, ok=IdEnvelope),
    )
    def post(self, request: Request) -> HttpResponse:
        """Return its id."""
        return Response({"data": {"id": str(_find(read_fields(request, NamedIn)).pk)}})


class ProfileAvailability(HubView):
    """Where it is asked whether keys are free."""

    required_scopes: ClassVar = {"POST": ("read-profiles",)}

    @extend_schema(
        operation_id="profile_availability",
        summary="Ask whether an email and a mobile are free",
        description="Those of deleted profiles are taken, and those that merged ones have.",
        tags=["profiles"],
        request=AvailabilityIn,
        responses=answers(413, 415, 422, ok=AvailabilityEnvelope),
    )
    def post(self, request: Request) -> HttpResponse:
        """Return who has them."""
        asked = read_fields(request, AvailabilityIn)
        if not (asked.email or asked.mobile_phone):
            raise InvalidFieldsError({"email": ["The email or the mobile_phone field is required."]})
        errors: dict[str, list[str]] = {}
        told = {
            "email": _taken("email_key", asked.email, keys.email_key, errors, "email"),
            "mobile_phone": _taken("mobile_phone", asked.mobile_phone, _mobile, errors, "mobile_phone"),
        }
        if errors:
            raise InvalidFieldsError(errors)
        return Response({"data": told})


def _mobile(written: str) -> str:
    return keys.phone(written, default_country=settings.PHONE_DEFAULT_COUNTRY)


def _taken(
    column: str, written: str | None, normal: Any, errors: dict[str, list[str]], field: str
) -> dict[str, Any] | None:
    if not written:
        return None
    try:
        value = normal(written)
    except InvalidValueError as error:
        errors[field] = [str(error)]
        return None
    holder = Profile.objects.filter(**{column: value}).select_related("merged_into").first()
    if holder is None:
        return {"available": True, "profile": None}
    meant = holder.merged_into or holder
    return {"available": False, "profile": {"id": str(meant.pk), "full_name": meant.full_name}}


# --- Identities --------------------------------------------------------------------------------------------------


class IdentityFilters(BracketFilterSet):
    """What identities are found by."""

    other_parameters: ClassVar = frozenset({"include"})

    handle = NormalFilter(normal=keys.name, label="Which system's.")
    identifier = NormalFilter(normal=keys.name, label="What it is called there.")


class IdentityList(HubView):
    """All identities."""

    required_scopes: ClassVar = {"GET": READS_IDENTITIES}

    @extend_schema(
        operation_id="list_identities",
        summary="Find identities",
        tags=["identities"],
        parameters=[
            *IdentityFilters.parameters(),
            OpenApiParameter("include", str, enum=["profile"], description="Each with its profile."),
            *PAGE_PARAMETERS,
        ],
        responses=answers(422, ok=PageEnvelope),
    )
    def get(self, request: Request) -> Response:
        """Return a page of them, newest first."""
        included = request.query_params.getlist("include")
        if included not in ([], ["profile"]):
            raise InvalidFieldsError({"include": ["The include must be profile."]})
        rows = IdentityFilters.apply(request, Identity.objects.filter(profile__ended=None)).order_by("-id")
        return page_of_rows(request, rows, _with_profiles if included else _plain)


def _plain(rows: Any) -> list[dict[str, Any]]:
    return [identity_document(row) for row in rows]


def _with_profiles(rows: Any) -> list[dict[str, Any]]:
    ids = {row.profile_id for row in rows}
    profiles = list(Profile.objects.filter(id__in=ids))
    documents = {one["id"]: one for one in profile_documents(profiles, now=timezone.now())}
    return [identity_document(row) | {"profile": documents[str(row.profile_id)]} for row in rows]


class IdentityProfiles(HubView):
    """Where profiles are found by an identifier under any handle."""

    required_scopes: ClassVar = {"GET": READS_IDENTITIES}

    @extend_schema(
        operation_id="search_profiles_by_identifier",
        summary="Find profiles by an identifier of any system",
        tags=["identities"],
        responses=answers(422, ok=ListEnvelope),
    )
    def get(self, request: Request, identifier: str) -> Response:
        """Return them, oldest first; no more than a hundred."""
        try:
            name = keys.name(identifier)
        except InvalidValueError as error:
            raise InvalidFieldsError({"identifier": [str(error)]}) from error
        ids = Identity.objects.filter(identifier=name).values("profile")
        profiles = known(Profile.objects.filter(id__in=ids)).order_by("id")[:100]
        return Response({"data": profile_documents(list(profiles), now=timezone.now())})


class IdentitySearch(HubView):
    """Where a profile's id is found by an identity."""

    required_scopes: ClassVar = {"GET": READS_IDENTITIES}

    @extend_schema(
        operation_id="search_identity",
        summary="Find a profile's id by an identity",
        tags=["identities"],
        parameters=[
            OpenApiParameter("handle", str, required=True, description="Which system's."),
            OpenApiParameter("identifier", str, required=True, description="What it is called there."),
        ],
        responses=answers(404, 422, ok=IdEnvelope),
    )
    def get(self, request: Request) -> Response:
        """Return it."""
        named: dict[str, str] = {}
        errors: dict[str, list[str]] = {}
        for name in ("handle", "identifier"):
            try:
                named[name] = keys.name(request.query_params.get(name, ""))
            except InvalidValueError as error:
                errors[name] = [str(error)]
        if errors:
            raise InvalidFieldsError(errors)
        return Response({"data": {"profile_id": str(find_by_identity(**named).pk)}})
