"""Asking that profiles are told once more to whoever listens (rules 12.13)."""

import datetime as dt
from typing import ClassVar

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from profiles.api.documents import ProfileEnvelope
from profiles.api.lookups import known
from profiles.api.once import IDEMPOTENCY_KEY, answer_once, sent_as
from profiles.api.single import document_of, etag_of, find_profile
from profiles.http.bodies import as_sent, read_fields
from profiles.http.documents import answers
from profiles.http.errors import InvalidFieldsError
from profiles.http.permissions import HubView
from profiles.models import Profile, SyncRequest
from profiles.once import kept_once
from profiles.times import as_utc

SCOPES = ("read-profiles", "update-profiles")


class SyncIn(BaseModel):
    """Since when profiles must have changed to be told again."""

    model_config = as_sent("SyncIn", updated_at="2026-01-31T15:20:00Z")

    updated_at: str | None = Field(default=None, description="A time, before tomorrow; absent: all profiles.")
    since: str | None = Field(default=None, description="The same under another name.")


class QueuedSync(BaseModel):
    """That the request is kept."""

    message: str
    count: int = Field(description="How many profiles it means (the hub's own extension).")


class SyncEnvelope(BaseModel):
    """The answer to a request for telling profiles again."""

    data: QueuedSync


class ProfileSync(HubView):
    """Where it is asked that profiles are told again."""

    required_scopes: ClassVar = {"POST": SCOPES}

    @extend_schema(
        operation_id="sync_profiles",
        summary="Ask that profiles are told again",
        description="The request is kept; until the hub delivers events nothing is sent by it.",
        tags=["profiles"],
        request=SyncIn,
        parameters=[IDEMPOTENCY_KEY],
        responses=answers(409, 413, 415, 422, 503, accepted=SyncEnvelope),
    )
    def post(self, request: Request) -> Response:
        """Keep the request."""
        asked = read_fields(request, SyncIn)
        name = "updated_at" if asked.updated_at is not None else "since"
        since = _time(name, getattr(asked, name))
        meant = known(Profile.objects.all())
        sent = sent_as(request)

        def write() -> SyncRequest:
            with kept_once(sent) as keep:
                kept = SyncRequest.objects.create(
                    since=since,
                    count=(meant if since is None else meant.filter(updated_at__gte=since)).count(),
                    requested_by_id=request.user.pk,
                    requested_at=timezone.now(),
                )
                keep([kept.pk])
            return kept

        kept = answer_once(request, sent, write, lambda made: SyncRequest.objects.get(pk=int(made[0])))
        return Response({"data": {"message": "Profiles queued for sync.", "count": kept.count}}, status=202)


class ProfileResync(HubView):
    """Where it is asked that one profile is told again."""

    required_scopes: ClassVar = {"GET": SCOPES}

    @extend_schema(
        operation_id="resync_profile",
        summary="Ask that a profile is told again",
        description="The request is kept; until the hub delivers events nothing is sent by it.",
        tags=["profiles"],
        responses=answers(308, 404, ok=ProfileEnvelope),
    )
    def get(self, request: Request, profile_id: str) -> HttpResponse:
        """Keep the request, and answer with the profile."""
        profile = find_profile(request, profile_id)
        if isinstance(profile, HttpResponse):
            return profile
        SyncRequest.objects.create(
            profile=profile, count=1, requested_by_id=request.user.pk, requested_at=timezone.now()
        )
        return Response({"data": document_of(profile)}, headers=etag_of(profile))


def _time(name: str, written: str | None) -> dt.datetime | None:
    """Return the time asked for; raises `InvalidFieldsError` for what is none, and for tomorrow."""
    if written is None:
        return None
    try:
        moment = as_utc(dt.datetime.fromisoformat(written.strip()))
    except (ValueError, OverflowError) as error:
        raise InvalidFieldsError({name: [f"The {name} must be a date or a time in ISO 8601."]}) from error
    if moment.date() > timezone.now().date():
        raise InvalidFieldsError({name: [f"The {name} must be a date before tomorrow."]})
    return moment
