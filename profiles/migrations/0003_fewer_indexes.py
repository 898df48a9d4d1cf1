"""Indexes that some query uses, and no others: every new row pays for each of them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0002_countries"),
    ]

    operations = [
        migrations.AlterField(
            model_name="organisationmembership",
            name="organisation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="memberships",
                to="profiles.organisation",
                to_field="handle",
            ),
        ),
        migrations.AlterField(
            model_name="organisationmembership",
            name="role",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="memberships",
                to="profiles.roledefinition",
                to_field="handle",
            ),
        ),
        migrations.AlterField(
            model_name="profile",
            name="joined_location",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="joined_profiles",
                to="profiles.location",
            ),
        ),
        migrations.AlterField(
            model_name="profile",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="profiles.profile",
            ),
        ),
        migrations.AlterField(
            model_name="profile",
            name="preferred_location",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="preferring_profiles",
                to="profiles.location",
            ),
        ),
        migrations.AlterField(
            model_name="profileregion",
            name="region",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="profile_regions",
                to="profiles.region",
                to_field="handle",
            ),
        ),
        migrations.AlterField(
            model_name="profilestatus",
            name="status",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="profile_statuses",
                to="profiles.status",
                to_field="handle",
            ),
        ),
        migrations.AlterField(
            model_name="profiletag",
            name="tag",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="profile_tags",
                to="profiles.tag",
                to_field="handle",
            ),
        ),
        migrations.AddIndex(
            model_name="organisationmembership",
            index=models.Index(fields=["organisation", "profile"], name="membership_by_organisation"),
        ),
        migrations.AddIndex(
            model_name="organisationmembership",
            index=models.Index(
                condition=models.Q(("role__isnull", False)), fields=["role"], name="membership_by_role"
            ),
        ),
        migrations.AddIndex(
            model_name="profile",
            index=models.Index(
                condition=models.Q(("joined_location__isnull", False)),
                fields=["joined_location"],
                name="profile_by_joined_location",
            ),
        ),
        migrations.AddIndex(
            model_name="profile",
            index=models.Index(
                condition=models.Q(("preferred_location__isnull", False)),
                fields=["preferred_location"],
                name="profile_by_preferred_location",
            ),
        ),
        migrations.AddIndex(
            model_name="profile",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)), fields=["merged_into"], name="profile_by_survivor"
            ),
        ),
        migrations.AddIndex(
            model_name="profileregion",
            index=models.Index(fields=["region", "profile"], name="profile_region_by_region"),
        ),
        migrations.AddIndex(
            model_name="profilestatus",
            index=models.Index(fields=["status", "profile"], name="profile_status_by_status"),
        ),
        migrations.AddIndex(
            model_name="profiletag",
            index=models.Index(fields=["tag", "profile"], name="profile_tag_by_tag"),
        ),
    ]
