"""What tests of the doorways ask, and where."""

import json

from django.urls import reverse

from batches.models import BatchRecord
from profiles.values import Cause, CauseKind

BACKEND = "django.contrib.auth.backends.ModelBackend"
CAUSE = Cause(CauseKind.ADMIN, actor_id=1, actor_label="staff")
UNMERGE = "/api/v3/profiles/unmerge"


def post(client, body, url=UNMERGE):
    """Send the body as JSON."""
    return client.post(url, json.dumps(body), content_type="application/json")


def merged_into(profile):
    """Return whom the profile lives on in by now."""
    profile.refresh_from_db()
    return profile.merged_into_id


def record_of(batch, position=0):
    """Return what became of one record of the batch."""
    return BatchRecord.objects.get(batch=batch, position=position)


def correct_url(record):
    """Return where the record is put right."""
    return reverse("correct-record", args=[record.pk])


def record_page(client, record):
    """Return the record's page."""
    return client.get(reverse("admin:batches_batchrecord_change", args=[record.pk])).content.decode()
