"""The operators' commands about batches."""

import json
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from batches.demo.customers import ReferenceIds, make_records
from batches.models import Batch, BatchRecord, PreviewRecord
from tests.builders import process, process_waiting, submit

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


# --- Previews ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_old_previews_are_pruned(capsys, settings):
    settings.PREVIEW_DAYS = -1
    submit([{"email": "a@example.com"}], dry_run=True)
    process_waiting()

    call_command("prune_previews")
    call_command("prune_previews")

    assert capsys.readouterr().out == "1 preview expired.\n0 previews expired.\n"
    assert Batch.objects.get().state == "expired"
    assert not PreviewRecord.objects.exists()
