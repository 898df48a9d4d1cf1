"""A body's bytes: its envelope, its records, and any record's own bytes."""

import json

import pytest

from batches.bodies import BodyError, EnvelopeError, find_record, iter_records, read_envelope, record_texts
from batches.bodies.scanning import texts_by_walking
from profiles.values import MobileClash


def body(record):
    return f'{{"match_criteria":"email","profiles":[{record}]}}'.encode()


@pytest.mark.parametrize(
    ("record", "flaws"),
    [
        ('{"a":1}', []),
        ('{"a":{"b":[9223372036854775807]}}', []),
        ('{"a":1,"a":2}', [("duplicate_key", "/a")]),
        ('{"a":1,"a":2,"a":3,"b":{"c":1,"c":1}}', [("duplicate_key", "/a"), ("duplicate_key", "/b/c")]),
        (f'{{"a":[1,{2**64}],"b":{-(2**63) - 1}}}', [("invalid", "/a/1"), ("invalid", "/b")]),
        (json.dumps({"a": dict.fromkeys(map(str, range(1_001)))}), [("too_many", "/a")]),
        (f'{{"a":"{"x" * 262_137}"}}', [("too_large", "")]),
        (f'{{"a":"{"x" * 262_136}"}}', []),
        (f'{{"a":"{"é" * 131_069}"}}', [("too_large", "")]),
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


@pytest.mark.parametrize(
    ("record", "sound"),
    [
        ('{"a":1,"a":2,"b":3}', {"b": 3}),
        (f'{{"a":{2**64},"b":3}}', {"b": 3}),
        (f'{{"a":[{{"id":{2**64},"c":1}},{{"id":2}}],"b":3}}', {"a": [{"c": 1}, {"id": 2}], "b": 3}),
        (f'{{"a":[1,{2**64}],"b":3}}', {"b": 3}),
        (f'{{"a":{{"c":{"[" * 700}{"]" * 700}}},"b":3}}', {"b": 3}),
        (f'{{"a":{"[" * 990}{"]" * 990},"b":3}}', {}),
        (f'{{"a":"{"x" * 300_000}"}}', {}),
    ],
)
def test_what_has_a_flaw_takes_no_further_part(record, sound):
    (read,) = iter_records(body(record))

    assert read.value == sound
    assert read.flaws


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b'{"match_criteria":"a","profiles":[{},{}],"match_criteria":"email"}', "match_criteria"),
        (b'{"match_criteria":"a","profiles":[{},{}],"profiles":[{"c":1}]}', "profiles"),
        (b'{"x":"\\ud800","match_criteria":"a","profiles":[{}],"\\u0078":1}', "x"),
    ],
)
def test_key_that_stands_twice_in_the_envelope_is_refused(content, field):
    with pytest.raises(EnvelopeError) as caught:
        read_envelope(content)

    assert caught.value.errors == {field: ["The key stands twice."]}


def test_flaws_told_are_the_first_ones():
    (read,) = iter_records(body(f'{{"a":[{",".join(["9" * 30] * 50)}],"b":{2**64},"c":3}}'))

    assert {flaw.pointer for flaw in read.flaws} == {f"/a/{index}" for index in range(20)}
    assert read.value == {"c": 3}


def test_members_beside_the_batch_are_bounded():
    content = b'{"match_criteria":"a","profiles":[{}]' + b',"a":0' * 99 + b"}"

    with pytest.raises(EnvelopeError) as caught:
        read_envelope(content)

    assert caught.value.errors == {"body": ["The body must not have more than 100 members."]}


@pytest.mark.parametrize("length", [0, 501, 100_000])
def test_number_of_records_is_bounded(length):
    with pytest.raises(EnvelopeError) as caught:
        read_envelope(body(",".join(["{}"] * length)))

    assert caught.value.errors == {"profiles": ["The profiles must have between 1 and 500 entries."]}


@pytest.mark.parametrize(
    "body_text",
    [
        '{"match_criteria":"email","profiles":[{"a":"\\ud800"}],"y":"\\ud83d\\ude00"}',
        '{"x":"\\udc00\\\\ud800","match_criteria":"email","profiles":[{"a":"\\ud800"}]}',
        '{"match_criteria":"email","profiles":[{"a":"\\ud83d\\ude00\\\\\\"]}"},{"b":"\\udfff"}]}',
        f'{{"x":{"9" * 5_000},"match_criteria":"email","profiles":[{{"a":"\\ud800"}}],"y":-1.5e+10}}',
        '{"x" : null , "y":"a\\"b" ,"match_criteria":"email","profiles":[ {"a":"\\\\\\ud800\\\\ud800"} ] ,"z":true }',
    ],
)
def test_lone_surrogate_is_the_matter_of_its_record(body_text):
    envelope = read_envelope(body_text.encode())

    records = [json.loads(record.text) for record in iter_records(body_text.encode())]
    assert records == json.loads(body_text, parse_int=float)["profiles"]
    assert envelope.criteria == ("email",)


@pytest.mark.parametrize(
    ("criteria", "told"),
    [
        ("a\\ud800b", "The text must not hold half of a surrogate pair (U+D800)."),
        ("a\\u0000b", "The text must not hold a NUL character (U+0000)."),
        ("\\u0000\\udfff", "The text must not hold a NUL character (U+0000)."),
    ],
)
def test_criterion_that_no_text_can_be_is_told_what_it_holds(criteria, told):
    with pytest.raises(EnvelopeError) as caught:
        read_envelope(f'{{"x":"match_criteria\\ud800","match_criteria":"{criteria}","profiles":[{{}}]}}'.encode())

    assert caught.value.errors == {"match_criteria": [told]}


ODD = (
    '{ "\\"pro\\ud800" : [["profiles",{"profiles":[{}]}]], "profiles" :'
    ' [ {"a":"\\ud800]","b":[[],{"c":"}"}]} ,{}, {"d":"é"}],"match_criteria":"a"}'
)


@pytest.mark.parametrize("depth", [0, 1, 7, 8, 9, 10, 30, 200])
def test_readers_of_odd_bodies_agree(depth):
    nest = '{"n":[' * depth + '"\\\\\\"[{"' + "]}" * depth
    content = ODD.replace("{}, ", f'{{"e":[{nest},{nest}]}},').encode()
    expected = ['{"a":"\\ud800]","b":[[],{"c":"}"}]}', f'{{"e":[{nest},{nest}]}}', '{"d":"é"}']

    assert record_texts(content) == expected
    assert list(texts_by_walking(content)) == expected
    assert [find_record(content, position).text for position in range(3)] == expected
    assert [find_record(content, position) for position in (3, 500, 10**30)] == [None] * 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The body is empty."),
        (b" \n", "The body is empty."),
        (b'{"a":\n NaN}', "The body is not valid JSON: NaN is no number of JSON, line 2, byte 2."),
        (b'{"a":-Infinity}', "The body is not valid JSON: -Infinity is no number of JSON, line 1, byte 6."),
        (b"{'a':1}", "The body is not valid JSON: object keys must be strings, line 1, byte 2."),
        (b'{"a":[1,]}', "The body is not valid JSON: trailing comma in array, line 1, byte 9."),
        (b'{"a":[1', "The body is not valid JSON: it ends too early."),
        (b'\xef\xbb\xbf{"a":1}', "The body begins with a byte order mark; it must be UTF-8 without one."),
        ('{"a":1}'.encode("utf-16"), "The body begins with a byte order mark; it must be UTF-8 without one."),
        (b'{"a":"\n\xff"}', "The body is not UTF-8 text: see line 2, byte 1."),
        (b'{"a":' + b"[" * 5_000, "The body is nested too deeply."),
    ],
)
def test_why_a_body_is_not_json_is_told(content, message):
    with pytest.raises(BodyError) as caught:
        read_envelope(content)

    assert str(caught.value) == message


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
        (b'{"match_criteria":"a","profiles":{}}', "profiles"),
        (b'{"match_criteria":"a","profiles":null}', "profiles"),
        (b'{"match_criteria":null,"profiles":[{}]}', "match_criteria"),
        (b'{"match_criteria":5,"profiles":[{}]}', "match_criteria"),
        (b'{"match_criteria":"' + b"a" * 600_000 + b'","profiles":[{}]}', "match_criteria"),
        (b'{"match_criteria":"a","profiles":[{}],"mobile_clash":"second"}', "mobile_clash"),
        (b'{"match_criteria":"a","profiles":[{}],"mobile_clash":{}}', "mobile_clash"),
        (b'{"match_criteria":"a","profiles":[{}],"mobile_clash":"' + b"a" * 600_000 + b'"}', "mobile_clash"),
        (b'{"match_criteria":"a","profiles":[{}],"mobile_clash":"\\ud800"}', "mobile_clash"),
        (b'{"match_criteria":{},"profiles":[{}]}', "match_criteria"),
        (b'{"match_criteria":[],"profiles":[{}]}', "match_criteria"),
        (b'{"match_criteria":["a","b","c","d","e","f"],"profiles":[{}]}', "match_criteria"),
        (b'{"match_criteria":["a",7],"profiles":[{}]}', "match_criteria.1"),
        (b'{"match_criteria":["a",[]],"profiles":[{}]}', "match_criteria.1"),
        (b'{"match_criteria":["a"," "],"profiles":[{}]}', "match_criteria.1"),
        (b'{"match_criteria":["a","b"," a "],"profiles":[{}]}', "match_criteria.2"),
        (b'{"match_criteria":["' + b"a" * 256 + b'"],"profiles":[{}]}', "match_criteria.0"),
        (b'{"match_criteria":"a,","profiles":[{}]}', "match_criteria"),
        (b'{"match_criteria":"a,b,a","profiles":[{}]}', "match_criteria"),
        (b'{"match_criteria":"a,b,c,d,e,f","profiles":[{}]}', "match_criteria"),
        (b'{"match_criteria":' + b"[" * 900 + b"]" * 900 + b',"profiles":[{}]}', "match_criteria.0"),
        (b'{"match_criteria":' + b"9" * 5_000 + b',"profiles":[{}]}', "match_criteria"),
    ],
)
def test_what_is_no_batch_is_told_by_field(content, field):
    with pytest.raises(EnvelopeError) as caught:
        read_envelope(content)

    assert list(caught.value.errors) == [field]


@pytest.mark.parametrize(
    ("sent", "meant"),
    [("null", None), ('"secondary"', MobileClash.SECONDARY), ('"Reject"', MobileClash.REJECT)],
)
def test_envelope_says_what_becomes_of_mobiles_others_have(sent, meant):
    envelope = read_envelope(b'{"mobile_clash":%s,"match_criteria":"a","profiles":[{}]}' % sent.encode())

    assert envelope.mobile_clash is meant


MISSING = {"match_criteria": ["The match_criteria field is required."]}
NO_PROFILES = {"profiles": ["The profiles field is required."]}


@pytest.mark.parametrize(
    ("content", "errors"),
    [
        (
            b'{"match_criteria":"email","profile":[{}]}',
            NO_PROFILES | {"profile": ["The key is unknown; did you mean profiles?"]},
        ),
        (
            b'{"match_criterion":"email","profiles":[{}]}',
            MISSING | {"match_criterion": ["The key is unknown; did you mean match_criteria?"]},
        ),
        (
            b'{"MatchCriteria":"email","Profiles":[{}]}',
            MISSING
            | NO_PROFILES
            | {
                "MatchCriteria": ["The key is unknown; did you mean match_criteria?"],
                "Profiles": ["The key is unknown; did you mean profiles?"],
            },
        ),
        (b'{"match_criteria":"email","profiles":null,"profile":[{}]}', NO_PROFILES),
        (b'{"match_criteria":"email","x":[{}]}', NO_PROFILES),
    ],
)
def test_key_that_was_probably_meant_is_named(content, errors):
    with pytest.raises(EnvelopeError) as caught:
        read_envelope(content)

    assert caught.value.errors == errors


@pytest.mark.parametrize("escape", ['\\ud8"00', "\\ud8", "\\udczz", '\\ud83d\\ude0"', '\\ud800\\ud8"x'])
def test_half_an_escape_is_no_lone_surrogate(escape):
    with pytest.raises(BodyError, match="The body is not valid JSON"):
        read_envelope(f'{{"match_criteria":"email","profiles":[{{"a":"{escape}"}}]}}'.encode())
