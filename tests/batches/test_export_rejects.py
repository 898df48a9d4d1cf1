"""Rejected records are written as they came, and imported again once they are corrected."""

import json
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from batches.models import BatchBody, Import
from profiles.models import Profile
from tests.batches.files.reading import write
from tests.builders import process

pytestmark = pytest.mark.django_db(transaction=True)


def export(path, *options):
    """Export; return the exit code and the failure's sentence."""
    try:
        call_command("export_rejects", str(path), *options)
    except CommandError as error:
        return error.returncode, str(error)
    return 0, ""


def test_records_come_as_they_were_sent_with_why(tmp_path, capsys):
    batch = process([{"email": "no", "company": "Acme"}, {"email": "ann@example.com"}, {"email": "neither"}])
    path = tmp_path / "rejects.jsonl"

    assert export(path, "--batch", str(batch.id)) == (0, "")

    assert capsys.readouterr().out == f"{path}: 2 records, to be corrected and imported again.\n"
    told = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(one["email"], one["rejected_line"]) for one in told] == [("no", 0), ("neither", 2)]
    assert told[0]["company"] == "Acme"
    assert told[0]["rejected_because"][0].startswith("/email: ")


def test_corrected_records_are_imported_again(tmp_path):
    batch = process([{"email": "no", "company": "Acme"}])
    path = tmp_path / "rejects.jsonl"
    export(path, "--batch", str(batch.id))
    path.write_text(path.read_text().replace('"no"', '"ann@example.com"'))

    call_command("import_profiles", str(path), "--match", "email")

    assert Profile.objects.get().company == "Acme"


def test_those_of_an_import_and_of_a_label(tmp_path):
    file = write(tmp_path / "a.csv", "email,company\nno,Acme\nx\n")
    with pytest.raises(SystemExit):
        call_command("import_profiles", str(file), "--match", "email")

    assert export(tmp_path / "one.jsonl", "--import", str(Import.objects.get().pk)) == (0, "")
    assert export(tmp_path / "two.jsonl", "--label", "a.csv") == (0, "")

    lines = (tmp_path / "one.jsonl").read_text()
    assert lines == (tmp_path / "two.jsonl").read_text()
    assert [json.loads(line)["email"] for line in lines.splitlines()] == ["no", "x"]


def test_nothing_rejected_writes_no_file(tmp_path, capsys):
    batch = process([{"email": "ann@example.com"}])

    assert export(tmp_path / "rejects.jsonl", "--batch", str(batch.id)) == (0, "")

    assert "was not written" in capsys.readouterr().out
    assert not (tmp_path / "rejects.jsonl").exists()


def test_bodies_that_are_gone_are_told(tmp_path):
    batch = process([{"email": "no"}])
    BatchBody.objects.all().delete()

    code, sentence = export(tmp_path / "rejects.jsonl", "--batch", str(batch.id))

    assert (code, sentence) == (1, "1 record is not among them: what was received is no longer kept.")


def test_what_is_not_there(tmp_path):
    path = tmp_path / "rejects.jsonl"
    path.write_text("mine")

    assert export(tmp_path / "new.jsonl", "--batch", str(uuid4())) == (2, "There is no such batch.")
    assert export(tmp_path / "new.jsonl", "--label", "nothing") == (2, "There is no such batch.")
    assert export(path, "--label", "nothing")[0] == 2
    assert path.read_text() == "mine"
