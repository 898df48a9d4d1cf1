"""Statuses, and who holds them."""

from django.db import models

from profiles.keys import NAME_LENGTH, NOTES_LENGTH, URL_LENGTH
from profiles.models.fields import Dated, Definition, PeriodType, text_column
from profiles.models.profile import Profile


class Status(Definition):
    """A status a profile may hold, such as a tier or a club. Its handle never changes: the ledger names it."""

    handle = models.CharField(max_length=NAME_LENGTH)
    name = models.CharField(max_length=NAME_LENGTH)
    sort_order = models.IntegerField(default=0, help_text="The lowest comes first.")
    description = models.TextField(max_length=NOTES_LENGTH, blank=True)
    short_description = text_column()
    colour = text_column()
    icon = text_column()
    image_url = text_column(max_length=URL_LENGTH)
    group_name = text_column()
    group_handle = text_column()
    period = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How many of the period's units a profile holds it; empty: for good."
    )
    period_type = models.CharField(max_length=14, null=True, blank=True, choices=PeriodType.choices)
    absolute_expiry = models.DateTimeField(null=True, blank=True, help_text="For the absolute period types.")

    class Meta:
        verbose_name_plural = "statuses"
        constraints = [models.UniqueConstraint(fields=["handle"], name="status_handle_once")]

    def __str__(self) -> str:
        return self.handle


class ProfileStatus(Dated):
    """A profile holds a status. Whether it has expired is judged on reading, never written by the clock."""

    # No index of its own: the unique rule's prefix serves.
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="profile_statuses", db_index=False)
    status = models.ForeignKey(
        Status, on_delete=models.PROTECT, to_field="handle", related_name="profile_statuses", db_index=False
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "profile statuses"
        constraints = [models.UniqueConstraint(fields=["profile", "status"], name="profile_status_once")]
        indexes = [models.Index(fields=["status", "profile"], name="profile_status_by_status")]

    def __str__(self) -> str:
        return f"{self.status_id} on {self.profile_id}"
