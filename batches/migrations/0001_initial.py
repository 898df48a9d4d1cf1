"""Everything about how records come in and what becomes of them."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import batches.compression
import batches.values
import profiles.db.ids


def keep_bodies_as_they_are(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Have PostgreSQL not try to compress what the hub has compressed."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE batches_batchbody ALTER COLUMN content SET STORAGE EXTERNAL")


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("profiles", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=profiles.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("match_criteria", models.CharField(help_text='"email", or an identity handle.', max_length=255)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("api", "api"),
                            ("import", "import"),
                            ("admin", "admin"),
                            ("command", "command"),
                            ("demo", "demo"),
                        ],
                        max_length=8,
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=255)),
                ("queue_key", models.CharField(max_length=263)),
                ("idempotency_key", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "request_id",
                    models.CharField(blank=True, help_text="Of the request, as the log has it.", max_length=64),
                ),
                ("body_sha256", models.CharField(max_length=64)),
                ("body_size", models.PositiveIntegerField(help_text="Bytes")),
                ("total_count", models.PositiveIntegerField()),
                ("created_count", models.PositiveIntegerField(default=0)),
                ("updated_count", models.PositiveIntegerField(default=0)),
                ("unchanged_count", models.PositiveIntegerField(default=0)),
                ("rejected_count", models.PositiveIntegerField(default=0)),
                ("warnings", models.JSONField(blank=True, default=list, help_text="About the batch as a whole.")),
                ("corrects_batch_id", models.UUIDField(blank=True, null=True)),
                ("corrects_position", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("running", "running"),
                            ("done", "done"),
                            ("set_aside", "set_aside"),
                            ("cancelled", "cancelled"),
                        ],
                        default=batches.values.BatchState["QUEUED"],
                        max_length=9,
                    ),
                ),
                ("error", models.CharField(blank=True, help_text="Why it was set aside.", max_length=255)),
                ("worker", models.CharField(blank=True, max_length=255)),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                (
                    "chunk_size",
                    models.PositiveSmallIntegerField(blank=True, help_text="Empty: the whole batch.", null=True),
                ),
                ("lapsed_attempts", models.JSONField(blank=True, default=list)),
                (
                    "received_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("redacted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "submitted_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batches",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "batches",
            },
        ),
        migrations.CreateModel(
            name="Worker",
            fields=[
                ("name", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("host", models.CharField(max_length=255)),
                ("pid", models.PositiveIntegerField()),
                (
                    "started_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "seen_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BatchBody",
            fields=[
                (
                    "batch",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="body",
                        serialize=False,
                        to="batches.batch",
                    ),
                ),
                ("content", batches.compression.CompressedField()),
            ],
        ),
        migrations.CreateModel(
            name="BatchRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField(help_text="Index in the batch's profiles, from 0.")),
                ("reference", models.CharField(blank=True, help_text="The sender's own name for it.", max_length=255)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("created", "created"),
                            ("updated", "updated"),
                            ("unchanged", "unchanged"),
                            ("rejected", "rejected"),
                        ],
                        max_length=9,
                    ),
                ),
                ("profile_version", models.PositiveIntegerField(blank=True, null=True)),
                ("external_id", models.CharField(blank=True, max_length=255)),
                (
                    "rule",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("criterion", "criterion"),
                            ("routed", "routed"),
                            ("new", "new"),
                            ("target", "target"),
                        ],
                        max_length=9,
                    ),
                ),
                ("key", models.JSONField(blank=True, help_text="The key that decided.", null=True)),
                ("considered", models.JSONField(blank=True, default=list)),
                ("error_code", models.CharField(blank=True, max_length=32)),
                ("errors", models.JSONField(blank=True, default=list)),
                ("warnings", models.JSONField(blank=True, default=list)),
                ("decided_at", models.DateTimeField()),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="records",
                        to="batches.batch",
                    ),
                ),
                (
                    "profile",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="batch_records",
                        to="profiles.profile",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(
                    ("state__in", (batches.values.BatchState["QUEUED"], batches.values.BatchState["RUNNING"]))
                ),
                fields=["received_at", "id"],
                name="batch_unfinished",
            ),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(
                    ("state__in", (batches.values.BatchState["QUEUED"], batches.values.BatchState["RUNNING"]))
                ),
                fields=["queue_key", "received_at", "id"],
                name="batch_unfinished_by_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(fields=["label"], name="batch_by_label"),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(fields=["-received_at", "-id"], name="batch_newest_first"),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(
                    ("state__in", [batches.values.BatchState["SET_ASIDE"], batches.values.BatchState["CANCELLED"]]),
                    models.Q(
                        ("rejected_count", models.F("total_count")), ("state", batches.values.BatchState["DONE"])
                    ),
                    _connector="OR",
                ),
                fields=["-received_at", "-id"],
                name="batch_failed",
            ),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(("corrects_batch_id__isnull", False)),
                fields=["corrects_batch_id", "corrects_position"],
                name="batch_corrections",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.UniqueConstraint(
                fields=("submitted_by", "idempotency_key"), name="batch_idempotency_key_once"
            ),
        ),
        migrations.AddIndex(
            model_name="batchrecord",
            index=models.Index(fields=["external_id"], name="batch_record_by_external_id"),
        ),
        migrations.AddIndex(
            model_name="batchrecord",
            index=models.Index(
                condition=models.Q(("error_code", ""), _negated=True),
                fields=["error_code", "id"],
                name="batch_record_by_error",
            ),
        ),
        migrations.AddConstraint(
            model_name="batchrecord",
            constraint=models.UniqueConstraint(fields=("batch", "position"), name="batch_record_position_once"),
        ),
        migrations.RunPython(keep_bodies_as_they_are, migrations.RunPython.noop),
    ]
