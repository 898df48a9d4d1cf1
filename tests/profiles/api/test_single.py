"""One profile is found and written over REST by one hand, whatever the path (rules 12.1, 12.4)."""

import json

import pytest
from django.utils import timezone

from profiles.merging import Merge, merge_profiles
from profiles.undoing import take_back, target_of_change
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
CAUSE = Cause(CauseKind.ADMIN)
PATHS = ("", "/identities", "/addresses", "/attributes/comms", "/attributes/dates", "/regions", "/resync")


@pytest.mark.parametrize("path", PATHS)
def test_merged_profile_leads_to_the_same_of_its_survivor(api_client, path):
    ann, bob = make_profile(email="a@example.com"), make_profile(email="b@example.com")
    merge_profiles(Merge(ann.id, bob.id), cause=CAUSE, now=timezone.now())

    answer = api_client.get(f"/api/v3/profiles/{ann.id}{path}?a=b")

    assert (answer.status_code, answer["Location"]) == (308, f"/api/v3/profiles/{bob.id}{path}?a=b")


@pytest.mark.parametrize("path", PATHS)
def test_profile_that_was_taken_back_is_404_and_says_so(api_client, path):
    ann = make_profile(email="a@example.com")
    take_back([target_of_change(ann.id, 1)], cause=CAUSE, now=timezone.now())

    answer = api_client.get(f"/api/v3/profiles/{ann.id}{path}")

    assert (answer.status_code, answer.json()["message"]) == (404, "The profile was taken back by an undo.")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("profile_id", ["x", "0190aaaa-0000-7000-8000-000000000001"])
def test_nobody_is_404(api_client, path, profile_id):
    assert api_client.get(f"/api/v3/profiles/{profile_id}{path}").status_code == 404


@pytest.mark.parametrize(("etag", "status"), [('"1"', 200), ('"0", "1"', 200), ("*", 200), ('"2"', 412), ("1", 412)])
def test_write_is_held_to_the_versions_named(api_client, etag, status):
    ann = make_profile(email="a@example.com")

    answer = api_client.put(
        f"/api/v3/profiles/{ann.id}",
        json.dumps({"company": "Acme"}),
        content_type="application/json",
        headers={"If-Match": etag},
    )

    assert answer.status_code == status


def test_deleted_profile_is_read_and_not_written(api_client):
    ann = make_profile(email="a@example.com")
    process([{"email": "a@example.com", "profile_type": "deleted"}])
    url = f"/api/v3/profiles/{ann.id}"

    assert api_client.get(url).status_code == 200
    refused = api_client.put(url, json.dumps({"company": "Acme"}), content_type="application/json")
    assert (refused.status_code, "naming a profile_type restores it" in refused.json()["message"]) == (409, True)
