"""Receiving batches and looking back at them: one request, one call, one answer."""

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast
from uuid import UUID

import orjson
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from batches.api.filters import BatchFilters
from batches.api.shapes import (
    PREVIEW_MESSAGE,
    QUEUED_MESSAGE,
    BatchEnvelope,
    BatchIn,
    ConfirmationIn,
    KeptBatchEnvelope,
    batch_documents,
)
from batches.confirming import confirm_preview
from batches.intake import submit_batch
from batches.models import Batch
from batches.values import BatchSource, IfChanged, Receipt
from profiles import digests, keys
from profiles.api.once import IDEMPOTENCY_KEY, REPLAYED, asked_key, sent_as
from profiles.http.bodies import read_flag
from profiles.http.documents import PageEnvelope, answers
from profiles.http.errors import InvalidFieldsError
from profiles.http.pagination import PAGE_PARAMETERS, page_of_rows
from profiles.http.permissions import HubView
from profiles.http.requests import request_id
from profiles.http.wire import parse_id, read_body
from profiles.once import once

if TYPE_CHECKING:
    from profiles.models import User

RECEIVING = answers(400, 409, 413, 415, 422, 503, accepted=KeptBatchEnvelope)
DRY_RUN: Final = OpenApiParameter(
    "dry_run",
    {"type": "string", "enum": ["1", "true", "0", "false"]},
    description=(
        "With 1 the batch only shows what would become of each record: its items tell outcomes, warnings, errors, the "
        "ids that new profiles would get and the changes. Exactly that can then be done by confirming it."
    ),
)
_DIGEST: Final = re.compile(rf"[0-9a-f]{{{2 * digests.SIZE}}}")


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
            DRY_RUN,
            OpenApiParameter("label", {"type": "string", "maxLength": 255}, description="To find the batch by."),
            IDEMPOTENCY_KEY,
            OpenApiParameter("Queue-Key", {"type": "string", "maxLength": 255}, OpenApiParameter.HEADER),
        ],
        responses=RECEIVING,
    )
    def post(self, request: Request) -> Response:
        """Keep a batch and answer with its id."""
        errors: dict[str, list[str]] = {}
        label = _clean(request.query_params.get("label", ""), "label", errors)
        queue_key = _clean(request.headers.get("Queue-Key", ""), "Queue-Key", errors)
        dry_run = asked_dry_run(request, errors)
        if errors:
            raise InvalidFieldsError(errors)
        receipt = submit_batch(
            body=read_body(request._request),
            source=BatchSource.API,
            submitted_by=cast("User", request.user),  # the permission saw to it
            label=label,
            queue_key=queue_key,
            idempotency_key=asked_key(request),
            request_id=request_id(),
            dry_run=dry_run,
        )
        return kept_answer(receipt, PREVIEW_MESSAGE if dry_run else QUEUED_MESSAGE)


class OlderProfileBatches(ProfileBatches):
    """The older path of the same thing, which released clients call."""

    @extend_schema(
        operation_id="submit_batch_older_path",
        summary="Submit a batch (the older path)",
        tags=["batches"],
        request=BatchIn,
        parameters=[DRY_RUN, IDEMPOTENCY_KEY],
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


def asked_dry_run(request: Request, errors: dict[str, list[str]]) -> bool:
    """Return whether the batch shall only be previewed; what is neither yes nor no is an error, never a run."""
    try:
        return read_flag(request, "dry_run")
    except InvalidFieldsError as error:
        errors |= error.errors
        return True


def kept_answer(receipt: Receipt, message: str) -> Response:
    """Answer with the batch that was kept, now or under the same key before."""
    return Response(
        {"data": {"message": message, "batch_id": str(receipt.batch_id)}},
        status=202,
        headers={REPLAYED: "true"} if receipt.replayed else {},
    )


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
        batches = BatchFilters.apply(request, Batch.objects.select_related("submitted_by").defer("record_digests"))
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


class BatchConfirmation(HubView):
    """Doing exactly what a preview has shown."""

    required_scopes: ClassVar = ProfileBatches.required_scopes

    @extend_schema(
        operation_id="confirm_batch",
        summary="Do exactly what a preview has shown",
        description=(
            "Queues a batch of the same bytes that is held to the preview: each record comes to what was shown of it, "
            "with the ids that were shown, or to nothing. Confirming again answers with the same batch."
        ),
        tags=["batches"],
        request=ConfirmationIn,
        parameters=[IDEMPOTENCY_KEY],
        responses=answers(400, 404, 409, 413, 415, 422, 503, accepted=KeptBatchEnvelope),
    )
    def post(self, request: Request, batch_id: str) -> Response:
        """Keep the batch that the preview is confirmed with, and answer with its id."""
        preview = find_batch(batch_id)
        digest, if_changed = _confirmation(read_body(request._request))
        sent = sent_as(request, digest, if_changed)
        receipt = once(
            sent,
            lambda: confirm_preview(
                preview,
                digest=digest,
                if_changed=if_changed,
                source=BatchSource.API,
                request_id=request_id(),
                sent=sent,
            ),
            lambda made: Receipt(UUID(made[0]), preview.total_count, replayed=True),
        )
        return kept_answer(receipt, QUEUED_MESSAGE)


def _confirmation(body: bytes) -> tuple[str, IfChanged | None]:
    """Return what is confirmed, and what shall become of it where something has changed."""
    try:
        value: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ParseError("The body is not valid JSON.") from error
    members = value if isinstance(value, dict) else {}
    digest, if_changed = members.get("digest"), members.get("if_changed")
    errors: dict[str, list[str]] = {}
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        errors["digest"] = ["The digest must be the preview's, 32 digits of 0-9 and a-f."]
    if if_changed is not None and if_changed not in [*IfChanged]:
        errors["if_changed"] = [f"The if_changed must be one of {', '.join(IfChanged)}."]
    if errors:
        raise InvalidFieldsError(errors)
    return str(digest), None if if_changed is None else IfChanged(if_changed)


def find_batch(text: str) -> Batch:
    """Return the batch a path names, or raise `Http404`."""
    batch = Batch.objects.select_related("submitted_by").defer("record_digests").filter(id=parse_id(text)).first()
    if batch is None:
        raise Http404
    return batch
