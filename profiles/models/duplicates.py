"""Profiles that may be the same person."""

import datetime as dt

from django.db import models
from django.db.models import F, Q

from profiles.models.profile import Profile


class Verdict(models.TextChoices):
    """What staff said of a pair."""

    OPEN = "open"
    LATER = "later"
    SAME = "same"
    DIFFERENT = "different"


UNDECIDED = (Verdict.OPEN, Verdict.LATER)


class DuplicateCandidate(models.Model):
    """An unordered pair of profiles, kept once: the hub never guesses, it asks."""

    low = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="+", db_index=False)
    high = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=32)
    # Where the pair was seen first; plain values that outlive the batch.
    batch_id = models.UUIDField(null=True, blank=True)
    position = models.PositiveIntegerField(null=True, blank=True)
    verdict = models.CharField(max_length=9, choices=Verdict.choices, default=Verdict.OPEN)
    later_until = models.DateField(null=True, blank=True, help_text="The day from which it waits again.")
    created_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = "possible duplicate"
        constraints = [
            models.UniqueConstraint(fields=["low", "high"], name="duplicate_candidate_once"),
            models.CheckConstraint(condition=Q(low__lt=F("high")), name="duplicate_candidate_ordered"),
            models.CheckConstraint(
                condition=Q(verdict=Verdict.LATER, later_until__isnull=False)
                | (~Q(verdict=Verdict.LATER) & Q(later_until__isnull=True)),
                name="duplicate_candidate_later_until",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(verdict__in=UNDECIDED), name="duplicate_candidate_undecided"),
        ]

    def __str__(self) -> str:
        return f"{self.low} and {self.high}"


def waiting_pairs(*, today: dt.date) -> "models.QuerySet[DuplicateCandidate]":
    """Return the pairs that staff have yet to judge, those put off until today among them."""
    undecided = DuplicateCandidate.objects.filter(verdict__in=UNDECIDED)
    return undecided.filter(Q(later_until__isnull=True) | Q(later_until__lte=today))
