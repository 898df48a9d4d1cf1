"""Files of records that can be imported again."""

import contextlib
import gzip
import io
import json

import pytest
import zstandard
from django.core.management import CommandError, call_command
from django.utils import timezone

from batches.exporting import writing_to
from batches.files import read_slices
from batches.intake import submit_batch
from batches.models import Batch
from batches.values import BatchSource
from profiles.exporting import Wanted, export_profiles
from profiles.models import Organisation, Profile, Region, RoleDefinition
from tests.builders import make_profile, process, process_waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    """Return three that can be exported by email and a deleted one; there is one without an email besides."""
    Region.objects.create(handle="victoria", name="Victoria")
    ana = make_profile(email="ana@example.com", first_name="Ana", tags=["vip"], profile_type="active")
    ben = make_profile(email="ben@example.com", first_name="Ben", tags=["vip", "gold"], region="victoria")
    cleo = make_profile(email="cleo@example.com", first_name="Cleo", profile_type="pending")
    process([{"identities": [{"handle": "pos", "identifier": "7"}]}], criteria="pos")
    gone = make_profile(email="gone@example.com")
    process([{"email": "gone@example.com", "profile_type": "deleted"}])
    return {"ana": ana, "ben": ben, "cleo": cleo, "gone": gone}


def export(*arguments, code=None):
    """Export; return what was said."""
    said = io.StringIO()
    if code is None:
        call_command("export_profiles", *map(str, arguments), stderr=said)
    else:
        with pytest.raises(SystemExit) as ended:
            call_command("export_profiles", *map(str, arguments), stderr=said)
        assert ended.value.code == code
    return said.getvalue()


def names(path):
    return [json.loads(line)["first_name"] for line in path.read_bytes().splitlines()]


@pytest.mark.usefixtures("people")
def test_exported_file_imports_as_unchanged(tmp_path):
    file = tmp_path / "all.jsonl"

    said = export(file, code=1)
    (part,) = read_slices(file, criteria=("email",), size=500)
    receipt = submit_batch(body=part.body(("email",)), source=BatchSource.IMPORT, submitted_by=None)
    process_waiting()

    assert names(file) == ["Ana", "Ben", "Cleo"]
    assert said == (
        f"3 profiles, 3 records in {file}.\n"
        "Left out, with nothing to be matched by: 1 profile.\n"
        "Left out, deleted: 1 profile.\n"
    )
    imported = Batch.objects.get(id=receipt.batch_id)
    assert (imported.total_count, imported.unchanged_count) == (3, 3)


def test_those_left_out_are_named(tmp_path, people):
    named = tmp_path / "left-out.jsonl"

    export(tmp_path / "all.jsonl", "--left-out", named, code=1)

    nameless = Profile.objects.get(email=None)
    assert [json.loads(line) for line in named.read_bytes().splitlines()] == [
        {"profile_id": str(nameless.id), "code": "no_match_value"},
        {"profile_id": str(people["gone"].id), "code": "deleted"},
    ]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--tag", "vip"], ["Ana", "Ben"]),
        (["--tag", "vip", "--tag", "gold"], ["Ben"]),
        (["--tag", "nobody has it"], []),
        (["--type", "active", "--tag", "vip"], ["Ana", "Ben"]),
        (["--type", "pending", "--type", "active", "--since", "2020-01-01", "--tag", "vip"], ["Ana", "Ben"]),
        (["--region", "victoria", "--region", "nowhere"], ["Ben"]),
        (["--since", "2999-01-01"], []),
        (["--since", "2020-01-01T00:00Z", "--type", "pending"], ["Cleo"]),
    ],
)
def test_export_is_narrowed(tmp_path, options, expected):
    file = tmp_path / "some.jsonl"

    said = export(file, *options)

    assert names(file) == expected
    assert said.startswith(f"{len(expected)} profile")


@pytest.mark.usefixtures("people")
def test_by_an_identity_who_has_one_is_exported(tmp_path):
    file = tmp_path / "pos.jsonl"

    export(file, "--match", "pos", code=1)

    (record,) = [json.loads(line) for line in file.read_bytes().splitlines()]
    assert record["identities"] == [{"handle": "pos", "identifier": "7", "is_active": True}]


@pytest.mark.parametrize(
    ("suffix", "unpack"),
    [(".gz", gzip.decompress), (".zst", lambda data: zstandard.ZstdDecompressor().stream_reader(data).read())],
)
def test_export_is_compressed_by_the_name(tmp_path, suffix, unpack):
    make_profile(email="ana@example.com", first_name="Ana")
    file = tmp_path / f"all.jsonl{suffix}"

    export(file)

    assert json.loads(unpack(file.read_bytes()))["first_name"] == "Ana"


def test_export_goes_to_standard_output(capfdbinary):
    make_profile(email="ana@example.com", first_name="Ana")

    said = export()

    assert json.loads(capfdbinary.readouterr().out)["first_name"] == "Ana"
    assert said == "1 profile, 1 record.\n"


def test_export_of_nobody_is_an_empty_file(tmp_path):
    said = export(tmp_path / "none.jsonl")

    assert (tmp_path / "none.jsonl").read_bytes() == b""
    assert said == f"0 profiles, 0 records in {tmp_path / 'none.jsonl'}.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{tmp}/no/such/folder.jsonl"], "{tmp}/no/such/folder.jsonl cannot be written: No such file or directory."),
        (["{tmp}"], "{tmp} cannot be written: Is a directory."),
        (["--since", "yesterday"], "--since: The time must be such as 2026-01-31T15:20Z."),
        (["--match", ","], "--match: Between two commas, before and after them, there must be a criterion."),
        (["--tag", " "], "--tag: The text must not be empty."),
    ],
)
def test_export_that_cannot_be_made_says_why(tmp_path, arguments, message):
    with pytest.raises(CommandError) as refused:
        call_command("export_profiles", *(one.format(tmp=tmp_path) for one in arguments))

    assert str(refused.value) == message.format(tmp=tmp_path)
    assert refused.value.returncode == 2


def test_file_has_its_name_only_once_it_is_whole(tmp_path):
    file = tmp_path / "all.jsonl"
    file.write_bytes(b"yesterday's")

    with contextlib.suppress(ZeroDivisionError), writing_to(file) as output:
        output.write(b"half")
        1 / 0  # noqa: B018 whatever ends it

    assert file.read_bytes() == b"yesterday's"
    assert list(tmp_path.iterdir()) == [file]


def test_finished_file_takes_the_place_of_the_old_one(tmp_path):
    file = tmp_path / "all.jsonl"
    file.write_bytes(b"yesterday's")

    with writing_to(file) as output:
        output.write(b"whole")

    assert file.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [file]


def test_export_costs_the_same_for_any_number(tmp_path, django_assert_num_queries):
    RoleDefinition.objects.create(handle="buyer", name="Buyer")
    acme = Organisation.objects.create(handle="acme", name="Acme")
    for count in (1, 3, 100):
        while Profile.objects.count() < count:
            make_profile(
                email=f"p{Profile.objects.count()}@example.com", tags=["vip"], organisations=[{"id": acme.pk}]
            )
        with django_assert_num_queries(3):  # the ids, the profiles, the organisations
            list(export_profiles(Wanted(), now=timezone.now()))


# --- CSV ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("people")
def test_exported_csv_imports_as_unchanged(tmp_path):
    process([{"email": "ana@example.com", "company": "=SUM(A1)", "mobile_phone": "+61404000001", "gender": "female"}])
    file = tmp_path / "all.csv"

    export(file, code=1)
    (part,) = read_slices(file, criteria=("email",), size=500)
    receipt = submit_batch(body=part.body(("email",)), source=BatchSource.IMPORT, submitted_by=None)
    process_waiting()

    assert Batch.objects.get(id=receipt.batch_id).unchanged_count == 3
    assert b"ana@example.com,,Ana," in file.read_bytes()


@pytest.mark.usefixtures("people")
def test_csv_has_the_columns_that_are_asked_for(tmp_path, capfdbinary):
    export("-", "--csv", "--columns", "first_name,email,tags", code=1)

    assert capfdbinary.readouterr().out.splitlines() == [
        b"first_name,email,tags",
        b"Ana,ana@example.com,vip",
        b'Ben,ben@example.com,"vip, gold"',
        b"Cleo,cleo@example.com,",
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["a.csv", "--columns", "emial"], "--columns: There is no field emial."),
        (["a.jsonl", "--columns", "email"], "--columns are those of a CSV: name the file .csv, or give --csv."),
    ],
)
def test_columns_that_are_refused(tmp_path, arguments, told):
    with pytest.raises(CommandError, match=told):
        call_command("export_profiles", str(tmp_path / arguments[0]), *arguments[1:])
