"""Lists of batches, newest first and failed ones, by an index; none that another one's prefix serves."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import batches.values


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="batch",
            name="submitted_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="batches",
                to=settings.AUTH_USER_MODEL,
            ),
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
    ]
