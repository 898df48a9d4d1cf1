"""Regions are defined and removed over REST."""

import json

import pytest

from profiles.models import Region
from profiles.reference_data import example_data, load_reference_data
from tests.builders import process
from tests.profiles.api.asking import data, errors

pytestmark = pytest.mark.django_db
URL = "/api/v3/regions"


def define(client, body):
    return client.post(URL, json.dumps(body), content_type="application/json")


def test_region_is_defined_and_removed(api_client):
    answer = define(api_client, {"name": "Far North", "countries": [{"iso_2": "AU"}]})

    made = answer.json()["data"]
    assert answer.status_code == 201
    assert (made["name"], made["handle"], made["is_default"]) == ("Far North", "far-north", None)
    assert [one["iso_2"] for one in made["countries"]] == ["AU"]
    assert api_client.delete(f"{URL}/{made['id']}").status_code == 204
    assert api_client.delete(f"{URL}/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "x" * 300}, "name"),
        ({"handle": "victoria"}, "handle"),
        ({"name": "Far", "countries": [{"iso_2": "QQ"}]}, "countries.0.iso_2"),
        ({"name": "Far", "countries": "AU"}, "countries"),
    ],
)
def test_region_that_cannot_be_defined_is_told_at_its_field(api_client, body, field):
    load_reference_data(example_data())
    before = Region.objects.count()

    answer = define(api_client, body)

    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    assert Region.objects.count() == before


def test_region_that_profiles_belong_to_stays(api_client):
    load_reference_data(example_data())
    process([{"email": "ann@example.com", "region": "victoria"}])
    victoria = Region.objects.get(handle="victoria")

    assert api_client.delete(f"{URL}/{victoria.pk}").status_code == 409
    assert Region.objects.filter(handle="victoria").exists()


@pytest.mark.parametrize("region_id", ["x", "999999", "9" * 30])
def test_region_nobody_defined_is_404(api_client, region_id):
    assert api_client.delete(f"{URL}/{region_id}").status_code == 404


def test_regions_take_scopes_of_their_own(make_client):
    client = make_client("update-profiles")

    assert [define(client, {"name": "Far"}).status_code, client.delete(f"{URL}/1").status_code] == [403, 403]


# --- Of a profile --------------------------------------------------------------------------------------------------


def test_regions_are_added_changed_and_removed(ask, api_client):
    load_reference_data(example_data())
    (added,) = data(ask("post", "regions", {"handle": "victoria", "country": "AU", "state": "VIC"}), 201)
    url = f"regions/{added['id']}"

    assert (added["handle"], added["country"], added["state"], added["is_active"]) == ("victoria", "AU", "VIC", True)
    (changed,) = data(ask("put", url, {**added, "is_active": False}))
    assert changed["is_active"] is False
    assert data(ask("get", url)) == changed
    assert ask("delete", url).status_code == 204
    assert ask("get", url).status_code == 404
    assert data(ask("get", "regions")) == []


def test_region_nobody_defined_is_told_at_its_field(ask):
    assert list(errors(ask("post", "regions", {"region_id": 999_999}))) == ["region_id"]
