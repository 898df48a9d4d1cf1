"""Taking back over REST: a batch, as a batch of its own; one change, at once (way 5)."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, Literal, cast
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import BaseModel, ConfigDict, Field
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from batches.api.batches import asked_dry_run, find_batch, kept_answer
from batches.api.shapes import KeptBatchEnvelope
from batches.models import Batch
from batches.reverting import decisions_of, foretell, records_since
from batches.undoing import (
    MOST_BATCHES,
    MOST_SHOWN,
    OvertakenError,
    Part,
    Tally,
    batches_of,
    parts_of,
    submit_undo,
    submit_undos,
)
from batches.values import Receipt
from profiles import digests, keys
from profiles.api.once import IDEMPOTENCY_KEY, answer_once, sent_as
from profiles.api.shapes import profile_documents
from profiles.history import without_origins
from profiles.http.bodies import as_sent, read_fields
from profiles.http.documents import answers
from profiles.http.errors import ConflictError, InvalidFieldsError
from profiles.http.permissions import HubView
from profiles.http.requests import request_id
from profiles.http.wire import parse_id, wire_time
from profiles.keys import NAME_LENGTH, NOTES_LENGTH, InvalidValueError
from profiles.models import ApiToken, Profile, ProfileChange, User
from profiles.once import kept_once, once
from profiles.reverting import SENTENCES, composed
from profiles.undoing import Kept, Reversal, UndoOptions, take_back, target_of_change
from profiles.values import Cause, CauseKind, OutcomeKind

QUEUED: Final = "Undo queued."
PREVIEW_QUEUED: Final = "Undo queued for preview."
SCOPES: Final = ("update-profiles", "delete-profiles", "read-audits")
OVERRIDE: Final = "override-undo"
MOST_POSITIONS: Final = 500
DRY_RUN: Final = OpenApiParameter("dry_run", bool, description="Only show what it would come to.")


class _Terms(BaseModel):
    loosen_consent: bool = Field(
        default=False,
        strict=True,
        description="Whether flags of consent may go back to what allows sending; needs the scope override-undo.",
    )
    later: Literal["records", "ledger"] = Field(
        default="records",
        description=(
            "Whether later records are read again, so that what they repeated stays, or only what the ledger tells "
            "of them counts."
        ),
    )
    note: str | None = Field(default=None, strict=True, max_length=NOTES_LENGTH, description="Why, for the ledger.")

    def options(self, force: Iterable[UUID]) -> UndoOptions:
        """Return what is asked for beyond what an undo does by itself."""
        return UndoOptions(
            frozenset(force), loosen_consent=self.loosen_consent, by_ledger_alone=self.later == "ledger"
        )


class BatchUndoIn(_Terms):
    """How a batch is to be taken back."""

    model_config = as_sent("BatchUndoIn", note="The wrong file")

    positions: list[int] | None = Field(
        default=None, min_length=1, max_length=MOST_POSITIONS, description="Of the records; absent: all of them."
    )
    force: list[UUID] = Field(
        default=[],
        max_length=MOST_POSITIONS,
        description="Profiles made by the batch that end although others have used them since; needs override-undo.",
    )


class BatchesUndoIn(_Terms):
    """Which batches are to be taken back together, and how."""

    model_config = as_sent("BatchesUndoIn", label="customers_export.csv", note="The wrong file")

    label: str | None = Field(
        default=None, strict=True, min_length=1, max_length=NAME_LENGTH, description="All batches with this label."
    )
    batches: list[UUID] = Field(default=[], max_length=MOST_BATCHES, description="Or these, by their ids.")
    force: list[UUID] = Field(
        default=[],
        max_length=MOST_POSITIONS,
        description="Profiles made by them that end although others have used them since; needs override-undo.",
    )
    digest: str | None = Field(
        default=None,
        strict=True,
        max_length=32,
        description="Of what a dry run has shown: exactly that is done, or nothing.",
    )


class ShownUndo(BaseModel):
    """What taking several batches back would come to, in numbers that add up."""

    message: str
    digest: str = Field(description="Send it to have exactly this done.")
    ended: int = Field(description="Profiles that end.")
    changed: int = Field(description="Profiles that change back.")
    unchanged: int = Field(description="Profiles that stay as they are.")
    refused: int = Field(description="Records that cannot be taken back.")
    kept: dict[str, int] = Field(description="What stays as it is, by its code.")
    batches: list[dict[str, Any]] = Field(description="Which batches, the newest first, and how many records.")


class ShownUndoEnvelope(BaseModel):
    """The answer to the dry run of taking several batches back."""

    data: ShownUndo


class UndosQueued(BaseModel):
    """The batches that take others back."""

    message: str
    batch_ids: list[UUID] = Field(description="In the order in which they are processed.")


class UndosQueuedEnvelope(BaseModel):
    """The answer to taking several batches back."""

    data: UndosQueued


class ChangeUndoIn(_Terms):
    """How a change is to be taken back."""

    model_config = as_sent("ChangeUndoIn", note="A slip")

    force: bool = Field(
        default=False,
        strict=True,
        description="Whether the profile ends although others have used it since; needs the scope override-undo.",
    )


class UndoneChange(BaseModel):
    """What became of a change that was taken back."""

    model_config = ConfigDict(extra="allow")

    outcome: str
    profile: dict[str, Any] | None = Field(description="Null where it ended.")
    changes: dict[str, Any]
    also_changed: list[dict[str, Any]] = Field(
        default=[], description="Profiles that had become one with it, and what changes of each."
    )
    kept: list[dict[str, Any]] = Field(description="What stays as it is, and why.")
    operation_id: str | None


class UndoneChangeEnvelope(BaseModel):
    """The answer to a change that is taken back."""

    data: UndoneChange


class BatchUndo(HubView):
    """Where a batch is taken back."""

    required_scopes: ClassVar = {"POST": SCOPES}

    @extend_schema(
        operation_id="undo_batch",
        summary="Take back what a batch did",
        description=(
            "As if it had never been sent, for everything nobody else has spoken about since; what stays is told by "
            "the items of the batch that does it. Profiles that it made end, and their keys are free. A dry run shows "
            "what it would come to, and is confirmed like any preview. An undo is taken back like any batch. The "
            "hub's own extension."
        ),
        tags=["batches"],
        request=BatchUndoIn,
        parameters=[DRY_RUN, IDEMPOTENCY_KEY],
        responses=answers(404, 409, 413, 415, 422, 503, accepted=KeptBatchEnvelope),
    )
    def post(self, request: Request, batch_id: str) -> Response:
        """Keep the undo and answer with its batch's id."""
        batch = find_batch(batch_id)
        dry_run = read_dry_run(request)
        asked = read_fields(request, BatchUndoIn)
        options = asked.options(asked.force)
        _check_override(request, override=bool(options.force) or options.loosen_consent)
        sent = sent_as(request, request.data, dry_run)
        receipt = once(
            sent,
            lambda: submit_undo(
                batch,
                positions=asked.positions,
                options=options,
                note=asked_note(asked.note),
                dry_run=dry_run,
                submitted_by=cast("User", request.user),  # the permission saw to it
                request_id=request_id(),
                sent=sent,
            ),
            lambda made: Receipt(UUID(made[0]), batch.total_count, replayed=True),
        )
        return kept_answer(receipt, PREVIEW_QUEUED if dry_run else QUEUED)


class BatchesUndo(HubView):
    """Where several batches are taken back together."""

    required_scopes: ClassVar = {"POST": SCOPES}

    @extend_schema(
        operation_id="undo_batches",
        summary="Take back what several batches did",
        description=(
            f"All with a label, or up to {MOST_BATCHES} by their ids: by a batch for each, the newest first, all of "
            f"them queued or none. A dry run answers at once with what all of them together would come to, for up to "
            f"{MOST_SHOWN:,} records, and a digest: sent with it, exactly that is done, or 409. The hub's own "
            "extension."
        ),
        tags=["batches"],
        request=BatchesUndoIn,
        parameters=[DRY_RUN, IDEMPOTENCY_KEY],
        responses=answers(409, 413, 415, 422, 429, 503, ok=ShownUndoEnvelope, accepted=UndosQueuedEnvelope),
    )
    def post(self, request: Request) -> Response:
        """Keep the undos and answer with their batches' ids, or tell what they would come to."""
        dry_run = read_dry_run(request)
        asked = read_fields(request, BatchesUndoIn)
        options = asked.options(asked.force)
        _check_override(request, override=bool(options.force) or options.loosen_consent)
        if dry_run:
            parts = parts_of(_asked_batches(asked), most=MOST_SHOWN)
            return Response({"data": _shown(parts, _foretold(parts, options, request))})
        sent = sent_as(request)

        def write() -> list[str]:
            parts = parts_of(_asked_batches(asked), most=None if asked.digest is None else MOST_SHOWN)
            shown = None if asked.digest is None else _foretold(parts, options, request)
            if shown is not None and asked.digest != _digest(shown):
                raise OvertakenError
            receipts = submit_undos(
                parts,
                options=options,
                note=asked_note(asked.note),
                shown=shown,
                submitted_by=cast("User", request.user),  # the permission saw to it
                request_id=request_id(),
                sent=sent,
            )
            return [str(receipt.batch_id) for receipt in receipts]

        batch_ids = answer_once(request, sent, write, list)
        return Response({"data": {"message": QUEUED, "batch_ids": batch_ids}}, status=202)


class ChangeUndo(HubView):
    """Where one change of a profile is taken back."""

    required_scopes: ClassVar = {"POST": SCOPES}

    @extend_schema(
        operation_id="undo_change",
        summary="Take back one change of a profile",
        description=(
            "Answers with the profile as it is then, what changed and what stayed as it was. 409 where it cannot be "
            "taken back, 412 where If-Match names another version. The hub's own extension."
        ),
        tags=["profiles"],
        request=ChangeUndoIn,
        parameters=[
            DRY_RUN,
            IDEMPOTENCY_KEY,
            OpenApiParameter("If-Match", {"type": "string"}, OpenApiParameter.HEADER, description="The ETag read."),
        ],
        responses=answers(404, 409, 412, 413, 415, 422, 503, ok=UndoneChangeEnvelope),
    )
    def post(self, request: Request, profile_id: str, version: str) -> Response:
        """Take it back, or only tell what that would come to."""
        parsed = parse_id(profile_id)
        dry_run = read_dry_run(request)
        asked = read_fields(request, ChangeUndoIn)
        _check_override(request, override=asked.force or asked.loosen_consent)
        is_version = version.isascii() and version.isdigit() and len(version) < 10  # noqa: PLR2004 of 32 bits
        target = target_of_change(parsed, int(version)) if is_version else None
        if target is None:
            raise Http404
        sent = None if dry_run else sent_as(request)

        def write() -> dict[str, Any]:
            with kept_once(sent) as keep:
                (reversal,) = take_back(
                    [target],
                    cause=Cause(CauseKind.API, actor_id=request.user.pk, request_id=request_id()),
                    now=timezone.now(),
                    options=asked.options([parsed] if asked.force else []),
                    note=asked_note(asked.note),
                    records_since=records_since,
                    write=not dry_run,
                )
                _check_match(request, reversal)
                if reversal.outcome.kind is not OutcomeKind.REJECTED:
                    keep([reversal.outcome.kind, *([] if reversal.change is None else [reversal.change.operation_id])])
            if reversal.outcome.kind is OutcomeKind.REJECTED:
                raise ConflictError(reversal.outcome.errors[0].message)
            return _undone(parsed, reversal, dry_run=dry_run)

        return Response({"data": answer_once(request, sent, write, lambda made: _undone_before(parsed, *made))})


class ChangedMeanwhileError(APIException):
    """The profile is no longer at the version that If-Match names."""

    status_code = 412
    default_detail = "The profile was changed by somebody else after it was looked at."


def read_dry_run(request: Request) -> bool:
    """Return whether only a preview is asked for; raises `InvalidFieldsError`."""
    errors: dict[str, list[str]] = {}
    dry_run = asked_dry_run(request, errors)
    if errors:
        raise InvalidFieldsError(errors)
    return dry_run


def _asked_batches(asked: BatchesUndoIn) -> list[Batch]:
    """Return the batches that are named; raises `InvalidFieldsError` and `UndoError`. Queries."""
    if (asked.label is None) is not bool(asked.batches):
        raise InvalidFieldsError({"batches": ["Name either a label or the batches."]})
    if asked.label is not None:
        return batches_of(asked.label)
    found = Batch.objects.defer("record_digests").in_bulk(asked.batches)
    if unknown := [place for place, one in enumerate(asked.batches) if one not in found]:
        raise InvalidFieldsError({f"batches.{place}": ["There is no such batch."] for place in unknown})
    return list(found.values())


def _foretold(parts: Sequence[Part], options: UndoOptions, request: Request) -> list[Reversal]:
    with transaction.atomic():
        return foretell(
            [target for part in parts for target in part.targets],
            options=options,
            cause=Cause(CauseKind.API, actor_id=request.user.pk, request_id=request_id()),
            now=timezone.now(),
            besides=[part.batch.pk for part in parts],
        )


def _digest(shown: Sequence[Reversal]) -> str:
    return digests.digest_of_all(one.digest for one in decisions_of(shown))


def _shown(parts: Sequence[Part], shown: Sequence[Reversal]) -> dict[str, Any]:
    tally = Tally.of(shown)
    return {
        "message": tally.sentence,
        "digest": _digest(shown),
        "ended": tally.ended,
        "changed": tally.changed,
        "unchanged": tally.same,
        "refused": tally.refused,
        "kept": dict(tally.kept),
        "batches": [{"batch_id": str(part.batch.pk), "records": len(part.targets)} for part in parts],
    }


def asked_note(note: str | None) -> str:
    """Return the note in normal form; raises `InvalidFieldsError`."""
    try:
        return keys.text(note or "", length=NOTES_LENGTH, notes=True)
    except InvalidValueError as error:
        raise InvalidFieldsError({"note": [str(error)]}) from error


def _check_override(request: Request, *, override: bool) -> None:
    """Raise `PermissionDenied` where the token may not do more than an undo does by itself."""
    if override and not cast("ApiToken", request.auth).allows(OVERRIDE):
        raise PermissionDenied


def _check_match(request: Request, reversal: Reversal) -> None:
    """Raise `ChangedMeanwhileError` where If-Match names another version than the profile had."""
    asked = request.headers.get("If-Match")
    version = reversal.outcome.profile_version
    if asked is None or asked == "*" or version is None:
        return
    found = version - (reversal.change is not None) - len(reversal.again)
    if f'"{found}"' not in [one.strip() for one in asked.split(",")]:
        raise ChangedMeanwhileError


def _undone(profile_id: UUID, reversal: Reversal, *, dry_run: bool) -> dict[str, Any]:
    """Return what became of the change, or would; queries."""
    change = reversal.change
    return {
        "outcome": reversal.outcome.kind,
        "profile": None if reversal.ends else _document(profile_id),
        "changes": without_origins(reversal.changes),
        "also_changed": [_beside(one.profile_id, one.changes) for one in reversal.beside],
        "kept": [kept_document(one) for one in reversal.kept],
        "operation_id": None if change is None or dry_run else str(change.operation_id),
    }


def _beside(profile_id: UUID, changes: Mapping[str, Any]) -> dict[str, Any]:
    return {"profile_id": str(profile_id), "changes": without_origins(changes)}


def _undone_before(profile_id: UUID, outcome: str, operation_id: str | None = None) -> dict[str, Any]:
    """Return what became of a change that was taken back earlier, by the ledger; queries."""
    rows = list(ProfileChange.objects.filter(operation_id=operation_id).order_by("version")) if operation_id else []
    return {
        "outcome": outcome,
        "profile": _document(profile_id),
        "changes": without_origins(composed([row.changes for row in rows if row.profile_id == profile_id])),
        "also_changed": [_beside(row.profile_id, row.changes) for row in rows if row.profile_id != profile_id],
        "kept": [],
        "operation_id": operation_id,
    }


def _document(profile_id: UUID) -> dict[str, Any] | None:
    """Return the profile as it is; `None` where it has ended. Queries."""
    documents = profile_documents(list(Profile.objects.filter(id=profile_id, ended=None)), now=timezone.now())
    return documents[0] if documents else None


def kept_document(kept: Kept) -> dict[str, Any]:
    """Return something that stays as it is, why, and what stands there."""
    row, record = kept.row, kept.record
    batch_id = row.cause.batch_id if row is not None else None if record is None else record.batch_id
    stands = row or record
    return {
        "code": kept.code,
        "pointer": kept.pointer,
        "message": SENTENCES[kept.code],
        "version": None if row is None else row.version,
        "batch_id": None if batch_id is None else str(batch_id),
        "position": row.cause.position if row is not None else None if record is None else record.position,
        "actor": (row.cause.actor_label if row is not None else "" if record is None else record.actor_label) or None,
        "at": None if stands is None else wire_time(dt.datetime.fromisoformat(stands.at)),
        "holder": None if kept.holder is None else str(kept.holder),
    }
