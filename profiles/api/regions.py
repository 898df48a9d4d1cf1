"""The regions a profile belongs to, and their definitions (rules 12.10)."""

from typing import Any, ClassVar

from django.db import IntegrityError
from django.db.models import ProtectedError
from django.http import Http404, HttpResponse
from django.utils.text import slugify
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field, RootModel
from rest_framework.request import Request
from rest_framework.response import Response

from profiles.api.documents import PartEnvelope, PartsEnvelope
from profiles.api.identities import by_id
from profiles.api.once import IDEMPOTENCY_KEY, answer_once, sent_as
from profiles.api.parts import PartView, described, removing
from profiles.api.sent import region_entry
from profiles.api.single import Document, body_of, draft_of, draft_of_entry
from profiles.http.bodies import as_sent, read_fields
from profiles.http.documents import answers
from profiles.http.errors import ConflictError, InvalidFieldsError, raise_errors
from profiles.http.permissions import HubView
from profiles.http.wire import wire_time
from profiles.keys import NAME_LENGTH, InvalidValueError
from profiles.models import Country, Profile, Region
from profiles.once import Sent, kept_once
from profiles.reference_data import in_normal_form
from profiles.schema.record import RegionEntry
from profiles.values import ProfileDraft


class RegionIn(RootModel[RegionEntry]):
    """A region somebody belongs to."""

    model_config = as_sent("RegionIn", handle="victoria", is_active=True)


def _regions(document: Document) -> list[Document]:
    regions: list[Document] = document["regions"]
    return regions


class ProfileRegions(PartView):
    """Where a profile's regions are listed and added."""

    @described("list_profile_regions", "List a profile's regions", writes=False, ok=PartsEnvelope)
    def get(self, request: Request, profile_id: str) -> HttpResponse:
        """Return all of them."""
        return self.answer_part(request, profile_id, _regions)

    @described(
        "add_profile_region",
        "Add a region",
        description="Answers with all of the profile's regions.",
        asks=RegionIn,
        ok=PartsEnvelope,
        created=PartsEnvelope,
    )
    def post(self, request: Request, profile_id: str) -> HttpResponse:
        """Add it, and answer with all."""

        def ask(profile: Profile, document: Document) -> ProfileDraft:
            return draft_of_entry(request, "regions", region_entry(body_of(request)), target=profile.pk)

        return self.write_part(request, profile_id, ask, _regions, status=201)


class OneRegion(PartView):
    """Where one region of a profile is read, changed and removed."""

    @described("read_profile_region", "Read a region of a profile", writes=False, ok=PartEnvelope)
    def get(self, request: Request, profile_id: str, region_id: str) -> HttpResponse:
        """Return it."""
        return self.answer_part(request, profile_id, lambda document: by_id(_regions(document), region_id))

    @described(
        "update_profile_region",
        "Change a region of a profile",
        description="Answers with all of the profile's regions.",
        asks=RegionIn,
        ok=PartsEnvelope,
    )
    def put(self, request: Request, profile_id: str, region_id: str) -> HttpResponse:
        """Change it, and answer with all."""

        def ask(profile: Profile, document: Document) -> ProfileDraft:
            stored = by_id(_regions(document), region_id)
            sent: dict[str, Any] = {
                name: value
                for name, value in region_entry(body_of(request)).items()
                if name not in {"region_id", "handle"} and value != stored.get(name, ...)
            }
            return draft_of_entry(request, "regions", {**sent, "region_id": stored["id"]}, target=profile.pk)

        return self.write_part(request, profile_id, ask, _regions)

    @described("remove_profile_region", "Take a profile out of a region", no_content=None)
    def delete(self, request: Request, profile_id: str, region_id: str) -> HttpResponse:
        """Take it out."""

        def ask(profile: Profile, document: Document) -> ProfileDraft:
            stored = by_id(_regions(document), region_id)
            return removing(draft_of(request, {}, target=profile.pk), "regions", (stored["handle"],))

        return self.write_part(request, profile_id, ask, None)


# --- Their definitions -------------------------------------------------------------------------------------------


class CountryName(BaseModel):
    """A country, by its code."""

    iso_2: str


class RegionDefinitionIn(BaseModel):
    """A region that is to be defined; of name and handle one makes the other."""

    model_config = as_sent("RegionDefinitionIn", name="Victoria", handle="victoria", countries=[{"iso_2": "AU"}])

    name: str | None = Field(default=None, max_length=NAME_LENGTH)
    handle: str | None = Field(default=None, max_length=NAME_LENGTH)
    is_default: bool | None = None
    countries: list[CountryName] = Field(default=[], max_length=300)


class Regions(HubView):
    """Where regions are defined."""

    required_scopes: ClassVar = {"POST": ("create-region",)}

    @extend_schema(
        operation_id="create_region",
        summary="Define a region",
        tags=["reference data"],
        request=RegionDefinitionIn,
        parameters=[IDEMPOTENCY_KEY],
        responses=answers(404, 409, 413, 415, 422, 503, created=PartEnvelope),
    )
    def post(self, request: Request) -> Response:
        """Define it, and answer with it."""
        asked = read_fields(request, RegionDefinitionIn)
        sent = sent_as(request)
        region = answer_once(request, sent, lambda: _define(asked, sent), _defined)
        return Response({"data": _definition(region)}, status=201)


def _define(asked: RegionDefinitionIn, sent: Sent | None) -> Region:
    """Define the region and return it; raises `InvalidFieldsError`."""
    try:
        name = in_normal_form(Region, "name", asked.name or asked.handle or "")
        handle = in_normal_form(Region, "handle", asked.handle or slugify(asked.name or ""))
    except InvalidValueError as error:
        raise InvalidFieldsError({"name": [str(error)]}) from error
    if not handle:
        raise InvalidFieldsError({"name": ["The name or the handle field is required."]})
    codes = [one.iso_2 for one in asked.countries]
    countries = {one.iso_2: one for one in Country.objects.filter(iso_2__in=codes)}
    raise_errors(
        {
            f"countries.{place}.iso_2": ["There is no such country."]
            for place, code in enumerate(codes)
            if code not in countries
        }
    )
    try:
        with kept_once(sent) as keep:
            region = Region.objects.create(name=name, handle=handle, is_default=asked.is_default)
            region.countries.set(countries.values())
            keep([region.pk])
    except IntegrityError as error:
        raise InvalidFieldsError({"handle": ["The handle has already been taken."]}) from error
    return region


def _defined(made: list[str]) -> Region:
    """Return the region that was defined earlier; raises `Http404` where it is there no more."""
    region = Region.objects.filter(pk=int(made[0])).first()
    if region is None:
        raise Http404
    return region


class OneRegionDefinition(HubView):
    """Where a region's definition is removed."""

    required_scopes: ClassVar = {"DELETE": ("delete-region",)}

    @extend_schema(
        operation_id="delete_region",
        summary="Remove a region's definition",
        description="409 where profiles belong to it.",
        tags=["reference data"],
        responses=answers(404, 409, no_content=None),
    )
    def delete(self, request: Request, region_id: str) -> HttpResponse:
        """Remove it."""
        is_number = region_id.isascii() and region_id.isdigit() and len(region_id) < 10  # noqa: PLR2004 of 32 bits
        region = Region.objects.filter(pk=int(region_id)).first() if is_number else None
        if region is None:
            raise Http404
        try:
            region.delete()
        except ProtectedError as error:
            raise ConflictError("Profiles belong to the region.") from error
        return HttpResponse(status=204)


def _definition(region: Region) -> Document:
    return {
        "id": region.pk,
        "name": region.name,
        "handle": region.handle,
        "is_default": region.is_default,
        "countries": [
            {
                "id": one.pk,
                "name": one.name,
                "iso_2": one.iso_2,
                "iso_3": one.iso_3,
                "iso_numeric": one.iso_numeric,
                "sort_order": one.sort_order,
                "states": [],
            }
            for one in region.countries.all()
        ],
        "created_at": wire_time(region.created_at),
        "updated_at": wire_time(region.updated_at),
    }
