"""Files of all formats: slices, compression, what cannot be opened."""

import gzip
import json

import pytest

from batches.files import FileError, read_slices
from tests.batches.files.reading import read, write


def test_files_are_cut_into_slices(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"email":"a@b.cd"}\n' * 7))

    assert [len(part.lines) for part in read_slices(path, criteria=("email",), size=3)] == [3, 3, 1]


def test_slices_are_bounded_in_bytes(tmp_path):
    path = write(tmp_path / "a.jsonl", (json.dumps({"a": "x" * 200_000}) + "\n") * 40)

    assert [len(part.lines) for part in read_slices(path, criteria=("email",), size=500)] == [9, 9, 9, 9, 4]


def test_compressed_file_that_unpacks_beyond_measure(tmp_path):
    path = tmp_path / "a.csv.gz"
    with gzip.open(path, "wb") as file:
        file.write(b"email\na@b.cd\n")
        for _ in range(80):
            file.write(b"x" * 1_000_000)
    slices = read_slices(path, criteria=("email",), size=500)

    assert [line.number for line in next(slices).lines] == [2, 3]
    with pytest.raises(FileError, match=r"^the compressed file unpacks to more than 200 times its size"):
        next(slices)


NAMES = "the name must end in one of .jsonl, .ndjson, .csv, .tsv, perhaps followed by .gz or .zst."


@pytest.mark.parametrize(
    ("name", "content", "line", "told"),
    [
        ("a.csv.gz", b"no gzip", None, "the file is not compressed with gzip, though its name ends in .gz."),
        (
            "a.xlsx",
            b"",
            None,
            "the name must end in one of .jsonl, .ndjson, .csv, .tsv, perhaps followed by .gz or .zst.",
        ),
        (
            ".gz",
            b"",
            None,
            "the name must end in one of .jsonl, .ndjson, .csv, .tsv, perhaps followed by .gz or .zst.",
        ),
        ("a.csv", None, None, "No such file or directory."),
    ],
)
def test_file_that_cannot_be_read(tmp_path, name, content, line, told):
    if content is not None:
        write(tmp_path / name, content)

    with pytest.raises(FileError) as caught:
        read(tmp_path / name)

    assert (caught.value.line, str(caught.value)) == (line, told)


def test_folder_is_no_file(tmp_path):
    (tmp_path / "a.csv").mkdir()

    with pytest.raises(FileError, match=r"^Is a directory\.$"):
        read(tmp_path / "a.csv")


def test_what_comes_before_the_damage_is_kept(tmp_path):
    whole = gzip.compress(b"".join(b'{"email":"p%d@b.cd"}\n' % number for number in range(20_000)))
    path = write(tmp_path / "a.jsonl.gz", whole[:-2_000])
    slices = read_slices(path, criteria=("email",), size=20_000)

    taken = len(next(slices).lines)

    assert 10_000 < taken < 20_000
    with pytest.raises(FileError, match=r"^the compressed file is damaged or ends too early\.$") as caught:
        next(slices)
    assert caught.value.line == taken + 1
