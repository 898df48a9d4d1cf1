"""One JSON document is cut into its records, whatever stands in them, in the memory of one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.files import FileError, read_slices
from batches.files import lines as lines_module
from tests.batches.files.reading import read, write

SINGLE = "the line is a single value; a record is an object."
MORE = "something follows after the object; each stands in a line of its own."
NO_RECORDS = "the document has no list of records, neither as a whole nor as its profiles."
A, B = {"email": "a@b.cd"}, {"email": "b@b.cd", "tags": ["x", '"]},{'], "meta": {"a": [1, {"b": "\\"}]}}


@pytest.mark.parametrize(
    "document",
    [
        [A, B],
        {"profiles": [A, B]},
        {"match_criteria": "email", "profiles": [A, B], "mobile_clash": "reject"},
        {"meta": {"profiles": ["no"], "x": [[], {}]}, "profiles": [A, B], "more": [1, 2]},
    ],
    ids=["list", "body", "whole body", "others"],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_document_is_its_records(tmp_path, document, indent):
    path = write(tmp_path / "a.json", json.dumps(document, indent=indent))

    assert [record for _, record in read(path)] == [A, B]


def test_records_are_kept_byte_for_byte_with_their_lines(tmp_path):
    path = write(tmp_path / "a.json", b'\xef\xbb\xbf[\n  { "email":"\\u0061@b.cd" },\n\n  {"n":\n1.50}\n]\n')

    (part,) = read_slices(path, criteria=("email",), size=10)

    assert [(line.number, line.record) for line in part.lines] == [
        (2, b'{ "email":"\\u0061@b.cd" }'),
        (4, b'{"n":\n1.50}'),
    ]
    assert json.loads(part.body(("email",)))["profiles"] == [{"email": "a@b.cd"}, {"n": 1.5}]


@pytest.mark.parametrize(
    ("document", "rows"),
    [
        ("[]", []),
        ('{"profiles": []}', []),
        ("[1]", [(1, [SINGLE])]),
        ('[{"a":1},,2]', [(1, {"a": 1}), (1, ["not JSON at column 1: the line ends too early."]), (1, [SINGLE])]),
        ('[{"a":tru}]', [(1, ["not JSON at column 6: expecting value."])]),
        ('[{"a":1} {"b":1}]', [(1, [f"not JSON at column 9: {MORE}"])]),
        ('[{"a":1},]', [(1, {"a": 1})]),
    ],
)  # fmt: skip
def test_faulty_record_is_one_row(tmp_path, document, rows):
    assert read(write(tmp_path / "a.json", document)) == rows


@pytest.mark.parametrize(
    ("document", "line", "message"),
    [
        ("", None, "the file is empty."),
        ("  \n ", 2, "the document ends too early."),
        ("{}", None, NO_RECORDS),
        ('{"profile": []}', None, NO_RECORDS),
        ('{"a": {"profiles": [{}]}}', None, NO_RECORDS),
        ("7", 1, "the document is neither a list of records nor an object with profiles."),
        ('[{"a":1},\n{"b":', 2, "the document ends too early."),
        ('[{"a":1},\n{"b":"x]', 2, "the document ends too early."),
        ('[{"a":1}]\n[{"b":1}]', 2, "something follows after the document."),
        ('[{"a":1}]\nx', 2, "something follows after the document."),
        ('[{"a":1}}', 1, "a } stands where none belongs."),
        ("]", 1, "a ] stands where none belongs."),
    ],
)  # fmt: skip
def test_document_that_is_none(tmp_path, document, line, message):
    with pytest.raises(FileError) as raised:
        read(write(tmp_path / "a.json", document))

    assert (str(raised.value), raised.value.line) == (message, line)


def test_what_came_before_the_end_is_taken(tmp_path):
    path = write(tmp_path / "a.json", '[{"a":1},{"b":1},{"c":')
    taken = []

    slices = read_slices(path, criteria=("email",), size=1)
    with pytest.raises(FileError):
        taken.extend(json.loads(line.record) for part in slices for line in part.lines)

    assert taken == [{"a": 1}, {"b": 1}]


def test_record_that_is_too_long_is_one_row(tmp_path):
    long = json.dumps({"a": "x" * 300_000, "b": [1, 2]})
    path = write(tmp_path / "a.json", f'[{{"a":1}},{long},{{"b":1}}]')

    assert read(path) == [(1, {"a": 1}), (1, ["the row is longer than 262,144 bytes."]), (1, {"b": 1})]


def test_windows_file_of_utf_16_is_read(tmp_path):
    assert read(write(tmp_path / "a.json", '[{"email": "jos\u00e9@b.cd"}]'.encode("utf-16"))) == [
        (1, {"email": "jos\u00e9@b.cd"})
    ]


NAMES = st.text(alphabet='a"\\]}', min_size=1, max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(alphabet='a"\\[]{},:\n', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(
    records=st.lists(
        st.dictionaries(st.text(alphabet='ab"\\]', min_size=1, max_size=3), JSON, max_size=3), max_size=5
    ),
    size=st.integers(1, 7),
    indent=st.sampled_from([None, 1]),
    is_body=st.booleans(),
)
def test_any_records_are_cut_apart_wherever_pieces_end(tmp_path_factory, records, size, indent, is_body):
    path = tmp_path_factory.getbasetemp() / "any.json"
    document = {"x": records, "profiles": records, "y": "]"} if is_body else records
    write(path, json.dumps(document, indent=indent))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_module, "_CHUNK_BYTES", size)
        patch.setattr(lines_module, "_LOOKED_AT_BYTES", 4)

        assert [record for _, record in read(path)] == records
