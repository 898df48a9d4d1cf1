"""What `manage.py` says where something goes wrong, and the exit code it ends with."""

import json
import os
import subprocess
import sys
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.faults.hub import ROOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PEOPLE = ["import_profiles", "people.jsonl", "--match", "email"]
NOT_MIGRATED = "The database is not up to date; run `manage.py migrate` first."


def start(url, *command, folder, program=("manage.py",), **options):
    """Start a command in a folder with files: two people, one of them faulty; one record; one status."""
    (folder / "people.jsonl").write_text('{"email":"ann@example.com"}\n{"email":"bob"}\n')
    (folder / "ann.json").write_text('{"email":"ann@example.com"}')
    (folder / "status.json").write_text('{"statuses":[{"handle":"gold","name":"Gold"}]}')
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT), "LOG_LEVEL": "ERROR"}
    arguments = [str(folder / word) if (folder / word).exists() else word for word in command]
    return subprocess.Popen(
        [sys.executable, *program, *arguments], cwd=ROOT, env=environment, text=True, stderr=subprocess.PIPE, **options
    )


def run(url, *command, folder, **options):
    """Run it; return the exit code and what it says of what went wrong."""
    process = start(url, *command, folder=folder, stdout=subprocess.DEVNULL, **options)
    _, told = process.communicate(timeout=120)
    return process.returncode, told


@pytest.fixture
def empty_url(url, engine, tmp_path):
    """Return the address of a database without tables."""
    if engine == "sqlite":
        return f"sqlite:///{tmp_path}/empty.sqlite3"
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query), ("options", "-c search_path=nowhere")])
    return parts._replace(query=query).geturl()


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        (PEOPLE, 2, f"CommandError: {NOT_MIGRATED}\n"),
        ([*PEOPLE, "--user", "till"], 2, f"CommandError: {NOT_MIGRATED}\n"),
        (["explain", "ann.json", "--match", "email"], 2, f"CommandError: {NOT_MIGRATED}\n"),
        (["explain", "ann.json", "--match", "email", "--user", "till"], 2, f"CommandError: {NOT_MIGRATED}\n"),
        (["export_rejects", "rejects.jsonl", "--label", "x"], 2, f"CommandError: {NOT_MIGRATED}\n"),
        (["export_profiles"], 2, f"CommandError: {NOT_MIGRATED}\n"),
        (["create_token", "x"], 1, f"manage.py: {NOT_MIGRATED}\n"),
        (["load_reference", "status.json"], 1, f"manage.py: {NOT_MIGRATED}\n"),
    ],
)
def test_database_without_tables_is_told_in_a_sentence(empty_url, tmp_path, command, code, told):
    assert run(empty_url, *command, folder=tmp_path) == (code, told)


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        (["create_token", "x"], 1, "manage.py: The database cannot be used: unable to open database file.\n"),
        (
            ["requeue", "01a20c9f-b30d-7000-a580-46bb423e7cc5"],
            1,
            "manage.py: The database cannot be used: unable to open database file.\n",
        ),
        (
            [*PEOPLE, "--user", "till"],
            2,
            "CommandError: The database cannot be used: unable to open database file.\n",
        ),
        (PEOPLE, 2, "CommandError: The database cannot be used: unable to open database file.\n"),
    ],
)
def test_database_that_is_away_is_told_in_a_sentence(tmp_path, command, code, told):
    assert run(f"sqlite:///{tmp_path}/nowhere/hub.sqlite3", *command, folder=tmp_path) == (code, told)


@pytest.mark.parametrize(
    ("command", "unbuffered", "code"),
    [
        (PEOPLE, "", 1),  # one record was rejected, whether or not anybody reads it
        (PEOPLE, "1", 1),
        (["help", "--commands"], "", 0),  # all was done before anybody could tell
        (["help", "--commands"], "1", 141),  # it was not
    ],
)
def test_reader_who_has_enough_is_no_failure(url, tmp_path, monkeypatch, command, unbuffered, code):
    """`manage.py … | head`: what is left is for nobody."""
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    reading, writing = os.pipe()
    os.close(reading)

    process = start(url, *command, folder=tmp_path, stdout=writing)
    os.close(writing)
    _, told = process.communicate(timeout=120)

    assert (process.returncode, told) == (code, "")


def test_what_nobody_foresaw_is_no_rejected_record(url, tmp_path):
    code, told = run(url, "importing", *PEOPLE, folder=tmp_path, program=("-m", "tests.faults.broken"))

    assert code == 2
    assert json.loads(told)["error"] == "builtins.ValueError"
