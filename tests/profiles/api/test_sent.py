"""What a single write says, as a record."""

from typing import Any

import pytest

from profiles.api.sent import record_of

READ: dict[str, Any] = {
    "id": "p",
    "email": "ann@example.com",
    "company": "Acme",
    "tags": ["gold", "vip"],
    "is_public": False,
    "attributes": {"appearance": {"profile_id": "p", "eye_colour": "blue"}, "comms": {}, "dates": []},
    "custom_attributes": {"n": {"h": 7.0, "t": "x"}},
    "addresses": [{"id": 1, "city": "Perth", "external_id": "home"}],
    "region": {"id": 7, "handle": "vic", "name": "Victoria"},
    "regions": [{"id": 7, "handle": "vic", "name": "Victoria", "state": None}],
    "organisations": [{"id": 4, "name": "Acme", "role_definition": {"id": 2, "handle": "buyer"}, "is_active": True}],
    "created_at": "2026-01-01 00:00:00",
}
TYPES = {("n", "h"): "float", ("n", "t"): "string"}

CASES = {
    "all of it as it was read": (READ, {}),
    "one field": ({"company": "Other"}, {"company": "Other"}),
    "a field cleared": ({"company": None}, {"company": None}),
    "truth and number are two things": ({"is_public": 0}, {"is_public": 0}),
    "read-only ones go": ({"id": "q", "full_name": "X", "created_at": "2020"}, {}),
    "unknown ones stay, to be told of": ({"colour": "blue"}, {"colour": "blue"}),
    "a set as a whole": ({"tags": ["vip"]}, {"tags": ["vip"]}),
    "of an object what is different": (
        {"attributes": {"appearance": {"eye_colour": "green", "profile_id": "p"}}},
        {"attributes": {"appearance": {"eye_colour": "green"}}},
    ),
    "dates in a record's place": (
        {"attributes": {"dates": [{"id": 3, "handle": "b", "links": [{"id": 5, "profile_id": "q", "role": None}]}]}},
        {"attributes": {}, "dates_attributes": [{"handle": "b", "links": [{"profile_id": "q", "role": None}]}]},
    ),
    "an attribute with the type it has": (
        {"custom_attributes": {"n": {"h": 8}}},
        {"custom_attributes": [{"namespace": "n", "handle": "h", "type": "float", "value": 8}]},
    ),
    "with its own where that does not fit": (
        {"custom_attributes": {"n": {"h": [1]}}},
        {"custom_attributes": [{"namespace": "n", "handle": "h", "type": "array", "value": [1]}]},
    ),
    "a new one with its own": (
        {"custom_attributes": {"m": {"h": True}}},
        {"custom_attributes": [{"namespace": "m", "handle": "h", "type": "boolean", "value": True}]},
    ),
    "attributes as a list": (
        {"custom_attributes": [{"namespace": "n", "handle": "h", "type": "string", "value": "7"}]},
        {"custom_attributes": [{"namespace": "n", "handle": "h", "type": "string", "value": "7"}]},
    ),
    "of a list the entries that are different": (
        {"addresses": [READ["addresses"][0], {"id": 2, "city": "Sydney"}]},
        {"addresses": [{"city": "Sydney"}]},
    ),
    "a region by its object": ({"region": {"id": 8, "handle": "nsw"}}, {"region": "nsw"}),
    "a region by its handle": ({"region": "nsw"}, {"region": "nsw"}),
    "regions by their ids": (
        {"regions": [READ["regions"][0] | {"state": "VIC"}]},
        {"regions": [{"handle": "vic", "state": "VIC", "region_id": 7}]},
    ),
    "roles by their objects": (
        {"organisations": [READ["organisations"][0] | {"role_definition": {"id": 3}}]},
        {"organisations": [{"id": 4, "is_active": True, "role_definition_id": 3}]},
    ),
    "what is no entry is the schema's to refuse": (
        {"addresses": ["x"], "regions": [1], "organisations": [None]},
        {"addresses": ["x"], "regions": [1], "organisations": [None]},
    ),
}


@pytest.mark.parametrize(("sent", "record"), CASES.values(), ids=CASES)
def test_what_was_sent_becomes_a_record(sent, record):
    assert record_of(sent, READ, TYPES) == record


def test_of_somebody_new_all_is_said():
    assert record_of({"email": "a@example.com", "tags": []}, {}, {}) == {"email": "a@example.com", "tags": []}
