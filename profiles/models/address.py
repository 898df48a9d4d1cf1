"""Where profiles live, or want things sent."""

from django.db import models
from django.db.models import Q

from profiles.db.ids import new_id
from profiles.keys import NAME_LENGTH, NOTES_LENGTH
from profiles.models.fields import Dated, text_column
from profiles.models.profile import Profile


class Address(Dated):
    """A full postal address of a profile (rules 8.3)."""

    # No index of its own: the prefix of the unique rule over the key serves.
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="addresses", db_index=False)
    # Names the address in the ledger; ours, and known before the row is written.
    key = models.UUIDField(default=new_id, editable=False)
    external_id = text_column(help_text="What the sender calls it; unique within the profile.")
    is_default = models.BooleanField(default=False)
    company = text_column()
    address_line_1 = models.CharField(max_length=NAME_LENGTH)
    address_line_2 = text_column()
    address_line_3 = text_column()
    city = models.CharField(max_length=NAME_LENGTH)
    postcode = models.CharField(max_length=NAME_LENGTH)
    state = text_column()
    country = models.CharField(max_length=NAME_LENGTH, help_text="ISO 3166, two letters, where it is known.")
    notes = models.CharField(max_length=NOTES_LENGTH, null=True, blank=True)
    meta = models.JSONField(null=True, blank=True)
    iso = text_column()
    iso_state = text_column()

    class Meta:
        verbose_name_plural = "addresses"
        constraints = [
            models.UniqueConstraint(fields=["profile", "key"], name="address_key_once"),
            models.UniqueConstraint(
                fields=["profile", "external_id"],
                condition=Q(external_id__isnull=False),
                name="address_external_id_once_per_profile",
            ),
            models.UniqueConstraint(
                fields=["profile"], condition=Q(is_default=True), name="address_one_default_per_profile"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address_line_1}, {self.postcode} {self.city}"
