"""What the hub's operators lay down about keys (rules 1.11 and 1.13)."""

from typing import Final

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from profiles.keyrules import KINDS, MOST_ENTRIES, MOST_PATTERNS, compiled_for
from profiles.keys import NAME_LENGTH, InvalidValueError
from profiles.models.fields import Definition
from profiles.patterns import PATTERN_LENGTH
from profiles.shape import IDENTITIES

MOST_LIMIT: Final = IDENTITIES.most_of_profile


class BlockedValue(Definition):
    """A text that is never a key, beside those blocked everywhere: a shared number, a till's own customer."""

    kind = models.CharField(
        max_length=8, choices=[(kind, kind) for kind in KINDS], help_text="What it would else be a key as."
    )
    handle = models.CharField(
        max_length=NAME_LENGTH, blank=True, default="", help_text="Of an identity: which system's; empty: any."
    )
    exact = models.CharField(
        max_length=NAME_LENGTH,
        blank=True,
        default="",
        help_text="The value as a whole: info@shop.example, +61 404 000 999, GUEST. A mobile in international form is "
        "found however it is written.",
    )
    pattern = models.CharField(
        max_length=PATTERN_LENGTH,
        blank=True,
        default="",
        help_text="Or a pattern of whole values: * is any characters, ? one, [a-f7] one of these, [!a-f7] one of all "
        "others, \\* a star itself. Such as *@mailinator.com, +6140000*, TEMP-*.",
    )
    reason = models.CharField(max_length=NAME_LENGTH, blank=True, default="", help_text="Why, for whoever asks later.")
    is_active = models.BooleanField(default=True, help_text="Switched off it blocks nothing and stays listed.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "handle", "exact", "pattern"], name="blocked_value_once"),
            models.CheckConstraint(
                condition=(Q(exact="") & ~Q(pattern="")) | (~Q(exact="") & Q(pattern="")),
                name="blocked_value_exact_or_pattern",
                violation_error_message="Give the value as a whole or a pattern, one of the two.",
            ),
            models.CheckConstraint(
                condition=Q(handle="") | Q(kind="identity"),
                name="blocked_value_handle_of_identity",
                violation_error_message="Only identities have a handle.",
            ),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.kind, self.handle, self.exact or self.pattern)))

    def clean(self) -> None:
        """Refuse what is no pattern, and more than every batch can be expected to read; queries."""
        try:
            if self.pattern:
                compiled_for(self.kind, self.pattern)
        except InvalidValueError as error:
            raise ValidationError({"pattern": str(error)}) from error
        others = BlockedValue.objects.filter(is_active=True).exclude(pk=self.pk)
        if self.is_active and others.count() >= MOST_ENTRIES:
            raise ValidationError(f"There are {MOST_ENTRIES:,} blocked values already, which is the most.")
        if self.is_active and self.pattern and others.exclude(pattern="").count() >= MOST_PATTERNS:
            raise ValidationError(f"There are {MOST_PATTERNS} patterns already, which is the most.")


class IdentityLimit(Definition):
    """How many identities of one handle a profile may hold."""

    handle = models.CharField(max_length=NAME_LENGTH, help_text="Which system's identities: shop, loyalty.")
    most = models.PositiveSmallIntegerField(help_text="How many of them one profile may hold.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["handle"], name="identity_limit_handle_once"),
            models.CheckConstraint(
                condition=Q(most__gte=1, most__lte=MOST_LIMIT),
                name="identity_limit_in_range",
                violation_error_message=f"The limit must be from 1 to {MOST_LIMIT:,}.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handle}: {self.most}"
