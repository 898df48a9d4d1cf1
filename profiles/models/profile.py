"""A person as the hub knows them."""

from django.db import models
from django.db.models import Q

from profiles.db.expressions import Ending
from profiles.db.ids import new_id
from profiles.keys import EMAIL_LENGTH, NAME_LENGTH, URL_LENGTH
from profiles.models.fields import text_column
from profiles.models.locations import Location
from profiles.values import Ended, Gender, ProfileType, Verification, choices


def _flag() -> "models.BooleanField[bool | None, bool | None]":
    return models.BooleanField(null=True, blank=True)


def _verification() -> "models.CharField[str | None, str | None]":
    return text_column(max_length=11, choices=choices(Verification))


class Comms(models.Model):
    """What a profile agreed to be sent, and by which channel (rules 8.6).

    Columns of the profile's own row: they are asked for with it, and change with it. Null means never decided.
    """

    email_promo = _flag()
    email_optout = _flag()
    email_bounced = _flag()
    sms_promo = _flag()
    sms_optout = _flag()
    sms_bounced = _flag()
    push_promo = _flag()
    push_optout = _flag()
    push_bounced = _flag()
    phone_promo = _flag()
    phone_optout = _flag()
    phone_bounced = _flag()
    post_promo = _flag()
    post_optout = _flag()
    post_bounced = _flag()
    email_consent_updated_at = models.DateTimeField(null=True, blank=True)
    sms_consent_updated_at = models.DateTimeField(null=True, blank=True)
    email_verification = _verification()
    sms_verification = _verification()
    phone_verification = _verification()
    post_verification = _verification()
    terms_accepted_at = models.DateTimeField(null=True, blank=True)
    terms_accepted_version = text_column()
    # The flags per channel and category that nobody filters on.
    comms_categories = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True


class Profile(Comms):
    """One person; the fields are the contract's (rules 8.1).

    Written by `profiles.writing` only, so that every change is in the ledger.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.CharField(max_length=EMAIL_LENGTH, null=True, blank=True, help_text="As it was first sent.")
    # Normal form of `email`, see keys.email_key; what matching and uniqueness go by.
    email_key = models.CharField(max_length=EMAIL_LENGTH, null=True, blank=True, editable=False)
    title = models.CharField(max_length=NAME_LENGTH, null=True, blank=True)
    first_name = models.CharField(max_length=NAME_LENGTH, blank=True)
    last_name = models.CharField(max_length=NAME_LENGTH, blank=True)
    gender = models.CharField(max_length=8, null=True, blank=True, choices=choices(Gender))
    currency = models.CharField(max_length=3, null=True, blank=True, help_text="ISO 4217")
    profile_type = models.CharField(max_length=10, default=ProfileType.ACTIVE, choices=choices(ProfileType))
    joined_at = models.DateTimeField(null=True, blank=True)
    mobile_phone = models.CharField(max_length=16, null=True, blank=True, help_text="International form, +61404123123")
    secondary_phone = models.CharField(max_length=16, null=True, blank=True)
    birth_day = models.PositiveSmallIntegerField(null=True, blank=True)
    birth_month = models.PositiveSmallIntegerField(null=True, blank=True)
    birth_year = models.PositiveSmallIntegerField(null=True, blank=True)
    company = models.CharField(max_length=NAME_LENGTH, null=True, blank=True)
    occupation = models.CharField(max_length=NAME_LENGTH, null=True, blank=True)
    avatar_url = models.CharField(max_length=URL_LENGTH, null=True, blank=True)
    joined_location = models.ForeignKey(
        Location, on_delete=models.PROTECT, null=True, blank=True, related_name="joined_profiles", db_index=False
    )
    preferred_location = models.ForeignKey(
        Location, on_delete=models.PROTECT, null=True, blank=True, related_name="preferring_profiles", db_index=False
    )
    # When flags of consent are taken to have been decided, where that is known: what records are compared with, never
    # on the wire, and no part of what the ledger folds to (see reconcile.consent).
    effective_times = models.JSONField(null=True, blank=True, editable=False)
    # What each source that tells its time has spoken about, and when: likewise (see reconcile.sources).
    source_times = models.JSONField(null=True, blank=True, editable=False)
    # Looks, sizes and measurements (rules 8.7); what is missing is null.
    appearance = models.JSONField(default=dict, blank=True)
    # First and last name as they are searched, and the last name alone; see keys.search_name.
    search_name = models.CharField(max_length=NAME_LENGTH, blank=True, editable=False)
    search_last = models.CharField(max_length=NAME_LENGTH, blank=True, editable=False)
    # The profile this one lives on in. Always the last of a chain, never a merged profile itself.
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged", db_index=False
    )
    # How its time ended, if it did: a tombstone that keeps nothing but its ledger (rules 10.6).
    ended = models.CharField(max_length=6, null=True, blank=True, editable=False, choices=choices(Ended))
    # One more for every row of the ledger: the ETag, and the guard of updates.
    version = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    class Meta:
        permissions = [
            ("merge_profile", "Can merge profiles"),
            ("undo_change", "Can take changes and batches back"),
            ("override_undo", "Can take back what others rely on: end profiles in use, loosen consent"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["email_key"], name="profile_email_taken_once"),
            models.UniqueConstraint(fields=["mobile_phone"], name="profile_mobile_taken_once"),
            models.CheckConstraint(
                condition=Q(birth_month__isnull=False, birth_day__isnull=False)
                | Q(birth_month__isnull=True, birth_day__isnull=True, birth_year__isnull=True),
                name="profile_birth_day_goes_with_month",
            ),
        ]
        # What is null for most profiles is indexed for the others only: every new profile pays for every index.
        indexes = [
            models.Index(
                fields=["joined_location"],
                condition=Q(joined_location__isnull=False),
                name="profile_by_joined_location",
            ),
            models.Index(
                fields=["preferred_location"],
                condition=Q(preferred_location__isnull=False),
                name="profile_by_preferred_location",
            ),
            models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="profile_by_survivor"),
            models.Index(fields=["joined_at"], condition=Q(joined_at__isnull=False), name="profile_by_time_joined"),
            # By their beginnings too: a migration has PostgreSQL keep these texts, emails and mobiles in the order of
            # their characters, as SQLite does.
            models.Index(fields=["search_name"], name="profile_by_search_name"),
            # Both: so it also finds a last name followed by the beginning of a first one.
            models.Index(fields=["search_last", "search_name"], name="profile_by_search_last"),
            models.Index(
                Ending("mobile_phone"), condition=Q(mobile_phone__isnull=False), name="profile_by_end_of_mobile"
            ),
            models.Index(
                Ending("secondary_phone"),
                condition=Q(secondary_phone__isnull=False),
                name="profile_by_end_of_secondary",
            ),
            models.Index(
                fields=["profile_type", "id"], condition=~Q(profile_type="active"), name="profile_unusual_types"
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or str(self.id)

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()
