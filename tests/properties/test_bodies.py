"""What is received can be read later, whatever the bytes; and what is refused is no batch."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from batches.bodies import BodyError, EnvelopeError, iter_records, read_envelope, record_texts
from batches.bodies.scanning import skim_entries, skim_members, texts_by_walking, without_surrogates
from tests.properties.bounded import within
from tests.properties.strategies import examples

PIECES = [
    *(b'"', b"\\", b"\\u00e9", b"\\ud800", b"\\ud83d\\ude00", b"{", b"}", b"[", b"]", b",", b":", b" ", b"\n", b"\t"),
    *(b"0", b"-", b".", b"e9", b"99999999999999999999", b"9" * 5_000, b"null", b"true", b"NaN", b"1e999", b"\x00"),
    *(b'"profiles":[{}]', b'"match_criteria":"pos"', b'"x":', b"[" * 40, b"]" * 40, b"[" * 3_000, b'{"a":' * 40),
    *(b"\xff", b"\xef\xbb\xbf", "\u00e9".encode(), "\U0001f600".encode(), b'"a":1,"a":2,'),
]
BODIES = [
    json.dumps(body).encode()
    for body in (
        {
            "match_criteria": "email",
            "profiles": [
                {"email": "\u00e9", "b": [1, -0.5, 1e5, True, None, {"x": {}}]},
                {},
                {"c": '\n"\\/', "d": 15e300},
            ],
        },
        {"x": ["\ud800", {"y": 2**70}], "profiles": [{"a": "\ud83d"}, {"b": {"c": [[]]}}], "match_criteria": "pos"},
    )
]


@st.composite
def mutilated_bodies(draw):
    body = draw(st.sampled_from(BODIES))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(body)))
        end = start + draw(st.integers(0, 3))
        body = body[:start] + draw(st.sampled_from(PIECES) | st.binary(max_size=2)) + body[end:]
    return body


SPACES = st.sampled_from(["", "", " ", "\n", "\t \r\n"])
SCALARS = st.sampled_from(
    [
        *(
            "0",
            "-0",
            "1.50",
            "1e5",
            "-0.1E-7",
            "9" * 400,
            "true",
            "null",
            '""',
            '"]}"',
            '"\\"{[\\\\"',
            '"\\ud83d\\ude00"',
        ),
        *('"\\ud800"', '"\\udc00\\ud800"', '"\\\\ud800"', '"\\ud800\\u0041"', '"\u00e9\U0001f600"', '"\\/\\n"'),
    ]
)
NAMES = st.sampled_from(['"x"', '"profile"', '""', '"Profiles"', '"\\ud83d"', '"\u00e9,}"', '"a\\"b"'])


def texts_of(parts: st.SearchStrategy[str], *, opening: str, closing: str, most: int = 3) -> st.SearchStrategy[str]:
    """Return the texts of lists or objects that hold the parts, spaces between them."""
    spaced = st.tuples(SPACES, parts, SPACES).map("".join)
    inner = st.lists(spaced, min_size=1, max_size=most).map(",".join) | SPACES
    return inner.map(lambda text: f"{opening}{text}{closing}")


def members_of(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(NAMES, SPACES, st.just(":"), SPACES, values).map("".join)


VALUES = st.recursive(
    SCALARS,
    lambda values: texts_of(values, opening="[", closing="]") | texts_of(members_of(values), opening="{", closing="}"),
    max_leaves=8,
)


@st.composite
def written_bodies(draw):
    """Return a batch as somebody might write it: spaces anywhere, other members about, names in escapes."""
    record = texts_of(members_of(VALUES), opening="{", closing="}")
    profiles = draw(texts_of(record, opening="[", closing="]", most=4))
    name = draw(st.sampled_from(['"profiles"', '"pro\\u0066iles"']))
    criteria = draw(st.sampled_from(['"email"', '"pos"', '"\\u0065mail"', "7", '" "']))
    others = draw(st.lists(members_of(VALUES), max_size=2, unique_by=lambda text: text.split('"')[1]))
    members = draw(st.permutations([f"{name}:{profiles}", f'"match_criteria" : {criteria}', *others]))
    return draw(texts_of(st.just(",".join(members)), opening="{", closing="}", most=1)).encode()


@st.composite
def mutilated_written_bodies(draw):
    body = draw(written_bodies())
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        start = draw(st.integers(0, len(body)))
        body = body[:start] + draw(st.sampled_from(PIECES) | st.just(b"")) + body[start + draw(st.integers(0, 2)) :]
    return body


@examples(500, torture=200_000)
@given(body=mutilated_bodies() | mutilated_written_bodies())
def test_all_three_readers_agree(body):
    """The skimmer, the walker for what it cannot skim, and the standard library cut a body into the same records."""
    verdict, envelope = verdict_on(body)
    entries = entries_by_the_standard_library(body)
    if verdict is not None:
        assert entries is None or verdict is EnvelopeError or depth(body) > 500
        return

    walked = list(texts_by_walking(body))
    skimmed = [bytes(one) for one in skim_entries(dict(skim_members(without_surrogates(body)))["profiles"])]

    assert envelope.total_count == len(walked)
    assert record_texts(body) == walked == entries
    assert skimmed == [without_surrogates(text.encode()) for text in walked]


def entries_by_the_standard_library(body: bytes) -> list[str] | None:
    """Return the texts of the entries, cut where the standard library says each value ends; `None` for no batch."""
    try:
        text = body.decode()
        value = Seen().load(body)
        if not isinstance(value, dict) or not isinstance(value.get("profiles"), list):
            return None
        return list(cut_entries(text))
    except (ValueError, RecursionError):
        return None


def cut_entries(text: str) -> Iterator[str]:
    """Yield the entries of `profiles`, of a text that is JSON and has them."""
    decoder = json.JSONDecoder(parse_int=float)
    key, end = "", skip(text, 0)
    while key != "profiles":
        key, end = decoder.raw_decode(text, skip(text, end + 1))
        end = skip(text, skip(text, end) + 1)
        if key != "profiles":
            end = skip(text, decoder.raw_decode(text, end)[1])
    end = skip(text, end + 1)
    while text[end] != "]":
        _, after = decoder.raw_decode(text, end)
        yield text[end:after]
        end = skip(text, after)
        end = skip(text, end + (text[end] == ","))


def skip(text: str, position: int) -> int:
    return position + len(text[position:]) - len(text[position:].lstrip(" \t\r\n"))


@examples(400, torture=200_000)
@given(body=mutilated_bodies())
def test_what_is_received_can_be_read(body):
    with within(len(body)):
        try:
            envelope = read_envelope(body)
        except (BodyError, EnvelopeError):
            return

        records = list(iter_records(body))

    assert len(records) == envelope.total_count
    assert all(isinstance(record.value, dict) for record in records)
    assert all(equal(json.loads(record.content), record.value) or record.flaws for record in records)


@examples(400, torture=200_000)
@given(body=mutilated_bodies() | mutilated_written_bodies())
def test_envelope_says_what_the_standard_library_says(body):
    """Both call the same bytes JSON, but for NaN, which is none, and nests deeper than either goes."""
    verdict, envelope = verdict_on(body)
    seen = Seen()
    try:
        value = seen.load(body)
    except RecursionError:
        assert verdict is BodyError
        return
    except ValueError:  # no JSON, or no UTF-8
        assert verdict is BodyError
        return

    if seen.constants:
        assert verdict is BodyError
    elif verdict is BodyError:
        assert depth(body) > 500
    elif verdict is None:
        assert envelope is not None
        assert envelope.criteria == parts_of(value["match_criteria"])
        assert envelope.total_count == len(value["profiles"])
        assert not seen.twice_in_the_envelope
        records = [json.loads(record.text, parse_int=float) for record in iter_records(body)]
        assert equal(records, value["profiles"])
    else:
        assert seen.twice_in_the_envelope or not is_batch(value)


def parts_of(criteria: str | list[str]) -> tuple[str, ...]:
    return tuple(part.strip() for part in (criteria.split(",") if isinstance(criteria, str) else criteria))


def verdict_on(body: bytes) -> tuple[type[Exception] | None, Any]:
    """Return how the body is refused, or its envelope."""
    try:
        return None, read_envelope(body)
    except (BodyError, EnvelopeError) as error:
        return type(error), None


class Seen:
    """The standard library's reading, and what it passes over."""

    def __init__(self) -> None:
        self.constants = False
        self.twice_in_the_envelope = False

    def load(self, body: bytes) -> Any:
        """Return the value; the last object read is the outermost."""
        return json.loads(
            body.decode(), object_pairs_hook=self.note_pairs, parse_constant=self.note_constant, parse_int=float
        )

    def note_pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        self.twice_in_the_envelope = len(dict(pairs)) != len(pairs)
        return dict(pairs)

    def note_constant(self, _: str) -> None:
        self.constants = True


def is_batch(value: Any) -> bool:
    """Return whether the value is a batch by the letter."""
    if not isinstance(value, dict) or len(value) > 100:
        return False
    criteria, profiles = value.get("match_criteria"), value.get("profiles")
    return (
        isinstance(criteria, str)
        and bool(criteria.strip())
        and len(criteria) <= 255
        and criteria.isprintable()
        and isinstance(profiles, list)
        and 1 <= len(profiles) <= 500
        and all(isinstance(one, dict) for one in profiles)
    )


def depth(body: bytes) -> int:
    """Return at most how deep the body is nested."""
    return body.count(b"[") + body.count(b"{")


def equal(one: Any, other: Any) -> bool:
    """Whether two values are the same, integers being read as floats by one of them or both."""
    return json.dumps(floats(one), sort_keys=True) == json.dumps(floats(other), sort_keys=True)


def floats(value: Any) -> Any:
    """Return the value with floats for integers, and one nought."""
    return json.loads(json.dumps(value), parse_int=nought_or_float, parse_float=nought_or_float)


def nought_or_float(digits: str) -> float:
    return float(digits) + 0.0
