"""Shops and other places where profiles join or like to go."""

from django.db import models

from profiles.keys import NAME_LENGTH, NOTES_LENGTH
from profiles.models.fields import Definition, text_column


class Location(Definition):
    """A shop, a site or an office (rules 8.10)."""

    name = models.CharField(max_length=NAME_LENGTH)
    handle = text_column()
    type = text_column()
    description = models.TextField(max_length=NOTES_LENGTH, blank=True)
    phone = text_column()
    email = text_column()
    timezone = text_column()
    external_id = text_column(help_text="What other systems call it; unique.")
    external_code = text_column(help_text="A second name of it; unique.")
    is_published = models.BooleanField(default=True)
    is_permanently_closed = models.BooleanField(default=False)
    country_iso_3 = text_column(max_length=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["external_id"], name="location_external_id_once"),
            models.UniqueConstraint(fields=["external_code"], name="location_external_code_once"),
        ]

    def __str__(self) -> str:
        return self.name
