"""Keep bodies compressed by the hub itself, and have PostgreSQL not try it once more."""

import zstandard
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

import batches.compression


def compress_bodies(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Compress the bodies there are; runs before the field does it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE batches_batchbody ALTER COLUMN content SET STORAGE EXTERNAL")
    bodies = apps.get_model("batches", "BatchBody")._default_manager
    for batch_id in list(bodies.values_list("pk", flat=True)):
        content = bytes(bodies.values_list("content", flat=True).get(pk=batch_id))
        bodies.filter(pk=batch_id).update(content=zstandard.compress(content, batches.compression.LEVEL))


class Migration(migrations.Migration):
    dependencies = [("batches", "0003_indexes")]

    operations = [
        migrations.RunPython(compress_bodies),
        migrations.AlterField(
            model_name="batchbody",
            name="content",
            field=batches.compression.CompressedField(),
        ),
    ]
