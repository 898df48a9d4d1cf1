"""Migrations that change what is stored."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from profiles.models import Profile
from tests.builders import make_profile

pytestmark = pytest.mark.django_db


def test_names_of_stored_profiles_are_folded_some_at_a_time(monkeypatch, django_assert_num_queries):
    migration = import_module("profiles.migrations.0008_search_names")
    monkeypatch.setattr(migration, "ROWS_AT_ONCE", 2)
    for number in range(5):
        make_profile(first_name="Siobh\u00e1n", last_name=f"O\u2019Brien {number}")
    Profile.objects.update(search_name="siobhan o\u2019brien", search_last="")

    with django_assert_num_queries(7):  # three times rows and their names, and no more rows
        migration.fold_names(apps, connection.schema_editor())

    assert list(Profile.objects.order_by("id").values_list("search_name", "search_last")) == [
        ("siobhanobrien0", "obrien0"),
        ("siobhanobrien1", "obrien1"),
        ("siobhanobrien2", "obrien2"),
        ("siobhanobrien3", "obrien3"),
        ("siobhanobrien4", "obrien4"),
    ]
