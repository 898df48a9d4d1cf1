"""The operators' commands about batches."""

import gzip
import json
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from batches.demo.customers import ReferenceIds, make_records
from batches.files import FileError, read_slices
from batches.models import Batch, BatchRecord
from profiles.models import Identity, Profile
from tests.builders import process, process_waiting, submit


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# --- Files -------------------------------------------------------------------------------------------------------


def lines_of(path, *, size=500):
    return [(line.number, json.loads(line.record)) for part in read_slices(path, size=size) for line in part.lines]


def test_json_lines_are_kept_byte_for_byte(tmp_path):
    path = write(tmp_path / "a.jsonl", b'\xef\xbb\xbf{ "email":"\\u0061@b.cd" }\r\n\n{"n":1.50}\n')

    (part,) = read_slices(path, size=10)

    assert [(line.number, line.record) for line in part.lines] == [
        (1, b'{ "email":"\\u0061@b.cd" }'),
        (3, b'{"n":1.50}'),
    ]
    assert json.loads(part.body("email"))["match_criteria"] == "email"


def test_csv_has_lists_and_identities(tmp_path):
    path = write(
        tmp_path / "a.csv", "email,identities.pos,tags,company\r\na@b.cd,007,x y|z,\r\n,,,\r\nb@b.cd,,,\u00c4\r\n"
    )

    assert lines_of(path) == [
        (2, {"email": "a@b.cd", "identities": [{"handle": "pos", "identifier": "007"}], "tags": ["x y", "z"]}),
        (4, {"email": "b@b.cd", "company": "\u00c4"}),
    ]


def test_files_are_cut_into_slices(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"email":"a@b.cd"}\n' * 7))

    assert [len(part.lines) for part in read_slices(path, size=3)] == [3, 3, 1]


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.jsonl", b"{}\n{", 2),
        ("a.jsonl", b"{}\n[]", 2),
        ("a.jsonl", b'{"a":"\xff"}', 1),
        ("a.jsonl", b'{"a":NaN}', 1),
        ("a.csv", b"email\na,b\n", 2),
        ("a.csv", b"email,fax\n", 1),
        ("a.csv", b"email,email\n", 1),
        ("a.csv", b"identities.\n", 1),
        ("a.csv", b"", None),
        ("a.csv", "email\n\u00e4".encode("latin-1"), 2),
        ("a.csv.gz", b"no gzip", None),
        ("a.xlsx", b"", None),
    ],
)
def test_broken_file_is_told_with_its_line(tmp_path, name, content, line):
    with pytest.raises(FileError) as caught:
        lines_of(write(tmp_path / name, content))

    assert caught.value.line == line


# --- Importing ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_import_goes_through_the_same_door(tmp_path, capsys):
    path = write(tmp_path / "a.csv", "email,identities.pos\na@example.com,1\nb@example.com,2\nwrong,3\n")

    with pytest.raises(SystemExit) as left:
        call_command("import_profiles", str(path), "--match", "email")

    assert left.value.code == 1
    assert "3 records: 2 created, 0 updated, 0 unchanged, 1 rejected." in capsys.readouterr().out
    batch = Batch.objects.get()
    assert (batch.source, batch.label, batch.state) == ("import", "a.csv", "done")
    assert Identity.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_import_of_a_broken_file_keeps_what_came_before(tmp_path):
    lines = [json.dumps({"email": f"p{number}@example.com"}) for number in range(500)]
    path = write(tmp_path / "a.jsonl", "\n".join([*lines, "{"]))

    with pytest.raises(CommandError, match=r"line 501: not JSON\. 500 records before it were taken\.") as caught:
        call_command("import_profiles", str(path), "--match", "email")

    assert caught.value.returncode == 2
    call_command("work", "--until-idle")
    assert Profile.objects.count() == 500


@pytest.mark.django_db
def test_import_for_nobody_known(tmp_path):
    with pytest.raises(CommandError, match="There is no user nobody"):
        call_command("import_profiles", str(tmp_path / "a.csv"), "--match", "email", "--user", "nobody")


# --- Queue -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_batch_set_aside_is_queued_again(capsys):
    batch = submit([{}])
    Batch.objects.update(state="set_aside", error="x", failures=9)

    call_command("requeue", str(batch.id))

    batch.refresh_from_db()
    assert (batch.state, batch.error, batch.failures) == ("queued", "", 0)
    assert capsys.readouterr().out == f"Batch {batch.id} is queued again.\n"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("no-id", "no-id is not the id of a batch."),
        ("0190aaaa-0000-7000-8000-000000000001", "There is no batch 0190aaaa-0000-7000-8000-000000000001."),
        (None, "is queued: only one that was set aside or cancelled can be requeued."),
    ],
)
def test_what_cannot_be_requeued(name, told):
    with pytest.raises(CommandError, match=told):
        call_command("requeue", name or str(submit([{}]).id))


def test_demo_records_are_the_same_for_a_seed():
    ids = ReferenceIds(
        regions=dict.fromkeys(("new-south-wales", "victoria", "north-island"), 1),
        organisations={"acme": 1},
        roles={"buyer": 1, "member": 2},
    )

    one, other = (make_records(customers=50, seed=3, ids=ids) for _ in range(2))

    assert one == other
    assert list(one) == ["shop", "loyalty", "till", "mailing", "spreadsheet"]
    assert all(one.values())


# --- Records sent again ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_record_the_hub_failed_at_is_sent_again(capsys, machine_user):
    records = [{"email": "a@example.com"}, {"email": "b@example.com", "tags": ["x"]}, {"email": "wrong"}]
    batch = process(records, submitted_by=machine_user, label="shop")
    BatchRecord.objects.filter(position=1).update(outcome="rejected", error_code="internal", profile=None)

    call_command("resend", str(batch.id))
    call_command("resend", str(batch.id))

    first, again = Batch.objects.order_by("received_at", "id")
    assert capsys.readouterr().out.splitlines() == [
        f"record 1: batch {again.id}",
        "The hub failed at none of its records, or they have been sent again.",
    ]
    assert (again.source, again.label, again.submitted_by, again.match_criteria, again.total_count) == (
        "command", "shop", machine_user, "email", 1,
    )  # fmt: skip
    assert (again.corrects_batch_id, again.corrects_position) == (first.id, 1)
    process_waiting()
    assert BatchRecord.objects.get(batch=again).outcome == "unchanged"
    assert BatchRecord.objects.get(batch=first, position=1).outcome == "rejected"


@pytest.mark.django_db
def test_rejected_record_is_sent_again_by_its_position():
    batch = process([{"email": "a@example.com"}, {"email": "wrong", "reference": "r"}])

    call_command("resend", str(batch.id), "1")

    again = Batch.objects.get(corrects_batch_id=batch.id)
    assert json.loads(bytes(again.body.content))["profiles"] == [{"email": "wrong", "reference": "r"}]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "positions", "message"),
    [
        ("nope", [], "nope is not the id of a batch"),
        (str(UUID(int=5)), [], "There is no batch"),
        (None, ["0"], r"No record was rejected at 0\."),
        (None, ["1", "7"], r"No record was rejected at 7\."),
    ],
)
def test_what_cannot_be_sent_again_is_told(name, positions, message):
    batch = process([{"email": "a@example.com"}, {"email": "wrong"}])

    with pytest.raises(CommandError, match=message):
        call_command("resend", name or str(batch.id), *positions)

    assert Batch.objects.count() == 1


@pytest.mark.django_db
def test_record_whose_body_is_gone_is_not_sent_again():
    batch = process([{"email": "wrong"}])
    batch.body.delete()

    with pytest.raises(CommandError, match="no longer kept"):
        call_command("resend", str(batch.id), "0")
