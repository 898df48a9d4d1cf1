"""A record of any shape is read without an exception, at a bounded cost, and each error has its place."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.bodies import RecordReader
from profiles import schema
from profiles.schema import parse_record
from profiles.schema.record import (
    RECORD_FIELDS,
    AddressEntry,
    CommsEntry,
    CustomAttributeEntry,
    DateEntry,
    DateLinkEntry,
    IdentityEntry,
    OrganisationEntry,
    RegionEntry,
)
from profiles.values import Cause, CauseKind
from tests.properties.bounded import within
from tests.properties.strategies import FIELDS, NESTED, SPOILT, examples

CAUSE = Cause(CauseKind.BATCH, position=0)
NAMES = sorted(
    RECORD_FIELDS.union(
        *(
            entry.__annotations__
            for entry in (
                *(AddressEntry, CommsEntry, CustomAttributeEntry, DateEntry, DateLinkEntry, IdentityEntry),
                *(OrganisationEntry, RegionEntry),
            )
        ),
        ("appearance", "comms", "id", "latitude", "a/b", "~0", "", "\x00", "\ud800", "x" * 300),
    )
)
KNOWN = [
    *(value for values in (*FIELDS.values(), *NESTED.values()) for value in values),
    *(value for _, value in SPOILT),
]
TEXTS = st.text(max_size=8) | st.sampled_from(
    (
        *("a@b.example", "+61404123123", "2000-02-29", "2020-05-05T15:20:32Z", "https://a.example", "AU", "json"),
        *("e" + "\u0301" * 31, " " * 300, "\u3000x", "x" * 10_001, "\ud800", "\x85", "1e5", "-0", "9" * 30),
    )
)
NUMBERS = st.integers() | st.floats() | st.sampled_from((0, -0.0, 2**63, -(2**63) - 1, 1e16, 1e308))


def json_of(members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        st.lists(members, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), members, max_size=5)
        | st.tuples(members, st.integers(40, 300)).map(lambda some: [some[0]] * some[1])
        | st.tuples(members, st.integers(20, 60)).map(lambda some: nested(*some))
    )


def nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value]
    return value


ANY = st.recursive(st.none() | st.booleans() | NUMBERS | TEXTS | st.sampled_from(KNOWN), json_of, max_leaves=12)
RECORDS = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), ANY, max_size=8)


@examples(300, torture=50_000)
@given(record=ANY | RECORDS)
def test_any_json_is_read(record):
    with within(len(json.dumps(record))):
        draft = parse_record(record, cause=CAUSE)

    for found in (*draft.errors, *draft.warnings):
        assert has_place(record, found.pointer), found
    assert all(error.message.endswith(".") for error in draft.errors)


@examples(300, torture=50_000)
@given(record=RECORDS, ascii_only=st.booleans())
def test_any_text_of_a_record_is_read(record, ascii_only):
    text = json.dumps(record, ensure_ascii=True) if ascii_only else json.dumps(record)

    with within(len(text)):
        read = RecordReader().read(0, text)
        draft = parse_record(read.value, cause=CAUSE, flaws=read.flaws)

    assert all(has_place(record, flaw.pointer) for flaw in read.flaws)
    assert {flaw.pointer for flaw in read.flaws} <= {error.pointer for error in draft.errors}
    json.dumps(read.value, allow_nan=False)
    if not read.flaws:
        assert json.dumps(read.value) == json.dumps(json.loads(text))


@pytest.mark.parametrize("value", [None, 5, "x", [], [{}], True, 1.5])
def test_what_is_no_object_is_refused(value):
    assert [error.pointer for error in parse_record(value, cause=CAUSE).errors] == [""]


def has_place(value: Any, pointer: str) -> bool:
    """Whether the pointer leads to a place in the value, or to a member that one of its objects lacks."""
    parts = pointer.split("/")[1:]
    for index, part in enumerate(parts):
        if isinstance(value, list):
            if not part.isdigit() or int(part) >= len(value):
                return False
            value = value[int(part)]
        elif isinstance(value, dict):
            named = {schema.pointer_to(name).removeprefix("/"): member for name, member in value.items()}
            if part not in named:
                return index == len(parts) - 1
            value = named[part]
        else:
            return False
    return True
