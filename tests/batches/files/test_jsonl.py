"""Lines of JSON: each is a record, byte for byte, or is told with its line and column."""

import json

import pytest

from batches.files import FileError, RejectFile, read_slices
from tests.batches.files.reading import read, write


def test_json_lines_are_kept_byte_for_byte(tmp_path):
    path = write(tmp_path / "a.jsonl", b'\xef\xbb\xbf{ "email":"\\u0061@b.cd" }\r\n\n{"n":1.50}\n{"a":"\\ud800"}')

    (part,) = read_slices(path, criteria=("email",), size=10)

    assert [(line.number, line.record) for line in part.lines] == [
        (1, b'{ "email":"\\u0061@b.cd" }'),
        (3, b'{"n":1.50}'),
        (4, b'{"a":"\\ud800"}'),
    ]
    assert json.loads(part.body(("email",)))["match_criteria"] == "email"


NO_JSON = "is not JSON; write null, or leave the field out."
MORE = "not JSON at column 8: something follows after the object; each stands in a line of its own."


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"{", "not JSON at column 2: the line ends too early."),
        (b'\xef\xbb\xbf{"a":1}', "not JSON at column 1: a byte order mark stands before the object."),
        (b'{"a":1}x', MORE),
        (b'{"a":1}{"b":1}', MORE),
        ('{"a":1}\u2028'.encode(), MORE),
        (b'{"a":1},', "not JSON at column 8: the line ends with a comma; objects are separated by line ends alone."),
        (b'  {"a":[1,]}', "not JSON at column 11: a comma stands before the ]."),
        (b'{"a":1,}', "not JSON at column 8: a comma stands before the }."),
        (b"{'a':1}", "not JSON at column 2: names and texts stand in double quotation marks."),
        (b'{"a":"b}', "not JSON at column 6: the text that begins there is never closed."),
        (b'{"a":"\t"}', "not JSON at column 7: tabs and other control characters are escaped in a text."),
        (b'{"a":True}', "not JSON at column 6: expecting value."),
        (b'{"\xc3\xa4":"NaN","b":-Infinity}', f"-Infinity at column 16 {NO_JSON}"),
        (b'{"a":NaN}', f"NaN at column 6 {NO_JSON}"),
        (b'{"a":"\xff"}', "byte 0xFF at column 7 is not UTF-8; save the file as UTF-8, or tell its encoding."),
        (b'{"a":1\0}', "a NUL byte stands at column 7."),
        (b"[{}]", "the line is a list; a record is an object."),
        (b'"a"', "the line is a text; a record is an object."),
        (b"null", "the line is a single value; a record is an object."),
        (b'{"a":' + b"[" * 200 + b"]" * 200 + b"}", "the record is nested deeper than 200 levels."),
        (b"[" * 100_000, "the record is nested deeper than 200 levels."),
        (b'{"a":"' + b"x" * 300_000 + b'"}', "the row is longer than 262,144 bytes."),
        (b'{"unreadable_row":{}}', "the field unreadable_row is the hub's own."),
    ],
)  # fmt: skip
def test_line_that_is_no_record(tmp_path, line, error):
    path = write(tmp_path / "a.jsonl", b'{"a":1}\n' + line + b'\n{"b":1}\n')

    assert read(path) == [(1, {"a": 1}), (2, [error]), (3, {"b": 1})]


def test_brackets_in_texts_are_no_nesting(tmp_path):
    assert read(write(tmp_path / "a.jsonl", json.dumps({"a": "[" * 300}))) == [(1, {"a": "[" * 300})]


@pytest.mark.parametrize(
    ("content", "line", "told"),
    [
        ("", None, "the file is empty."),
        (" \n\n", None, "the file is empty."),
        ("\n[\n{}\n]\n", 2, "the file is one JSON document, not JSON Lines; its format is json."),
        ("{\n}\n", 1, "the file is one JSON document, not JSON Lines; its format is json."),
        ("[\n".encode("utf-16"), 1, "the file is one JSON document, not JSON Lines; its format is json."),
    ],
)
def test_file_that_is_not_json_lines(tmp_path, content, line, told):
    with pytest.raises(FileError) as caught:
        read(write(tmp_path / "a.jsonl", content))

    assert (caught.value.line, str(caught.value)) == (line, told)


@pytest.mark.parametrize(
    ("line", "record"),
    [
        (b'{"email":"a@b.cd","rejected_line":7,"rejected_because":["x, {"]}', b'{"email":"a@b.cd"}'),
        (b'{ "rejected_line": 7 , "a" : [1, {"rejected_line": 2}] }', b'{"a" : [1, {"rejected_line": 2}]}'),
        (b'{"rejected_line":7}', b"{}"),
        # By the letter, and as it was: what quick parsers refuse, round or forget.
        (b'{"a":"\\ud800","rejected_line":7}', b'{"a":"\\ud800"}'),
        (b'{"a":123456789012345678901234567890,"rejected_line":7}', b'{"a":123456789012345678901234567890}'),
        (b'{"a":1e400,"b":1.10,"rejected_line":7}', b'{"a":1e400,"b":1.10}'),
        (b'{"a":' + b"9" * 5_000 + b',"rejected_line":7}', b'{"a":' + b"9" * 5_000 + b"}"),
        (b'{"a":1,"a":2,"rejected_line":7}', b'{"a":1,"a":2}'),
        # Nothing of it is the hub's own.
        (b'{"a" : "rejected_line", "b":{"rejected_line":1}}', b'{"a" : "rejected_line", "b":{"rejected_line":1}}'),
    ],
)
def test_what_tells_of_a_rejected_row_is_passed_over_and_all_else_as_it_is(tmp_path, line, record):
    (part,) = read_slices(write(tmp_path / "a.jsonl", line + b"\n"), criteria=("email",), size=500)

    assert [one.record for one in part.lines] == [record]


@pytest.mark.parametrize("line", [b'{"a":"\\ud800"}', b'{"a":123456789012345678901234567890}', b"{}", b'{ "b":1 }'])
def test_rejected_line_is_read_again_as_it_was(tmp_path, line):
    (part,) = read_slices(write(tmp_path / "a.jsonl", line + b"\n"), criteria=("email",), size=500)
    rejects = RejectFile(tmp_path / "rejects.jsonl")
    rejects.write(part.lines[0], ["because"])
    rejects.close()

    (again,) = read_slices(rejects.path, criteria=("email",), size=500)

    inner = line.strip(b"{} ")
    assert again.lines[0].record == b"{" + inner + b"}"
