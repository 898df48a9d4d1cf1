"""Writes that are sent again under the same idempotency key are done once (rules 12.14)."""

import datetime as dt
import hashlib
from typing import Final, cast
from uuid import UUID

import orjson
from django.conf import settings
from django.utils import timezone
from rest_framework.request import Request

from profiles import keys
from profiles.http.errors import ConflictError, InvalidFieldsError
from profiles.keys import InvalidValueError
from profiles.models import SentWrite, User

HEADER: Final = "Idempotency-Key"


class Once:
    """A write that may have been sent before."""

    def __init__(self, request: Request) -> None:
        """Read the header; raises `InvalidFieldsError` for what is no key."""
        written = request.headers.get(HEADER) if request.method == "POST" else None
        self._user = cast("User", request.user)  # the permission saw to it
        self._key: str | None = None
        if written is not None:
            try:
                self._key = keys.name(written)
            except InvalidValueError as error:
                raise InvalidFieldsError({HEADER: [str(error)]}) from error
            said = orjson.dumps([request.path, request.data], option=orjson.OPT_SORT_KEYS)
            self._hash = hashlib.sha256(said).hexdigest()

    def earlier(self) -> UUID | None:
        """Return the profile that the same write was about; raises `ConflictError` where it was another. Queries."""
        if self._key is None:
            return None
        sent = SentWrite.objects.filter(user=self._user, key=self._key).first()
        if sent is None:
            return None
        if sent.sent_at < timezone.now() - dt.timedelta(days=settings.IDEMPOTENCY_DAYS):
            sent.delete()
            return None
        if sent.request_sha256 != self._hash:
            raise ConflictError("The idempotency key was used for another path or body.")
        return sent.profile_id

    def keep(self, profile_id: UUID | None) -> None:
        """Remember that the write was accepted, in the transaction that does it."""
        if self._key is not None and profile_id is not None:
            SentWrite.objects.create(
                user=self._user,
                key=self._key,
                request_sha256=self._hash,
                profile_id=profile_id,
                sent_at=timezone.now(),
            )
