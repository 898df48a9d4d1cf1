"""Purging a profile over REST: it is erased at once, and never comes back (rules 13)."""

from typing import ClassVar
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from batches.erasing import purge_profile
from profiles.api.single import IF_MATCH, expected_version
from profiles.http.documents import answers
from profiles.http.permissions import HubView
from profiles.http.requests import request_id
from profiles.http.wire import parse_id
from profiles.models import Profile
from profiles.values import Cause, CauseKind


class ProfilePurge(HubView):
    """Where a profile is erased."""

    required_scopes: ClassVar = {"DELETE": ("delete-profiles",)}

    @extend_schema(
        operation_id="purge_profile",
        summary="Erase a profile for good",
        description=(
            "Its keys are free at once, its rows and those merged into it are gone, and its ledger keeps no value; "
            "records of it that batches have kept are scrubbed afterwards. It cannot be taken back."
        ),
        tags=["profiles"],
        parameters=[IF_MATCH],
        responses=answers(404, 409, 412, 503, no_content=None),
    )
    def delete(self, request: Request, profile_id: str) -> HttpResponse:
        """Erase it."""
        parsed: UUID = parse_id(profile_id)
        profile = Profile.objects.filter(id=parsed).first()
        if profile is None:
            raise Http404
        with transaction.atomic(durable=True):
            purge_profile(
                parsed,
                cause=Cause(CauseKind.API, actor_id=request.user.pk, request_id=request_id()),
                now=timezone.now(),
                expected_version=expected_version(request, profile),
            )
        return HttpResponse(status=204)
