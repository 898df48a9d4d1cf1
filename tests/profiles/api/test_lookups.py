"""One profile is found by what somebody has at hand (rules 12.11, 12.12)."""

import json
from uuid import uuid4

import pytest
from django.utils import timezone

from profiles.merging import Merge, merge_profiles
from profiles.models import Profile
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
POS = {"handle": "pos", "identifier": "7"}


@pytest.fixture
def ann():
    return make_profile(
        email="Ann@example.com", first_name="Ann", last_name="Arlig", mobile_phone="+61404000001", identities=[POS]
    )


@pytest.fixture
def merged(ann):
    """Return whoever lives on in Ann."""
    bob = make_profile(
        email="bob@example.com", mobile_phone="+61404000002", identities=[{"handle": "pos", "identifier": "8"}]
    )
    merge_profiles(Merge(bob.id, ann.id), cause=Cause(CauseKind.ADMIN), now=timezone.now())
    return bob


@pytest.fixture
def deleted():
    process([{"email": "dan@example.com", "identities": [{"handle": "pos", "identifier": "9"}]}])
    process([{"email": "dan@example.com", "profile_type": "deleted"}])
    return Profile.objects.get(email_key="dan@example.com")


def post(client, path, body):
    return client.post(f"/api/v3/profiles/{path}", json.dumps(body), content_type="application/json")


@pytest.mark.parametrize("path", ["search-id", "exists"])
def test_profile_is_found_by_id_or_identity(api_client, ann, merged, deleted, path):
    def found(kind, name):
        answer = post(api_client, path, {"type": kind, "id": name})
        return answer.json()["data"]["id"] if answer.status_code == 200 else answer.status_code

    assert found("profile_id", str(ann.id)) == str(ann.id)
    assert found("pos", "7") == found("pos", 7) == str(ann.id)
    assert found("profile_id", str(merged.id)) == found("pos", "8") == str(ann.id)
    assert found("profile_id", str(deleted.id)) == str(deleted.id)
    assert [found("pos", "9"), found("pos", "x"), found("profile_id", "x"), found("profile_id", str(uuid4()))] == [
        404
    ] * 4


@pytest.mark.parametrize(
    ("body", "field"), [({}, "type"), ({"type": "pos"}, "id"), ({"type": "x" * 300, "id": "1"}, "type")]
)
def test_lookup_that_asks_for_nothing_is_refused(api_client, body, field):
    answer = post(api_client, "search-id", body)

    assert answer.status_code == 422
    assert field in answer.json()["errors"]


def test_profile_is_read_by_an_identity(api_client, ann, deleted):
    def read(identifier, handle):
        return api_client.get(f"/api/v3/profiles/{identifier}", {"identity[handle]": handle})

    answer = read("7", "pos")
    assert (answer.json()["data"]["id"], answer["ETag"]) == (str(ann.id), '"1"')
    assert [read("7", "shop").status_code, read("9", "pos").status_code, read("7", "").status_code] == [404, 404, 422]


def test_keys_are_free_or_taken(api_client, ann, merged, deleted):
    def taken(**keys):
        return post(api_client, "availability", keys).json()["data"]

    holder = {"available": False, "profile": {"id": str(ann.id), "full_name": "Ann Arlig"}}
    assert taken(email="ANN@example.com") == {"email": holder, "mobile_phone": None}
    assert taken(email="bob@example.com", mobile_phone="+61 404 000 002") == {"email": holder, "mobile_phone": holder}
    assert taken(email="dan@example.com")["email"]["available"] is False
    assert taken(email="new@example.com")["email"] == {"available": True, "profile": None}


@pytest.mark.parametrize(
    ("keys", "field"), [({}, "email"), ({"email": "a b"}, "email"), ({"mobile_phone": "+"}, "mobile_phone")]
)
def test_key_that_can_be_none_is_refused(api_client, keys, field):
    answer = post(api_client, "availability", keys)

    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])


@pytest.mark.parametrize("asked", [{}, {"profile_type": "Pending"}])
def test_type_is_changed_and_a_deleted_profile_restored(api_client, ann, deleted, asked):
    def change(profile, body):
        url = f"/api/v3/profiles/{profile.id}/update-type"
        return api_client.put(url, json.dumps(body), content_type="application/json")

    if not asked:
        assert list(change(ann, {}).json()["errors"]) == ["profile_type"]
        assert list(change(ann, {"profile_type": "x"}).json()["errors"]) == ["profile_type"]
        return
    assert change(ann, asked).json()["data"]["profile_type"] == "pending"
    assert change(deleted, {"profile_type": "active"}).json()["data"]["profile_type"] == "active"
    assert change(ann, {"profile_type": "deleted"}).json()["data"]["profile_type"] == "deleted"


def test_deleting_by_type_takes_the_scope_of_deleting(make_client, ann, merged):
    client = make_client("update-profiles", "read-profiles")

    def change(profile, kind):
        url = f"/api/v3/profiles/{profile.id}/update-type"
        return client.put(url, json.dumps({"profile_type": kind}), content_type="application/json")

    assert [change(ann, "Deleted").status_code, change(ann, "pending").status_code] == [403, 200]
    answer = change(merged, "pending")
    assert (answer.status_code, str(ann.id) in answer.json()["message"]) == (409, True)


# --- Identities ------------------------------------------------------------------------------------------------------


def test_identities_are_found(api_client, ann, merged):
    def found(query):
        return [one["identifier"] for one in api_client.get(f"/api/v3/identities?{query}").json()["data"]]

    assert found("") == ["8", "7"]
    assert found("filter[handle]=pos&filter[identifier][eq]=7") == ["7"]
    assert found("filter[handle]=shop") == []
    (one,) = api_client.get("/api/v3/identities?filter[identifier]=8&include=profile").json()["data"]
    assert (one["profile"]["id"], one["merged_from"]) == (str(ann.id), str(merged.id))


@pytest.mark.parametrize("query", ["include=everything", "handle=pos", "filter[id]=1", "filter[handle]="])
def test_identities_that_cannot_be_asked_for_are_refused(api_client, query):
    assert api_client.get(f"/api/v3/identities?{query}").status_code == 422


@pytest.mark.parametrize("size", [1, 3])
def test_identities_take_as_many_statements_for_any_page(api_client, ann, merged, size, django_assert_num_queries):
    api_client.get("/api/v3/identities")

    with django_assert_num_queries(5):
        api_client.get(f"/api/v3/identities?include=profile&per_page={size}")


def test_profiles_are_found_by_an_identifier_of_any_system(api_client, ann, deleted):
    other = make_profile(email="c@example.com", identities=[{"handle": "shop", "identifier": "7"}])

    found = api_client.get("/api/v3/identities/search-profile/7").json()["data"]

    assert [one["id"] for one in found] == [str(ann.id), str(other.id)]
    assert api_client.get("/api/v3/identities/search-profile/9").json()["data"] == []


def test_id_is_found_by_an_identity(api_client, ann):
    url = "/api/v3/identities/search"

    assert api_client.get(url, POS).json() == {"data": {"profile_id": str(ann.id)}}
    assert api_client.get(url, {**POS, "handle": "shop"}).status_code == 404
    assert list(api_client.get(url).json()["errors"]) == ["handle", "identifier"]


@pytest.mark.parametrize("path", ["identities", "identities/search-profile/7", "identities/search"])
def test_identities_take_scopes_of_their_own(make_client, path):
    assert make_client("read-profiles").get(f"/api/v3/{path}").status_code == 403
