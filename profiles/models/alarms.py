"""Profiles that have grown to more than one person should have (rules 2.11)."""

from django.db import models
from django.db.models import Q

from profiles.keys import NAME_LENGTH
from profiles.models.profile import Profile
from profiles.values import Growth, choices


class OvermergeAlarm(models.Model):
    """A profile that may be several people, with the record by which it grew; once until staff have seen it."""

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="+")
    growth = models.CharField(max_length=10, choices=choices(Growth))
    count = models.PositiveIntegerField(help_text="How many it had after the record.")
    # The record that did it; plain values that outlive the batch. Null for an edit by hand.
    batch_id = models.UUIDField(null=True, blank=True)
    position = models.PositiveIntegerField(null=True, blank=True)
    actor_label = models.CharField(max_length=NAME_LENGTH, blank=True)
    created_at = models.DateTimeField(editable=False)
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_by = models.CharField(max_length=NAME_LENGTH, blank=True, default="", db_default="")

    class Meta:
        verbose_name = "profile to look at"
        verbose_name_plural = "profiles to look at"
        constraints = [
            # Its index also counts those that wait.
            models.UniqueConstraint(
                fields=["profile", "growth"], condition=Q(seen_at__isnull=True), name="overmerge_alarm_once_until_seen"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.profile_id}: {self.count} {self.growth}"
