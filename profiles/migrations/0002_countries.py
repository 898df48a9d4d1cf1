"""The countries of ISO 3166 are there from the start (rules 8.8)."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from profiles.countries import iso_countries


def load_countries(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    country = apps.get_model("profiles", "Country")
    country.objects.using(schema_editor.connection.alias).bulk_create(
        country(name=one.name, iso_2=one.iso_2, iso_3=one.iso_3, iso_numeric=one.iso_numeric)
        for one in iso_countries()
    )


class Migration(migrations.Migration):
    dependencies = [("profiles", "0001_initial")]

    operations = [migrations.RunPython(load_countries, migrations.RunPython.noop)]
