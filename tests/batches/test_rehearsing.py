"""A dry run of a file by command: what it tells, its exit code, its report, and that nothing is left of it."""

import json

import pytest

from batches import drafts, importing
from batches.models import Batch, Import
from profiles.models import Profile, ProfileChange
from profiles.schema import parse_record
from tests.batches.files.reading import run_import as run
from tests.batches.files.reading import write
from tests.builders import make_profile

pytestmark = pytest.mark.django_db(transaction=True)


def test_outcomes_are_told_and_nothing_is_written(tmp_path, capsys):
    make_profile(email="ann@example.com", company="Acme")
    path = write(
        tmp_path / "a.csv", "email,company\nann@example.com,Bakers\nbob@example.com,\nann@example.com,Bakers\nno,\n"
    )

    assert run(path, "--dry-run") == (1, "")

    out = capsys.readouterr().out
    assert out.startswith(
        f"{path}: 4 records: would be 1 created, 1 updated, 1 unchanged, 1 rejected. Nothing was written.\n  line 5: "
    )
    assert "/admin/" not in out
    assert (Profile.objects.count(), ProfileChange.objects.count()) == (1, 1)
    assert not Batch.objects.exists()
    assert not Import.objects.exists()


def test_slices_see_what_those_before_them_would_have_made(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(importing, "MAX_RECORDS", 1)
    path = write(
        tmp_path / "a.jsonl",
        '{"email": "ann@example.com", "identities": [{"handle": "pos", "identifier": "7"}]}\n'
        '{"identities": [{"handle": "pos", "identifier": "7"}], "email": "new@example.com"}\n'
        '{"email": "ann@example.com"}\n'
        '{"email": "bob@example.com", "identities": [{"handle": "pos", "identifier": "7"}]}\n',
    )

    assert run(path, "--dry-run", match="pos,email") == (0, "")

    told = capsys.readouterr().out
    assert "would be 2 created, 2 updated, 0 unchanged, 0 rejected" in told
    assert run(path, match="pos,email") == (0, "")
    assert "2 created, 2 updated, 0 unchanged, 0 rejected" in capsys.readouterr().out


def test_report_tells_every_record(tmp_path):
    ann = make_profile(email="ann@example.com", company="Acme")
    path = write(tmp_path / "a.csv", "email,company\nann@example.com,Bakers\nbob@example.com,\nno,\n")

    run(path, "--dry-run", "--report", str(tmp_path / "report.jsonl"))

    told = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    assert [(one["line"], one["outcome"], one["profile_id"], one["rule"]) for one in told] == [
        (2, "updated", str(ann.id), "criterion"),
        (3, "created", None, "new"),
        (4, "rejected", None, None),
    ]
    assert told[0]["changes"] == {"/company": {"from": "Acme", "to": "Bakers"}}
    assert told[0]["key"] == {"email": "ann@example.com"}
    assert [error["code"] for error in told[2]["errors"]] == ["invalid"]


def test_rejected_rows_can_be_put_aside_before_anything_is_taken(tmp_path):
    path = write(tmp_path / "a.csv", "email\nann@example.com\nno\n")

    assert run(path, "--dry-run", "--reject-file", str(tmp_path / "rejects.csv"))[0] == 1

    assert "no" in (tmp_path / "rejects.csv").read_text().splitlines()[1]


def test_file_that_breaks_off_is_told_up_to_there(tmp_path, capsys):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"email": "ann@example.com"}\n' + b"\xff\n")

    code, sentence = run(path, "--dry-run")

    assert (code, sentence) in [(1, ""), (2, sentence)]
    assert "would be 1 created" in capsys.readouterr().out


def test_handle_that_nobody_has_is_remarked_unless_the_file_brings_it(tmp_path, capsys):
    path = write(tmp_path / "a.jsonl", '{"email": "ann@example.com", "identities": []}\n')
    run(path, "--dry-run", match="shpo,email")
    assert "shpo" in capsys.readouterr().out

    path = write(tmp_path / "b.jsonl", '{"identities": [{"handle": "shpo", "identifier": "1"}]}\n')
    run(path, "--dry-run", match="shpo")
    assert "Note" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--dry-run", "--resume"], "--resume goes on with an import; a dry run has nothing to go on with."),
        (["--report", "report.jsonl"], "--report is what a --dry-run tells."),
    ],
)
def test_options_that_do_not_go_together(tmp_path, options, sentence):
    assert run(write(tmp_path / "a.csv", "email\na@example.com\n"), *options) == (2, sentence)


def test_report_that_cannot_be_written(tmp_path):
    path = write(tmp_path / "a.csv", "email\na@example.com\n")

    code, sentence = run(path, "--dry-run", "--report", str(tmp_path))

    assert (code, sentence) == (2, f"{tmp_path}: Is a directory.")


def test_record_that_cannot_be_processed_stops_no_dry_run(tmp_path, monkeypatch, capsys):
    def parse(value, **options):
        if value.get("company") == "poison":
            raise RuntimeError
        return parse_record(value, **options)

    monkeypatch.setattr(drafts, "parse_record", parse)
    path = write(tmp_path / "a.csv", "email,company\na@example.com,poison\nb@example.com,Acme\n")

    assert run(path, "--dry-run") == (1, "")

    assert "would be 1 created, 0 updated, 0 unchanged, 1 rejected" in capsys.readouterr().out
