"""Files through the same door as the API, row by row, and what is said of them."""

import gzip
import io
import json
import logging
import os
import re
import sys
import threading

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from batches import importing
from batches.management.commands import import_profiles
from batches.models import Batch, BatchRecord, Import
from profiles.models import Identity, Profile
from tests.batches.files.reading import run_import as run
from tests.batches.files.reading import write
from tests.builders import process

NAMES = "the name must end in one of .jsonl, .ndjson, .json, .csv, .tsv, perhaps followed by .gz or .zst."
transactional = pytest.mark.django_db(transaction=True)


@transactional
def test_import_goes_through_the_same_door(tmp_path, capsys):
    path = write(tmp_path / "a.csv", "email,identities.pos\na@example.com,1\nb@example.com,2\n")

    assert run(path) == (0, "")

    assert capsys.readouterr().out == f"{path}: 2 records: 2 created, 0 updated, 0 unchanged, 0 rejected.\n"
    batch = Batch.objects.get()
    assert (batch.source, batch.label, batch.state) == ("import", "a.csv", "done")
    assert Identity.objects.count() == 2


@transactional
def test_shared_mobiles_are_taken_where_the_operator_says_so(tmp_path):
    path = write(tmp_path / "a.csv", "email,mobile phone\na@example.com,+61404123123\nb@example.com,+61404123123\n")

    assert run(path, "--mobile-clash", "secondary") == (0, "")

    assert Batch.objects.get().mobile_clash == "secondary"
    assert set(Profile.objects.values_list("mobile_phone", "secondary_phone")) == {
        ("+61404123123", None),
        (None, "+61404123123"),
    }


@transactional
def test_one_record_is_one_record(tmp_path, capsys):
    path = write(tmp_path / "a.csv", "email\na@example.com\n")

    assert run(path) == (0, "")

    assert capsys.readouterr().out == f"{path}: 1 record: 1 created, 0 updated, 0 unchanged, 0 rejected.\n"


@transactional
def test_header_below_which_there_is_nothing(tmp_path, capsys):
    path = write(tmp_path / "a.csv", "email\n")

    assert run(path) == (0, "")

    assert capsys.readouterr().out == f"{path}: 0 records: 0 created, 0 updated, 0 unchanged, 0 rejected.\n"


@transactional
def test_rejected_rows_are_corrected_and_imported_again(tmp_path, capsys):
    rows = ['email;"first name";note', "a@example.com;A", 'wrong;"=B; b";x', 'c@example.com;"C', "D;#N/A;"]
    path = write(tmp_path / "a.csv", "\n".join(rows).replace(";note", ";company") + "\n")
    rejects = tmp_path / "rejects.csv"

    assert run(path, "--reject-file", str(rejects)) == (1, "")

    assert f"{rejects}: 3 rejected rows, to be corrected and imported again." in capsys.readouterr().out
    lines = rejects.read_text().splitlines()
    assert lines[0] == 'email;"first name";company;rejected_line;rejected_because;rejected_row'
    assert lines[1].startswith('wrong;"=B; b";x;3;"/email: ')
    assert lines[2] == ';;;4;a quotation mark opens a cell and is never closed.;"c@example.com;""C"'
    assert lines[3].startswith("D;#N/A;;5;")
    assert run(path, "--reject-file", str(rejects)) == (
        2,
        f"{rejects} is there already; rejected rows go to a new file.",
    )

    write(rejects, rejects.read_text().replace("wrong", "b@example.com").replace("D;#N/A", "d@example.com;D"))
    assert run(rejects) == (1, "")
    assert sorted(Profile.objects.values_list("email", "first_name")) == [
        ("a@example.com", "A"),
        ("b@example.com", "=B; b"),
        ("d@example.com", "D"),
    ]


@transactional
def test_rejected_json_is_corrected_and_imported_again(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"email": "wrong", "tags": ["a"]}\n{"email": "b@example.com"\n')
    rejects = tmp_path / "rejects.jsonl"

    assert run(path, "--reject-file", str(rejects)) == (1, "")

    first, second = map(json.loads, rejects.read_text().splitlines())
    assert (first["email"], first["tags"], first["rejected_line"]) == ("wrong", ["a"], 1)
    assert first["rejected_because"][0].startswith("/email: ")
    assert second == {
        "rejected_row": '{"email": "b@example.com"',
        "rejected_line": 2,
        "rejected_because": ["not JSON at column 26: the line ends too early."],
    }
    write(rejects, rejects.read_text().replace("wrong", "a@example.com"))
    assert run(rejects) == (1, "")
    assert BatchRecord.objects.order_by("id").last().errors[0]["message"] == (
        "Line 2: the row is still as it was rejected: correct it, and leave out rejected_row."
    )
    assert BatchRecord.objects.get(batch__label="rejects.jsonl", position=0).warnings == []


@transactional
def test_file_of_windows_is_read_and_told(tmp_path, capsys):
    path = write(tmp_path / "a.csv", "email,last_name\na@example.com,Müller\n".encode("cp1252"))

    assert run(path) == (0, "")

    assert "The file was read as Windows-1252.\n" in capsys.readouterr().out
    assert Profile.objects.get().last_name == "Müller"


@transactional
def test_standard_input_is_a_file_too(tmp_path, monkeypatch, capsys):
    stream = io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"email\na@example.com\n")))
    monkeypatch.setattr(sys, "stdin", stream)

    assert run("-", "--format", "csv") == (0, "")

    assert capsys.readouterr().out == "-: 1 record: 1 created, 0 updated, 0 unchanged, 0 rejected.\n"
    assert Batch.objects.get().label == "-"
    assert run("-") == (
        2,
        "-: standard input has no name; tell its format: jsonl, ndjson, json, csv, tsv. Nothing was taken.",
    )


@transactional
def test_pipe_is_read_once_and_cannot_be_taken_up_again(tmp_path, capsys):
    pipe = tmp_path / "a.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("email\na@example.com\n",))
    writer.start()

    assert run(pipe) == (0, "")

    writer.join()
    assert "1 record: 1 created" in capsys.readouterr().out
    assert Import.objects.get().file_sha256 == ""


@transactional
def test_rejects_that_cannot_be_written_leave_an_import_to_be_taken_up(tmp_path):
    path = write(tmp_path / "a.csv", "email\nwrong\n")

    code, told = run(path, "--reject-file", str(tmp_path / "nowhere" / "r.csv"))

    assert code == 2
    assert "nowhere/r.csv: No such file or directory. 1 record was taken." in told
    assert told.endswith("--resume goes on.")
    assert Import.objects.get().finished_at is None
    assert run(path, "--resume", "--reject-file", str(tmp_path / "r.csv")) == (1, "")


@transactional
def test_only_the_first_records_are_taken_where_that_is_asked(tmp_path):
    path = write(tmp_path / "a.csv", "email\n" + "".join(f"p{number}@example.com\n" for number in range(600)))

    assert run(path, "--limit", "501") == (0, "")
    assert Profile.objects.count() == 501
    assert run(path, "--limit", "0") == (2, "--limit is a number of records, 1 at least.")


@transactional
def test_export_of_a_source_is_imported_with_its_mapping(tmp_path, capsys):
    path = write(tmp_path / "a.csv", "Customer ID,Email,Default Address Country Code\n'7,a@example.com,AU\n")

    assert run(path, "--mapping", "shopify", match="shopify,email") == (0, "")

    assert "1 address left out for want of a first line, a city or a country.\n" in capsys.readouterr().out
    assert Identity.objects.values_list("handle", "identifier").get() == ("shopify", "7")
    assert run(path, "--mapping", "omneo")[0] == 2
    assert run(write(tmp_path / "a.jsonl", "{}\n"), "--mapping", "shopify")[1].endswith(
        "JSON Lines hold records as the hub knows them; a mapping is for CSV. Nothing was taken."
    )


@pytest.fixture
def left_off(tmp_path, monkeypatch):
    """Return a file of 1,200 rows, of which a broken import took the first two slices."""
    rows = [f"p{number}@example.com" for number in range(1_200)]
    rows[700] = "wrong"
    path = write(tmp_path / "a.csv", "email\n" + "\n".join(rows) + "\n")
    submit, sent = importing.submit_batch, []

    def break_off(**options):
        if len(sent) == 2:
            raise KeyboardInterrupt
        sent.append(options)
        return submit(**options)

    with monkeypatch.context() as patch:
        patch.setattr(importing, "submit_batch", break_off)
        assert run(path) == (
            2,
            "Interrupted. 1,000 records were taken. Those not decided yet stay queued. --resume goes on.",
        )
    return path


@transactional
def test_import_is_taken_up_where_it_stopped(left_off, tmp_path, capsys):
    rejects = tmp_path / "rejects.csv"
    capsys.readouterr()

    assert run(left_off, "--resume", "--reject-file", str(rejects)) == (1, "")

    assert "1,200 records: 1,199 created, 0 updated, 0 unchanged, 1 rejected." in capsys.readouterr().out
    assert list(Batch.objects.order_by("slice").values_list("slice", "total_count")) == [(0, 500), (1, 500), (2, 200)]
    assert Import.objects.get().finished_at is not None
    assert rejects.read_text().splitlines()[1].startswith("wrong,702,")
    assert run(left_off, "--resume") == (
        2,
        f"{left_off}: There is no unfinished import of this file that could be taken up again.",
    )


@transactional
def test_import_is_taken_up_with_the_same_options_alone(left_off):
    assert run(left_off, "--resume", "--limit", "3") == (
        2,
        f"{left_off}: The import was begun otherwise: limit None. Take it up again with the same options.",
    )
    assert Batch.objects.count() == 2


@transactional
def test_slice_that_is_read_otherwise_is_not_taken_for_the_same(left_off):
    Batch.objects.filter(slice=1).update(body_sha256="0" * 64)

    assert run(left_off, "--resume") == (
        2,
        f"{left_off}: Slice 2 of the file is read otherwise than before; import it anew.",
    )


@transactional
def test_two_who_take_up_one_import_send_each_slice_once(left_off, monkeypatch):
    submit = importing.submit_batch

    def submit_twice(**options):
        submit(**options)  # the other one is faster
        return submit(**options)

    monkeypatch.setattr(importing, "submit_batch", submit_twice)

    assert run(left_off, "--resume") == (1, "")
    assert list(Batch.objects.order_by("slice").values_list("slice", flat=True)) == [0, 1, 2]


@transactional
def test_unfinished_import_is_told_of(left_off, capsys):
    run(left_off)

    assert re.search(
        r"An import of this file, of \d{4}-\d\d-\d\d \d\d:\d\d UTC, is not at its end; --resume goes on with it.",
        capsys.readouterr().err,
    )


@transactional
def test_refused_file_leaves_no_import(tmp_path):
    run(write(tmp_path / "a.csv", "emial\n"))

    assert not Import.objects.exists()


@transactional
def test_nothing_rejected_makes_no_file(tmp_path):
    path = write(tmp_path / "a.csv", "email\na@example.com\n")

    assert run(path, "--reject-file", str(tmp_path / "rejects.csv")) == (0, "")
    assert not (tmp_path / "rejects.csv").exists()


@transactional
def test_faulty_row_is_one_rejected_record(tmp_path, capsys):
    rows = [
        "email,identities.shop,birth_day,birth_month,statuses",
        "a@example.com,1,,,",
        "b@example.com,1.23E+15,,,",
        'c@example.com,"3,,,',
        "wrong,4,40,13,",
        "e@example.com,5,,,nobody",
        "f@example.com,6,,,nobody",
    ]
    path = write(tmp_path / "a b.csv", "\n".join(rows) + "\n")

    assert run(path) == (1, "")

    ruined = BatchRecord.objects.get(position=1).errors[0]["message"]
    warned = BatchRecord.objects.get(position=4).warnings[0]["message"]
    said = [error["message"] for error in BatchRecord.objects.get(position=3).errors]
    assert capsys.readouterr().out.splitlines() == [
        f"{path}: 6 records: 3 created, 0 updated, 0 unchanged, 3 rejected.",
        f"  line 3: /identities/0/identifier: {ruined} (invalid)",
        "  line 4: a quotation mark opens a cell and is never closed.",
        f"  line 5: /email: {said[0]} (invalid)",
        f"    /birth_day: {said[1]} (invalid)",
        f"    /birth_month: {said[2]} (invalid)",
        f"2 warnings unknown_status; the first in line 6: /statuses/0: {warned} (unknown_status)",
        "Each rejected record is in the admin as it came, under the label a b.csv: /admin/batches/batch/?q=a%20b.csv",
    ]
    assert reverse("admin:batches_batch_changelist") == "/admin/batches/batch/"
    rejected = BatchRecord.objects.get(position=2)
    assert (rejected.outcome, rejected.external_id, rejected.error_code) == ("rejected", "", "unreadable")
    assert rejected.errors == [
        {
            "code": "unreadable",
            "pointer": "",
            "message": "Line 4: a quotation mark opens a cell and is never closed.",
        }
    ]


@transactional
def test_faulty_row_can_be_looked_at(tmp_path, api_client, staff_client):
    path = write(tmp_path / "a.csv", "email,company\na@example.com,Mü\udcfc\n".encode(errors="surrogateescape"))
    run(path)
    row = BatchRecord.objects.get()

    page = staff_client.get(reverse("admin:batches_batchrecord_change", args=[row.id])).content.decode()
    received = api_client.get(f"/api/v3/batches/{row.batch_id}/items/0/record")

    assert "a@example.com,Mü\\\\xfc" in page
    assert "Line 2: byte 0xFC at column 17 is not UTF-8; save the file as UTF-8, or tell its encoding." in page
    assert json.loads(received.content) == {
        "unreadable_row": {
            "line": 2,
            "text": "a@example.com,Mü\\xfc",
            "errors": ["byte 0xFC at column 17 is not UTF-8; save the file as UTF-8, or tell its encoding."],
        }
    }


@pytest.mark.django_db
def test_sender_of_a_faulty_row_gets_no_special_treatment():
    row = {"unreadable_row": {"line": 1, "text": "x", "errors": ["anything."]}}

    alone, beside = process([row, {"email": "a@example.com", **row}]).records.order_by("position")

    assert (alone.outcome, alone.error_code) == ("rejected", "no_match_value")
    assert beside.outcome == "created"
    assert [[one["code"] for one in record.warnings] for record in (alone, beside)] == [["unknown_field"]] * 2


@transactional
def test_faulty_row_is_told_alike_by_any_criterion(tmp_path):
    path = write(tmp_path / "a.jsonl", "[1]\n")

    assert run(path, match="shop") == (1, "")

    assert [error["code"] for error in BatchRecord.objects.get().errors] == ["unreadable"]


@transactional
def test_no_more_than_ten_are_shown(tmp_path, capsys):
    path = write(tmp_path / "a.jsonl", "\n".join(['{"email":"a@example.com"}', *["{"] * 1_200]))

    assert run(path, "--label", "trial") == (1, "")

    lines = capsys.readouterr().out.splitlines()
    assert lines[1:11] == [
        f"  line {number}: not JSON at column 2: the line ends too early." for number in range(2, 12)
    ]
    assert lines[11] == "  and 1,190 more."


@transactional
def test_file_is_matched_by_several_criteria(tmp_path):
    process([{"email": "ann@example.com"}])
    path = write(tmp_path / "orders.csv", "identities.shop,email\n7,ann@example.com\n7,\n,ann@example.com\n")

    assert run(path, match=" shop, email") == (0, "")

    (batch,) = Batch.objects.filter(source="import")
    assert batch.criteria == ("shop", "email")
    assert (batch.created_count, batch.updated_count, batch.unchanged_count) == (0, 1, 2)


@pytest.mark.parametrize(
    ("match", "told"),
    [
        ("shop,", "--match: Between two commas, before and after them, there must be a criterion."),
        ("a,a", "--match: The criterion stands twice."),
    ],
)
def test_criteria_that_are_none_are_told(tmp_path, match, told):
    assert run(write(tmp_path / "a.csv", "email\n"), match=match) == (2, told)


@transactional
def test_remark_about_the_batch_is_told_once(tmp_path, capsys):
    path = write(tmp_path / "a.jsonl", '{"email":"a@example.com"}\n' * 600)

    assert run(path, match="shop") == (1, "")

    assert capsys.readouterr().out.count("Note: No profile has an identity with the handle shop. (unused_handle)") == 1


# --- Failing -----------------------------------------------------------------------------------------------------


@transactional
def test_damage_keeps_what_came_before(tmp_path, capsys):
    lines = b"".join(b'{"email":"p%d@example.com"}\n' % number for number in range(3_000))
    path = write(tmp_path / "a.jsonl.gz", gzip.compress(lines)[:-3_000])

    code, told = run(path)

    taken = Profile.objects.count()
    assert 500 < taken < 3_000
    damaged = "the compressed file is damaged or ends too early."
    assert code == 2
    assert told == f"{path}, line {taken + 1}: {damaged} {taken:,} records before it were taken."
    assert f"{taken:,} records: {taken:,} created" in capsys.readouterr().out


@transactional
@pytest.mark.parametrize(
    ("name", "content", "match", "told"),
    [
        ("a.csv", "email,frist_name\na@b.cd,A\n", "email", ", line 1: unknown column: frist_name: first_name?"),
        ("a.csv", "title\n", "email", ", line 1: there is no column email, by which profiles are to be matched."),
        ("a.csv", "", "email", ": the file is empty."),
        ("a.jsonl", "", "email", ": the file is empty."),
        ("a.txt", "", "email", f": {NAMES}"),
        ("a.csv", None, "email", ": No such file or directory."),
        ("a.csv.gz", "email\n", "email", ": the file is not compressed with gzip, though its name ends in .gz."),
        ("a.csv", '{"email":"a@b.com"}\n', "email", ", line 1: the file is JSON; JSON Lines' names end in .jsonl."),
        ("a.jsonl", '[{"email":"a@example.com"},\n', "email",
         ", line 1: the file is a JSON array, not JSON Lines; its format is json."),
        ("a.jsonl", f'[{{"email":"{"x" * 300_000}"}}]', "email",
         ", line 1: the file is a JSON array, not JSON Lines; its format is json."),
        ("a.jsonl", '[ {"email":"a@example.com"}]', "email",
         ", line 1: the file is a JSON array, not JSON Lines; its format is json."),
    ],
)  # fmt: skip
def test_file_that_is_refused(tmp_path, name, content, match, told):
    path = tmp_path / name
    if content is not None:
        write(path, content)

    assert run(path, match=match) == (2, f"{path}{told} Nothing was taken.")

    assert not Batch.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--match", "email", "--user", "nobody"], "There is no user nobody."),
        (["--match", " "], "--match: The text must not be empty."),
    ],
)
def test_option_that_is_refused(tmp_path, options, told):
    with pytest.raises(CommandError) as caught:
        call_command("import_profiles", str(tmp_path / "a.csv"), *options)

    assert (str(caught.value), caught.value.returncode) == (told, 2)


# --- Progress ----------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


@transactional
def test_log_lines_never_tear_the_bar(tmp_path, monkeypatch):
    """What a terminal shows of each line is either the bar or the log."""
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stderr", terminal)
    handler = logging.StreamHandler(terminal)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [handler])
    level = root.level
    root.setLevel(logging.INFO)
    path = write(tmp_path / "file.jsonl", "".join(f'{{"email":"p{n}@example.com"}}\n' for n in range(1_200)))

    try:
        assert run(path) == (0, "")
    finally:
        root.setLevel(level)

    assert handler.stream is terminal
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    lines = [line for line in re.split(r"[\r\n]+", shown) if line.strip()]
    logged = [line for line in lines if "batch_done" in line]
    bars = [line for line in lines if "file.jsonl" in line]
    assert len(logged) == 3
    assert min(map(len, logged)) > 80
    assert bars
    assert not set(logged) & set(bars)


@transactional
def test_without_a_terminal_lines_are_written_now_and_then(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(import_profiles, "SECONDS_BETWEEN_LINES", 0)
    path = write(tmp_path / "a.jsonl", '{"email":"a@example.com"}\n')

    assert run(path) == (0, "")

    told = "a.jsonl: 1 record so far: 1 created, 0 updated, 0 unchanged, 0 rejected.\n"
    assert told in capsys.readouterr().err


# --- Several files -----------------------------------------------------------------------------------------------


@transactional
def test_several_files_are_imports_of_their_own_in_their_order(tmp_path, capsys):
    first = write(tmp_path / "a.csv", "email,company\na@example.com,Acme\n")
    second = write(tmp_path / "b.json", '[{"email": "a@example.com", "company": "Bakers"}]')

    assert run(first, second) == (0, "")

    told = capsys.readouterr().out
    assert told.index(f"{first}: 1 record: 1 created") < told.index(f"{second}: 1 record: 0 created, 1 updated")
    assert list(Import.objects.order_by("started_at").values_list("name", flat=True)) == ["a.csv", "b.json"]
    assert Profile.objects.get().company == "Bakers"


@transactional
def test_file_that_fails_stops_no_other(tmp_path, capsys):
    good = write(tmp_path / "b.csv", "email\nb@example.com\n")

    code, _ = run(tmp_path / "missing.csv", good)

    told = capsys.readouterr()
    assert code == 2
    assert "missing.csv: No such file or directory. Nothing was taken." in told.err
    assert Profile.objects.count() == 1


@transactional
def test_rejected_record_of_any_file_is_in_the_exit_code(tmp_path):
    files = [write(tmp_path / "a.csv", "email\nno\n"), write(tmp_path / "b.csv", "email\nb@example.com\n")]

    assert run(*files) == (1, "")


@transactional
def test_dry_run_of_several_files_sees_what_the_first_would_have_made(tmp_path, capsys):
    first = write(tmp_path / "a.csv", "email\na@example.com\n")
    second = write(tmp_path / "b.csv", "email,company\na@example.com,Acme\n")

    assert run(first, second, "--dry-run") == (0, "")

    assert f"{second}: 1 record: would be 0 created, 1 updated" in capsys.readouterr().out
    assert not Profile.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("names", "options", "sentence"),
    [
        (["a.csv", "-"], [], "Standard input is imported by itself."),
        (["a.csv", "b.csv"], ["--resume"], "--resume goes on with one file at a time."),
        (["a.csv", "b.csv"], ["--reject-file", "r.csv"],
         "--reject-file is for one file at a time: each has a header of its own."),
    ],
)  # fmt: skip
def test_what_is_for_one_file_alone(names, options, sentence):
    assert run(*names, *options) == (2, sentence)
