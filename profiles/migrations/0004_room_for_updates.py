"""Leave room in PostgreSQL's pages for the next version of a row: an update then touches no index."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

CHANGING_TABLES = {
    "profiles_profile": 80,
    "profiles_address": 85,
    "profiles_customattribute": 85,
}


def leave_room(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Set how full, in per cent, the pages of tables whose rows change are made."""
    if schema_editor.connection.vendor == "postgresql":
        for table, percent in CHANGING_TABLES.items():
            schema_editor.execute(f"ALTER TABLE {table} SET (fillfactor = {percent})")


class Migration(migrations.Migration):
    dependencies = [("profiles", "0003_fewer_indexes")]

    operations = [migrations.RunPython(leave_room, migrations.RunPython.noop)]
