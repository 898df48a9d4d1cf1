"""Where else in a name searching begins."""

from django.db import models

from profiles.keys import NAME_LENGTH
from profiles.models.profile import Profile


class MiddleName(models.Model):
    """A name from one of its middle words on, folded: `janewatson` of Mary Jane Watson (see keys.middle_names).

    A profile's own columns hold the name from its first word and from its last name on; so most profiles have none of
    these rows, and cost nothing.
    """

    # No index of its own: the unique rule's prefix serves.
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="middle_names", db_index=False)
    name = models.CharField(max_length=NAME_LENGTH)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["profile", "name"], name="middle_name_once")]
        indexes = [models.Index(fields=["name"], name="middle_name_by_name")]

    def __str__(self) -> str:
        return self.name
