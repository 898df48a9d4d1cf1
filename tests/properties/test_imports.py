"""Whatever a file has suffered, each of its rows ends in one outcome, and the unreadable ones in theirs."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from batches.files import read_slices
from batches.files.faults import UNREADABLE
from batches.intake import submit_batch
from batches.models import BatchRecord
from batches.values import BatchSource
from tests.batches.files.test_mutilated import HEADER, mutilated
from tests.builders import process_waiting
from tests.properties.strategies import examples

ROWS = b"".join(b'p%dq@b.cd,"f%dq",l%dq\n' % (row, row, row) for row in range(1, 9))


@examples(20, torture=2_000)
@given(rows=mutilated(ROWS), slice_size=st.integers(1, 5))
def test_every_row_has_one_outcome(tmp_path_factory, rows, slice_size):
    path = Path(tmp_path_factory.getbasetemp()) / "mutilated.csv"
    path.write_bytes(HEADER + rows)
    expected = []
    batches = []
    for part in read_slices(path, criteria=("email",), size=slice_size):
        receipt = submit_batch(body=part.body(("email",)), source=BatchSource.IMPORT, submitted_by=None)
        batches.append(receipt.batch_id)
        expected += [UNREADABLE in json.loads(line.record) for line in part.lines]

    process_waiting()

    outcomes = [
        (record.outcome, record.error_code)
        for batch_id in batches
        for record in BatchRecord.objects.filter(batch=batch_id).order_by("position")
    ]
    assert [code == "unreadable" for _, code in outcomes] == expected
    assert all((outcome == "rejected") is bool(code) for outcome, code in outcomes)
