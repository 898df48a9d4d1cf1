"""Requests to have profiles told once more to whoever listens."""

from django.conf import settings
from django.db import models

from profiles.models.profile import Profile


class SyncRequest(models.Model):
    """That profiles are to be told again: one, or all that have changed since a time. Nothing is sent by it yet."""

    profile = models.ForeignKey(
        Profile, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    since = models.DateTimeField(null=True, blank=True, help_text="Those that have changed since; empty: all.")
    count = models.PositiveIntegerField(help_text="How many profiles that was when it was asked for.")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    requested_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.count} since {self.since}" if self.profile_id is None else str(self.profile_id)
