"""Which encoding a file has, as its first bytes show."""

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from batches.files import read_slices
from batches.files.encodings import Recoder, encoding_of
from tests.batches.files.reading import write
from tests.properties.strategies import examples


@pytest.mark.parametrize(
    ("beginning", "told", "is_json", "encoding"),
    [
        (b"email,a\n", None, False, "utf-8"),
        ("email,ä\n".encode(), None, False, "utf-8"),
        ("email,ä\n".encode("utf-8-sig"), None, False, "utf-8"),
        ("email,ä\n".encode("cp1252"), None, False, "cp1252"),
        ('{"a":"ä"}'.encode("cp1252"), None, True, "utf-8"),
        ("ä".encode() + "ö".encode("cp1252"), None, False, "utf-8"),
        (b"email,\x81\n", None, False, "utf-8"),
        ("email\n".encode("utf-16-le"), None, False, "utf-16-le"),
        ("email\n".encode("utf-16-be"), None, False, "utf-16-be"),
        ("\ufeff{}".encode("utf-16-le"), None, True, "utf-16-le"),
        ("\ufeff{}".encode("utf-16-be"), "utf-8", True, "utf-16-be"),
        ("ä".encode(), "cp1252", False, "cp1252"),
        ("日本".encode("utf-16-le"), "utf-16", False, "utf-16-le"),
        (b"", None, False, "utf-8"),
        (b"a", None, False, "utf-8"),
    ],
)
def test_encoding(beginning, told, is_json, encoding):
    assert encoding_of(beginning, told, is_json=is_json) == encoding


@examples(200, torture=20_000)
@given(
    text=st.text(), encoding=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]), sizes=st.lists(st.integers(1, 9))
)
def test_pieces_of_any_size_give_the_text(text, encoding, sizes):
    content = text.encode(encoding)
    recode, pieces = Recoder(encoding), []
    for size in sizes:
        pieces.append(recode(content[:size]))
        content = content[size:]

    pieces += [recode(content), recode(None)]

    assert b"".join(pieces).decode() == text.removeprefix("\ufeff")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("pack", [bytes, zstandard.compress])
def test_file_is_read_in_its_encoding_and_told(tmp_path, encoding, pack):
    name = "a.csv" if pack is bytes else "a.csv.zst"
    content = "email,first_name\r\n" + "".join(f"p{number}@b.cd,Jürgen\r\n" for number in range(9_000))
    path = write(tmp_path / name, pack(content.encode(encoding)))
    told = []

    records = [
        line.record
        for part in read_slices(path, criteria=("email",), size=500, tell=told.append)
        for line in part.lines
    ]

    assert len(records) == 9_000
    assert records[-1] == '{"email":"p8999@b.cd","first_name":"Jürgen"}'.encode()
    named = {"utf-16": "UTF-16", "cp1252": "Windows-1252"}.get(encoding)
    assert told == ([f"The file was read as {named}."] if named else [])
