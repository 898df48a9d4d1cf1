"""Other systems' names for a profile."""

from django.db import models
from django.db.models import Q

from profiles.db.expressions import AsciiLower
from profiles.keys import NAME_LENGTH
from profiles.models.profile import Profile


class Identity(models.Model):
    """What another system calls a profile: a handle (which system) and an identifier (its id there)."""

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="identities")
    handle = models.CharField(max_length=NAME_LENGTH)
    identifier = models.CharField(max_length=NAME_LENGTH)
    is_primary = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    # The profile it belonged to before a merge; plain, since that one may be purged.
    merged_from = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            # The identifier first: so the rule's index also finds one whose handle is not known.
            models.UniqueConstraint(fields=["identifier", "handle"], name="identity_held_once"),
            models.UniqueConstraint(
                fields=["profile"], condition=Q(is_primary=True), name="identity_one_primary_per_profile"
            ),
        ]
        indexes = [
            # Whether anybody has the handle at all.
            models.Index(fields=["handle"], name="identity_by_handle"),
            # Those without capitals are found by the rule's index, however they are asked for.
            models.Index(
                AsciiLower("identifier"),
                condition=~Q(identifier=AsciiLower("identifier")),
                name="identity_in_capitals",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handle}: {self.identifier}"
