"""One index finds identities by both names and by the identifier alone: two fell into random pages for each row."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0004_room_for_updates"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="identity",
            name="identity_held_once",
        ),
        migrations.RemoveIndex(
            model_name="identity",
            name="identity_by_identifier",
        ),
        migrations.AddIndex(
            model_name="identity",
            index=models.Index(fields=["handle"], name="identity_by_handle"),
        ),
        migrations.AddConstraint(
            model_name="identity",
            constraint=models.UniqueConstraint(fields=("identifier", "handle"), name="identity_held_once"),
        ),
    ]
