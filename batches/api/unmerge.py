"""Taking merged profiles apart over REST (rules 11)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from batches.api.undo import DRY_RUN, asked_note, kept_document, read_dry_run
from batches.unmerging import records_of
from profiles.api.once import IDEMPOTENCY_KEY, answer_once, sent_as
from profiles.api.shapes import profile_documents
from profiles.history import without_origins
from profiles.http.bodies import as_sent, read_fields
from profiles.http.documents import answers
from profiles.http.permissions import HubView
from profiles.http.requests import request_id
from profiles.keys import NOTES_LENGTH
from profiles.models import Profile, ProfileChange
from profiles.once import kept_once
from profiles.reconcile import Changes
from profiles.reverting import composed
from profiles.unmerging import PartingPlan, Unmerge, unmerge_profiles
from profiles.values import Cause, CauseKind, ChangeAction

MOST_VERSIONS = 1_000


class UnmergeIn(BaseModel):
    """Which profile is to be taken out of which."""

    model_config = as_sent("UnmergeIn", source_profile_id="01a20c9f-b30d-7000-a580-46bb423e7cc5", note="Two sisters")

    source_profile_id: UUID = Field(description="The one that was merged.")
    destination_profile_id: UUID | None = Field(
        default=None, description="The one it was merged into; whoever it lives on in, unless told."
    )
    to_merged: list[int] = Field(
        default=[],
        max_length=MOST_VERSIONS,
        description="Versions of the destination's changes since that are the source's, although no key says so.",
    )
    note: str | None = Field(default=None, strict=True, max_length=NOTES_LENGTH, description="Why, for the ledger.")


class Side(BaseModel):
    """One of the two."""

    profile: dict[str, Any] = Field(description="As it is then; of a dry run, as it is now.")
    changes: dict[str, Any] = Field(description="What changes of it, all in all.")
    kept: list[dict[str, Any]] = Field(description="What stays as it is, and why.")


class Unmerged(BaseModel):
    """What became of two profiles that were taken apart."""

    source: Side
    destination: Side
    moved: list[dict[str, Any]] = Field(
        description="The destination's changes since that went to the source, by version, batch and position."
    )
    operation_id: str | None


class UnmergedEnvelope(BaseModel):
    """The answer to two profiles that are taken apart."""

    data: Unmerged


class ProfileUnmerges(HubView):
    """Where two profiles that were merged are taken apart."""

    required_scopes: ClassVar = {"POST": ("create-profiles", "update-profiles", "delete-profiles", "read-audits")}

    @extend_schema(
        operation_id="unmerge_profiles",
        summary="Take two profiles apart that were merged",
        description=(
            "Both are then as if they had never been merged; what came since by a key of the source goes to it, by "
            "the ledger. They are remembered as different people. 409 where they are not merged, and where another "
            "merge has come since. A dry run only shows it. The hub's own extension."
        ),
        tags=["profiles"],
        request=UnmergeIn,
        parameters=[DRY_RUN, IDEMPOTENCY_KEY],
        responses=answers(409, 413, 415, 422, 503, ok=UnmergedEnvelope),
    )
    def post(self, request: Request) -> Response:
        """Take them apart, or only tell what that would come to."""
        dry_run = read_dry_run(request)
        asked = read_fields(request, UnmergeIn)
        unmerge = Unmerge(
            asked.source_profile_id, asked.destination_profile_id, asked.to_merged, note=asked_note(asked.note)
        )
        sent = None if dry_run else sent_as(request)

        def write() -> dict[str, Any]:
            with kept_once(sent) as keep:
                plan = unmerge_profiles(
                    unmerge,
                    cause=Cause(CauseKind.API, actor_id=request.user.pk, request_id=request_id()),
                    now=timezone.now(),
                    records_of=records_of,
                    write=not dry_run,
                )
                keep([*plan.sides, _operation(plan), *(row.version for row in plan.moved)])
            return _told(plan, dry_run=dry_run)

        return Response({"data": answer_once(request, sent, write, lambda made: _told_before(*made))})


def _operation(plan: PartingPlan) -> str:
    return next(str(one.operation_id) for one in plan.changes if one.action is ChangeAction.UNMERGED)


def _told(plan: PartingPlan, *, dry_run: bool) -> dict[str, Any]:
    """Return what became of both; queries."""
    documents = _documents(plan.sides)
    source, destination = (_side(one, plan, documents) for one in plan.sides)
    return {
        "source": source,
        "destination": destination,
        "moved": [_moved(row.version, row.cause.batch_id, row.cause.position) for row in plan.moved],
        "operation_id": None if dry_run else _operation(plan),
    }


def _told_before(source: str, destination: str, operation: str, *versions: str) -> dict[str, Any]:
    """Return what became of both earlier, by the ledger, and as they are now; queries."""
    sides = UUID(source), UUID(destination)
    documents = _documents(sides)
    changes: dict[UUID, list[Changes]] = {one: [] for one in sides}
    for row in ProfileChange.objects.filter(profile__in=sides, operation_id=operation).order_by("version"):
        changes[row.profile_id].append(row.changes)
    moved = ProfileChange.objects.filter(profile=sides[1], version__in=versions).order_by("version")
    told: list[dict[str, Any]] = [
        {"profile": documents.get(one), "changes": without_origins(composed(changes[one])), "kept": []}
        for one in sides
    ]
    return {
        "source": told[0],
        "destination": told[1],
        "moved": [_moved(row.version, row.batch_id, row.position) for row in moved],
        "operation_id": operation,
    }


def _moved(version: int, batch_id: UUID | None, position: int | None) -> dict[str, Any]:
    return {"version": version, "batch_id": None if batch_id is None else str(batch_id), "position": position}


def _documents(profile_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return the profiles as they are; queries."""
    documents = profile_documents(list(Profile.objects.filter(id__in=profile_ids)), now=timezone.now())
    return {UUID(one["id"]): one for one in documents}


def _side(profile_id: UUID, plan: PartingPlan, documents: Mapping[UUID, dict[str, Any]]) -> dict[str, Any]:
    return {
        "profile": documents[profile_id],
        "changes": without_origins(plan.differences[profile_id]),
        "kept": [kept_document(kept) for of, kept in plan.kept if of == profile_id],
    }
