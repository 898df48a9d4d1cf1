"""One table of readings: fields of one kind read alike, wherever they stand (rules 1)."""

from typing import get_args, get_origin

import pytest
from typing_extensions import get_type_hints, is_typeddict

from profiles.schema import parse_record
from profiles.schema.record import Record
from profiles.schema.types import Kind, Nullable
from profiles.values import Cause, CauseKind

REFUSED = object()
NO_TEXT = [True, [], {}, ["x"], {"a": 1}]
TEXTS = [
    ("x", "x"), (" x ", "x"), ("\ufeffx \u200b", "x"), ("\u200f \u202ax\u202c", "x"),
    ("\u0928\u094d\u200d", "\u0928\u094d\u200d"),
    ("jose\u0301", "jos\u00e9"), (7, "7"), (2**63 - 1, "9223372036854775807"),
]  # fmt: skip
UNSEEN_WITHIN = [f"a{unseen}b" for unseen in "\xad\u200b\u200e\u202e\u2060\u2066\ufeff"]
# Kind -> what is sent -> what it is read as; `REFUSED` where it is refused.
READINGS = {
    "text": [
        *TEXTS, (38.0, "38"), (-0.0, "0"), (38.5, "38.5"), (1e-7, "0.0000001"), (1e16, REFUSED), (2**63, REFUSED),
        ("x\ny", REFUSED), ("x\ty", REFUSED), ("x" * 256, REFUSED), *((value, REFUSED) for value in NO_TEXT),
    ],
    "notes": [
        *TEXTS, (38.0, "38"), ("x\ny\tz", "x\ny\tz"), ("x\x00", REFUSED), *((value, REFUSED) for value in NO_TEXT),
    ],
    "name": [
        *TEXTS, ("1.23E+15", "1.23E+15"), (38.0, REFUSED), (38.5, REFUSED),
        *((value, REFUSED) for value in [*NO_TEXT, *UNSEEN_WITHIN]),
    ],
    "identifier": [
        *TEXTS, ("1.0.0", "1.0.0"), ("E+15", "E+15"), ("12E15", "12E15"), ("1.2", "1.2"), (38.0, REFUSED),
        *((value, REFUSED) for value in [*NO_TEXT, *UNSEEN_WITHIN]),
        *((value, REFUSED) for value in ["1.23457E+15", " 1,2e+15 ", "4E-05", "-1E+9", "123.0"]),
        *((value, REFUSED) for value in ["1.23E15", "1,5e9", "12,0", "'", '=""']),
        ('="0012"', "0012"), ("'0012", "0012"), ("'0012'", "0012"), ("o'neil", "o'neil"), ("=0012", "=0012"),
        ("12E5", "12E5"),
    ],
    "attribute name": [*TEXTS, (38.0, REFUSED), ("a:b", REFUSED), *((value, REFUSED) for value in NO_TEXT)],
    "tag": [
        ("vip", "vip"), ("a\u200bb", REFUSED), (" big  spender ", "big-spender"), (2024, "2024"), (2024.0, REFUSED),
        (True, REFUSED),
    ],
    "status": [("gold", "gold"), (" gold ", "gold"), (2024, "2024"), (2024.0, REFUSED), (True, REFUSED)],
    "postcode": [*TEXTS, (6000.0, "6000"), *((value, REFUSED) for value in NO_TEXT)],
    "email": [
        ("ann@example.com", "ann@example.com"), (" Ann@example.com ", "Ann@example.com"),
        ("ann", REFUSED), (7, REFUSED),
    ],
    "phone": [("+61 404 123 123", "+61404123123"), (61404123123.0, REFUSED), (61404123123, REFUSED), ("x", REFUSED)],
    "URL": [(" https://a.b/c ", "https://a.b/c"), ("ftp://a.b", REFUSED), ("a.b", REFUSED), (7, REFUSED)],
    "currency": [("AUD", "AUD"), (" aud ", "AUD"), ("XXX", REFUSED), (36, REFUSED)],
    "time": [
        ("2020-05-05 15:20:32", "2020-05-05T15:20:32Z"), (" 2020-05-05 ", "2020-05-05T00:00:00Z"),
        ("yesterday", REFUSED), ("0001-01-01T00:00:00+14:00", REFUSED), (1588692032, REFUSED),
    ],
    "date": [(" 2020-05-05 ", "2020-05-05"), ("05/05/2020", REFUSED), (20200505, REFUSED)],
    "truth": [
        (True, True), (False, False), (1, True), (0, False), (1.0, True), ("1", True), ("0", False), ("true", True),
        ("1.0", True), (" 0.0 ", False), ("1.5", REFUSED),
        (" TRUE ", True), ("False", False), ("yes", REFUSED), (2, REFUSED), ([], REFUSED),
    ],
    "profile id": [
        (" 0190AAAA-0000-7000-8000-000000000001", "0190aaaa-0000-7000-8000-000000000001"),
        ("x", REFUSED), (7, REFUSED),
    ],
    "whole number": [
        (8, 8), ("8", 8), (" 8 ", 8), ("08", 8), (8.0, 8), ("8.0", 8), (8.5, REFUSED), ("8.5", REFUSED),
        ("x", REFUSED), (True, REFUSED), (2**63, REFUSED), ("NaN", REFUSED), (float("nan"), REFUSED), ([], REFUSED),
        (-1, REFUSED),
    ],
    "one of Gender": [("female", "female"), (" FEMALE ", "female"), ("f", REFUSED), (1, REFUSED)],
    "one of ProfileType": [("active", "active"), (" Active ", "active"), ("gone", REFUSED), (1, REFUSED)],
    "one of AttributeType": [("string", "string"), (" STRING ", "string"), ("date", REFUSED), (1, REFUSED)],
    "one of Verification": [("sent", "sent"), (" SENT ", "sent"), ("maybe", REFUSED), (True, REFUSED)],
}  # fmt: skip
# What an entry needs beside the field that is tried, so that nothing else is wrong with it.
BESIDE = {
    "addresses": {"company": "c", "city": "Perth"},
    "identities": {"handle": "h", "identifier": "i"},
    "custom_attributes": {"namespace": "n", "handle": "h", "type": "string"},
    "dates_attributes": {"handle": "h", "name": "n"},
    "links": {"profile_id": "0190aaaa-0000-7000-8000-000000000001", "role": "r"},
    "regions": {"handle": "h", "country": "AU"},
    "organisations": {"id": 1, "is_active": True},
}


def kinds(hint, path=(), *, nullable=False):
    """Yield path, kind and whether null is allowed of every field within a type."""
    if is_typeddict(hint):
        for name, member in get_type_hints(hint, include_extras=True).items():
            yield from kinds(member, (*path, name))
        return
    metadata = getattr(hint, "__metadata__", ())
    nullable = nullable or bool(set(metadata) & set(Nullable.__metadata__))
    if kind := next((one for one in metadata if isinstance(one, Kind)), None):
        yield path, kind, nullable
    elif get_origin(hint) is list:
        yield from kinds(get_args(hint)[0], (*path, 0))
    else:
        for part in get_args(hint):
            if not isinstance(part, Kind) and part is not type(None):
                yield from kinds(part, path, nullable=nullable)


FIELDS = [(path, kind.name, nullable) for path, kind, nullable in kinds(Record)]
ENTRIES = {"tag", "status", "postcode"}  # blank is nothing there, and no error


def kind_of(name):
    return name if name in READINGS else name.partition(" from ")[0]


def record_with(path, value):
    """Return a record in which only the value at the path could be wrong."""
    record = {}
    place = record
    for name, following in zip(path, (*path[1:], None), strict=True):
        if following is None:
            if isinstance(place, list):
                place.append(value)
            else:
                place[name] = value
        elif isinstance(name, int):
            place.append(dict(BESIDE.get(path[path.index(name) - 1], {})))
            place = place[0]
        else:
            place[name] = [] if isinstance(following, int) else {}
            place = place[name]
    if path[0] == "dates_attributes":
        record["dates_attributes"][0].setdefault("handle", "h")
        if "links" in path:
            record["dates_attributes"][0]["links"][0] = {**BESIDE["links"], path[-1]: value}
    return record


def errors_at(path, value):
    pointer = "".join(f"/{part}" for part in path)
    errors = parse_record(record_with(path, value), cause=Cause(CauseKind.BATCH)).errors
    return [error.message for error in errors if error.pointer == pointer]


def test_every_field_has_a_kind_with_readings():
    assert {kind_of(kind) for _, kind, _ in FIELDS} == READINGS.keys()
    assert len(FIELDS) > 200


@pytest.mark.parametrize(("path", "kind"), [(path, kind) for path, kind, _ in FIELDS])
def test_fields_of_a_kind_read_alike(path, kind):
    if kind_of(kind) == "whole number":
        low, high = (int(bound) for bound in kind.removeprefix("whole number from ").split(" to "))
        shifted = [(value, read) for value, read in READINGS["whole number"] if low <= 8 <= high or read is REFUSED]
    else:
        shifted = READINGS[kind]
    for value, expected in shifted:
        assert bool(errors_at(path, value)) is (expected is REFUSED), (path, value)


@pytest.mark.parametrize("kind", list(READINGS))
def test_kind_reads_what_loses_nothing(kind):
    read = next(one.read for path, one, _ in kinds(Record) if kind_of(one.name) == kind and "birth_year" not in path)

    for value, expected in READINGS[kind]:
        if expected is not REFUSED:
            assert (read(value), type(read(value))) == (expected, type(expected)), value


@pytest.mark.parametrize(("path", "kind", "nullable"), FIELDS)
def test_what_is_blank_is_null_or_refused_like_null(path, kind, nullable):
    for value in (None, "", " \u00a0", "\u200b", "\ufeff \u200d", "\u3164"):
        errors = errors_at(path, value)
        if nullable or kind in ENTRIES:
            assert errors == [], (path, value)
        else:
            assert errors == ["The value must not be empty or null."], (path, value)


@pytest.mark.parametrize(("path", "kind"), [(path, kind) for path, kind, _ in FIELDS])
def test_refusal_is_a_sentence_that_holds_no_value(path, kind):
    for value in ("\u2603secret\u2603", ["secret"], {"secret": "secret"}, 9e99, True, "secret\u200b\x00"):
        for message in errors_at(path, value):
            assert message.startswith("The ")
            assert message.endswith(".")
            assert "secret" not in message.lower()
            assert message not in {"The value is not valid.", "The value must be valid."}, (kind, value)
