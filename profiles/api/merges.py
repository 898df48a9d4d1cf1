"""Merging profiles over REST."""

from typing import ClassVar, Final
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from profiles import keys
from profiles.api.documents import ProfileEnvelope
from profiles.api.once import IDEMPOTENCY_KEY, answer_once, sent_as
from profiles.api.shapes import profile_documents
from profiles.http.bodies import as_sent, read_fields
from profiles.http.documents import answers
from profiles.http.errors import Answers, ConflictError, InvalidFieldsError
from profiles.http.permissions import HubView
from profiles.http.requests import request_id
from profiles.keys import NOTES_LENGTH, InvalidValueError
from profiles.merging import Merge, MergeError, SameProfileError, UnknownProfileError, merge_profiles
from profiles.models import Profile
from profiles.once import kept_once
from profiles.values import Cause, CauseKind

_FIELDS: Final = {"merged": "source_profile_id", "survivor": "destination_profile_id"}

ANSWERS: Final[Answers] = {
    SameProfileError: lambda error: InvalidFieldsError({_FIELDS["survivor"]: [str(error)]}),
    UnknownProfileError: lambda error: InvalidFieldsError({_FIELDS[error.role]: [str(error)]}),
    MergeError: lambda error: ConflictError(str(error)),
}


class MergeIn(BaseModel):
    """Which profile is to be merged into which."""

    model_config = as_sent(
        "MergeIn",
        source_profile_id="01a20c9f-b30d-7000-a580-46bb423e7cc5",
        destination_profile_id="01a20c9f-b30d-7000-8000-0242ac120002",
    )

    source_profile_id: UUID = Field(description="It will mean the other one from then on.")
    destination_profile_id: UUID = Field(description="It keeps what it has, and takes what it lacks.")
    despite_verdict: bool = Field(
        default=False,
        strict=True,
        description="Whether to merge what staff have called different people (the hub's own extension).",
    )
    note: str | None = Field(
        default=None,
        strict=True,
        max_length=NOTES_LENGTH,
        description="Why, for the ledger (the hub's own extension).",
    )


class ProfileMerges(HubView):
    """Where two profiles become one (rules 7.7)."""

    required_scopes: ClassVar = {"POST": ("update-profiles", "delete-profiles")}

    @extend_schema(
        operation_id="merge_profiles",
        summary="Merge a profile into another",
        description=(
            "The source means the destination from then on: its id, email, mobile and identities lead there. 409 "
            "where one of them has been merged already, where together they have too much for one, and where staff "
            "have called them different people."
        ),
        tags=["profiles"],
        request=MergeIn,
        parameters=[IDEMPOTENCY_KEY],
        responses=answers(409, 413, 415, 422, 503, ok=ProfileEnvelope),
    )
    def post(self, request: Request) -> Response:
        """Merge them, and return the destination."""
        asked = read_fields(request, MergeIn)
        try:
            note = keys.text(asked.note or "", length=NOTES_LENGTH, notes=True)
        except InvalidValueError as error:
            raise InvalidFieldsError({"note": [str(error)]}) from error
        merge = Merge(
            asked.source_profile_id,
            asked.destination_profile_id,
            despite_verdict=asked.despite_verdict,
            note=note,
        )
        now = timezone.now()
        cause = Cause(CauseKind.API, actor_id=request.user.pk, request_id=request_id())
        sent = sent_as(request)

        def write() -> UUID:
            with kept_once(sent) as keep:
                merge_profiles(merge, cause=cause, now=now)
                keep([merge.survivor_id])
            return merge.survivor_id

        survivor_id = answer_once(request, sent, write, lambda made: UUID(made[0]))
        survivor = Profile.objects.filter(id=survivor_id).get()
        (document,) = profile_documents([survivor], now=now)
        return Response({"data": document}, headers={"ETag": f'"{survivor.version}"'})
