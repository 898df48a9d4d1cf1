"""Files on their way in, in the contract's words."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from django.http import Http404
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from batches.imports import Progress, progress_of
from batches.models import Import
from profiles.http.documents import PageEnvelope, answers
from profiles.http.filtering import NoFilters
from profiles.http.pagination import PAGE_PARAMETERS, page_of_rows
from profiles.http.permissions import HubView
from profiles.http.wire import parse_id, wire_time

_SCOPES: Final = ("read-imports",)


class ImportDocument(BaseModel):
    """One file, and how far it has come."""

    id: str
    name: str
    status: str
    label: str
    count: int
    failed_count: int
    created_count: int
    updated_count: int
    unchanged_count: int
    progress: int
    meta: dict[str, Any]
    created_at: str
    finished_at: str | None


class ImportEnvelope(BaseModel):
    """One import."""

    data: ImportDocument


class ImportList(HubView):
    """All imports."""

    required_scopes: ClassVar = {"GET": _SCOPES}

    @extend_schema(
        operation_id="list_imports",
        summary="List the files that were imported",
        tags=["imports"],
        parameters=PAGE_PARAMETERS,
        responses=answers(422, ok=PageEnvelope),
    )
    def get(self, request: Request) -> Response:
        """Return a page of them, newest first."""
        rows = NoFilters.apply(request, Import.objects.select_related("submitted_by"))
        return page_of_rows(request, rows.order_by("-started_at", "-id"), import_documents)


class ImportDetail(HubView):
    """One import."""

    required_scopes: ClassVar = {"GET": _SCOPES}

    @extend_schema(
        operation_id="read_import",
        summary="Read how far an import has come",
        tags=["imports"],
        responses=answers(404, ok=ImportEnvelope),
    )
    def get(self, request: Request, import_id: str) -> Response:
        """Return it."""
        found = Import.objects.select_related("submitted_by").filter(id=parse_id(import_id)).first()
        if found is None:
            raise Http404
        (document,) = import_documents([found])
        return Response({"data": document})


def import_documents(imports: Sequence[Import]) -> list[dict[str, Any]]:
    """Return the imports with their counts; one query."""
    progress = progress_of([one.pk for one in imports])
    return [_document(one, progress[one.pk]) for one in imports]


def _document(one: Import, progress: Progress) -> dict[str, Any]:
    user = one.submitted_by
    return {
        "id": str(one.pk),
        "name": one.name,
        "status": _status(one, progress),
        "label": one.label,
        "count": progress.records,
        "failed_count": progress.rejected,
        "created_count": progress.created,
        "updated_count": progress.updated,
        "unchanged_count": progress.unchanged,
        "progress": 100 * progress.processed // progress.records if progress.records else 0,
        "meta": {
            **one.terms,
            "submitted_by": None if user is None else user.get_username(),
            "batches": progress.batches,
            "fault": one.fault or None,
        },
        "created_at": wire_time(one.started_at),
        "finished_at": wire_time(one.finished_at),
    }


def _status(one: Import, progress: Progress) -> str:
    if one.finished_at is None or progress.waiting:
        return "PROCESSING" if progress.processed else "PENDING"
    return "FAILED" if one.fault or progress.rejected == progress.records > 0 else "SUCCESS"
