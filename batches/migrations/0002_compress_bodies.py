"""Let PostgreSQL compress bodies with lz4, where the server has it: four times as fast as its own pglz."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def compress_with_lz4(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Set the body column's compression."""
    del apps
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'")
        row = cursor.fetchone()
        if row and row[0]:
            cursor.execute("ALTER TABLE batches_batchbody ALTER COLUMN content SET COMPRESSION lz4")


class Migration(migrations.Migration):
    dependencies = [("batches", "0001_initial")]

    operations = [migrations.RunPython(compress_with_lz4, migrations.RunPython.noop)]
