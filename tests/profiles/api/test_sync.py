"""That profiles are to be told again is kept as a request (rules 12.13)."""

import json

import pytest

from profiles.models import SyncRequest
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db


def ask(client, body):
    return client.post("/api/v3/profiles/sync", json.dumps(body), content_type="application/json")


@pytest.mark.parametrize(
    ("body", "count"), [({}, 2), ({"updated_at": "2020-01-01"}, 2), ({"since": "2020-01-01 00:00:00"}, 2)]
)
def test_request_is_kept(api_client, machine_user, body, count):
    make_profile(email="a@example.com")
    make_profile(email="b@example.com")
    process([{"email": "c@example.com", "profile_type": "deleted"}])

    answer = ask(api_client, body)

    assert (answer.status_code, answer.json()) == (
        202,
        {"data": {"message": "Profiles queued for sync.", "count": count}},
    )
    kept = SyncRequest.objects.get()
    assert (kept.count, kept.requested_by, kept.since is None) == (count, machine_user, not body)


@pytest.mark.parametrize("written", ["soon", "", "2999-01-01", "9" * 300])
@pytest.mark.parametrize("name", ["updated_at", "since"])
def test_time_that_is_none_is_refused(api_client, name, written):
    answer = ask(api_client, {name: written})

    assert (answer.status_code, list(answer.json()["errors"])) == (422, [name])
    assert not SyncRequest.objects.exists()


def test_one_profile_is_asked_for(api_client):
    ann = make_profile(email="a@example.com")

    answer = api_client.get(f"/api/v3/profiles/{ann.id}/resync")

    assert (answer.status_code, answer.json()["data"]["id"], answer["ETag"]) == (200, str(ann.id), '"1"')
    assert SyncRequest.objects.get().profile == ann
