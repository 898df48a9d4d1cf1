"""Reference data in the admin."""

import pytest

from profiles.models import Location, Region, Status
from profiles.reference_data import example_data, load_reference_data
from tests.builders import make_profile

pytestmark = pytest.mark.django_db
NAMES = ("region", "country", "location", "status", "organisation", "roledefinition")


@pytest.fixture(autouse=True)
def _reference_data(db):
    load_reference_data(example_data())


@pytest.mark.parametrize("name", NAMES)
def test_lists_and_pages_are_there(staff_client, name):
    listed = staff_client.get(f"/admin/profiles/{name}/?q=a")
    added = staff_client.get(f"/admin/profiles/{name}/add/")

    assert (listed.status_code, added.status_code) == (200, 200)


def test_region_is_made_and_changed_but_keeps_its_handle(staff_client):
    staff_client.post("/admin/profiles/region/add/", {"handle": " north ", "name": "North", "is_default": "unknown"})
    region = Region.objects.get(handle="north")

    staff_client.post(f"/admin/profiles/region/{region.id}/change/", {"handle": "x", "name": "Far north"})

    region.refresh_from_db()
    assert (region.handle, region.name) == ("north", "Far north")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"period": "3"}, "period_type"),
        ({"period_type": "days"}, "period"),
        ({"period_type": "absolute_date"}, "absolute_expiry"),
        ({"handle": "gold"}, "handle"),
        ({"name": "a\x00b"}, "name"),
        ({"handle": ""}, "handle"),
    ],
)
def test_wrong_status_is_told_at_its_field(staff_client, fields, field):
    data = {"handle": "new", "name": "New", "sort_order": "0", **fields}

    answer = staff_client.post("/admin/profiles/status/add/", data)

    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert Status.objects.count() == 3


def test_location_without_names_leaves_them_null(staff_client):
    for name in ("Perth", "Hobart"):
        staff_client.post("/admin/profiles/location/add/", {"name": name, "external_id": ""})

    assert Location.objects.filter(name__in=["Perth", "Hobart"], external_id=None).count() == 2


def test_what_is_in_use_cannot_be_deleted(staff_client):
    make_profile(statuses=["gold"])
    gold, silver = (Status.objects.get(handle=handle) for handle in ("gold", "silver"))

    refused = staff_client.post(f"/admin/profiles/status/{gold.id}/delete/", {"post": "yes"})
    staff_client.post(f"/admin/profiles/status/{silver.id}/delete/", {"post": "yes"})

    assert "profiles refer to it" in refused.content.decode()
    assert sorted(Status.objects.values_list("handle", flat=True)) == ["gold", "trial"]
