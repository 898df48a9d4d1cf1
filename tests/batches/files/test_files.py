"""Files of all formats: slices, compression, what cannot be opened."""

import gzip
import json

import pytest
import zstandard

from batches import files
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


NAMES = "the name must end in one of .jsonl, .ndjson, .json, .csv, .tsv, perhaps followed by .gz or .zst."


@pytest.mark.parametrize(
    ("name", "content", "line", "told"),
    [
        ("a.csv.gz", b"no gzip", None, "the file is not compressed with gzip, though its name ends in .gz."),
        (
            "a.xlsx",
            b"",
            None,
            "the name must end in one of .jsonl, .ndjson, .json, .csv, .tsv, perhaps followed by .gz or .zst.",
        ),
        (
            ".gz",
            b"",
            None,
            "the name must end in one of .jsonl, .ndjson, .json, .csv, .tsv, perhaps followed by .gz or .zst.",
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


PEOPLE = "email\n" + "".join(f"p{number * 7919}@example.com\n" for number in range(50_000))


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda whole: whole[: len(whole) // 2], id="half"),
        pytest.param(lambda whole: whole[:-1], id="all but a byte"),
        pytest.param(lambda whole: whole[:4_000] + bytes(99) + whole[4_099:], id="spoilt"),
        pytest.param(lambda whole: whole + b"no frame", id="more behind it"),
    ],
)
def test_zstd_that_is_not_whole_loses_no_row_in_silence(tmp_path, spoil):
    packed = zstandard.ZstdCompressor(write_checksum=True).compress(PEOPLE.encode())
    path = write(tmp_path / "a.csv.zst", spoil(packed))

    with pytest.raises(FileError, match="damaged or ends too early"):
        read(path)


def test_several_frames_of_zstd_are_one_file(tmp_path):
    half = len(PEOPLE) // 2
    frames = [zstandard.compress(part.encode()) for part in (PEOPLE[:half], "", PEOPLE[half:])]

    rows = read(write(tmp_path / "a.csv.zst", b"".join(frames)))

    assert len(rows) == 50_000


def test_zstd_that_unpacks_beyond_all_measure_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_MOST_UNMEASURED_BYTES", 100_000)
    path = write(tmp_path / "a.csv.zst", zstandard.compress(b"email\n" + b"a@b.cd\n" * 1_000_000))

    with pytest.raises(FileError, match="unpacks to more than 200 times its size"):
        read(path)
