"""A file's lines are read in constant memory, and what is no text is told (way 1)."""

import gzip
from io import BufferedReader, BytesIO

import pytest

from batches.files.lines import (
    LONGEST_ROW_BYTES,
    FileError,
    decoded,
    raw_lines,
    split_at_any_end,
    split_at_newlines,
)


def lines(content, *, split=split_at_any_end):
    return [
        (line.number, line.content, line.is_cut) for line in raw_lines(BufferedReader(BytesIO(content)), split=split)
    ]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\nb\n", [b"a\n", b"b\n"]),
        (b"a\r\nb\rc\n", [b"a\r\n", b"b\r", b"c\n"]),
        (b"\xef\xbb\xbfa\n", [b"a\n"]),
        (b"\n\n", [b"\n", b"\n"]),
    ],
)
def test_lines_end_with_any_line_end(content, found):
    assert lines(content) == [(number, line, False) for number, line in enumerate(found, 1)]


def test_lines_of_json_end_with_a_newline_only():
    assert [line for _, line, _ in lines(b"a\rb\nc", split=split_at_newlines)] == [b"a\rb\n", b"c"]


def test_line_that_is_too_long_is_cut_and_the_next_one_is_whole():
    found = lines(b"x" * (LONGEST_ROW_BYTES + 1) + b"\nshort\n")

    assert [(number, is_cut) for number, _, is_cut in found] == [(1, True), (2, False)]
    assert found[1][1] == b"short\n"
    assert len(found[0][1]) < LONGEST_ROW_BYTES


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04rest", "save the sheet as CSV"),
        (b"\x1f\x8brest", "must end in .gz"),
        (b"%PDF-1.7", "a PDF"),
        (b"a\0b\0\0", "not UTF-16 text"),
    ],
)
def test_file_that_is_something_else_is_told(content, told):
    with pytest.raises(FileError, match=told):
        lines(content)


@pytest.mark.parametrize(
    ("content", "told"), [(gzip.compress(b"a\n" * 99)[:-9], "damaged"), (b"plain", "not compressed")]
)
def test_compressed_file_that_is_not_whole_is_told(content, told):
    with gzip.GzipFile(fileobj=BytesIO(content)) as file, pytest.raises(FileError, match=told):
        list(raw_lines(file, split=split_at_newlines))


@pytest.mark.parametrize(
    ("content", "text", "told"),
    [
        (b"caf\xc3\xa9", "café", ""),
        (b"caf\xe9", r"caf\xe9", "byte 0xE9 at column 4 is not UTF-8"),
        (b"a\0b", "a\0b", "a NUL byte stands at column 2"),
    ],
)
def test_bytes_that_are_no_text_are_told_by_their_column(content, text, told):
    shown, fault = decoded(content)

    assert shown == text
    assert fault.startswith(told)
