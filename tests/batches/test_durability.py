"""Whoever promises a commit keeps it: none of these goes by inside somebody's transaction, which may yet be undone."""

import uuid

import pytest
from django.db import transaction

from batches import leases
from batches.drafts import Drafts
from batches.models import Batch
from batches.processing import process_batch
from batches.resending import resend
from batches.values import BatchSource
from tests.builders import process, raw_record, submit

pytestmark = pytest.mark.django_db


def submit_again():
    return submit([raw_record()])


def send_again():
    return list(resend(Batch.objects.get(rejected_count=1), [0], source=BatchSource.COMMAND))


def work_on():
    batch = Batch.objects.get(state="running")
    process_batch(batch, Drafts(batch))


def work_on_smaller():
    Batch.objects.filter(state="running").update(failures=2)
    work_on()


def claim_next():
    return leases.claim(worker="another")


def requeue_one():
    return leases.requeue(uuid.uuid4())


@pytest.mark.parametrize(
    "promise",
    [
        submit_again,
        send_again,
        work_on,
        work_on_smaller,
        claim_next,
        requeue_one,
    ],
)
def test_nothing_is_promised_inside_a_transaction(promise):
    process([{"email": "no"}])
    submit([raw_record(), raw_record()], queue_key="a")
    submit([raw_record()], queue_key="b")
    leases.claim(worker="test")
    before = list(Batch.objects.order_by("id").values())

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        promise()

    assert list(Batch.objects.order_by("id").values()) == before
    promise()
