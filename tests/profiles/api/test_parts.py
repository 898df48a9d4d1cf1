"""Parts of a profile are read and written by themselves, as the contract says (rules 12.6 to 12.10)."""

import json

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.merging import Merge, merge_profiles
from profiles.models import Identity, Profile, ProfileChange
from profiles.reference_data import example_data, load_reference_data
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process
from tests.properties.stored import undone
from tests.properties.strategies import examples

pytestmark = pytest.mark.django_db
POS = {"handle": "pos", "identifier": "7"}
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}


@pytest.fixture
def ann():
    return make_profile(email="ann@example.com", identities=[POS])


@pytest.fixture
def ask(api_client, ann):
    """Return what asks about Ann."""

    def asking(method, path, body=None, *, of=ann, **headers):
        content = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return getattr(api_client, method)(f"/api/v3/profiles/{of.id}/{path}", headers=headers, **content)

    return asking


def data(answer, status=200):
    assert answer.status_code == status, answer.content
    return answer.json()["data"]


def errors(answer):
    assert answer.status_code == 422, answer.content
    return answer.json()["errors"]


def rows():
    return ProfileChange.objects.count()


# --- Identities --------------------------------------------------------------------------------------------------


def test_identity_is_added_and_answered(ask, ann):
    made = data(ask("post", "identities", {"handle": "shop", "identifier": 8, "is_primary": True}), 201)

    assert (made["handle"], made["identifier"], made["is_primary"], made["is_active"]) == ("shop", "8", True, True)
    assert [one["identifier"] for one in data(ask("get", "identities"))] == ["7", "8"]
    assert data(ask("get", "identities/shop"))["id"] == made["id"]
    assert data(ask("get", f"identities/id/{made['id']}"))["handle"] == "shop"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (POS, "identifier"),
        ({"handle": "pos", "identifier": "9"}, "identifier"),
        ({"handle": "pos"}, "identifier"),
        ({"identifier": "1"}, "handle"),
        ({"handle": "pos", "identifier": "1", "is_primary": "perhaps"}, "is_primary"),
        ({"handle": "pos", "identifier": "1", "is_active": "perhaps"}, "is_active"),
    ],
)
def test_identity_that_cannot_be_added_is_told_at_its_field(ask, body, field):
    make_profile(email="bob@example.com", identities=[{"handle": "pos", "identifier": "9"}])
    before = rows()

    assert list(errors(ask("post", "identities", body))) == [field]
    assert rows() == before


def test_newest_of_several_identities_of_a_handle_is_meant(ask):
    ask("post", "identities", {"handle": "pos", "identifier": "8"})

    assert data(ask("get", "identities/pos"))["identifier"] == "8"


def test_identity_gets_another_identifier_and_stays_the_row_it_is(ask, ann):
    before = Identity.objects.get(profile=ann)

    changed = data(ask("put", "identities/pos", {"identifier": "70", "handle": "other", "is_active": False}))

    assert (changed["id"], changed["handle"], changed["identifier"]) == (before.pk, "pos", "70")
    assert changed["is_active"] is False
    assert Identity.objects.get(profile=ann).created_at == before.created_at
    # The old one is free.
    assert data(ask("post", "identities", POS), 201)["identifier"] == "7"


@pytest.mark.parametrize("identifier", ["8", "9"])
def test_identifier_that_somebody_has_is_refused(ask, identifier):
    ask("post", "identities", {"handle": "pos", "identifier": "8"})
    make_profile(email="bob@example.com", identities=[{"handle": "pos", "identifier": "9"}])
    first = data(ask("get", "identities"))[0]

    assert list(errors(ask("put", f"identities/id/{first['id']}", {"identifier": identifier}))) == ["identifier"]


def test_only_one_identity_is_primary(ask):
    ask("post", "identities", {"handle": "shop", "identifier": "8", "is_primary": True})

    data(ask("put", "identities/pos", {"is_primary": True}))

    assert {one["handle"]: one["is_primary"] for one in data(ask("get", "identities"))} == {"pos": True, "shop": False}


def test_identity_is_removed_and_free(ask, ann):
    assert ask("delete", "identities/pos").status_code == 204
    assert ask("delete", "identities/pos").status_code == 404
    assert data(ask("get", "identities")) == []
    assert "/identities/pos/7/is_active" in ProfileChange.objects.get(profile=ann, version=2).changes


@pytest.mark.parametrize("path", ["identities/shop", "identities/id/999999", "identities/id/x", "identities/7"])
@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_identity_that_is_not_there_is_404(ask, method, path):
    body = {"identifier": "1"} if method == "put" else None

    assert ask(method, path, body).status_code == 404


# --- Addresses ---------------------------------------------------------------------------------------------------


def test_addresses_are_added_read_changed_and_removed(ask):
    first = data(ask("post", "addresses", HOME), 201)
    second = data(ask("post", "addresses", {**HOME, "address_line_1": "2 Side St", "external_id": "w"}), 201)
    assert (first["is_default"], second["is_default"]) == (True, False)

    changed = data(ask("put", f"addresses/{first['id']}", {"city": "Sydney", "postcode": 2000}))
    assert (changed["id"], changed["city"], changed["postcode"]) == (first["id"], "Sydney", "2000")
    assert data(ask("get", f"addresses/{first['id']}")) == changed

    assert ask("delete", f"addresses/{first['id']}").status_code == 204
    (left,) = data(ask("get", "addresses"))
    assert (left["id"], left["is_default"]) == (second["id"], True)


def test_removing_the_default_address_makes_the_oldest_left_it_in_the_same_row(ask, ann):
    ids = [data(ask("post", "addresses", {**HOME, "address_line_1": f"{n} St"}), 201)["id"] for n in range(3)]
    data(ask("put", f"addresses/{ids[2]}", {"is_default": True}))

    ask("delete", f"addresses/{ids[2]}")

    assert [(one["id"], one["is_default"]) for one in data(ask("get", "addresses"))] == [
        (ids[0], True),
        (ids[1], False),
    ]
    newest = ProfileChange.objects.filter(profile=ann).order_by("-version").first()
    assert any(pointer.endswith("/is_default") and "to" in sides for pointer, sides in newest.changes.items())


def test_address_sent_back_as_it_was_read_leaves_no_row(ask):
    address = data(ask("post", "addresses", {**HOME, "meta": {"a": 1}}), 201)
    before = rows()

    assert data(ask("put", f"addresses/{address['id']}", address)) == address
    assert rows() == before


def test_address_is_put_by_its_external_id(ask):
    made = data(ask("post", "addresses/upsert", {**HOME, "external_id": "h"}), 201)
    again = data(ask("post", "addresses/upsert", {"external_id": "h", "city": "Sydney"}), 200)

    assert (again["id"], again["city"]) == (made["id"], "Sydney")
    assert list(errors(ask("post", "addresses/upsert", HOME))) == ["external_id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**HOME, "city": ""}, "city"),
        ({"city": "Perth"}, "address_line_1"),
        ({**HOME, "external_id": "x" * 300}, "external_id"),
        ({**HOME, "is_default": "perhaps"}, "is_default"),
    ],
)
def test_address_that_cannot_be_added_is_told_at_its_field(ask, body, field):
    assert field in errors(ask("post", "addresses", body))


def test_name_of_another_address_is_refused(ask):
    data(ask("post", "addresses", {**HOME, "external_id": "h"}), 201)
    other = data(ask("post", "addresses", {**HOME, "address_line_1": "2 Side St", "external_id": "w"}), 201)

    assert list(errors(ask("put", f"addresses/{other['id']}", {"external_id": "h"}))) == ["external_id"]


# --- Consent and looks -------------------------------------------------------------------------------------------


def test_consent_is_read_and_decided(ask):
    told = data(ask("put", "attributes/comms", {"email_promo": True, "sms_optout": True}))

    assert (told["email_promo"], told["sms_optout"], told["email_promo_raw"]) == (True, True, 1)
    assert data(ask("get", "attributes/comms")) == told
    assert data(ask("get", "attributes"))["comms"] == told


def test_act_of_its_own_loosens_without_a_time_and_an_older_one_does_not(ask):
    ask("put", "attributes/comms", {"email_optout": True})

    older = ask("put", "attributes/comms", {"email_optout": False, "email_consent_updated_at": "2020-01-01T00:00:00Z"})
    assert data(older)["email_optout"] is True
    assert [one["code"] for one in older.json()["meta"]["warnings"]] == ["consent_not_loosened", "consent_older"]
    assert data(ask("put", "attributes/comms", {"email_optout": False}))["email_optout"] is False


def test_older_path_answers_with_a_list(ask):
    (told,) = data(ask("put", "comms", {"sms_promo": False}))

    assert told["sms_promo"] is False
    assert ask("get", "comms").status_code == 405


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("attributes/comms", {"email_promo": "perhaps"}, "email_promo"),
        ("attributes/comms", {"email_verification": "perhaps"}, "email_verification"),
        ("comms", {"sms_promo": []}, "sms_promo"),
        ("attributes/appearance", {"eye_colour": ["blue"]}, "eye_colour"),
    ],
)
def test_part_that_cannot_be_set_is_told_at_its_field(ask, path, body, field):
    assert list(errors(ask("put", path, body))) == [field]


def test_looks_are_read_and_changed(ask):
    told = data(ask("put", "attributes/appearance", {"eye_colour": "green", "size_shoe": "42"}))

    assert (told["eye_colour"], told["size_shoe"], told["hair_colour"]) == ("green", "42", None)
    assert data(ask("get", "attributes/appearance")) == told


@pytest.mark.parametrize("path", ["attributes/comms", "attributes/appearance"])
def test_part_sent_back_as_it_was_read_leaves_no_row(ask, path):
    ask("put", "attributes/comms", {"email_promo": True})
    ask("put", "attributes/appearance", {"eye_colour": "green"})
    before = rows()

    part = data(ask("get", path))

    assert data(ask("put", path, part)) == part
    assert rows() == before


# --- Dates -------------------------------------------------------------------------------------------------------


def test_date_is_put_and_removed_and_those_left_are_answered(ask):
    wedding = {"handle": "wedding", "relationship": "Me", "name": "Wedding", "date": "2001-02-03", "type": "date"}
    made = data(ask("put", "attributes/dates", wedding))
    data(ask("put", "attributes/dates", {**wedding, "handle": "move"}))
    again = data(ask("put", "attributes/dates", {**wedding, "note": "cake"}))

    assert (again["id"], again["note"], again["date"]) == (made["id"], "cake", "2001-02-03")
    assert [one["handle"] for one in data(ask("get", "attributes/dates"))] == ["wedding", "move"]
    assert [one["handle"] for one in data(ask("delete", f"attributes/dates/{made['id']}"))] == ["move"]
    assert ask("delete", f"attributes/dates/{made['id']}").status_code == 404


def test_date_takes_its_links_along(ask, ann):
    bob = make_profile(email="bob@example.com")
    date = {"handle": "wedding", "name": "W", "date": "2001-02-03", "links": [{"profile_id": str(bob.id)}]}
    made = data(ask("put", "attributes/dates", date))
    assert [one["profile_id"] for one in made["links"]] == [str(bob.id)]

    assert data(ask("delete", f"attributes/dates/{made['id']}")) == []
    assert not ann.date_links.exists()


@pytest.mark.parametrize(
    ("body", "field"), [({"handle": "b", "name": "B"}, "date"), ({"handle": "b", "date": "soon", "name": "B"}, "date")]
)
def test_date_that_cannot_be_put_is_told_at_its_field(ask, body, field):
    assert list(errors(ask("put", "attributes/dates", body))) == [field]


# --- Custom attributes -------------------------------------------------------------------------------------------


def test_custom_attribute_is_put_read_and_removed(ask, api_client, ann):
    made = data(ask("put", "attributes/custom/pets:dog", {"type": "string", "value": "Rex"}))
    assert (made["namespace"], made["handle"], made["type"], made["value"]) == ("pets", "dog", "string", "Rex")

    assert data(ask("put", "attributes/custom/pets:dog", {"value": "Max"}))["value"] == "Max"
    assert data(ask("get", "attributes/custom/pets:dog"))["id"] == made["id"]
    assert [one["value"] for one in data(ask("get", "attributes/custom"))] == ["Max"]
    assert api_client.get(f"/api/v3/profiles/{ann.id}").json()["data"]["custom_attributes"] == {"pets": {"dog": "Max"}}
    assert ask("delete", "attributes/custom/pets:dog").status_code == 204
    assert ask("get", "attributes/custom/pets:dog").status_code == 404
    assert ask("delete", "attributes/custom/pets:dog").status_code == 404


def test_custom_attribute_is_added_with_its_name(ask):
    made = data(ask("post", "attributes/custom", {"namespace": "pets", "handle": "cats", "value": 2}), 201)

    assert (made["type"], made["value"]) == ("integer", 2)


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("put", "attributes/custom/pets:dog", {"type": "integer", "value": "Rex"}, "value"),
        ("put", "attributes/custom/pets:dog", {"type": "integer"}, "value"),
        ("put", "attributes/custom/pets:dog", {"type": "animal", "value": "Rex"}, "type"),
        ("post", "attributes/custom", {"handle": "dog", "value": 1}, "namespace"),
    ],
)
def test_custom_attribute_that_cannot_be_put_is_told_at_its_field(ask, method, path, body, field):
    assert list(errors(ask(method, path, body))) == [field]


# --- Regions -----------------------------------------------------------------------------------------------------


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


# --- All of them -------------------------------------------------------------------------------------------------

READS = ["identities", "addresses", "attributes", "attributes/comms", "attributes/custom", "regions"]
WRITES = [
    ("post", "identities", {"handle": "shop", "identifier": "1"}),
    ("put", "attributes/comms", {"email_promo": True}),
    ("put", "comms", {"email_promo": True}),
    ("put", "attributes/appearance", {"eye_colour": "green"}),
    ("put", "attributes/custom/a:b", {"value": 1}),
    ("post", "addresses", HOME),
    ("delete", "identities/pos", None),
]


@pytest.mark.parametrize("path", READS)
def test_reading_tells_the_version(ask, path):
    assert ask("get", path)["ETag"] == '"1"'


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_write_is_held_to_the_version_that_was_read(ask, method, path, body):
    before = rows()

    assert ask(method, path, body, **{"If-Match": '"9"'}).status_code == 412
    assert rows() == before
    assert ask(method, path, body, **{"If-Match": '"1"'}).status_code in {200, 201, 204}
    assert rows() == before + 1


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_write_may_be_tried_without_being_done(ask, method, path, body):
    before = rows()

    told = data(ask(method, f"{path}?dry_run=1", body))

    assert told["outcome"] == "updated"
    assert told["changes"]
    assert rows() == before


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_part_of_a_merged_profile_is_the_survivors(ask, ann, method, path, body):
    bob = make_profile(email="bob@example.com")
    merge_profiles(Merge(ann.id, bob.id), cause=Cause(CauseKind.ADMIN), now=timezone.now())

    moved = ask(method, f"{path}?a=b", body)

    assert (moved.status_code, moved["Location"]) == (308, f"/api/v3/profiles/{bob.id}/{path}?a=b")


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_part_of_a_deleted_profile_cannot_be_written(ask, method, path, body):
    process([{"email": "ann@example.com", "profile_type": "deleted"}])

    assert ask(method, path, body).status_code == 409


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_parts_of_nobody_are_404(ask, method, path, body):
    nobody = Profile()

    assert ask(method, path, body, of=nobody).status_code == 404


@pytest.mark.parametrize("path", READS)
def test_parts_take_a_fixed_number_of_statements(ask, path, django_assert_max_num_queries):
    for number in range(3):
        ask("post", "identities", {"handle": "shop", "identifier": str(number)})
        ask("post", "addresses", {**HOME, "address_line_1": f"{number} St"})

    with django_assert_max_num_queries(13):
        ask("get", path)


@pytest.mark.parametrize("body", [[], "x", None, 1])
@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, body in WRITES if body is not None])
def test_body_that_is_no_object_is_refused(ask, method, path, body):
    assert ask(method, path, body if body is not None else False).status_code == 422


# --- Anything ----------------------------------------------------------------------------------------------------

LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5))
VALUES = st.recursive(LEAVES, lambda some: st.lists(some, max_size=2) | st.dictionaries(st.text(max_size=3), some))
NAMES = st.sampled_from(
    [
        *("handle", "identifier", "is_primary", "is_active", "external_id", "address_line_1", "city", "country"),
        *("postcode", "is_default", "meta", "namespace", "type", "value", "date", "name", "links", "relationship"),
        *("region_id", "state", "email_promo", "email_consent_updated_at", "eye_colour", "profile_type", "id"),
    ]
)
PATHS = [
    *(("post", path) for path in ("identities", "addresses", "addresses/upsert", "attributes/custom", "regions")),
    *(("put", path) for path in ("identities/pos", "attributes/comms", "comms", "attributes/appearance")),
    *(("put", path) for path in ("attributes/dates", "attributes/custom/a:b", "update-type", "")),
]


# The client and Ann stay as they are: what is written is undone.
@settings(examples(200, torture=5_000), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(NAMES, VALUES, max_size=6), data=st.data())
def test_whatever_is_sent_is_taken_or_refused_by_field(body, data, api_client, ann):
    method, path = data.draw(st.sampled_from(PATHS))
    with undone():
        answer = getattr(api_client, method)(
            f"/api/v3/profiles/{ann.id}/{path}".rstrip("/"),
            json.dumps(body, ensure_ascii=True),
            content_type="application/json",
        )

    assert answer.status_code in {200, 201, 400, 422}, answer.content
