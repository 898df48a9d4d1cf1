"""The ledger: every change of every profile."""

from django.db import models

from profiles.models.profile import Profile
from profiles.values import CauseKind, ChangeAction, choices


class ProfileChange(models.Model):
    """One change of one profile by one cause (design 4). Append-only.

    `changes` maps JSON pointers over natural keys to `{"from": …, "to": …}`, a missing member meaning absent.
    The cause is kept as plain values, so that it outlives batches and users.
    """

    # No index of its own: the unique rule's prefix serves.
    profile = models.ForeignKey(Profile, on_delete=models.PROTECT, related_name="changes", db_index=False)
    version = models.PositiveIntegerField()
    action = models.CharField(max_length=8, choices=choices(ChangeAction))
    at = models.DateTimeField()
    changes = models.JSONField()
    # The times that lie outside the fold and moved with this change, likewise: `/effective/comms/email_promo`.
    times = models.JSONField(null=True, blank=True)
    # Ties the rows of one merge or revert together.
    operation_id = models.UUIDField(null=True, blank=True)
    cause_kind = models.CharField(max_length=8, choices=choices(CauseKind))
    batch_id = models.UUIDField(null=True, blank=True)
    position = models.PositiveIntegerField(null=True, blank=True)
    actor_id = models.BigIntegerField(null=True, blank=True)
    actor_label = models.CharField(max_length=255, blank=True)
    # Of a single write; a batch's is the batch's own.
    request_id = models.CharField(max_length=64, blank=True, default="", db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["profile", "version"], name="profile_change_version_once")]
        indexes = [models.Index(fields=["batch_id", "position"], name="profile_change_by_record")]

    def __str__(self) -> str:
        return f"{self.profile_id} version {self.version}: {self.action}"
