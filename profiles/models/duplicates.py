"""Profiles that may be the same person."""

from django.db import models
from django.db.models import F, Q

from profiles.models.profile import Profile


class Verdict(models.TextChoices):
    """What staff said of a pair."""

    OPEN = "open"
    SAME = "same"
    DIFFERENT = "different"


class DuplicateCandidate(models.Model):
    """An unordered pair of profiles, kept once: the hub never guesses, it asks."""

    low = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="+", db_index=False)
    high = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=32)
    # Where the pair was seen first; plain values that outlive the batch.
    batch_id = models.UUIDField(null=True, blank=True)
    position = models.PositiveIntegerField(null=True, blank=True)
    verdict = models.CharField(max_length=9, choices=Verdict.choices, default=Verdict.OPEN)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["low", "high"], name="duplicate_candidate_once"),
            models.CheckConstraint(condition=Q(low__lt=F("high")), name="duplicate_candidate_ordered"),
        ]

    def __str__(self) -> str:
        return f"{self.low_id} and {self.high_id}: {self.verdict}"
