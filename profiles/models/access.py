"""Who may use the hub: people, machine users and their tokens."""

from django.contrib.auth.models import AbstractUser
from django.core.validators import MinValueValidator
from django.db import models
from knox.models import AbstractAuthToken

SCOPES = (
    "create-profiles",
    "read-profiles",
    "update-profiles",
    "delete-profiles",
    "read-identities",
    "read-audits",
    "read-imports",
    "override-undo",
    "create-region",
    "delete-region",
)
ALL_SCOPES = "*"


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox, see below
    """A member of staff, or a machine user: one per integration, so that the ledger shows the source.

    Machine users are not staff, have no usable password and cannot enter the admin.
    """

    throttle = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Requests a minute over the API, in each web process; empty: as many as everybody.",
    )

    def __str__(self) -> str:
        return self.username


class ApiToken(AbstractAuthToken):  # type: ignore[misc]  # knox comes without types
    """A bearer token: hashed at rest, shown once, with scopes and an expiry of its own (rules 8.16)."""

    label = models.CharField(max_length=255, help_text="What the token is for; shown wherever it is listed.")
    scopes = models.JSONField(default=list, help_text='Names such as "read-profiles", or "*" for all of them.')

    class Meta:
        swappable = "KNOX_TOKEN_MODEL"

    def __str__(self) -> str:
        return f"{self.label} ({self.token_key}…)"

    def allows(self, scope: str) -> bool:
        """Whether the token carries the scope."""
        return ALL_SCOPES in self.scopes or scope in self.scopes
