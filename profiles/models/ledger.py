"""The ledger: every change of every profile."""

from django.db import models
from django.db.models import Q

from profiles.keys import NOTES_LENGTH
from profiles.models.profile import Profile
from profiles.values import CauseKind, ChangeAction, choices


class ProfileChange(models.Model):
    """One change of one profile by one cause (rules 6). Append-only.

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
    # Which rows of this profile's ledger it takes back: `values.TakenBack`. Null for nearly all.
    reverts = models.JSONField(null=True, blank=True)
    note = models.TextField(
        max_length=NOTES_LENGTH, blank=True, default="", db_default="", help_text="Why it was done."
    )
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
        # Few rows belong to an operation, and fewer take others back: the rest does not pay for their indexes.
        indexes = [
            models.Index(fields=["batch_id", "position"], name="profile_change_by_record"),
            models.Index(
                fields=["operation_id"], condition=Q(operation_id__isnull=False), name="profile_change_by_operation"
            ),
            models.Index(
                fields=["profile", "version"], condition=Q(reverts__isnull=False), name="profile_change_taking_back"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.profile_id} version {self.version}: {self.action}"
