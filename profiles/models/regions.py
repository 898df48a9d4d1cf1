"""Countries, regions, and which profiles belong where."""

from django.db import models
from django.db.models import Q

from profiles.keys import NAME_LENGTH
from profiles.models.fields import Dated, Definition, text_column
from profiles.models.profile import Profile


class Country(models.Model):
    """A country of ISO 3166; all of them are there from the start."""

    name = models.CharField(max_length=NAME_LENGTH)
    iso_2 = models.CharField(max_length=2)
    iso_3 = models.CharField(max_length=3)
    iso_numeric = models.CharField(max_length=3)
    sort_order = models.IntegerField(default=0)

    class Meta:
        verbose_name_plural = "countries"
        constraints = [models.UniqueConstraint(fields=["iso_2"], name="country_iso_2_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.iso_2})"


class Region(Definition):
    """A part of the business that profiles belong to. Its handle never changes: the ledger names it."""

    handle = models.CharField(max_length=NAME_LENGTH)
    name = models.CharField(max_length=NAME_LENGTH)
    is_default = models.BooleanField(null=True, blank=True)
    countries = models.ManyToManyField(Country, blank=True, related_name="regions")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["handle"], name="region_handle_once")]

    def __str__(self) -> str:
        return self.handle


class ProfileRegion(Dated):
    """A profile belongs to a region; at most one of them is its default."""

    # No index of its own: the unique rule's prefix serves.
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="profile_regions", db_index=False)
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, to_field="handle", related_name="profile_regions", db_index=False
    )
    country = text_column()
    state = text_column()
    is_active = models.BooleanField(default=True)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["profile", "region"], name="profile_region_once"),
            models.UniqueConstraint(
                fields=["profile"], condition=Q(is_default=True), name="profile_region_one_default"
            ),
        ]
        indexes = [models.Index(fields=["region", "profile"], name="profile_region_by_region")]

    def __str__(self) -> str:
        return f"{self.profile_id} in {self.region_id}"
