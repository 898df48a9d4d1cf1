"""A batch is committed as it came, or refused with nothing stored (way 1)."""

import json

import pytest
from django.db import transaction

from batches.intake import (
    BodyError,
    EnvelopeError,
    QueueFullError,
    UserQueueFullError,
    keep_batch,
    queue_batch,
    submit_batch,
)
from batches.models import Batch, BatchBody
from batches.values import BatchSource
from profiles.once import KeyConflictError

pytestmark = pytest.mark.django_db
BODY = b'{ "match_criteria": "email",  "profiles": [ {"email": "ann@example.com"} ] }'


def take(body=BODY, **options):
    return submit_batch(body=body, source=BatchSource.API, **{"submitted_by": None, **options})


def test_body_is_kept_byte_for_byte(machine_user):
    receipt = take(submitted_by=machine_user, label="shop", queue_key="q", request_id="r")

    batch = Batch.objects.get(id=receipt.batch_id)
    assert bytes(BatchBody.objects.get(batch=batch).content) == BODY
    assert (batch.total_count, batch.body_size, batch.label, batch.queue_key) == (1, len(BODY), "shop", "key:q")
    assert (batch.state, batch.request_id, batch.submitted_by) == ("queued", "r", machine_user)


@pytest.mark.parametrize(
    ("body", "error"),
    [(b"", BodyError), (b"[1", BodyError), (b"{}", EnvelopeError), (b'{"match_criteria": "email"}', EnvelopeError)],
)
def test_what_is_no_batch_leaves_nothing(body, error):
    with pytest.raises(error):
        take(body)

    assert not Batch.objects.exists()


def test_queue_is_the_submitters_unless_one_is_named(machine_user):
    own, nobodys = take(submitted_by=machine_user), take()

    keys = [Batch.objects.get(id=one.batch_id).queue_key for one in (own, nobodys)]
    assert keys == [f"user:{machine_user.pk}", "user:"]


def test_idempotency_key_means_one_batch(machine_user):
    first, again = (take(submitted_by=machine_user, idempotency_key="k") for _ in range(2))

    assert (again.batch_id, first.replayed, again.replayed) == (first.batch_id, False, True)
    with pytest.raises(KeyConflictError):
        take(json.dumps(json.loads(BODY)).encode(), submitted_by=machine_user, idempotency_key="k")
    with pytest.raises(KeyConflictError):
        take(submitted_by=machine_user, idempotency_key="k", dry_run=True)


def test_full_queue_takes_no_more(settings, machine_user):
    settings.MAX_QUEUED_BATCHES_PER_USER = 1
    take(submitted_by=machine_user)

    with pytest.raises(UserQueueFullError):
        take(submitted_by=machine_user)
    settings.MAX_QUEUED_BATCHES = 1
    with pytest.raises(QueueFullError):
        take()
    assert Batch.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_receipt_is_no_promise_inside_of_a_transaction():
    with transaction.atomic(), pytest.raises(RuntimeError):
        take()

    assert not Batch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_batch_may_be_queued_beside_others_in_one_transaction():
    def batch():
        return Batch(source=BatchSource.UNDO, body_sha256="0" * 64, body_size=1, total_count=1, queue_key="user:")

    with transaction.atomic(durable=True):
        queue_batch(batch(), b"1")
        queue_batch(batch(), b"2")
    keep_batch(batch(), b"3")

    assert Batch.objects.count() == 3
