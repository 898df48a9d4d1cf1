"""Profiles are made, changed and deleted one by one over REST."""

import json

import pytest
from django.utils import timezone

from profiles.merging import Merge, merge_profiles
from profiles.models import BlockedValue, DuplicateCandidate, Organisation, Profile, ProfileChange, RoleDefinition
from profiles.reference_data import example_data, load_reference_data
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
URL = "/api/v3/profiles"
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU", "external_id": "home"}


def ask(client, method, url, body=None, **headers):
    content = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    return getattr(client, method)(url, headers=headers, **content)


def rows():
    return ProfileChange.objects.count()


def url_of(profile):
    return f"{URL}/{profile.id}"


def merge(merged, survivor):
    merge_profiles(Merge(merged.id, survivor.id), cause=Cause(CauseKind.ADMIN), now=timezone.now())


# --- Making ------------------------------------------------------------------------------------------------------


def test_profile_is_made_and_answered(api_client):
    response = ask(
        api_client,
        "post",
        URL,
        {"email": "Ann@Example.com", "first_name": "Ann", "identities": [{"handle": "pos", "identifier": "7"}]},
    )

    profile = Profile.objects.get()
    data = response.json()["data"]
    assert (response.status_code, response["ETag"], response["Location"]) == (201, '"1"', url_of(profile))
    assert (data["id"], data["email"], data["first_name"]) == (str(profile.id), "Ann@Example.com", "Ann")
    assert [one["identifier"] for one in data["identities"]] == ["7"]
    row = ProfileChange.objects.get()
    assert (row.action, row.cause_kind, row.actor_id is None) == ("created", "api", False)


@pytest.mark.parametrize(
    ("record", "errors"),
    [
        ({"email": "ANN@example.com"}, {"email": ["The email has already been taken."]}),
        ({"email": "b@example.com", "mobile_phone": "+61404000001"}, {"mobile_phone": ["The phone number exists"]}),
        (
            {"email": "b@example.com", "identities": [{"handle": "pos", "identifier": "7"}]},
            {"identities.0": ["The identity belongs to another profile."]},
        ),
        ({"email": "gone@example.com"}, {"email": ["The email has already been taken."]}),
        ({"first_name": "Ann"}, {"email": ["The email field is required."]}),
        ({"email": "no"}, {"email": ["The email must have one @; this has none."]}),
        (
            {"email": "b@example.com", "addresses": [HOME | {"city": ""}]},
            {"addresses.0.city": ["The field must not be empty."]},
        ),
    ],
)
def test_what_cannot_be_made_is_told_by_field(api_client, record, errors):
    make_profile(
        email="ann@example.com", mobile_phone="+61404000001", identities=[{"handle": "pos", "identifier": "7"}]
    )
    make_profile(email="gone@example.com")
    process([{"email": "gone@example.com", "profile_type": "deleted"}])
    before = rows()

    response = ask(api_client, "post", URL, record)

    assert response.status_code == 422
    assert list(response.json()["errors"]) == list(errors)
    if "addresses" not in record:
        assert response.json()["errors"] == errors
    assert (rows(), Profile.objects.count()) == (before, 2)


def test_values_of_two_others_are_noted_as_a_pair(api_client):
    ann = make_profile(email="ann@example.com")
    bob = make_profile(email="bob@example.com", mobile_phone="+61404000001")

    response = ask(api_client, "post", URL, {"email": "ann@example.com", "mobile_phone": "+61404000001"})

    assert sorted(response.json()["errors"]) == ["email", "mobile_phone"]
    pair = DuplicateCandidate.objects.get()
    assert {pair.low_id, pair.high_id} == {ann.id, bob.id}


def test_warnings_stand_beside_the_profile(api_client):
    response = ask(api_client, "post", URL, {"email": "a@example.com", "colour": "blue"})

    assert [(one["code"], one["pointer"]) for one in response.json()["meta"]["warnings"]] == [
        ("unknown_field", "/colour")
    ]
    assert "meta" not in ask(api_client, "post", URL, {"email": "b@example.com"}).json()


def test_blocked_value_is_left_out(api_client):
    BlockedValue.objects.create(kind="email", exact="shared@example.com")

    response = ask(
        api_client, "post", URL, {"email": "shared@example.com", "identities": [{"handle": "pos", "identifier": "7"}]}
    )

    assert (response.status_code, response.json()["data"]["email"]) == (201, None)


def test_dry_run_tells_and_writes_nothing(api_client):
    response = ask(api_client, "post", f"{URL}?dry_run=1", {"email": "a@example.com"})

    data = response.json()["data"]
    assert (response.status_code, data["outcome"]) == (200, "created")
    assert data["changes"]["/email"] == {"to": "a@example.com"}
    assert Profile.objects.count() == 0


# --- Changing ----------------------------------------------------------------------------------------------------


@pytest.fixture
def ann():
    load_reference_data(example_data())
    profile = make_profile(
        email="ann@example.com",
        first_name="Ann",
        mobile_phone="+61404000001",
        company="Acme",
        joined_at="2020-05-05T15:20:32Z",
        joined_location_external_id="SYD-01",
        birth_day=3,
        birth_month=2,
        tags=["vip", "gold"],
        statuses=["gold"],
        identities=[{"handle": "pos", "identifier": "7"}, {"handle": "shop", "identifier": "a", "is_active": False}],
        addresses=[HOME, HOME | {"external_id": "work", "address_line_1": "2 Side St", "notes": "ring"}],
        custom_attributes=[
            {"namespace": "n", "handle": "text", "type": "string", "value": "7"},
            {"namespace": "n", "handle": "number", "type": "float", "value": 7.5},
            {"namespace": "m", "handle": "free", "type": "json", "value": {"a": [1, True]}},
            {"namespace": "m", "handle": "nothing", "type": "integer", "value": None},
        ],
        dates_attributes=[{"handle": "b", "name": "B", "date": "2000-02-29", "relationship": "child"}],
        comms_attributes={"email_promo": True, "email_consent_updated_at": "2026-01-01T00:00:00Z"},
        attributes={"appearance": {"eye_colour": "blue"}},
        region="victoria",
        region_country="AU",
        regions=[{"handle": "new-south-wales", "state": "NSW"}],
        organisations=[
            {
                "id": Organisation.objects.get(handle="acme").pk,
                "role_definition_id": RoleDefinition.objects.get(handle="buyer").pk,
            }
        ],
    )
    other = make_profile(email="other@example.com")
    process(
        [
            {
                "email": "ann@example.com",
                "dates_attributes": [
                    {"handle": "b", "relationship": "child", "links": [{"profile_id": str(other.id), "role": "twin"}]}
                ],
            }
        ]
    )
    profile.refresh_from_db()
    return profile


def test_profile_sent_back_as_it_was_read_changes_nothing(api_client, ann):
    read = api_client.get(url_of(ann)).json()["data"]
    before = rows()

    response = ask(api_client, "put", url_of(ann), read)

    assert (response.status_code, response.json()) == (200, {"data": read})
    assert response["ETag"] == f'"{ann.version}"'
    assert rows() == before


@pytest.mark.parametrize(
    ("change", "changes"),
    [
        (lambda read: read | {"company": None}, {"/company": {"from": "Acme", "to": None}}),
        (lambda read: read | {"tags": ["vip"]}, {"/tags/gold": {"from": True}}),
        (
            lambda read: read | {"custom_attributes": {**read["custom_attributes"], "n": {"number": 8}}},
            {"/custom_attributes/n/number/value": {"from": 7.5, "to": 8.0}},
        ),
        (
            lambda read: read | {"custom_attributes": {"n": {"new": True}}},
            {
                "/custom_attributes/n/new/type": {"to": "boolean"},
                "/custom_attributes/n/new/value": {"to": True},
            },
        ),
        (
            lambda read: {
                "regions": [one | {"state": "ACT"} for one in read["regions"] if one["handle"] == "new-south-wales"]
            },
            {"/regions/new-south-wales/state": {"from": "NSW", "to": "ACT"}},
        ),
        (
            lambda read: read | {"region": {"handle": "north-island"}},
            {
                "/regions/north-island/is_active": {"to": True},
                "/regions/north-island/is_default": {"to": True},
                "/regions/victoria/is_default": {"from": True, "to": False},
            },
        ),
        (
            lambda read: read | {"attributes": {"appearance": {"eye_colour": "green"}}},
            {"/appearance/eye_colour": {"from": "blue", "to": "green"}},
        ),
        (
            lambda read: read | {"organisations": [read["organisations"][0] | {"role_definition": None}]},
            {"/organisations/acme/role": {"from": "buyer", "to": None}},
        ),
        (
            lambda read: {"attributes": {"dates": [read["attributes"]["dates"][0] | {"name": "C"}]}},
            {"/dates/b/child/name": {"from": "B", "to": "C"}},
        ),
    ],
)
def test_what_is_changed_of_what_was_read_changes_that(api_client, ann, change, changes):
    sent = change(api_client.get(url_of(ann)).json()["data"])

    response = ask(api_client, "put", url_of(ann), sent)

    row = ProfileChange.objects.filter(profile=ann).order_by("version").last()
    told = {path: sides for path, sides in row.changes.items() if not path.endswith(("/id", "/created_at"))}
    assert (response.status_code, row.version, told) == (200, ann.version + 1, changes)


def test_put_dry_run_tells_the_difference(api_client, ann):
    before = rows()

    response = ask(api_client, "put", f"{url_of(ann)}?dry_run=1", {"company": "Other"})

    assert response.json()["data"] == {
        "outcome": "updated",
        "changes": {"/company": {"from": "Acme", "to": "Other"}},
        "warnings": [],
    }
    assert rows() == before


def test_if_match_holds_a_write_to_what_was_read(api_client, ann):
    read = api_client.get(url_of(ann))
    ask(api_client, "put", url_of(ann), {"company": "Other"})

    stale = ask(api_client, "put", url_of(ann), {"company": "Third"}, **{"If-Match": read["ETag"]})
    fresh = ask(api_client, "put", url_of(ann), {"company": "Third"}, **{"If-Match": f'"{ann.version + 1}", "99"'})

    assert (stale.status_code, stale.json()) == (
        412,
        {"message": "The profile was changed by somebody else after it was looked at."},
    )
    assert (fresh.status_code, fresh.json()["data"]["company"]) == (200, "Third")


def test_key_of_somebody_else_is_refused_and_noted(api_client, ann):
    other = Profile.objects.get(email="other@example.com")

    response = ask(api_client, "put", url_of(ann), {"email": "other@example.com"})

    assert (response.status_code, response.json()["errors"]) == (422, {"email": ["The email has already been taken."]})
    pair = DuplicateCandidate.objects.get()
    assert {pair.low_id, pair.high_id} == {ann.id, other.id}


def test_merged_profile_is_written_where_it_lives_on(api_client, ann):
    other = Profile.objects.get(email="other@example.com")
    merge(other, ann)

    put = ask(api_client, "put", f"{url_of(other)}?dry_run=1", {"company": "X"})
    deleted = ask(api_client, "delete", url_of(other))

    assert (put.status_code, put["Location"]) == (308, f"{url_of(ann)}?dry_run=1")
    assert (deleted.status_code, deleted.json()) == (409, {"message": f"The profile was merged into {ann.id}."})


@pytest.mark.parametrize("method", ["put", "delete"])
@pytest.mark.parametrize("profile_id", ["0190aaaa-0000-7000-8000-000000000001", "x"])
def test_nobody_is_not_found(api_client, method, profile_id):
    assert ask(api_client, method, f"{URL}/{profile_id}", {}).status_code == 404


@pytest.mark.parametrize("method", ["put", "delete"])
def test_profile_that_has_ended_is_not_found(api_client, ann, method):
    Profile.objects.filter(id=ann.id).update(ended="erased")

    response = ask(api_client, method, url_of(ann), {"company": "X"})

    assert (response.status_code, response.json()["message"]) == (404, "The profile was erased.")


# --- Deleting ----------------------------------------------------------------------------------------------------


def test_profile_is_deleted_softly_and_once(api_client, ann):
    first = ask(api_client, "delete", url_of(ann))
    before = rows()
    second = ask(api_client, "delete", url_of(ann))

    assert [(one.status_code, one.content) for one in (first, second)] == [(204, b""), (204, b"")]
    assert (rows(), Profile.objects.get(id=ann.id).profile_type) == (before, "deleted")
    assert api_client.get(url_of(ann)).json()["data"]["profile_type"] == "deleted"


def test_deleted_profile_is_written_to_once_it_is_restored(api_client, ann):
    ask(api_client, "delete", url_of(ann))

    refused = ask(api_client, "put", url_of(ann), {"company": "X"})
    restored = ask(api_client, "put", url_of(ann), {"profile_type": "active", "company": "X"})

    assert (refused.status_code, refused.json()) == (
        409,
        {"message": "The profile is deleted; naming a profile_type restores it."},
    )
    assert (restored.status_code, restored.json()["data"]["company"]) == (200, "X")
    assert ProfileChange.objects.filter(profile=ann).order_by("version").last().action == "restored"


# --- Who may -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "scope", "body"),
    [
        ("post", "create-profiles", {"email": "new@example.com"}),
        ("put", "update-profiles", {"company": "X"}),
        ("delete", "delete-profiles", None),
    ],
)
def test_each_write_takes_its_scope(make_client, ann, method, scope, body):
    url = URL if method == "post" else url_of(ann)
    others = {"read-profiles", "create-profiles", "update-profiles", "delete-profiles"} - {scope}

    assert ask(make_client(*others), method, url, body).status_code == 403
    assert ask(make_client(scope), method, url, body).status_code in {200, 201, 204}


def test_deleting_by_type_takes_the_scope_of_deleting(make_client, ann):
    body = {"profile_type": "deleted"}

    assert ask(make_client("update-profiles"), "put", url_of(ann), body).status_code == 403
    assert ask(make_client("update-profiles", "delete-profiles"), "put", url_of(ann), body).status_code == 200


@pytest.mark.parametrize(("method", "body"), [("post", []), ("post", "x"), ("put", [1])])
def test_body_that_is_no_object_is_refused(api_client, ann, method, body):
    url = URL if method == "post" else url_of(ann)

    response = ask(api_client, method, url, body)

    assert (response.status_code, response.json()["errors"]) == (422, {"body": ["The body must be an object."]})
