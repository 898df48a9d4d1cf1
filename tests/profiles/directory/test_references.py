"""What the names of reference data mean, all of them in one query."""

import uuid

import pytest

from profiles.directory.references import load_references
from profiles.models import Location, Organisation, Region, RoleDefinition
from profiles.reference_data import example_data, load_reference_data
from profiles.values import ReferenceName, StatusTerm
from tests.builders import make_profile

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _reference_data(db):
    load_reference_data(example_data())


def test_every_kind_is_found_by_every_name_in_one_query(django_assert_num_queries):
    location = Location.objects.get(external_id="SYD-01")
    region = Region.objects.get(handle="victoria")
    profile = make_profile()
    known = {
        ReferenceName("location", "id", str(location.id)): str(location.id),
        ReferenceName("location", "external_id", "SYD-01"): str(location.id),
        ReferenceName("region", "id", str(region.id)): "victoria",
        ReferenceName("region", "handle", "victoria"): "victoria",
        ReferenceName("organisation", "id", str(Organisation.objects.get(handle="acme").id)): "acme",
        ReferenceName("role", "id", str(RoleDefinition.objects.get(handle="buyer").id)): "buyer",
        ReferenceName("profile", "id", str(profile.id)): str(profile.id),
    }

    with django_assert_num_queries(1):
        found = load_references(list(known))

    assert {name: str(meaning) for name, meaning in found.items()} == known


def test_status_is_known_by_how_long_it_is_held():
    found = load_references([ReferenceName("status", "handle", "trial")])

    assert found == {ReferenceName("status", "handle", "trial"): StatusTerm(30, "days", None)}


@pytest.mark.parametrize(
    "name",
    [
        ReferenceName("location", "id", str(2**63 - 1)),
        ReferenceName("location", "external_id", "syd-01"),
        ReferenceName("region", "handle", 'vic"toria'),
        ReferenceName("status", "handle", "{gold,trial}"),
        ReferenceName("organisation", "id", "0"),
        ReferenceName("profile", "id", str(uuid.UUID(int=1))),
    ],
    ids=lambda name: f"{name.kind} by {name.by}",
)
def test_what_is_not_there_means_nothing(name):
    assert load_references([name]) == {}


def test_no_names_are_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert load_references([]) == {}
