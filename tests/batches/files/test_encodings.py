"""Which encoding a file has, as its first bytes show."""

import json

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


@pytest.mark.parametrize("name", ["José", "Müller", "O\u2019Brien", "Łódź, Ñandú"])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json"])
def test_text_that_was_decoded_wrongly_is_told_of(tmp_path, name, suffix):
    spoilt = name.encode().decode("cp1252", "ignore")
    rows = [{"email": f"{number}@b.cd", "last_name": spoilt} for number in range(5)]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    content = {
        ".csv": "email,last_name\n" + "\n".join(f'{row["email"]},"{spoilt}"' for row in rows),
        ".jsonl": lines,
        ".json": json.dumps(rows, ensure_ascii=False),
    }[suffix]
    told = []

    list(read_slices(write(tmp_path / f"a{suffix}", content), criteria=("email",), size=9, tell=told.append))

    assert len(told) == 1
    assert "looks decoded wrongly" in told[0]


@pytest.mark.parametrize("name", ["José", "Müller", "São Paulo", "Ângela", "Ã", "€ 5"])
def test_text_that_is_right_is_not_told_of(tmp_path, name):
    told = []
    path = write(tmp_path / "a.csv", "email,last_name\n" + f"a@b.cd,{name}\n" * 9)

    list(read_slices(path, criteria=("email",), size=9, tell=told.append))

    assert told == []
