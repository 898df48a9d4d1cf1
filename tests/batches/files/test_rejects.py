"""Rejected rows are written as they came, and read again as they were."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batches.files import RejectFile, RejectFileError, read_slices
from batches.files.faults import UNREADABLE
from tests.batches.files.reading import write
from tests.batches.files.test_mutilated import HEADER, PLAIN, QUOTED, mutilated
from tests.properties.strategies import examples


def lines_of(path):
    return [line for part in read_slices(path, criteria=("email",), size=500) for line in part.lines]


def told(line):
    """Return what is read of a row: its record, or what is wrong with it."""
    value = json.loads(line.record)
    return value if UNREADABLE not in value else value[UNREADABLE]["errors"]


def rejected(path, lines):
    rejects = RejectFile(path)
    for line in lines:
        rejects.write(line, ['because; of, "this"', "=1+1"])
    rejects.close()
    return path


@settings(examples(150, torture=20_000), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=mutilated(PLAIN) | mutilated(QUOTED), number=st.integers(0, 10**9))
def test_rows_are_read_again_as_they_were(tmp_path_factory, content, number):
    folder = tmp_path_factory.mktemp("rejects")
    lines = lines_of(write(folder / "a.csv", HEADER + content))
    if not lines:
        return

    again = lines_of(rejected(folder / f"{number}.csv", lines))

    whole = [line for line in lines if line.row]
    assert [told(line) for line in again if told(line) != {}] == [told(line) for line in whole]
    # What is no row has its text in a cell of its own, and nothing else.
    assert len(again) == len(lines)


def test_file_that_cannot_be_written(tmp_path):
    (line,) = lines_of(write(tmp_path / "a.csv", HEADER + b"a@b.cd,A,B\n"))

    with pytest.raises(RejectFileError, match="No such file or directory"):
        RejectFile(tmp_path / "nowhere" / "r.csv").write(line, ["because"])
