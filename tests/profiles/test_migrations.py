"""What the migrations make, on either engine, beside what the models say."""

import pytest
from django.core.management import call_command
from django.db import connection

from profiles.countries import iso_countries
from profiles.models import Country

pytestmark = pytest.mark.django_db


def test_models_need_no_further_migration():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_each_app_starts_with_one_migration():
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations WHERE app IN ('profiles', 'batches') ORDER BY id")
        applied = cursor.fetchall()

    assert applied[:2] == [("profiles", "0001_initial"), ("batches", "0001_initial")]


def test_countries_are_there_from_the_start():
    stored = Country.objects.order_by("iso_2").values_list("name", "iso_2", "iso_3", "iso_numeric")

    expected = [(one.name, one.iso_2, one.iso_3, one.iso_numeric) for one in iso_countries()]
    assert list(stored) == sorted(expected, key=lambda country: country[1])
    assert len(expected) == 249


def test_what_is_null_for_most_rows_is_indexed_for_the_others_only():
    query = (
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        if connection.vendor == "postgresql"
        else "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        partial = {name for name, definition in cursor.fetchall() if " WHERE " in definition}

    assert partial == {
        "address_external_id_once_per_profile",
        "address_one_default_per_profile",
        "batch_confirmed_once",
        "batch_corrections",
        "batch_failed",
        "batch_previewed_afresh_once",
        "batch_slice_once_per_import",
        "batch_previewed_by_time",
        "batch_previews",
        "batch_record_by_error",
        "batch_undos",
        "batch_unfinished",
        "batch_unfinished_by_queue",
        "duplicate_candidate_undecided",
        "erasure_unfinished",
        "import_unfinished",
        "identity_in_capitals",
        "identity_one_primary_per_profile",
        "membership_by_role",
        "overmerge_alarm_once_until_seen",
        "profile_by_end_of_mobile",
        "profile_by_end_of_secondary",
        "profile_by_joined_location",
        "profile_by_preferred_location",
        "profile_by_survivor",
        "profile_by_time_joined",
        "profile_change_by_operation",
        "profile_change_taking_back",
        "profile_region_one_default",
        "profile_unusual_types",
    }


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no such settings")
def test_pages_of_rows_that_change_have_room_and_bodies_are_compressed_once():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL AND relkind = 'r'")
        options = {table: option for table, option in cursor.fetchall() if not table.startswith("pg_")}
        cursor.execute(
            "SELECT attstorage FROM pg_attribute"
            " WHERE attrelid = 'batches_batchbody'::regclass AND attname = 'content'"
        )
        storage = cursor.fetchall()

    assert options == {
        "profiles_profile": ["fillfactor=80"],
        "profiles_address": ["fillfactor=85"],
        "profiles_customattribute": ["fillfactor=85"],
    }
    assert storage == [("e",)]
