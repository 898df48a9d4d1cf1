"""Consent, looks, dates and custom attributes are read and written by themselves (rules 12.9)."""

import pytest

from tests.builders import make_profile
from tests.profiles.api.asking import data, errors, rows

pytestmark = pytest.mark.django_db
POS = {"handle": "pos", "identifier": "7"}
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}


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
