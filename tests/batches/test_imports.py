"""Imports as they are listed: over REST, at the desk, and taken back by their id."""

import uuid

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from batches.imports import Progress, progress_of
from batches.models import Batch, Import
from profiles.models import Profile
from tests.builders import process, submit

pytestmark = pytest.mark.django_db
LIST = "/api/v3/imports"


@pytest.fixture
def imported(machine_user):
    """Return an import of two slices, one of which has a rejected record."""
    one = Import.objects.create(
        name="customers.csv",
        terms={"match": "shopify,email", "mapping": "shopify"},
        label="spring",
        queue_key="import-1",
        submitted_by=machine_user,
        finished_at=timezone.now(),
    )
    slices = [
        [{"email": "a@example.com"}, {"email": "b@example.com"}],
        [{"email": "a@example.com", "company": "Acme"}, {"email": "no"}],
    ]
    for number, records in enumerate(slices):
        process(records, part_of=(one.pk, number))
    return one


def test_import_is_told_in_the_contracts_words(api_client, imported):
    (listed,) = api_client.get(LIST).json()["data"]
    read = api_client.get(f"{LIST}/{imported.pk}").json()["data"]

    assert read == listed
    assert {name: read[name] for name in ("name", "status", "label", "count", "failed_count", "progress")} == {
        "name": "customers.csv",
        "status": "SUCCESS",
        "label": "spring",
        "count": 4,
        "failed_count": 1,
        "progress": 100,
    }
    assert (read["created_count"], read["updated_count"], read["unchanged_count"]) == (2, 1, 0)
    assert read["meta"] == {
        "match": "shopify,email",
        "mapping": "shopify",
        "submitted_by": "till",
        "batches": 2,
        "fault": None,
    }


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"finished_at": None}, "PROCESSING"),
        ({"fault": "the compressed file is damaged or ends too early."}, "FAILED"),
    ],
)
def test_status_of_an_import(api_client, imported, change, status):
    Import.objects.update(**change)

    assert api_client.get(f"{LIST}/{imported.pk}").json()["data"]["status"] == status


def test_import_that_waits_is_pending(api_client):
    one = Import.objects.create(name="a.csv", terms={}, queue_key="q", finished_at=timezone.now())
    submit([{"email": "a@example.com"}], part_of=(one.pk, 0))

    told = api_client.get(f"{LIST}/{one.pk}").json()["data"]

    assert (told["status"], told["count"], told["progress"]) == ("PENDING", 1, 0)


def test_import_that_is_not_there(api_client):
    assert api_client.get(f"{LIST}/{uuid.uuid4()}").status_code == 404
    assert api_client.get(f"{LIST}/x").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_any_number_of_imports_is_one_statement(imported, count, django_assert_num_queries):
    others = [Import.objects.create(name="a", terms={}, queue_key="q").pk for _ in range(count)]

    with django_assert_num_queries(1):
        progress = progress_of([imported.pk, *others])

    assert progress[imported.pk] == Progress(2, 0, 4, 2, 1, 0, 1)
    assert [progress[one] for one in others] == [Progress()] * count


def test_slice_is_kept_once(imported):
    with pytest.raises(IntegrityError):
        submit([{"email": "c@example.com"}], part_of=(imported.pk, 1))


# --- At the desk -------------------------------------------------------------------------------------------------


def test_desk_lists_imports_and_leads_to_their_batches(staff_client, imported, django_assert_max_num_queries):
    with django_assert_max_num_queries(9):
        page = staff_client.get(reverse("admin:batches_import_changelist")).content.decode()

    assert "customers.csv" in page
    assert "by shopify,email, mapping shopify" in page
    assert "finished" in page
    one = staff_client.get(reverse("admin:batches_import_change", args=[imported.pk])).content.decode()
    batches = f"/admin/batches/batch/?import={imported.pk}"
    assert batches in one
    assert "Take back…" in one
    process([{"email": "z@example.com"}], label="of somebody else")
    listed = staff_client.get(batches).content.decode()
    assert all(str(batch.pk) in listed for batch in imported.batches.all())
    assert "of somebody else" not in listed


@pytest.mark.parametrize(
    ("change", "state"), [({"finished_at": None}, "not at its end"), ({"fault": "damaged"}, "broke off")]
)
def test_desk_tells_what_did_not_come_to_its_end(staff_client, imported, change, state):
    Import.objects.update(**change)

    assert state in staff_client.get(reverse("admin:batches_import_changelist")).content.decode()


# --- Taken back --------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_import_is_taken_back_by_its_id(imported, capsys):
    process([{"email": "z@example.com"}], label="spring")

    call_command("undo", "--import", str(imported.pk), "--yes")

    assert list(Profile.objects.filter(ended=None).values_list("email", flat=True)) == ["z@example.com"]
    assert Batch.objects.filter(undoes__part_of=imported).count() == 2


def test_import_that_is_not_there_cannot_be_taken_back():
    nobody = uuid.uuid4()

    with pytest.raises(CommandError, match=f"There is no import {nobody} of which anything was taken."):
        call_command("undo", "--import", str(nobody), "--yes")
