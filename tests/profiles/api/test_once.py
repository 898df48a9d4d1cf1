"""A write that is sent again under the same idempotency key is done once (rules 12.14)."""

import datetime as dt
import json

import pytest

from profiles.models import Profile, ProfileChange, SentWrite
from tests.builders import make_profile

pytestmark = pytest.mark.django_db
URL = "/api/v3/profiles"
ANN = {"email": "ann@example.com", "first_name": "Ann"}
KEY = {"Idempotency-Key": "k1"}


def post(client, path, body, **headers):
    return client.post(f"{URL}{path}", json.dumps(body), content_type="application/json", headers=headers)


def test_profile_is_made_once_and_answered_as_it_is_now(api_client):
    first = post(api_client, "", ANN, **KEY)
    Profile.objects.update(company="Acme")

    again = post(api_client, "", ANN, **KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["data"]["id"] == first.json()["data"]["id"]
    assert again.json()["data"]["company"] == "Acme"
    assert Profile.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("identities", {"handle": "pos", "identifier": "7"}),
        ("addresses", {"address_line_1": "1 St", "city": "Perth", "postcode": "6000", "country": "AU"}),
        ("attributes/custom", {"namespace": "a", "handle": "b", "value": 1}),
    ],
)
def test_part_is_added_once(api_client, path, body):
    ann = make_profile(**ANN)
    first, again = (post(api_client, f"/{ann.id}/{path}", body, **KEY) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["data"] == again.json()["data"]
    assert ProfileChange.objects.count() == 2


def test_key_means_one_path_and_body_of_one_user(api_client, make_client):
    post(api_client, "", ANN, **KEY)
    ann = Profile.objects.get()

    other_body = post(api_client, "", {**ANN, "company": "Acme"}, **KEY)
    other_path = post(api_client, f"/{ann.id}/identities", {"handle": "pos", "identifier": "7"}, **KEY)

    assert [one.status_code for one in (other_body, other_path)] == [409, 409]
    assert "idempotency key" in other_body.json()["message"]


def test_what_was_refused_is_not_remembered(api_client):
    assert post(api_client, "", {"email": "no"}, **KEY).status_code == 422
    assert not SentWrite.objects.exists()
    assert post(api_client, "", ANN, **KEY).status_code == 201


def test_key_lapses(api_client, settings):
    post(api_client, "", ANN, **KEY)
    sent = SentWrite.objects.get()
    SentWrite.objects.update(sent_at=sent.sent_at - dt.timedelta(days=settings.IDEMPOTENCY_DAYS + 1))

    assert post(api_client, "", ANN, **KEY).status_code == 422


def test_dry_run_uses_no_key(api_client):
    assert post(api_client, "?dry_run=1", ANN, **KEY).status_code == 200
    assert not SentWrite.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "x" * 300])
def test_key_that_is_none_is_refused(api_client, key):
    answer = post(api_client, "", ANN, **{"Idempotency-Key": key})

    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["Idempotency-Key"])
