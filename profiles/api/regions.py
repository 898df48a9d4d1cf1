"""The regions a profile belongs to (rules 12.10)."""

from typing import Any

from django.http import HttpResponse
from pydantic import ConfigDict, RootModel
from rest_framework.request import Request

from profiles.api.identities import by_id
from profiles.api.parts import PartEnvelope, PartsEnvelope, PartView, described, removing
from profiles.api.sent import region_entry
from profiles.api.single import Document, body_of, draft_of, draft_of_entry
from profiles.models import Profile
from profiles.schema.record import RegionEntry
from profiles.values import ProfileDraft


class RegionIn(RootModel[RegionEntry]):
    """A region somebody belongs to."""

    model_config = ConfigDict(json_schema_extra={"title": "RegionIn"})


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
