"""What is received can be read later, whatever the bytes; and what is refused is no batch."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from batches.bodies import BodyError, EnvelopeError, iter_records, read_envelope
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
@given(body=mutilated_bodies())
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
        assert envelope.match_criteria == value["match_criteria"].strip()
        assert envelope.total_count == len(value["profiles"])
        assert not seen.twice_in_the_envelope
        records = [json.loads(record.text) for record in iter_records(body)]
        assert equal(records, value["profiles"])
    else:
        assert seen.twice_in_the_envelope or not is_batch(value)


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
    """Return the value with floats for integers."""
    return json.loads(json.dumps(value), parse_int=float)
