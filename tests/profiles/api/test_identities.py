"""A profile's identities are read and written by themselves (rules 12.7)."""

import pytest

from profiles.models import Identity, ProfileChange
from tests.builders import make_profile
from tests.profiles.api.asking import data, errors, rows

pytestmark = pytest.mark.django_db
POS = {"handle": "pos", "identifier": "7"}
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}


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
