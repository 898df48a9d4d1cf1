"""Rows of models made again from JSON values: the same as Django reads them, on both engines."""

import pytest

from profiles.db.families import read_families
from profiles.db.instances import columns_of, instance_maker
from profiles.models import Location, OrganisationMembership, Profile
from profiles.reference_data import example_data, load_reference_data
from tests.builders import process
from tests.profiles.api.test_views import full_record

pytestmark = pytest.mark.django_db


def values(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_row_is_the_same_as_django_reads_with_those_it_points_to():
    load_reference_data(example_data())
    process([full_record()])
    columns = columns_of(Profile, "joined_location", "merged_into")

    ((row, _),) = read_families(Profile, columns, [Profile.objects.get().pk], children={}, parent="profile_id")
    made = instance_maker(Profile, "joined_location", "merged_into")(row)

    stored = Profile.objects.select_related("joined_location").get()
    assert values(made) == values(stored)
    assert made.joined_location is None or isinstance(made.joined_location, Location)
    assert made.merged_into is None


def test_children_come_with_the_rows_they_point_to(django_assert_num_queries):
    load_reference_data(example_data())
    process([full_record()])
    stored = list(OrganisationMembership.objects.select_related("organisation", "role"))
    pointed = ("organisation", "role")
    children = {"memberships": (OrganisationMembership, columns_of(OrganisationMembership, *pointed))}
    ids = [row.profile_id for row in stored]

    with django_assert_num_queries(1):
        ((_, rows),) = read_families(Profile, ("id",), ids, children=children, parent="profile_id")
        made = [instance_maker(OrganisationMembership, *pointed)(row) for row in rows["memberships"]]
        told = [(values(row), values(row.organisation), row.role and values(row.role)) for row in made]

    assert stored
    assert told == [(values(row), values(row.organisation), row.role and values(row.role)) for row in stored]
