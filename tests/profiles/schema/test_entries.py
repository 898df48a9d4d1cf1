"""One entry of a collection by itself says what it says within a record, told from where it begins."""

import pytest

from profiles.schema import parse_entry, parse_record
from profiles.values import Cause, CauseKind

CAUSE = Cause(CauseKind.API)
ENTRIES = [
    ("identities", {"handle": "pos", "identifier": 7, "is_active": "0"}),
    ("addresses", {"external_id": "h", "country": "Australia", "meta": {"a": 1.0}}),
    ("addresses", {"country": "Atlantis", "city": "\x00", "postcode": None, "colour": "red", "latitude": 3}),
    ("addresses", {"meta": {"a": [1, float("nan")]}}),
    ("custom_attributes", {"namespace": "n", "handle": "h", "type": "integer", "value": "7"}),
    ("custom_attributes", {"namespace": "n", "handle": "h", "type": "integer", "value": "seven"}),
    ("custom_attributes", {"namespace": "n:m", "handle": "h", "type": "number"}),
    (
        "dates_attributes",
        {"handle": "b", "relationship": "", "links": [{"profile_id": "f" * 32, "role": "aunt"}, None]},
    ),
    ("dates_attributes", {"handle": "b", "links": []}),
    ("dates_attributes", {"handle": "b", "links": ["x"]}),
    ("regions", {"handle": "victoria", "state": "VIC"}),
    ("regions", {"state": "VIC"}),
    ("organisations", {"id": 1, "role_definition_id": None}),
    ("organisations", {"id": "one", "is_active": True}),
    ("organisations", "one"),
]


def told(findings, *, below=""):
    """Return the findings with their places below one."""
    return [(one.code, one.pointer.removeprefix(below), one.message) for one in findings]


@pytest.mark.parametrize(("name", "raw"), ENTRIES)
def test_entry_alone_is_the_entry_within_a_record(name, raw):
    alone, within = parse_entry(name, raw, cause=CAUSE), parse_record({name: [raw]}, cause=CAUSE)

    assert told(alone.errors) == told(within.errors, below=f"/{name}/0")
    assert told(alone.warnings) == told(within.warnings, below=f"/{name}/0")
    kept = {key: rows for key, rows in within.collections.items() if rows}
    assert {key: rows for key, rows in alone.collections.items() if rows} == kept
    assert {name.value for name in alone.reference_names} == {name.value for name in within.reference_names}


@pytest.mark.parametrize(
    ("name", "raw", "pointer"),
    [
        ("addresses", {"address_line_1": 3.5, "city": None}, "/city"),
        ("identities", {"handle": "pos"}, "/identifier"),
        ("dates_attributes", {"handle": "b", "links": [{"profile_id": "me"}]}, "/links/0/profile_id"),
        ("regions", None, ""),
    ],
)
def test_pointers_begin_at_the_entry(name, raw, pointer):
    assert [error.pointer for error in parse_entry(name, raw, cause=CAUSE).errors] == [pointer]


def test_key_of_an_identity_alone_stands_at_its_beginning():
    draft = parse_entry("identities", {"handle": "pos", "identifier": "7"}, cause=CAUSE)

    assert [(key.handle, key.value, pointer) for key, pointer in draft.pointers.items()] == [("pos", "7", "")]
