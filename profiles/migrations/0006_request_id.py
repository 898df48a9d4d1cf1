"""Which request a change came with."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0005_identities_by_one_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="profilechange",
            name="request_id",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
