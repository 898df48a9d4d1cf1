"""Merging over REST (rules 7.7 to 7.9)."""

import json
from uuid import UUID

import pytest

from profiles.models import DuplicateCandidate, ProfileChange
from profiles.models.duplicates import Verdict
from tests.builders import make_profile

pytestmark = pytest.mark.django_db
URL = "/api/v3/profiles/merge"
NOBODY = UUID(int=7)


@pytest.fixture
def two():
    ann = make_profile(email="ann@example.com", first_name="Ann")
    anna = make_profile(email="anna@example.com", mobile_phone="+61404123123", first_name="Anna")
    return ann, anna


def merge(client, source, destination, **more):
    ids = {"source_profile_id": str(source), "destination_profile_id": str(destination)}
    return client.post(URL, json.dumps(ids | more), content_type="application/json")


def test_source_becomes_part_of_the_destination(api_client, machine_user, two):
    ann, anna = two

    answer = merge(api_client, anna.id, ann.id, note="same loyalty card")

    assert answer.status_code == 200
    data = answer.json()["data"]
    assert (data["id"], data["email"], data["mobile_phone"]) == (str(ann.id), "ann@example.com", "+61404123123")
    assert answer.headers["ETag"] == '"2"'
    rows = ProfileChange.objects.filter(action="merged")
    assert {(row.profile_id, row.cause_kind, row.actor_id, row.note) for row in rows} == {
        (one.id, "api", machine_user.id, "same loyalty card") for one in two
    }
    moved = api_client.get(f"/api/v3/profiles/{anna.id}")
    assert (moved.status_code, moved.headers["Location"]) == (308, f"/api/v3/profiles/{ann.id}")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        pytest.param({}, ["destination_profile_id", "source_profile_id"], id="nothing"),
        pytest.param(
            {"source_profile_id": "x", "destination_profile_id": 5},
            ["destination_profile_id", "source_profile_id"],
            id="no ids",
        ),
        pytest.param([], ["body"], id="no object"),
        pytest.param(
            {"source_profile_id": str(NOBODY), "destination_profile_id": str(NOBODY)},
            ["destination_profile_id"],
            id="into itself",
        ),
        pytest.param(
            {"source_profile_id": str(NOBODY), "destination_profile_id": str(UUID(int=8))},
            ["source_profile_id"],
            id="nobody",
        ),
        pytest.param(
            {
                "source_profile_id": str(NOBODY),
                "destination_profile_id": str(UUID(int=8)),
                "note": "x" * 10_001,
                "despite_verdict": "yes",
            },
            ["despite_verdict", "note"],
            id="odd terms",
        ),
        pytest.param(
            {"source_profile_id": str(NOBODY), "destination_profile_id": str(UUID(int=8)), "note": "a\0b"},
            ["note"],
            id="a control character",
        ),
    ],
)
def test_wrong_request_is_422_by_field(api_client, body, errors):
    answer = api_client.post(URL, json.dumps(body), content_type="application/json")

    assert answer.status_code == 422
    assert sorted(answer.json()["errors"]) == errors


def test_destination_that_is_nobody_is_told_as_such(api_client, two):
    answer = merge(api_client, two[0].id, NOBODY)

    assert answer.json()["errors"] == {"destination_profile_id": [f"There is no profile {NOBODY}."]}


def test_what_was_merged_is_409_and_names_where_it_lives_on(api_client, two):
    ann, anna = two
    bob = make_profile()
    merge(api_client, anna.id, ann.id)

    again, into = merge(api_client, anna.id, bob.id), merge(api_client, bob.id, anna.id)

    message = f"The profile {anna.id} has been merged already, into {ann.id}."
    assert [(one.status_code, one.json()["message"]) for one in (again, into)] == [(409, message)] * 2


def test_what_staff_called_different_takes_a_word_more(api_client, two):
    low, high = sorted(two, key=lambda one: one.id)
    DuplicateCandidate.objects.create(
        low=low, high=high, reason="ambiguous", verdict=Verdict.DIFFERENT, created_at=low.created_at
    )

    refused = merge(api_client, high.id, low.id)
    forced = merge(api_client, high.id, low.id, despite_verdict=True)

    assert (refused.status_code, refused.json()["message"]) == (
        409,
        "Staff have said that the two are different people.",
    )
    assert forced.status_code == 200
    assert DuplicateCandidate.objects.get().verdict == "same"


@pytest.mark.parametrize(
    ("scopes", "status"),
    [(("update-profiles", "delete-profiles"), 200), (("update-profiles",), 403), (("delete-profiles",), 403)],
)
def test_both_scopes_are_needed(make_client, two, scopes, status):
    assert merge(make_client(*scopes), two[1].id, two[0].id).status_code == status
