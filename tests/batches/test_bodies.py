"""A body's bytes: its envelope, its records, and any record's own bytes."""

import pytest

from batches.bodies import BodyError, EnvelopeError, find_record, iter_records, read_envelope


def body(record):
    return f'{{"match_criteria":"email","profiles":[{record}]}}'.encode()


@pytest.mark.parametrize(
    ("record", "flaws"),
    [
        ('{"a":1}', []),
        ('{"a":{"b":[9223372036854775807]}}', []),
        ('{"a":1,"a":2}', [("duplicate_key", "/a")]),
        ('{"x":[{"a/b":1,"a/b":1}]}', [("duplicate_key", "/x/0/a~1b")]),
        ('{"a":9223372036854775808}', [("invalid", "/a")]),
        (f'{{"a":1{"0" * 30}}}', [("invalid", "/a")]),
        (f'{{"a":{"[" * 31}{"]" * 31}}}', []),
        (f'{{"a":{"[" * 32}{"]" * 32}}}', [("too_deep", "/a")]),
        (f'{{"a":{"[" * 90_000}{"]" * 90_000}}}', [("too_deep", "")]),
    ],
)
def test_flaws_of_the_json_are_the_records_own(record, flaws):
    try:
        read_envelope(body(record))
    except BodyError:
        assert "[" * 90_000 in record  # too deep for any parser: refused as a whole
        return

    (read,) = iter_records(body(record))

    assert [(flaw.code.value, flaw.pointer) for flaw in read.flaws] == flaws


@pytest.mark.parametrize(
    "record", ['{ "a" : 1.50 }', '{"a":"\\u0041\\n\u00e4"}', '{"a":"]}\\"{["}', '{"a":"\\ud800"}', "{}"]
)
def test_record_keeps_its_own_bytes(record):
    content = f' {{"x":[{{}}],\n"profiles" : [ {{"b":2}} ,\t{record}\n] , "match_criteria":"email"}} '.encode()

    assert read_envelope(content).total_count == 2
    assert find_record(content, 1).content == record.encode()
    assert find_record(content, 2) is None


def test_of_two_lists_of_profiles_the_last_counts():
    content = b'{"match_criteria":"a","profiles":[{},{}],"match_criteria":"email","profiles":[{"c":1}]}'

    assert read_envelope(content).total_count == 1
    assert [record.text for record in iter_records(content)] == ['{"c":1}']


@pytest.mark.parametrize("content", [b"", b" ", b"{", b"nope", b"\xff{}", b'{"a":NaN}', b'{"a":Infinity}', b"{}{}"])
def test_what_is_not_json_is_refused(content):
    with pytest.raises(BodyError):
        read_envelope(content)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"5", "profiles"),
        (b'{"profiles":[{}]}', "match_criteria"),
        (b'{"match_criteria":" ","profiles":[{}]}', "match_criteria"),
        (b'{"match_criteria":"a\\u0000","profiles":[{}]}', "match_criteria"),
        (b'{"match_criteria":"a"}', "profiles"),
        (b'{"match_criteria":"a","profiles":[[]]}', "profiles.0"),
    ],
)
def test_what_is_no_batch_is_told_by_field(content, field):
    with pytest.raises(EnvelopeError) as caught:
        read_envelope(content)

    assert list(caught.value.errors) == [field]
