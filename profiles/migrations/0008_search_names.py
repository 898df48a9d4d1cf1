"""Names are found without case, accents, apostrophes and hyphens, and by the last name first."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from profiles.db import sets
from profiles.keys import search_name

ROWS_AT_ONCE = 5_000


def fold_names(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Fold the names of all profiles as new ones are folded, some thousand at a time."""
    profile = apps.get_model("profiles", "Profile")
    names = profile._default_manager.order_by("id").values_list("id", "first_name", "last_name")
    rows = list(names[:ROWS_AT_ONCE])
    while rows:
        sets.update_rows(
            profile,
            [
                {"id": str(one), "search_name": search_name(first, last), "search_last": search_name(last)}
                for one, first, last in rows
            ],
        )
        rows = list(names.filter(id__gt=rows[-1][0])[:ROWS_AT_ONCE])


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0007_effective_times"),
    ]

    operations = [
        migrations.AddField(
            model_name="profile",
            name="search_last",
            field=models.CharField(blank=True, default="", editable=False, max_length=255),
            preserve_default=False,
        ),
        migrations.RemoveIndex(
            model_name="profile",
            name="profile_by_last_name",
        ),
        migrations.RunPython(fold_names, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="profile",
            index=models.Index(
                fields=["search_last", "search_name"],
                name="profile_by_search_last",
                opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
            ),
        ),
    ]
