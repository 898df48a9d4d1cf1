"""Everything about people, and the countries of ISO 3166, which are there from the start (rules 8.8)."""

import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.utils.timezone
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import profiles.db.ids
import profiles.values
from profiles.countries import iso_countries

# How full, in per cent, PostgreSQL makes the pages of tables whose rows change: the next version of a row finds room
# beside it, and the update touches no index.
FILL_FACTORS = {
    "profiles_profile": 80,
    "profiles_address": 85,
    "profiles_customattribute": 85,
}


def leave_room_for_updates(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for table, percent in FILL_FACTORS.items():
            schema_editor.execute(f"ALTER TABLE {table} SET (fillfactor = {percent})")


def load_countries(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    country = apps.get_model("profiles", "Country")
    country.objects.using(schema_editor.connection.alias).bulk_create(
        country(name=one.name, iso_2=one.iso_2, iso_3=one.iso_3, iso_numeric=one.iso_numeric)
        for one in iso_countries()
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email address")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                ("date_joined", models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined")),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "abstract": False,
            },
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("digest", models.CharField(max_length=128, primary_key=True, serialize=False)),
                ("token_key", models.CharField(db_index=True, max_length=25)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("expiry", models.DateTimeField(blank=True, null=True)),
                (
                    "label",
                    models.CharField(help_text="What the token is for; shown wherever it is listed.", max_length=255),
                ),
                (
                    "scopes",
                    models.JSONField(default=list, help_text='Names such as "read-profiles", or "*" for all of them.'),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="auth_token_set",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "swappable": "KNOX_TOKEN_MODEL",
            },
        ),
        migrations.CreateModel(
            name="Country",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                ("iso_2", models.CharField(max_length=2)),
                ("iso_3", models.CharField(max_length=3)),
                ("iso_numeric", models.CharField(max_length=3)),
                ("sort_order", models.IntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "countries",
                "constraints": [models.UniqueConstraint(fields=("iso_2",), name="country_iso_2_once")],
            },
        ),
        migrations.CreateModel(
            name="Location",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=255)),
                ("handle", models.CharField(blank=True, max_length=255, null=True)),
                ("type", models.CharField(blank=True, max_length=255, null=True)),
                ("description", models.TextField(blank=True, max_length=10000)),
                ("phone", models.CharField(blank=True, max_length=255, null=True)),
                ("email", models.CharField(blank=True, max_length=255, null=True)),
                ("timezone", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "external_id",
                    models.CharField(
                        blank=True, help_text="What other systems call it; unique.", max_length=255, null=True
                    ),
                ),
                (
                    "external_code",
                    models.CharField(blank=True, help_text="A second name of it; unique.", max_length=255, null=True),
                ),
                ("is_published", models.BooleanField(default=True)),
                ("is_permanently_closed", models.BooleanField(default=False)),
                ("country_iso_3", models.CharField(blank=True, max_length=3, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("external_id",), name="location_external_id_once"),
                    models.UniqueConstraint(fields=("external_code",), name="location_external_code_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("handle", models.CharField(max_length=255)),
                ("name", models.CharField(max_length=255)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("company", "Company"),
                            ("stockist", "Stockist"),
                            ("brand", "Brand"),
                            ("organisation", "Organisation"),
                            ("group", "Group"),
                            ("school", "School"),
                            ("club", "Club"),
                            ("other", "Other"),
                        ],
                        default="company",
                        max_length=12,
                    ),
                ),
                ("description", models.TextField(blank=True, max_length=10000)),
                ("short_description", models.CharField(blank=True, max_length=255, null=True)),
                ("icon", models.CharField(blank=True, max_length=255, null=True)),
                ("image_url", models.CharField(blank=True, max_length=2048, null=True)),
                ("phone", models.CharField(blank=True, max_length=255, null=True)),
                ("email", models.CharField(blank=True, max_length=255, null=True)),
                ("domain", models.CharField(blank=True, max_length=255, null=True)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("handle",), name="organisation_handle_once")],
            },
        ),
        migrations.CreateModel(
            name="Profile",
            fields=[
                ("email_promo", models.BooleanField(blank=True, null=True)),
                ("email_optout", models.BooleanField(blank=True, null=True)),
                ("email_bounced", models.BooleanField(blank=True, null=True)),
                ("sms_promo", models.BooleanField(blank=True, null=True)),
                ("sms_optout", models.BooleanField(blank=True, null=True)),
                ("sms_bounced", models.BooleanField(blank=True, null=True)),
                ("push_promo", models.BooleanField(blank=True, null=True)),
                ("push_optout", models.BooleanField(blank=True, null=True)),
                ("push_bounced", models.BooleanField(blank=True, null=True)),
                ("phone_promo", models.BooleanField(blank=True, null=True)),
                ("phone_optout", models.BooleanField(blank=True, null=True)),
                ("phone_bounced", models.BooleanField(blank=True, null=True)),
                ("post_promo", models.BooleanField(blank=True, null=True)),
                ("post_optout", models.BooleanField(blank=True, null=True)),
                ("post_bounced", models.BooleanField(blank=True, null=True)),
                ("email_consent_updated_at", models.DateTimeField(blank=True, null=True)),
                ("sms_consent_updated_at", models.DateTimeField(blank=True, null=True)),
                (
                    "email_verification",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not_sent", "not_sent"),
                            ("sent", "sent"),
                            ("delivered", "delivered"),
                            ("undelivered", "undelivered"),
                            ("failed", "failed"),
                            ("verified", "verified"),
                        ],
                        max_length=11,
                        null=True,
                    ),
                ),
                (
                    "sms_verification",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not_sent", "not_sent"),
                            ("sent", "sent"),
                            ("delivered", "delivered"),
                            ("undelivered", "undelivered"),
                            ("failed", "failed"),
                            ("verified", "verified"),
                        ],
                        max_length=11,
                        null=True,
                    ),
                ),
                (
                    "phone_verification",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not_sent", "not_sent"),
                            ("sent", "sent"),
                            ("delivered", "delivered"),
                            ("undelivered", "undelivered"),
                            ("failed", "failed"),
                            ("verified", "verified"),
                        ],
                        max_length=11,
                        null=True,
                    ),
                ),
                (
                    "post_verification",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not_sent", "not_sent"),
                            ("sent", "sent"),
                            ("delivered", "delivered"),
                            ("undelivered", "undelivered"),
                            ("failed", "failed"),
                            ("verified", "verified"),
                        ],
                        max_length=11,
                        null=True,
                    ),
                ),
                ("terms_accepted_at", models.DateTimeField(blank=True, null=True)),
                ("terms_accepted_version", models.CharField(blank=True, max_length=255, null=True)),
                ("comms_categories", models.JSONField(blank=True, default=dict)),
                (
                    "id",
                    models.UUIDField(
                        default=profiles.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.CharField(blank=True, help_text="As it was first sent.", max_length=254, null=True)),
                ("email_key", models.CharField(blank=True, editable=False, max_length=254, null=True)),
                ("title", models.CharField(blank=True, max_length=255, null=True)),
                ("first_name", models.CharField(blank=True, max_length=255)),
                ("last_name", models.CharField(blank=True, max_length=255)),
                (
                    "gender",
                    models.CharField(
                        blank=True,
                        choices=[("male", "male"), ("female", "female"), ("withheld", "withheld"), ("other", "other")],
                        max_length=8,
                        null=True,
                    ),
                ),
                ("currency", models.CharField(blank=True, help_text="ISO 4217", max_length=3, null=True)),
                (
                    "profile_type",
                    models.CharField(
                        choices=[
                            ("active", "active"),
                            ("deleted", "deleted"),
                            ("dependant", "dependant"),
                            ("incomplete", "incomplete"),
                            ("pending", "pending"),
                            ("system", "system"),
                            ("temporary", "temporary"),
                        ],
                        default=profiles.values.ProfileType["ACTIVE"],
                        max_length=10,
                    ),
                ),
                ("joined_at", models.DateTimeField(blank=True, null=True)),
                (
                    "mobile_phone",
                    models.CharField(
                        blank=True, help_text="International form, +61404123123", max_length=16, null=True
                    ),
                ),
                ("secondary_phone", models.CharField(blank=True, max_length=16, null=True)),
                ("birth_day", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("birth_month", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("birth_year", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("company", models.CharField(blank=True, max_length=255, null=True)),
                ("occupation", models.CharField(blank=True, max_length=255, null=True)),
                ("avatar_url", models.CharField(blank=True, max_length=2048, null=True)),
                ("effective_times", models.JSONField(blank=True, editable=False, null=True)),
                ("appearance", models.JSONField(blank=True, default=dict)),
                ("search_name", models.CharField(blank=True, editable=False, max_length=255)),
                ("search_last", models.CharField(blank=True, editable=False, max_length=255)),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(editable=False)),
                ("updated_at", models.DateTimeField(editable=False)),
                (
                    "joined_location",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="joined_profiles",
                        to="profiles.location",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="profiles.profile",
                    ),
                ),
                (
                    "preferred_location",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="preferring_profiles",
                        to="profiles.location",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ImportantDate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(editable=False)),
                ("updated_at", models.DateTimeField(editable=False)),
                ("handle", models.CharField(max_length=255)),
                ("relationship", models.CharField(blank=True, max_length=255)),
                ("date", models.DateField()),
                ("name", models.CharField(max_length=255)),
                ("is_recurring", models.BooleanField(default=False)),
                ("recurring_schedule", models.CharField(blank=True, max_length=255, null=True)),
                ("role", models.CharField(blank=True, max_length=255, null=True)),
                ("description", models.CharField(blank=True, max_length=10000, null=True)),
                ("note", models.CharField(blank=True, max_length=10000, null=True)),
                ("meta", models.JSONField(blank=True, null=True)),
                (
                    "profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="dates",
                        to="profiles.profile",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Identity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("handle", models.CharField(max_length=255)),
                ("identifier", models.CharField(max_length=255)),
                ("is_primary", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                ("merged_from", models.UUIDField(blank=True, null=True)),
                ("created_at", models.DateTimeField(editable=False)),
                ("updated_at", models.DateTimeField(editable=False)),
                (
                    "profile",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="identities", to="profiles.profile"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "identities",
            },
        ),
        migrations.CreateModel(
            name="DuplicateCandidate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=32)),
                ("batch_id", models.UUIDField(blank=True, null=True)),
                ("position", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "verdict",
                    models.CharField(
                        choices=[("open", "Open"), ("same", "Same"), ("different", "Different")],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("created_at", models.DateTimeField(editable=False)),
                (
                    "high",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="profiles.profile"
                    ),
                ),
                (
                    "low",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="profiles.profile",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DateLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(editable=False)),
                ("updated_at", models.DateTimeField(editable=False)),
                ("handle", models.CharField(max_length=255)),
                ("relationship", models.CharField(blank=True, max_length=255)),
                ("link_relationship", models.CharField(blank=True, max_length=255, null=True)),
                ("link_role", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "linked_profile",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="linked_from_dates",
                        to="profiles.profile",
                    ),
                ),
                (
                    "profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="date_links",
                        to="profiles.profile",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CustomAttribute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(editable=False)),
                ("updated_at", models.DateTimeField(editable=False)),
                ("namespace", models.CharField(max_length=255)),
                ("handle", models.CharField(max_length=255)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("string", "string"),
                            ("integer", "integer"),
                            ("float", "float"),
                            ("boolean", "boolean"),
                            ("json", "json"),
                            ("array", "array"),
                        ],
                        max_length=7,
                    ),
                ),
                ("value", models.JSONField(blank=True, null=True)),
                (
                    "profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attributes",
                        to="profiles.profile",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Address",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(editable=False)),
                ("updated_at", models.DateTimeField(editable=False)),
                ("key", models.UUIDField(default=profiles.db.ids.new_id, editable=False)),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        help_text="What the sender calls it; unique within the profile.",
                        max_length=255,
                        null=True,
                    ),
                ),
                ("is_default", models.BooleanField(default=False)),
                ("company", models.CharField(blank=True, max_length=255, null=True)),
                ("address_line_1", models.CharField(max_length=255)),
                ("address_line_2", models.CharField(blank=True, max_length=255, null=True)),
                ("address_line_3", models.CharField(blank=True, max_length=255, null=True)),
                ("city", models.CharField(max_length=255)),
                ("postcode", models.CharField(max_length=255)),
                ("state", models.CharField(blank=True, max_length=255, null=True)),
                ("country", models.CharField(help_text="ISO 3166, two letters, where it is known.", max_length=255)),
                ("notes", models.CharField(blank=True, max_length=10000, null=True)),
                ("meta", models.JSONField(blank=True, null=True)),
                ("iso", models.CharField(blank=True, max_length=255, null=True)),
                ("iso_state", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="addresses",
                        to="profiles.profile",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "addresses",
            },
        ),
        migrations.CreateModel(
            name="ProfileChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("created", "created"),
                            ("updated", "updated"),
                            ("merged", "merged"),
                            ("unmerged", "unmerged"),
                            ("reverted", "reverted"),
                            ("deleted", "deleted"),
                            ("restored", "restored"),
                            ("erased", "erased"),
                        ],
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("changes", models.JSONField()),
                ("times", models.JSONField(blank=True, null=True)),
                ("reverts", models.JSONField(blank=True, null=True)),
                (
                    "note",
                    models.TextField(
                        blank=True, db_default="", default="", help_text="Why it was done.", max_length=10000
                    ),
                ),
                ("operation_id", models.UUIDField(blank=True, null=True)),
                (
                    "cause_kind",
                    models.CharField(
                        choices=[("batch", "batch"), ("api", "api"), ("admin", "admin"), ("command", "command")],
                        max_length=8,
                    ),
                ),
                ("batch_id", models.UUIDField(blank=True, null=True)),
                ("position", models.PositiveIntegerField(blank=True, null=True)),
                ("actor_id", models.BigIntegerField(blank=True, null=True)),
                ("actor_label", models.CharField(blank=True, max_length=255)),
                ("request_id", models.CharField(blank=True, db_default="", default="", max_length=64)),
                (
                    "profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="profiles.profile",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Region",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("handle", models.CharField(max_length=255)),
                ("name", models.CharField(max_length=255)),
                ("is_default", models.BooleanField(blank=True, null=True)),
                ("countries", models.ManyToManyField(blank=True, related_name="regions", to="profiles.country")),
            ],
        ),
        migrations.CreateModel(
            name="ProfileRegion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(editable=False)),
                ("updated_at", models.DateTimeField(editable=False)),
                ("country", models.CharField(blank=True, max_length=255, null=True)),
                ("state", models.CharField(blank=True, max_length=255, null=True)),
                ("is_active", models.BooleanField(default=True)),
                ("is_default", models.BooleanField(default=False)),
                (
                    "profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="profile_regions",
                        to="profiles.profile",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="profile_regions",
                        to="profiles.region",
                        to_field="handle",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RoleDefinition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("handle", models.CharField(max_length=255)),
                ("name", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True, max_length=10000)),
                ("short_description", models.CharField(blank=True, max_length=255, null=True)),
                ("group_name", models.CharField(blank=True, max_length=255, null=True)),
                ("group_handle", models.CharField(blank=True, max_length=255, null=True)),
                ("period", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "period_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("days", "Days"),
                            ("weeks", "Weeks"),
                            ("months", "Months"),
                            ("years", "Years"),
                            ("absolute_date", "Absolute Date"),
                            ("absolute_week", "Absolute Week"),
                            ("absolute_month", "Absolute Month"),
                        ],
                        max_length=14,
                        null=True,
                    ),
                ),
                ("absolute_expiry", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("handle",), name="role_definition_handle_once")],
            },
        ),
        migrations.CreateModel(
            name="OrganisationMembership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(editable=False)),
                ("updated_at", models.DateTimeField(editable=False)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="profiles.organisation",
                        to_field="handle",
                    ),
                ),
                (
                    "profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="profiles.profile",
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="profiles.roledefinition",
                        to_field="handle",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Status",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("handle", models.CharField(max_length=255)),
                ("name", models.CharField(max_length=255)),
                ("sort_order", models.IntegerField(default=0, help_text="The lowest comes first.")),
                ("description", models.TextField(blank=True, max_length=10000)),
                ("short_description", models.CharField(blank=True, max_length=255, null=True)),
                ("colour", models.CharField(blank=True, max_length=255, null=True)),
                ("icon", models.CharField(blank=True, max_length=255, null=True)),
                ("image_url", models.CharField(blank=True, max_length=2048, null=True)),
                ("group_name", models.CharField(blank=True, max_length=255, null=True)),
                ("group_handle", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "period",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="How many of the period's units a profile holds it; empty: for good.",
                        null=True,
                    ),
                ),
                (
                    "period_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("days", "Days"),
                            ("weeks", "Weeks"),
                            ("months", "Months"),
                            ("years", "Years"),
                            ("absolute_date", "Absolute Date"),
                            ("absolute_week", "Absolute Week"),
                            ("absolute_month", "Absolute Month"),
                        ],
                        max_length=14,
                        null=True,
                    ),
                ),
                (
                    "absolute_expiry",
                    models.DateTimeField(blank=True, help_text="For the absolute period types.", null=True),
                ),
            ],
            options={
                "verbose_name_plural": "statuses",
                "constraints": [models.UniqueConstraint(fields=("handle",), name="status_handle_once")],
            },
        ),
        migrations.CreateModel(
            name="ProfileStatus",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(editable=False)),
                ("updated_at", models.DateTimeField(editable=False)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="profile_statuses",
                        to="profiles.profile",
                    ),
                ),
                (
                    "status",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="profile_statuses",
                        to="profiles.status",
                        to_field="handle",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "profile statuses",
            },
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("handle", models.CharField(max_length=255)),
                ("created_at", models.DateTimeField(editable=False)),
                ("updated_at", models.DateTimeField(editable=False)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("handle",), name="tag_handle_once")],
            },
        ),
        migrations.CreateModel(
            name="ProfileTag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="profile_tags",
                        to="profiles.profile",
                    ),
                ),
                (
                    "tag",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="profile_tags",
                        to="profiles.tag",
                        to_field="handle",
                    ),
                ),
            ],
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
            model_name="profile",
            index=models.Index(
                fields=["search_name"], name="profile_by_search_name", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="profile",
            index=models.Index(
                fields=["search_last", "search_name"],
                name="profile_by_search_last",
                opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
            ),
        ),
        migrations.AddIndex(
            model_name="profile",
            index=models.Index(
                condition=models.Q(("profile_type", "active"), _negated=True),
                fields=["profile_type", "id"],
                name="profile_unusual_types",
            ),
        ),
        migrations.AddConstraint(
            model_name="profile",
            constraint=models.UniqueConstraint(fields=("email_key",), name="profile_email_taken_once"),
        ),
        migrations.AddConstraint(
            model_name="profile",
            constraint=models.UniqueConstraint(fields=("mobile_phone",), name="profile_mobile_taken_once"),
        ),
        migrations.AddConstraint(
            model_name="profile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("birth_day__isnull", False), ("birth_month__isnull", False)),
                    models.Q(("birth_day__isnull", True), ("birth_month__isnull", True), ("birth_year__isnull", True)),
                    _connector="OR",
                ),
                name="profile_birth_day_goes_with_month",
            ),
        ),
        migrations.AddConstraint(
            model_name="importantdate",
            constraint=models.UniqueConstraint(
                fields=("profile", "handle", "relationship"), name="important_date_once"
            ),
        ),
        migrations.AddIndex(
            model_name="identity",
            index=models.Index(fields=["handle"], name="identity_by_handle"),
        ),
        migrations.AddConstraint(
            model_name="identity",
            constraint=models.UniqueConstraint(fields=("identifier", "handle"), name="identity_held_once"),
        ),
        migrations.AddConstraint(
            model_name="identity",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_primary", True)), fields=("profile",), name="identity_one_primary_per_profile"
            ),
        ),
        migrations.AddConstraint(
            model_name="duplicatecandidate",
            constraint=models.UniqueConstraint(fields=("low", "high"), name="duplicate_candidate_once"),
        ),
        migrations.AddConstraint(
            model_name="duplicatecandidate",
            constraint=models.CheckConstraint(
                condition=models.Q(("low__lt", models.F("high"))), name="duplicate_candidate_ordered"
            ),
        ),
        migrations.AddConstraint(
            model_name="datelink",
            constraint=models.UniqueConstraint(
                fields=("profile", "handle", "relationship", "linked_profile"), name="date_link_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="customattribute",
            constraint=models.UniqueConstraint(
                fields=("profile", "namespace", "handle"), name="custom_attribute_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="address",
            constraint=models.UniqueConstraint(fields=("profile", "key"), name="address_key_once"),
        ),
        migrations.AddConstraint(
            model_name="address",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id__isnull", False)),
                fields=("profile", "external_id"),
                name="address_external_id_once_per_profile",
            ),
        ),
        migrations.AddConstraint(
            model_name="address",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)), fields=("profile",), name="address_one_default_per_profile"
            ),
        ),
        migrations.AddIndex(
            model_name="profilechange",
            index=models.Index(fields=["batch_id", "position"], name="profile_change_by_record"),
        ),
        migrations.AddIndex(
            model_name="profilechange",
            index=models.Index(
                condition=models.Q(("operation_id__isnull", False)),
                fields=["operation_id"],
                name="profile_change_by_operation",
            ),
        ),
        migrations.AddIndex(
            model_name="profilechange",
            index=models.Index(
                condition=models.Q(("reverts__isnull", False)),
                fields=["profile", "version"],
                name="profile_change_taking_back",
            ),
        ),
        migrations.AddConstraint(
            model_name="profilechange",
            constraint=models.UniqueConstraint(fields=("profile", "version"), name="profile_change_version_once"),
        ),
        migrations.AddConstraint(
            model_name="region",
            constraint=models.UniqueConstraint(fields=("handle",), name="region_handle_once"),
        ),
        migrations.AddIndex(
            model_name="profileregion",
            index=models.Index(fields=["region", "profile"], name="profile_region_by_region"),
        ),
        migrations.AddConstraint(
            model_name="profileregion",
            constraint=models.UniqueConstraint(fields=("profile", "region"), name="profile_region_once"),
        ),
        migrations.AddConstraint(
            model_name="profileregion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)), fields=("profile",), name="profile_region_one_default"
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
        migrations.AddConstraint(
            model_name="organisationmembership",
            constraint=models.UniqueConstraint(
                fields=("profile", "organisation"), name="organisation_membership_once"
            ),
        ),
        migrations.AddIndex(
            model_name="profilestatus",
            index=models.Index(fields=["status", "profile"], name="profile_status_by_status"),
        ),
        migrations.AddConstraint(
            model_name="profilestatus",
            constraint=models.UniqueConstraint(fields=("profile", "status"), name="profile_status_once"),
        ),
        migrations.AddIndex(
            model_name="profiletag",
            index=models.Index(fields=["tag", "profile"], name="profile_tag_by_tag"),
        ),
        migrations.AddConstraint(
            model_name="profiletag",
            constraint=models.UniqueConstraint(fields=("profile", "tag"), name="profile_tag_once"),
        ),
        migrations.RunPython(leave_room_for_updates, migrations.RunPython.noop),
        migrations.RunPython(load_countries, migrations.RunPython.noop),
    ]
