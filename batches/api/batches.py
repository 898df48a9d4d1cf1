"""Receiving batches and looking back at them: one request, one call, one answer."""

from typing import TYPE_CHECKING, ClassVar, cast

from django.conf import settings
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from batches.api.filters import BatchFilters
from batches.api.shapes import (
    QUEUED_MESSAGE,
    BatchEnvelope,
    BatchIn,
    KeptBatchEnvelope,
    batch_documents,
)
from batches.intake import submit_batch
from batches.models import Batch
from batches.values import BatchSource
from profiles import keys
from profiles.http.documents import PageEnvelope, answers
from profiles.http.errors import InvalidFieldsError
from profiles.http.pagination import PAGE_PARAMETERS, page_of_rows
from profiles.http.permissions import HubView
from profiles.http.requests import request_id
from profiles.http.wire import parse_id, read_body

if TYPE_CHECKING:
    from profiles.models import User

RECEIVING = answers(400, 409, 413, 415, 422, 503, accepted=KeptBatchEnvelope)


class ProfileBatches(HubView):
    """Where batches of customer records are posted (way 1.2)."""

    required_scopes: ClassVar = {"POST": ("create-profiles", "update-profiles")}

    @extend_schema(
        operation_id="submit_batch",
        summary="Submit a batch of customer records",
        description=(
            "Keeps the body as it is and answers at once; what becomes of each record is told by the batch and its "
            "items. Batches of one user are processed in the order received, or of one Queue-Key where that is sent."
        ),
        tags=["batches"],
        request=BatchIn,
        parameters=[
            OpenApiParameter("label", {"type": "string", "maxLength": 255}, description="To find the batch by."),
            OpenApiParameter(
                "Idempotency-Key",
                {"type": "string", "maxLength": 255},
                OpenApiParameter.HEADER,
                description=(
                    f"For {settings.IDEMPOTENCY_DAYS} days the same key, sent by the same user with the same body, "
                    "label and Queue-Key, answers with the same batch; with others it is refused with 409."
                ),
            ),
            OpenApiParameter("Queue-Key", {"type": "string", "maxLength": 255}, OpenApiParameter.HEADER),
        ],
        responses=RECEIVING,
    )
    def post(self, request: Request) -> Response:
        """Keep a batch and answer with its id."""
        errors: dict[str, list[str]] = {}
        label = _clean(request.query_params.get("label", ""), "label", errors)
        queue_key = _clean(request.headers.get("Queue-Key", ""), "Queue-Key", errors)
        idempotency_key = _clean(request.headers.get("Idempotency-Key", ""), "Idempotency-Key", errors)
        if errors:
            raise InvalidFieldsError(errors)
        receipt = submit_batch(
            body=read_body(request._request),
            source=BatchSource.API,
            submitted_by=cast("User", request.user),  # the permission saw to it
            label=label,
            queue_key=queue_key,
            idempotency_key=idempotency_key or None,
            request_id=request_id(),
        )
        return Response(
            {"data": {"message": QUEUED_MESSAGE, "batch_id": str(receipt.batch_id)}},
            status=202,
            headers={"Idempotency-Replayed": "true"} if receipt.replayed else {},
        )


class OlderProfileBatches(ProfileBatches):
    """The older path of the same thing, which released clients call."""

    @extend_schema(
        operation_id="submit_batch_older_path",
        summary="Submit a batch (the older path)",
        tags=["batches"],
        request=BatchIn,
        responses=RECEIVING,
        deprecated=True,
    )
    def post(self, request: Request) -> Response:
        """Keep a batch and answer with its id."""
        return super().post(request)


def _clean(text: str, name: str, errors: dict[str, list[str]]) -> str:
    try:
        return keys.text(text)
    except keys.InvalidValueError as error:
        errors[name] = [str(error)]
        return ""


class BatchList(HubView):
    """All batches."""

    required_scopes: ClassVar = {"GET": ("read-profiles",)}

    @extend_schema(
        operation_id="list_batches",
        summary="Find batches",
        tags=["batches"],
        parameters=[*BatchFilters.parameters(), *PAGE_PARAMETERS],
        responses=answers(422, ok=PageEnvelope),
    )
    def get(self, request: Request) -> Response:
        """Return a page of batches, newest first."""
        batches = BatchFilters.apply(request, Batch.objects.select_related("submitted_by"))
        return page_of_rows(request, batches.order_by("-received_at", "-id"), batch_documents)


class BatchDetail(HubView):
    """One batch."""

    required_scopes: ClassVar = {"GET": ("read-profiles",)}

    @extend_schema(
        operation_id="read_batch",
        summary="Read a batch",
        tags=["batches"],
        responses=answers(404, ok=BatchEnvelope),
    )
    def get(self, request: Request, batch_id: str) -> Response:
        """Return the batch with its counts."""
        (document,) = batch_documents([find_batch(batch_id)])
        return Response({"data": document})


def find_batch(text: str) -> Batch:
    """Return the batch a path names, or raise `Http404`."""
    batch = Batch.objects.select_related("submitted_by").filter(id=parse_id(text)).first()
    if batch is None:
        raise Http404
    return batch
