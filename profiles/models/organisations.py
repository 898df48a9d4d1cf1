"""Organisations, the roles people have in them, and who is a member."""

from django.db import models
from django.db.models import Q

from profiles.keys import NAME_LENGTH, NOTES_LENGTH, URL_LENGTH
from profiles.models.fields import Dated, Definition, PeriodType, text_column
from profiles.models.profile import Profile


class OrganisationType(models.TextChoices):
    """What kind of organisation it is (rules 8.9)."""

    COMPANY = "company"
    STOCKIST = "stockist"
    BRAND = "brand"
    ORGANISATION = "organisation"
    GROUP = "group"
    SCHOOL = "school"
    CLUB = "club"
    OTHER = "other"


class Organisation(Definition):
    """A company, club or school that profiles belong to. Its handle never changes: the ledger names it."""

    handle = models.CharField(max_length=NAME_LENGTH)
    name = models.CharField(max_length=NAME_LENGTH)
    type = models.CharField(max_length=12, choices=OrganisationType.choices, default=OrganisationType.COMPANY)
    description = models.TextField(max_length=NOTES_LENGTH, blank=True)
    short_description = text_column()
    icon = text_column()
    image_url = text_column(max_length=URL_LENGTH)
    phone = text_column()
    email = text_column()
    domain = text_column()
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["handle"], name="organisation_handle_once")]

    def __str__(self) -> str:
        return self.handle


class RoleDefinition(Definition):
    """A role a profile may have in an organisation. Its handle never changes: the ledger names it."""

    handle = models.CharField(max_length=NAME_LENGTH)
    name = models.CharField(max_length=NAME_LENGTH)
    description = models.TextField(max_length=NOTES_LENGTH, blank=True)
    short_description = text_column()
    group_name = text_column()
    group_handle = text_column()
    period = models.PositiveSmallIntegerField(null=True, blank=True)
    period_type = models.CharField(max_length=14, null=True, blank=True, choices=PeriodType.choices)
    absolute_expiry = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["handle"], name="role_definition_handle_once")]

    def __str__(self) -> str:
        return self.handle


class OrganisationMembership(Dated):
    """A profile is a member of an organisation, once, perhaps with a role."""

    # No index of its own: the unique rule's prefix serves.
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, to_field="handle", related_name="memberships", db_index=False
    )
    role = models.ForeignKey(
        RoleDefinition,
        on_delete=models.PROTECT,
        to_field="handle",
        null=True,
        blank=True,
        related_name="memberships",
        db_index=False,
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["profile", "organisation"], name="organisation_membership_once")
        ]
        indexes = [
            models.Index(fields=["organisation", "profile"], name="membership_by_organisation"),
            models.Index(fields=["role"], condition=Q(role__isnull=False), name="membership_by_role"),
        ]

    def __str__(self) -> str:
        return f"{self.profile_id} in {self.organisation_id}"
