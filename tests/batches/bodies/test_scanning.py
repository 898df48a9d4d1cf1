"""Bodies are skimmed for the bytes of their parts, without looking into them, however deep they are."""

import msgspec
import pytest

from batches.bodies.scanning import (
    TooManyPartsError,
    places,
    record_text,
    record_texts,
    skim_entries,
    skim_members,
    texts_by_walking,
    without_surrogates,
)
from batches.values import MAX_RECORDS

BODY = b' { "match_criteria" : "email" , "profiles" : [ {"a": 1.0} , {"b": [1, 2]} ] } '


def test_members_are_told_with_their_own_bytes():
    assert [(name, bytes(raw)) for name, raw in skim_members(BODY)] == [
        ("match_criteria", b'"email"'),
        ("profiles", b'[ {"a": 1.0} , {"b": [1, 2]} ]'),
    ]


def test_name_that_stands_twice_is_told_twice():
    assert [name for name, _ in skim_members(b'{"a": 1, "a": 2}')] == ["a", "a"]


@pytest.mark.parametrize("body", [b"[]", b'"a"', b"1", b"null"])
def test_what_is_no_object_is_refused(body):
    with pytest.raises(msgspec.ValidationError):
        skim_members(body)


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": }', b"nul"])
def test_what_is_no_json_is_refused(body):
    with pytest.raises(msgspec.DecodeError):
        skim_members(body)


def test_entries_are_bounded():
    assert len(skim_entries(msgspec.Raw(b"[" + b",".join([b"1"] * MAX_RECORDS) + b"]"))) == MAX_RECORDS
    with pytest.raises(TooManyPartsError):
        skim_entries(msgspec.Raw(b"[" + b",".join([b"1"] * (MAX_RECORDS + 1)) + b"]"))
    with pytest.raises(msgspec.ValidationError):
        skim_entries(msgspec.Raw(b"{}"))


def test_records_are_read_as_they_stand():
    assert record_texts(BODY) == ['{"a": 1.0}', '{"b": [1, 2]}']
    assert list(texts_by_walking(BODY)) == record_texts(BODY)
    assert (record_text(BODY, 1), record_text(BODY, 2), record_text(BODY, MAX_RECORDS)) == (
        '{"b": [1, 2]}',
        None,
        None,
    )


def test_places_are_those_of_the_parts():
    values = [raw for _, raw in skim_members(BODY)]

    assert [BODY[place] for place in places(BODY, values)] == [bytes(raw) for raw in values]


def test_lone_surrogate_is_as_long_as_what_takes_its_place():
    body = rb'{"profiles": [{"a": "\ud800"}, {"b": "\ud83d\ude00"}]}'

    plain = without_surrogates(body)
    assert len(plain) == len(body)
    assert (rb"\ud800" in plain, rb"\ud83d\ude00" in plain) == (False, True)
    assert record_texts(body) == [r'{"a": "\ud800"}', r'{"b": "\ud83d\ude00"}']
