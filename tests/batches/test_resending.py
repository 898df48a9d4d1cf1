"""Sending again, from the desk, what the hub itself failed at."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from batches.models import Batch, BatchBody, BatchRecord
from profiles.models import User
from tests.builders import process, process_waiting, raw_record

pytestmark = pytest.mark.django_db

BATCHES = "/admin/batches/batch/"
RECORDS = "/admin/batches/batchrecord/"
INTERNAL = [{"code": "internal", "pointer": "", "message": "The hub could not process this record."}]


@pytest.fixture
def failed(machine_user):
    """Return a batch of three, at the last two of which the hub failed."""
    batch = process(
        [{"email": email} for email in ("no", "a@example.com", "b@example.com")], submitted_by=machine_user
    )
    BatchRecord.objects.filter(batch=batch, position__gt=0).update(
        outcome="rejected", error_code="internal", errors=INTERNAL, profile=None
    )
    Batch.objects.filter(id=batch.id).update(rejected_count=3, created_count=0)
    return batch


def record_of(batch, position):
    return BatchRecord.objects.get(batch=batch, position=position)


def page_of(record):
    return f"{RECORDS}{record.pk}/change/"


def told(response):
    return [str(message) for message in response.context["messages"]]


def corrections():
    batches = Batch.objects.filter(corrects_batch_id__isnull=False).order_by("corrects_position")
    return [(one.corrects_position, one.source, one.submitted_by.username) for one in batches]


def viewer_client():
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__in=["view_batch", "view_batchrecord"]))
    client = Client()
    client.force_login(viewer, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_record_is_processed_again(staff_client, failed):
    record = record_of(failed, 1)
    before = staff_client.get(page_of(record))

    response = staff_client.post(f"{RECORDS}again/{record.pk}/", follow=True)

    again = Batch.objects.get(corrects_batch_id=failed.id)
    link = f'<a class="text-link" href="{BATCHES}{again.pk}/change/">'
    assert b"Process again" in before.content
    assert response.redirect_chain == [(page_of(record), 302)]
    assert told(response) == [f"It is sent again, as {link}a batch of one</a>."]
    assert response.context["sent_again"] == f"{link}by email</a>"
    assert b"Process again" not in response.content
    assert corrections() == [(1, "admin", "till")]
    process_waiting()
    assert BatchRecord.objects.get(batch=again).outcome == "unchanged"
    assert record_of(failed, 1).outcome == "rejected"  # the first word stands


def test_record_is_processed_again_once(staff_client, failed):
    record = record_of(failed, 1)
    staff_client.post(f"{RECORDS}again/{record.pk}/")

    response = staff_client.post(f"{RECORDS}again/{record.pk}/", follow=True)

    again = Batch.objects.get(corrects_batch_id=failed.id)
    assert told(response)[-1] == (
        f'It was sent again already, as <a class="text-link" href="{BATCHES}{again.pk}/change/">by email</a>.'
    )
    assert corrections() == [(1, "admin", "till")]


def test_what_was_rejected_for_its_content_is_not(staff_client, failed):
    record = record_of(failed, 0)

    assert b"Process again" not in staff_client.get(page_of(record)).content
    assert staff_client.post(f"{RECORDS}again/{record.pk}/").status_code == 404
    assert staff_client.get(f"{RECORDS}again/{record_of(failed, 1).pk}/").status_code == 405
    assert corrections() == []


def test_it_takes_the_permission_to_change_batches_and_a_token(failed, staff_user):
    record, viewer = record_of(failed, 1), viewer_client()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(staff_user, backend="django.contrib.auth.backends.ModelBackend")

    assert b"Process again" not in viewer.get(page_of(record)).content
    assert viewer.get(f"{BATCHES}{failed.pk}/change/").context["may_send_again"] is False
    assert viewer.post(f"{RECORDS}again/{record.pk}/").status_code == 403
    assert strict.post(f"{RECORDS}again/{record.pk}/").status_code == 403
    assert corrections() == []


def test_full_queue_is_told(staff_client, failed, settings):
    settings.MAX_QUEUED_BATCHES = 0

    one = staff_client.post(f"{RECORDS}again/{record_of(failed, 1).pk}/", follow=True)
    all_of_it = staff_client.post(BATCHES, {"action": "send_again", "_selected_action": [str(failed.pk)]}, follow=True)

    assert told(one) == ["Too many batches are waiting; try again later."]
    link = f'<a class="text-link" href="{BATCHES}{failed.pk}/change/">by email</a>'
    assert told(all_of_it) == [f"{link}: Too many batches are waiting; try again later."]
    assert corrections() == []


def test_batch_has_all_of_it_sent_again(staff_client, failed):
    fine = process([raw_record()])
    page = staff_client.get(f"{BATCHES}{failed.pk}/change/")
    pruned = process([raw_record()])
    BatchBody.objects.filter(batch=pruned).delete()
    chosen = {"action": "send_again", "_selected_action": [str(one.pk) for one in (failed, fine, pruned)]}

    first = staff_client.post(BATCHES, chosen, follow=True)
    second = staff_client.post(BATCHES, chosen, follow=True)

    assert page.context["may_send_again"] is True
    assert staff_client.get(f"{BATCHES}{failed.pk}/change/").context["may_send_again"] is False
    assert told(first) == ["2 sent again, each as a batch of one."]
    assert told(second) == ["There was nothing the hub failed at, or it was sent again."]
    assert corrections() == [(1, "admin", "till"), (2, "admin", "till")]


def test_batch_of_which_nothing_can_be_sent_again_hides_no_other(staff_client, failed):
    pruned = process([raw_record()])
    BatchRecord.objects.filter(batch=pruned).update(
        outcome="rejected", error_code="internal", errors=INTERNAL, profile=None
    )
    BatchBody.objects.filter(batch=pruned).delete()
    early = process([raw_record()])
    BatchRecord.objects.filter(batch=early).update(
        outcome="rejected", error_code="internal", errors=INTERNAL, profile=None
    )
    BatchBody.objects.filter(batch=early).delete()
    Batch.objects.filter(id=early.id).update(label="Early & bad")
    chosen = {"action": "send_again", "_selected_action": [str(one.pk) for one in (failed, pruned, early)]}

    response = staff_client.post(BATCHES, chosen, follow=True)

    gone = "The batch&#x27;s body is no longer kept."
    assert told(response) == [
        f'<a class="text-link" href="{BATCHES}{pruned.pk}/change/">by email</a>: {gone}',
        f'<a class="text-link" href="{BATCHES}{early.pk}/change/">Early &amp; bad</a>: {gone}',
        "2 sent again, each as a batch of one.",
    ]
    assert corrections() == [(1, "admin", "till"), (2, "admin", "till")]
