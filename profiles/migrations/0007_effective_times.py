"""When each flag of consent was decided, beside the profile and beside the ledger's changes."""

from itertools import islice

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Q

REFUSALS = (
    ("email_promo", False),
    ("email_optout", True),
    ("email_bounced", True),
    ("sms_promo", False),
    ("sms_optout", True),
    ("sms_bounced", True),
)
PROFILES_AT_ONCE = 1_000


def date_stored_refusals(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take what was refused before now as refused when the profile last changed: nobody knows since when it was."""
    model = apps.get_model("profiles", "Profile")
    refused = Q()
    for name, value in REFUSALS:
        refused |= Q(**{name: value})
    ids = iter(list(model.objects.filter(refused).values_list("pk", flat=True)))
    while some := list(islice(ids, PROFILES_AT_ONCE)):
        profiles = list(model.objects.filter(pk__in=some))
        for profile in profiles:
            moment = f"{profile.updated_at.replace(tzinfo=None).isoformat()}Z"
            profile.effective_times = {
                f"comms/{name}": moment for name, value in REFUSALS if getattr(profile, name) is value
            }
        model.objects.bulk_update(profiles, ["effective_times"])


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0006_request_id"),
    ]

    operations = [
        migrations.AddField(
            model_name="profile",
            name="effective_times",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="profilechange",
            name="times",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.RunPython(date_stored_refusals, migrations.RunPython.noop),
    ]
