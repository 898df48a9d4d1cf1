"""Merged profiles are taken apart over REST."""

import uuid

import pytest

from profiles.models import ProfileChange
from tests.batches.asking import UNMERGE, merged_into, post

pytestmark = pytest.mark.django_db


def test_both_are_told_as_they_are_then(api_client, pair):
    anna, ann = pair

    response = post(api_client, {"source_profile_id": str(anna.id), "note": "Two sisters"})

    data = response.json()["data"]
    assert response.status_code == 200
    assert (data["source"]["profile"]["id"], data["destination"]["profile"]["id"]) == (str(anna.id), str(ann.id))
    assert (data["source"]["profile"]["title"], data["destination"]["profile"]["company"]) == ("Dr", "Acme")
    assert data["source"]["changes"] == {
        "/merged_into": {"from": str(ann.id), "to": None},
        "/title": {"from": None, "to": "Dr"},
    }
    assert data["destination"]["changes"] == {
        "/occupation": {"from": "Nurse", "to": None},
        "/title": {"from": "Dr", "to": None},
    }
    assert (data["source"]["kept"], data["destination"]["kept"]) == ([], [])
    assert [(one["version"], one["position"]) for one in data["moved"]] == [(3, 0)]
    notes = ProfileChange.objects.filter(operation_id=data["operation_id"]).values_list("note", flat=True)
    assert set(notes) == {"Two sisters"}
    assert merged_into(anna) is None


def test_dry_run_only_shows_it(api_client, pair):
    anna, _ = pair
    rows = ProfileChange.objects.count()

    shown = post(api_client, {"source_profile_id": str(anna.id)}, f"{UNMERGE}?dry_run=1").json()["data"]
    done = post(api_client, {"source_profile_id": str(anna.id)}).json()["data"]

    assert shown["operation_id"] is None
    assert shown["source"]["changes"] == done["source"]["changes"]
    assert shown["destination"]["changes"] == done["destination"]["changes"]
    assert ProfileChange.objects.count() == rows + 3


@pytest.mark.parametrize(
    ("change", "status", "errors"),
    [
        ({"source_profile_id": str(uuid.UUID(int=7))}, 422, {"source_profile_id": ["There is no such profile."]}),
        ({"source_profile_id": "x"}, 422, {"source_profile_id": ["The source_profile_id must be an id."]}),
        ({"to_merged": [99]}, 422, {"to_merged": ["The survivor's ledger has no such change since the merge."]}),
        ({"destination_profile_id": str(uuid.UUID(int=7))}, 409, None),
        ({"note": "a\x00b"}, 422, {"note": ["The text must not hold a NUL character (U+0000)."]}),
    ],
)
def test_what_cannot_be_taken_apart_is_refused(api_client, pair, change, status, errors):
    anna, ann = pair

    response = post(api_client, {"source_profile_id": str(anna.id)} | change)

    assert (response.status_code, response.json().get("errors")) == (status, errors)
    assert merged_into(anna) == ann.id


def test_what_is_two_already_is_refused(api_client, pair):
    anna, _ = pair
    post(api_client, {"source_profile_id": str(anna.id)})

    response = post(api_client, {"source_profile_id": str(anna.id)})

    assert (response.status_code, response.json()) == (
        409,
        {"message": "The one profile was not merged into the other, or has been taken apart from it again."},
    )


@pytest.mark.parametrize("missing", ["create-profiles", "update-profiles", "delete-profiles", "read-audits"])
def test_it_takes_all_scopes(make_client, pair, missing):
    scopes = {"create-profiles", "update-profiles", "delete-profiles", "read-audits"} - {missing}

    assert post(make_client(*scopes), {"source_profile_id": str(pair[0].id)}).status_code == 403
