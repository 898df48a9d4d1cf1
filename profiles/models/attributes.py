"""What else is known of a profile, by names its senders choose."""

from typing import Final

from django.db import models
from django.db.models.functions import Cast, Left

from profiles.keys import NAME_LENGTH
from profiles.models.fields import Dated
from profiles.models.profile import Profile
from profiles.values import AttributeType, choices

BEGINNING: Final = 64
"""So much of a value is in the index by which profiles are found; the rest is compared."""


class CustomAttribute(Dated):
    """One named, typed value of a profile; it exists once it was written (rules 8.4)."""

    # No index of its own: the unique rule's prefix serves.
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="attributes", db_index=False)
    namespace = models.CharField(max_length=NAME_LENGTH)
    handle = models.CharField(max_length=NAME_LENGTH)
    type = models.CharField(max_length=7, choices=choices(AttributeType))
    value = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["profile", "namespace", "handle"], name="custom_attribute_once")
        ]
        indexes = [
            models.Index(
                "handle",
                Left(Cast("value", models.TextField()), BEGINNING),
                name="custom_attribute_by_value",
            )
        ]

    def __str__(self) -> str:
        return f"{self.namespace}:{self.handle}"
