"""Profiles with everything of theirs, in one query: the same rows as Django reads one collection at a time."""

import uuid

import pytest
from django.utils import timezone

from profiles.directory.wholes import WholeProfile, load_wholes
from profiles.models import Profile
from profiles.reference_data import example_data, load_reference_data
from tests.builders import process
from tests.profiles.api.test_views import full_record
from tests.profiles.db.test_instances import values

pytestmark = pytest.mark.django_db
RENAMED = {"tags": "profile_tags", "statuses": "profile_statuses", "regions": "profile_regions"}
COLLECTIONS = {name: RENAMED.get(name, name) for name in WholeProfile.__dataclass_fields__ if name != "profile"}


@pytest.fixture
def people():
    """Return three profiles: one with something in every collection, one with two tags, one with nothing."""
    load_reference_data(example_data())
    process([full_record(), {"email": "tags@example.com", "tags": ["b", "a"]}, {"email": "bare@example.com"}])
    people = list(Profile.objects.order_by("id"))
    now = timezone.now()
    people[0].date_links.create(handle="child", linked_profile=people[1], created_at=now, updated_at=now)
    return people


def test_every_collection_has_the_rows_that_are_stored(people):
    wholes = load_wholes([profile.pk for profile in people])

    for profile, whole in zip(people, wholes, strict=True):
        assert values(whole.profile) == values(profile)
        for name, stored in COLLECTIONS.items():
            rows = list(getattr(profile, stored).order_by("pk"))
            assert [values(row) for row in getattr(whole, name)] == [values(row) for row in rows], name


def test_full_record_leaves_no_collection_empty(people):
    assert [name for name in COLLECTIONS if not getattr(load_wholes([people[0].pk])[0], name)] == []


@pytest.mark.parametrize("count", [0, 1, 3])
def test_any_number_is_one_statement(people, count, django_assert_max_num_queries):
    with django_assert_max_num_queries(1):
        wholes = load_wholes([profile.pk for profile in people[:count]])

    assert len(wholes) == count


def test_profiles_come_in_the_order_asked_for_without_those_that_are_not_there(people):
    ids = [people[2].pk, uuid.uuid4(), people[0].pk]

    assert [whole.profile.pk for whole in load_wholes(ids)] == [people[2].pk, people[0].pk]
