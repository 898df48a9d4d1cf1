"""Days that matter to a profile, and the other profiles they concern."""

from django.db import models

from profiles.keys import NAME_LENGTH, NOTES_LENGTH
from profiles.models.fields import Dated, text_column
from profiles.models.profile import Profile


class ImportantDate(Dated):
    """A birthday, an anniversary (rules 8.5); one for each handle and relationship of a profile."""

    # No index of its own: the unique rule's prefix serves.
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="dates", db_index=False)
    handle = models.CharField(max_length=NAME_LENGTH)
    # Empty: none. Missing, null and empty are one value here.
    relationship = models.CharField(max_length=NAME_LENGTH, blank=True)
    date = models.DateField()
    name = models.CharField(max_length=NAME_LENGTH)
    is_recurring = models.BooleanField(default=False)
    recurring_schedule = text_column()
    role = text_column()
    description = models.CharField(max_length=NOTES_LENGTH, null=True, blank=True)
    note = models.CharField(max_length=NOTES_LENGTH, null=True, blank=True)
    meta = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["profile", "handle", "relationship"], name="important_date_once")
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.date}"


class DateLink(Dated):
    """A date of one profile concerns another one.

    It names its date by the natural key, as the ledger does, so that both can be written in one go.
    """

    # No index of its own: the unique rule's prefix serves.
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="date_links", db_index=False)
    handle = models.CharField(max_length=NAME_LENGTH)
    relationship = models.CharField(max_length=NAME_LENGTH, blank=True)
    linked_profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="linked_from_dates")
    link_relationship = text_column()
    link_role = text_column()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "handle", "relationship", "linked_profile"], name="date_link_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.handle} of {self.profile_id} concerns {self.linked_profile_id}"
