"""Which writes were sent under which idempotency key."""

from django.conf import settings
from django.db import models

from profiles.keys import NAME_LENGTH


class SentWrite(models.Model):
    """One write that was accepted under an idempotency key of its sender; what it said is kept as a hash alone."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sent_writes", db_index=False
    )
    key = models.CharField(max_length=NAME_LENGTH)
    request_sha256 = models.CharField(max_length=64, help_text="Of the path and the body.")
    made = models.JSONField(help_text="The ids of what it made or changed.")
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="sent_write_once")]

    def __str__(self) -> str:
        return self.key
