import json

import pytest

from batches.files.faults import faults_of, faulty_entry


def test_row_travels_with_its_text_and_line():
    entry = json.loads(faulty_entry(line=7, text='a@b.cd,"Anna\x00\ufffd', errors=["one.", "two."]))

    assert entry == {"unreadable_row": {"line": 7, "text": 'a@b.cd,"Anna\x00\ufffd', "errors": ["one.", "two."]}}
    assert [fault.as_json() for fault in faults_of(entry)] == [
        {"code": "unreadable", "pointer": "", "message": "Line 7: one."},
        {"code": "unreadable", "pointer": "", "message": "Line 7: two."},
    ]


def test_long_text_is_cut():
    entry = json.loads(faulty_entry(line=1, text="x" * 5_000, errors=["long."]))

    assert entry["unreadable_row"]["text"] == "x" * 4_096 + "… cut here"


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"email": "a@b.cd"},
        {"unreadable_row": None},
        {"unreadable_row": {}},
        {"unreadable_row": {"line": 1, "text": "", "errors": []}},
        {"unreadable_row": {"line": 1, "text": "", "errors": [1]}},
        {"unreadable_row": {"line": "1", "text": "", "errors": ["x"]}},
        {"unreadable_row": {"line": 1, "text": "", "errors": ["x"], "more": 1}},
        {"unreadable_row": {"line": 1, "text": "", "errors": ["x"]}, "email": "a@b.cd"},
    ],
)
def test_other_records_are_no_faulty_rows(value):
    assert faults_of(value) == ()
