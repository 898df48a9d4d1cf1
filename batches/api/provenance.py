"""Where each value of a profile came from, with the records behind it: profiles know nothing of those."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, ConfigDict
from rest_framework.request import Request
from rest_framework.response import Response

from batches.models import BatchRecord
from batches.results import Place, records_behind
from profiles.api.shapes import cause_document
from profiles.http.documents import answers
from profiles.http.filtering import NoFilters
from profiles.http.permissions import HubView
from profiles.http.wire import parse_id, wire_time
from profiles.models import Profile
from profiles.provenance import Provenance, provenance_of


class ProvenanceEnvelope(BaseModel):
    """The paths of a profile."""

    model_config = ConfigDict(extra="allow")

    data: list[dict[str, Any]]


class ProfileProvenance(HubView):
    """What put each value of a profile there (rules 6.6)."""

    required_scopes: ClassVar = {"GET": ("read-profiles", "read-audits")}

    @extend_schema(
        operation_id="read_profile_provenance",
        summary="Ask where each value of a profile came from",
        description=(
            "For each path of the profile, as the ledger writes them: its value, the change that put it there, the "
            "record behind that with the rule and key by which it meant the profile, and the merges it came through. "
            "The hub's own extension."
        ),
        tags=["profiles"],
        responses=answers(404, 422, ok=ProvenanceEnvelope),
    )
    def get(self, request: Request, profile_id: str) -> Response:
        """Return the paths in their order."""
        NoFilters.apply(request, Profile.objects.none())
        parsed = parse_id(profile_id)
        if not Profile.objects.filter(id=parsed).exists():
            raise Http404
        return Response({"data": provenance_documents(provenance_of(parsed))})


def provenance_documents(found: Sequence[Provenance]) -> list[dict[str, Any]]:
    """Return each path with what put it there; one query for the records behind them."""
    records = records_behind(one.change for one in found)
    return [_document(one, records) for one in found]


def _document(one: Provenance, records: Mapping[Place, BatchRecord]) -> dict[str, Any]:
    change = one.change
    record = None if change.batch_id is None else records.get((change.batch_id, change.position or 0))
    return {
        "path": one.path,
        "value": one.value,
        "profile_id": str(change.profile_id),
        "version": change.version,
        "action": change.action,
        "at": wire_time(change.at),
        "cause": cause_document(change),
        "reference": None if record is None else record.reference or None,
        "matched_by": None if record is None or not record.rule else {"rule": record.rule, "key": record.key},
        "via": [
            {"action": row.action, "profile_id": str(row.profile_id), "version": row.version, "at": wire_time(row.at)}
            for row in one.via
        ],
    }
