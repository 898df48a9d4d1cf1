"""The schema of a record names every field of the shape, and each collection an entry of its own."""

from profiles import shape
from profiles.schema.record import ENTRIES, MEMBERS, RECORD, RECORD_FIELDS


def test_every_plain_field_is_one_of_the_record():
    assert set(shape.PLAIN_FIELDS) <= RECORD_FIELDS


def test_entries_have_members():
    assert ENTRIES.keys() <= MEMBERS.keys()
    assert all(MEMBERS[name] for name in ENTRIES)


def test_record_comes_out_as_what_was_sent():
    sent = {"email": "Ann@example.com", "tags": ["vip"], "company": None}

    assert RECORD.validate_python(sent, strict=True) == sent


def test_every_field_is_described_in_json_schema():
    schema = RECORD.json_schema()

    assert set(schema["properties"]) == RECORD_FIELDS
