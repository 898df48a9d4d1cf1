"""Batches, the bodies they came as, and what became of their records."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from batches.compression import CompressedField
from batches.values import UNFINISHED, BatchSource, BatchState, IfChanged
from profiles.criteria import LONGEST_TEXT, Criteria, typed_criteria
from profiles.db.ids import new_id
from profiles.keys import NAME_LENGTH
from profiles.models import Profile
from profiles.values import MatchRule, MobileClash, OutcomeKind, choices

# Nothing of the batch was applied: the contract's status `failed`.
FAILED = Q(state__in=[BatchState.SET_ASIDE, BatchState.CANCELLED, BatchState.STALE, BatchState.EXPIRED]) | Q(
    state=BatchState.DONE, rejected_count=F("total_count")
)


def previews_end() -> dt.datetime:
    """Return the time before which previews are too old."""
    return timezone.now() - dt.timedelta(days=settings.PREVIEW_DAYS)


class Import(models.Model):
    """One file on its way in: its batches tell how far it has come, and where it is taken up again (way 1.10)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=NAME_LENGTH)
    file_sha256 = models.CharField(max_length=64, blank=True, help_text="Of its content; empty: of standard input.")
    terms = models.JSONField(help_text="How it is read and matched.")
    label = models.CharField(max_length=NAME_LENGTH, blank=True)
    queue_key = models.CharField(max_length=NAME_LENGTH + 8)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, help_text="Empty: it can be taken up again.")
    fault = models.TextField(blank=True, help_text="Why the file could not be read on.")

    class Meta:
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="import_newest_first"),
            models.Index(fields=["file_sha256"], condition=Q(finished_at__isnull=True), name="import_unfinished"),
        ]

    def __str__(self) -> str:
        return self.name


class Batch(models.Model):
    """One accepted submission, and the job of processing it: the row is the queue's entry too."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    match_criteria = models.CharField(
        max_length=LONGEST_TEXT,
        blank=True,
        help_text='"email", or an identity handle, or several of them in order: "shop,email".',
    )
    mobile_clash = models.CharField(
        max_length=9,
        default=MobileClash.REJECT,
        choices=choices(MobileClash),
        help_text="What becomes of a mobile number that somebody else has.",
    )
    source = models.CharField(max_length=8, choices=choices(BatchSource))
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="batches"
    )
    label = models.CharField(max_length=NAME_LENGTH, blank=True)
    # Batches of one queue are processed in the order received.
    queue_key = models.CharField(max_length=NAME_LENGTH + 8)
    # To be shown: what holds it is remembered of all writes alike (profiles/once.py).
    idempotency_key = models.CharField(max_length=NAME_LENGTH, null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True, help_text="Of the request, as the log has it.")
    body_sha256 = models.CharField(max_length=64)
    body_size = models.PositiveIntegerField(help_text="Bytes")
    total_count = models.PositiveIntegerField()
    created_count = models.PositiveIntegerField(default=0)
    updated_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    rejected_count = models.PositiveIntegerField(default=0)
    warnings = models.JSONField(default=list, blank=True, help_text="About the batch as a whole.")
    # The batch and position this one corrects; plain values, like every cause.
    corrects_batch_id = models.UUIDField(null=True, blank=True)
    corrects_position = models.PositiveIntegerField(null=True, blank=True)

    # The file that this is a slice of, and which one, from 0.
    part_of = models.ForeignKey(
        Import, on_delete=models.PROTECT, null=True, blank=True, related_name="batches", db_index=False
    )
    slice = models.PositiveIntegerField(null=True, blank=True)

    # The batch that this one takes back.
    undoes = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by", db_index=False
    )

    dry_run = models.BooleanField(default=False, help_text="Only shows what would become of its records.")
    # Of a dry run: the digests of its records, one after another, and the one of them all (see profiles.digests).
    record_digests = models.BinaryField(null=True, blank=True)
    digest = models.CharField(max_length=32, blank=True)
    # The preview that was confirmed with this batch, and the one that was made because something had changed.
    pinned_to = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="runs", db_index=False
    )
    if_changed = models.CharField(max_length=4, blank=True, choices=choices(IfChanged))
    preview = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="stopped", db_index=False
    )

    state = models.CharField(max_length=9, default=BatchState.QUEUED, choices=choices(BatchState))
    error = models.CharField(max_length=NAME_LENGTH, blank=True, help_text="Why nothing came of it.")
    # The lease: who works on it, in which attempt, until when (by the database's clock).
    worker = models.CharField(max_length=NAME_LENGTH, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    # How many attempts at the records now at the front ended badly, and how many records are tried at once.
    failures = models.PositiveSmallIntegerField(default=0)
    chunk_size = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: the whole batch.")
    # Which of those attempts are counted only because their leases ran out: their workers may show that they live.
    lapsed_attempts = models.JSONField(default=list, blank=True)

    received_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    redacted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "batches"
        constraints = [
            models.UniqueConstraint(
                fields=["pinned_to"], condition=Q(pinned_to__isnull=False), name="batch_confirmed_once"
            ),
            models.UniqueConstraint(
                fields=["preview"], condition=Q(preview__isnull=False), name="batch_previewed_afresh_once"
            ),
            models.UniqueConstraint(
                fields=["part_of", "slice"], condition=Q(part_of__isnull=False), name="batch_slice_once_per_import"
            ),
        ]
        indexes = [
            models.Index(fields=["received_at", "id"], condition=Q(state__in=UNFINISHED), name="batch_unfinished"),
            models.Index(
                fields=["queue_key", "received_at", "id"],
                condition=Q(state__in=UNFINISHED),
                name="batch_unfinished_by_queue",
            ),
            models.Index(fields=["label"], name="batch_by_label"),
            models.Index(fields=["-received_at", "-id"], name="batch_newest_first"),
            models.Index(fields=["-received_at", "-id"], condition=FAILED, name="batch_failed"),
            models.Index(
                fields=["corrects_batch_id", "corrects_position"],
                condition=Q(corrects_batch_id__isnull=False),
                name="batch_corrections",
            ),
            models.Index(fields=["undoes"], condition=Q(undoes__isnull=False), name="batch_undos"),
            models.Index(fields=["id"], condition=Q(dry_run=True), name="batch_previews"),
            models.Index(
                fields=["finished_at"], condition=Q(state=BatchState.PREVIEWED), name="batch_previewed_by_time"
            ),
        ]

    def __str__(self) -> str:
        kind = "Preview: " if self.dry_run else ""
        return f"{kind}{self.label or self.match_criteria} ({self.id})"

    @property
    def criteria(self) -> Criteria:
        """What its records are matched by, in order; nothing where it takes another one back."""
        return typed_criteria(self.match_criteria) if self.match_criteria else ()

    @property
    def title(self) -> str:
        """What people call it."""
        title = self.label or f"by {self.match_criteria}"
        return f"Preview: {title}" if self.dry_run else title

    @property
    def processed_count(self) -> int:
        """How many records have their outcome."""
        return self.created_count + self.updated_count + self.unchanged_count + self.rejected_count

    @property
    def shown_state(self) -> BatchState:
        """Where it stands at this moment: a preview gets too old by itself."""
        state = BatchState(self.state)
        if state is BatchState.PREVIEWED and self.finished_at is not None and self.finished_at < previews_end():
            return BatchState.EXPIRED
        return state

    @property
    def shown_error(self) -> str:
        """Why it came to nothing, if it did."""
        if self.shown_state is BatchState.EXPIRED:
            return f"The preview is older than {settings.PREVIEW_DAYS} days; preview the batch again."
        return self.error


class BatchBody(models.Model):
    """A batch's body, byte for byte as received.

    A row of its own: written once, never read by lists, never rewritten when the batch's state moves (SQLite
    would copy the whole body each time), and pruned on its own.
    """

    batch = models.OneToOneField(Batch, on_delete=models.CASCADE, primary_key=True, related_name="body")
    content = CompressedField()

    def __str__(self) -> str:
        return f"body of {self.batch_id}"


class DecidedRecord(models.Model):
    """What is told of one entry of a batch that was decided."""

    position = models.PositiveIntegerField(help_text="Index in the batch's profiles, from 0.")
    reference = models.CharField(max_length=NAME_LENGTH, blank=True, help_text="The sender's own name for it.")
    outcome = models.CharField(
        max_length=9, choices=choices(kind for kind in OutcomeKind if kind is not OutcomeKind.PENDING)
    )
    # Normal form of the match value: by it staff find a rejected record.
    external_id = models.CharField(max_length=NAME_LENGTH, blank=True)
    rule = models.CharField(max_length=9, blank=True, choices=choices(MatchRule))
    key = models.JSONField(null=True, blank=True, help_text="The key that decided.")
    considered = models.JSONField(default=list, blank=True)
    # The first error's code, for filtering over batches.
    error_code = models.CharField(max_length=32, blank=True)
    errors = models.JSONField(default=list, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    decided_at = models.DateTimeField()

    class Meta:
        abstract = True


class BatchRecord(DecidedRecord):
    """What became of one entry of a batch, and why. Written when it is decided; until then it is pending.

    Stays when the body goes: by its key and the profile's version a merge can be taken apart years later.
    """

    # No index of its own: the unique rule's prefix serves.
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="records", db_index=False)
    profile = models.ForeignKey(
        Profile, on_delete=models.SET_NULL, null=True, blank=True, related_name="batch_records"
    )
    # The version the profile had after the record: it places what changed nothing among the rows of the ledger.
    profile_version = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "position"], name="batch_record_position_once")]
        indexes = [
            models.Index(fields=["external_id"], name="batch_record_by_external_id"),
            models.Index(fields=["error_code", "id"], condition=~Q(error_code=""), name="batch_record_by_error"),
        ]

    def __str__(self) -> str:
        who = self.external_id or self.reference
        return f"#{self.position} {who}: {self.outcome}" if who else f"#{self.position}: {self.outcome}"


class PreviewRecord(DecidedRecord):
    """What would become of one entry of a batch, and the difference it would make.

    Of a dry run all entries have one. Of a batch that is pinned to one those do that would have come to something
    else: what was shown of them has its row with the preview.
    """

    # No index of its own: the unique rule's prefix serves.
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="preview_records", db_index=False)
    # Plain, as new ones are not there yet.
    profile_id = models.UUIDField(null=True, blank=True)
    version_read = models.PositiveIntegerField(
        null=True, blank=True, help_text="The profile's version on which it was decided."
    )
    changes = models.JSONField(default=dict, blank=True, help_text="As the ledger would tell them.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "position"], name="preview_record_position_once")]

    def __str__(self) -> str:
        return f"{self.batch_id} #{self.position}: would be {self.outcome}"


class Erasure(models.Model):
    """That somebody was erased, and which records of theirs are still to be scrubbed out of bodies and outcomes."""

    profile_id = models.UUIDField(unique=True)
    profile_ids = models.JSONField(help_text="The profile's, and those merged into it.")
    records = models.JSONField(help_text="Batch and position of each record that meant them.")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["requested_at"], condition=Q(finished_at__isnull=True), name="erasure_unfinished")
        ]

    def __str__(self) -> str:
        return str(self.profile_id)


class Worker(models.Model):
    """That a worker lives: it says so every few seconds (see batches.signs), by the database's clock."""

    name = models.CharField(max_length=NAME_LENGTH, primary_key=True)
    host = models.CharField(max_length=NAME_LENGTH)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    seen_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.name
