"""Whatever a file has suffered: every row has an outcome or is told, none is lost, no two are joined."""

import gzip
import io
import json
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from batches.bodies import iter_records, read_envelope
from batches.files import FileError, Slice, read_slices
from batches.files.columns import read_header
from batches.files.csv import read_csv
from batches.files.faults import UNREADABLE, faults_of
from batches.files.jsonl import read_json_lines
from profiles import shape
from profiles.schema import RECORD_FIELDS, parse_record
from profiles.values import Cause, CauseKind
from tests.properties.strategies import examples

ROWS = range(1, 9)
HEADER = b"email,first_name,last_name\n"
PLAIN = b"".join(b"p%dq,f%dq,l%dq\n" % (row, row, row) for row in ROWS)
QUOTED = b"".join(b'"p%dq","f%dq","l%dq"\r\n' % (row, row, row) for row in ROWS)
JSON = b"".join(b'{"email":"p%dq","tags":["f%dq",1.5,{"x":"l%dq"}]}\n' % (row, row, row) for row in ROWS)
# What the file still says of a row: its number stands in each of its cells.
MARK = re.compile(r"[pfl](\d+)q")
PIECES = [
    *(b'"', b'"', b'""', b'",', b',"', b'"\n', b'\n"', b",", b";", b"\n", b"\r", b"\r\n", b"\n\n", b" ", b"\t"),
    *(b"\x00", b"\xe9", b"\xc3", b"\xef\xbb\xbf", "\u2028".encode(), "\u00e9".encode(), b"\\", b"{", b"}", b"[", b"]"),
    *(b":", b"NaN", b"1.5E+15", b"'", b"="),
]


class Trickle(io.BytesIO):
    """A file that gives few bytes at a time."""

    def __init__(self, content, size):
        super().__init__(content)
        self.size = size

    def read1(self, size=-1, /):
        return super().read1(min(size, self.size))


@st.composite
def mutilated(draw, content):
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(content)))
        content = content[:place] + draw(st.sampled_from(PIECES)) + content[place:]
    return content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content


def check(content, read, line_ends):
    """Read the rows, and see that all that the file says of anybody is in its place."""
    lines = list(read(io.BufferedReader(io.BytesIO(content)), criteria=("email",)))
    said = [json.loads(line.record) for line in lines]
    texts = [
        record[UNREADABLE]["text"] if UNREADABLE in record else json.dumps(record, ensure_ascii=False)
        for record in said
    ]
    shown = content.decode(errors="backslashreplace")
    numbers = [line.number for line in lines]

    assert numbers == sorted(set(numbers))
    assert [mark[0] for mark in MARK.finditer(shown)] == [mark[0] for text in texts for mark in MARK.finditer(text)]
    for record, text, number in zip(said, texts, numbers, strict=True):
        rows = {int(mark[1]) for mark in MARK.finditer(text)}
        assert len(rows) <= 1 or UNREADABLE in record
        assert bool(faults_of(record)) is (UNREADABLE in record)
        if mark := MARK.search(text):
            place = shown.index(mark[0])
            assert number <= len(re.findall(line_ends, shown[:place])) + 1
    for part in [lines[start : start + 500] for start in range(0, len(lines), 500)]:
        body = Slice(tuple(part)).body("email")
        assert read_envelope(body).total_count == len(part)
        assert [record.value for record in iter_records(body)] == said
    return lines


@examples(300, torture=100_000)
@given(data=st.data(), rows=st.sampled_from([PLAIN, QUOTED]), size=st.integers(1, 40))
def test_mutilated_csv(data, rows, size):
    content = HEADER + data.draw(mutilated(rows))

    lines = check(content, read_csv, "\r\n|\r|\n")

    assert list(read_csv(Trickle(content, size), criteria=("email",))) == lines


@examples(300, torture=100_000)
@given(content=mutilated(JSON), size=st.integers(1, 40))
def test_mutilated_json_lines(content, size):
    try:
        lines = check(content, read_json_lines, "\n")
    except FileError:
        # Nothing is left, it looks like one document, or like no text at all.
        first = content.removeprefix(b"\xef\xbb\xbf").strip().partition(b"\n")[0].strip()
        is_array = first.startswith(b"[") and first.endswith((b",", b"]"))
        assert first in {b"", b"[", b"{"} or is_array or b"\0" in content[:4]
        return

    assert list(read_json_lines(Trickle(content, size), criteria=("email",))) == lines


@examples(200, torture=50_000)
@given(content=mutilated(HEADER + PLAIN), name=st.sampled_from(["a.csv", "a.csv.gz", "a.jsonl.gz"]), data=st.data())
def test_mutilated_file_is_read_or_refused_in_a_sentence(tmp_path_factory, content, name, data):
    if name.endswith(".gz"):
        content = data.draw(mutilated(gzip.compress(content, mtime=0)))
    path = Path(tmp_path_factory.getbasetemp()) / name
    path.write_bytes(content)

    fault = "."
    try:
        for part in read_slices(path, criteria=("email",), size=3):
            read_envelope(part.body("email"))
    except FileError as error:
        fault = str(error)

    assert fault[-1] in ".?"


# --- Headers -----------------------------------------------------------------------------------------------------

NAMES = [
    *sorted(RECORD_FIELDS),
    *shape.COMMS_MEMBERS,
    *(f"{head}.{name}" for head in ("comms_attributes", "attributes.comms", "comms") for name in shape.COMMS_MEMBERS),
    *(f"attributes.appearance.{name}" for name in shape.APPEARANCE_MEMBERS),
    *("identities.shop", "identities.", "identities", "id", "external_id", "full_name", "created_at", "address.city"),
    *("attributes", "attributes.", "attributes.comms", "attributes.appearance", "comms_attributes.", "tags.vip"),
]


def spelled(name):
    """Other spellings of a name."""
    letters = st.sampled_from([str.upper, str.lower, str.title, lambda text: text.replace("_", " "), str])
    return st.tuples(letters, st.sampled_from(["", " ", "\u00a0", "x", "_", "."])).map(
        lambda how: how[0](name) + how[1]
    )


@examples(1_000, torture=100_000)
@given(
    name=st.sampled_from(NAMES).flatmap(spelled) | st.text() | st.text(max_size=9).map("identities.{}".format)
    | st.sampled_from(["addresses[h].city", "dates[d].date", "custom_attributes.n.h", "birth_date"]).flatmap(spelled),
    cell=st.sampled_from(["1", "yes", "2020-05-05", "a@b.cd", "vip", '["a"]', "+61404123123", "AUD"]),
)  # fmt: skip
def test_accepted_header_makes_a_record_the_schema_knows(name, cell):
    by = "shop" if name == "email" else "email"
    try:
        columns = read_header([name, "email" if by == "email" else "identities.shop"], line=1, criteria=(by,))
    except FileError:
        return

    record, faults, _ = columns.read([cell, ""])
    draft = parse_record(record, cause=Cause(CauseKind.COMMAND))

    if faults:
        assert (record, faults) == ({}, [f"column {name.strip()}: the cell must hold a day, such as 1990-12-31."])
    else:
        assert bool(record) is (len(columns.givens) > 0 and bool(name.strip()))
    assert not {warning.code for warning in draft.warnings} & {"unknown_field", "read_only"}


def test_every_plain_field_has_its_column():
    nested = {"identities", "custom_attributes", "dates_attributes", "addresses", "comms_attributes", "regions"}
    nested |= {"organisations", "attributes"}

    names = sorted(RECORD_FIELDS - nested) + list(shape.COMMS_MEMBERS)

    columns = read_header(names, line=1, criteria=("email",))
    record, _, _ = columns.read(["1"] * len(names))
    assert record.keys() == (RECORD_FIELDS - nested) | {"comms_attributes"}
    assert record["comms_attributes"].keys() == set(shape.COMMS_MEMBERS)
