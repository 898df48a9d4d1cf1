"""The operators' commands about batches."""

import pytest
from django.core.management import CommandError, call_command

from batches.demo.customers import ReferenceIds, make_records
from batches.models import Batch
from tests.builders import submit

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
