"""What is received can be read later, whatever the bytes."""

import json

from hypothesis import given
from hypothesis import strategies as st

from batches.bodies import BodyError, EnvelopeError, iter_records, read_envelope
from tests.properties.strategies import examples

PIECES = [
    *(b'"', b"\\", b"\\u00e9", b"\\ud800", b"{", b"}", b"[", b"]", b",", b":", b" ", b"\n", b"\t", b"\x00"),
    *(b"0", b"-", b".", b"e9", b"99999999999999999999", b"null", b"true", b"NaN", b'"profiles":[{}]'),
    *(b"\xff", b"\xef\xbb\xbf", "\u00e9".encode()),
]
BODY = json.dumps(
    {
        "match_criteria": "email",
        "profiles": [
            {"email": "\u00e9", "b": [1, -0.5, 1e5, True, None, {"x": {}}]},
            {},
            {"c": '\n"\\/', "d": 15e300},
        ],
    }
).encode()


@st.composite
def mutilated_bodies(draw):
    body = BODY
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(body)))
        end = start + draw(st.integers(0, 3))
        body = body[:start] + draw(st.sampled_from(PIECES) | st.binary(max_size=2)) + body[end:]
    return body


@examples(400, torture=200_000)
@given(body=mutilated_bodies())
def test_what_is_received_can_be_read(body):
    try:
        envelope = read_envelope(body)
    except (BodyError, EnvelopeError):
        return

    records = list(iter_records(body))

    assert len(records) == envelope.total_count
    assert all(isinstance(record.value, dict) for record in records)
    assert all(json.loads(record.content) == record.value or record.flaws for record in records)
