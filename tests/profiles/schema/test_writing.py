"""Profiles as records."""

import datetime as dt
from uuid import UUID

import pytest

from profiles import shape
from profiles.schema.writing import LeftOut, ReferenceIds, Told, tell
from profiles.values import ProfileSnapshot

NOW = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
IDS = ReferenceIds(organisations={"acme": 4}, roles={"buyer": 7})
POS = {"handle": "pos", "identifier": "7", "is_active": True}
SHOP = {"handle": "shop", "identifier": "a", "is_active": False}


def profile(*, criteria=("email",), **known):
    """Tell a profile with these fields, and these rows of its collections."""
    fields = dict.fromkeys(shape.PROFILE_FIELDS)
    fields |= {"first_name": "Ana", "last_name": "Ng", "profile_type": "active", "email": "ana@example.com"}
    collections = {name: known.pop(name, {}) for name in shape.COLLECTIONS}
    snapshot = ProfileSnapshot(UUID(int=1), 1, fields | known, collections, email_key=None)
    return tell(snapshot, criteria=criteria, ids=IDS, now=NOW)


def identities(*rows):
    return {
        (one["handle"], one["identifier"]): {"is_primary": False, "is_active": one["is_active"], "merged_from": None}
        for one in rows
    }


def address(**row):
    return {**dict.fromkeys(shape.ADDRESSES.fields), "is_default": False, **row}


BASE = {"email": "ana@example.com", "first_name": "Ana", "last_name": "Ng", "profile_type": "active"}

CASES = {
    "fields that are null are not told": ({}, BASE),
    "fields": ({"company": "Acme", "birth_day": 3}, BASE | {"company": "Acme", "birth_day": 3}),
    "false is told": (
        {"comms/email_promo": False, "comms/email_discover": True},
        BASE | {"comms_attributes": {"email_promo": False, "email_discover": True}},
    ),
    "appearance": ({"appearance/eye_colour": "blue"}, BASE | {"attributes": {"appearance": {"eye_colour": "blue"}}}),
    "locations by id": ({"joined_location_id": 9}, BASE | {"joined_location_id": 9}),
    "identities": ({"identities": identities(POS, SHOP)}, BASE | {"identities": [POS, SHOP]}),
    "tags": ({"tags": {("vip",): {}, ("big spender",): {}}}, BASE | {"tags": ["vip", "big spender"]}),
    "statuses in force": (
        {"statuses": {("gold",): {"expires_at": "2026-02-01T00:00:00Z", "is_active": True}}},
        BASE | {"statuses": ["gold"]},
    ),
    "the default address comes first": (
        {
            "addresses": {
                ("k1",): address(external_id="w", city="Perth"),
                ("k2",): address(city="Sydney", is_default=True),
            }
        },
        BASE | {"addresses": [{"city": "Sydney"}, {"external_id": "w", "city": "Perth"}]},
    ),
    "custom attributes": (
        {"custom_attributes": {("pets", "dog"): {"type": "json", "value": None}}},
        BASE | {"custom_attributes": [{"namespace": "pets", "handle": "dog", "type": "json", "value": None}]},
    ),
    "dates and whom they concern": (
        {
            "dates": {
                ("b", "child"): {**dict.fromkeys(shape.DATES.fields), "date": "2010-01-01", "name": "C"},
                ("b", ""): {**dict.fromkeys(shape.DATES.fields), "date": "2000-02-29", "name": "B"},
            },
            "date_links": {("b", "child", "p"): {"link_relationship": None, "link_role": "twin"}},
        },
        BASE
        | {
            "dates_attributes": [
                {
                    "handle": "b",
                    "relationship": "child",
                    "date": "2010-01-01",
                    "name": "C",
                    "links": [{"profile_id": "p", "relationship": None, "role": "twin"}],
                },
                {"handle": "b", "date": "2000-02-29", "name": "B"},
            ]
        },
    ),
    "regions and the default one": (
        {
            "regions": {
                ("nsw",): {"country": "AU", "state": None, "is_active": True, "is_default": False},
                ("vic",): {"country": None, "state": None, "is_active": False, "is_default": True},
            }
        },
        BASE
        | {
            "region": "vic",
            "regions": [
                {"handle": "nsw", "country": "AU", "is_active": True},
                {"handle": "vic", "is_active": False},
            ],
        },
    ),
    "organisations and roles by id": (
        {"organisations": {("acme",): {"role": "buyer", "expires_at": None, "is_active": True}}},
        BASE | {"organisations": [{"id": 4, "is_active": True, "role_definition_id": 7}]},
    ),
}


@pytest.mark.parametrize(("known", "record"), CASES.values(), ids=CASES)
def test_profile_is_told_as_a_record(known, record):
    assert profile(**known) == Told((record,))


@pytest.mark.parametrize(
    ("criteria", "known", "found"),
    [
        (("email",), {"email": None, "identities": identities(POS)}, False),
        (("pos",), {"identities": identities(SHOP)}, False),
        (("pos",), {"identities": identities(POS)}, True),
        (("pos", "email"), {}, True),
        (("shop", "pos"), {"email": None, "identities": identities(POS)}, True),
    ],
)
def test_profile_without_a_value_of_the_criteria_is_left_out(criteria, known, found):
    told = profile(criteria=criteria, **known)

    assert (len(told.records), told.left_out) == ((1, ()) if found else (0, (LeftOut.NO_MATCH_VALUE,)))


def test_deleted_profile_is_left_out():
    assert profile(profile_type="deleted") == Told((), (LeftOut.DELETED,))


@pytest.mark.parametrize(
    "row", [{"expires_at": "2026-01-31T00:00:00Z", "is_active": True}, {"expires_at": None, "is_active": False}]
)
def test_statuses_are_left_out_where_one_has_expired(row):
    held = {"expires_at": None, "is_active": True}

    assert profile(statuses={("gold",): held, ("trial",): row}) == Told((BASE,), (LeftOut.EXPIRED_STATUS,))


def test_more_tags_than_a_record_may_name_are_left_out():
    told = profile(tags={(f"t{number}",): {} for number in range(201)})

    assert told == Told((BASE,), (LeftOut.TOO_MANY,))


def test_more_rows_than_a_record_may_name_are_told_in_several():
    many = [POS | {"identifier": str(number)} for number in range(150)]
    addresses = {(str(number),): address(external_id=str(number)) for number in range(120)}

    by_email = profile(identities=identities(*many), addresses=addresses).records
    by_identity = profile(criteria=("pos",), identities=identities(*many)).records

    assert [(len(one.get("identities", ())), len(one["addresses"])) for one in by_email] == [
        (100, 50),
        (50, 50),
        (0, 20),
    ]
    assert [one["email"] for one in by_email] == ["ana@example.com"] * 3
    assert [len(one["identities"]) for one in by_identity] == [100, 51]
    assert [one["identities"][0]["identifier"] for one in by_identity] == ["0", "0"]
    assert {one["identifier"] for record in by_identity for one in record["identities"]} == set(map(str, range(150)))
