"""A profile's addresses are read and written by themselves (rules 12.8)."""

import pytest

from profiles.models import ProfileChange
from tests.profiles.api.asking import data, errors, rows

pytestmark = pytest.mark.django_db
POS = {"handle": "pos", "identifier": "7"}
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}


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
