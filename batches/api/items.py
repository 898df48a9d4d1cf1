"""What became of each record of a batch, the record as it came, and what would become of one."""

from typing import TYPE_CHECKING, ClassVar, cast

from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from batches.api.batches import find_batch
from batches.api.filters import ItemFilters, select_items
from batches.api.shapes import BatchIn, ExplanationEnvelope, explanation_document, item_documents
from batches.bodies import find_record
from batches.explaining import explain_body
from batches.models import BatchBody
from batches.results import read_items
from profiles.http.documents import PageEnvelope, answers
from profiles.http.pagination import PAGE_PARAMETERS, page_response, read_page
from profiles.http.permissions import HubView
from profiles.http.wire import read_body
from profiles.models import ApiToken

if TYPE_CHECKING:
    from profiles.models import User

ITEMS_PER_PAGE = 500


class BatchItems(HubView):
    """The records of one batch and what became of them."""

    required_scopes: ClassVar = {"GET": ("read-profiles",)}

    @extend_schema(
        operation_id="list_batch_items",
        summary="Read a batch's items",
        description=(
            "What became of each record; of a preview, what would become of it, and with the scope read-audits the "
            "`changes` that it would make, as a profile's ledger tells them. An item refused as `stale`, being no "
            "longer what the preview had shown, tells both: what was `shown`, and what it would be at `present`."
        ),
        tags=["batches"],
        parameters=[*ItemFilters.parameters(), *PAGE_PARAMETERS],
        responses=answers(404, 422, ok=PageEnvelope),
    )
    def get(self, request: Request, batch_id: str) -> Response:
        """Return a page of items in the order sent; those not decided yet are pending.

        Items of a preview tell what would become of the records, and with the scope read-audits their changes. An
        item that was refused as stale tells what had been shown, and what it would have come to instead.
        """
        batch = find_batch(batch_id)
        selection = select_items(request, criteria=batch.criteria)
        page = read_page(request, max_size=ITEMS_PER_PAGE)
        items, total = read_items(batch, selection, offset=page.offset, size=page.size)
        with_changes = isinstance(request.auth, ApiToken) and request.auth.allows("read-audits")
        documents = item_documents(batch, items, with_changes=with_changes)
        return page_response(request, page, documents, total=total)


class BatchItemRecord(HubView):
    """One record of a batch, byte for byte as it was received."""

    required_scopes: ClassVar = {"GET": ("read-profiles", "read-audits")}

    @extend_schema(
        operation_id="read_batch_record",
        summary="Read a record as received",
        tags=["batches"],
        responses=answers(404, ok=OpenApiResponse(OpenApiTypes.OBJECT, description="The record's own bytes.")),
    )
    def get(self, request: Request, batch_id: str, position: str) -> HttpResponse:
        """Return the record's own bytes."""
        batch = find_batch(batch_id)
        body = BatchBody.objects.filter(batch=batch).first()
        if body is None or not (position.isascii() and position.isdigit() and len(position) < 10):  # noqa: PLR2004
            raise Http404
        record = find_record(body.content, int(position))
        if record is None:
            raise Http404
        return HttpResponse(record.content, content_type="application/json")


class ExplainedRecord(HubView):
    """What would become of a record if it came now, and why (way 3.6)."""

    required_scopes: ClassVar = {"POST": ("read-profiles",)}

    @extend_schema(
        operation_id="explain_record",
        summary="Ask what would become of a record",
        description=(
            "Takes a batch with exactly one profile and answers as its item would, with the rules that were tried for "
            "it in `steps` and what would change in `changes`. Nothing is written or queued; a profile that would be "
            "created has no id yet. The hub's own extension."
        ),
        tags=["batches"],
        request=BatchIn,
        responses=answers(400, 413, 415, 422, 503, ok=ExplanationEnvelope),
    )
    def post(self, request: Request) -> Response:
        """Explain one record."""
        explanation = explain_body(
            read_body(request._request),
            now=timezone.now(),
            on_behalf_of=cast("User", request.user),  # the permission saw to it
        )
        return Response({"data": explanation_document(explanation)})
