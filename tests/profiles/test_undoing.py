"""Taking back changes and batches, through the database (rules 10)."""

import pytest
from django.db import transaction
from django.utils import timezone

from profiles.directory import load_snapshots
from profiles.models import Profile, ProfileChange
from profiles.shape import COLLECTIONS
from profiles.undoing import take_back, target_of_change, targets_of_batch
from profiles.values import Cause, CauseKind
from tests.builders import process

pytestmark = pytest.mark.django_db
STAFF = Cause(CauseKind.ADMIN, actor_id=1, actor_label="staff")


def undo(targets, **options):
    with transaction.atomic():
        return take_back(targets, cause=STAFF, now=timezone.now(), **options)


def undo_change(profile, version, **options):
    return undo([target_of_change(profile.id, version)], **options)[0]


def stored(profile):
    """Return the profile with all its rows and where they come from, but for its version."""
    snapshot = load_snapshots([profile.id], collections=tuple(COLLECTIONS))[profile.id]
    return (
        {name: value for name, value in snapshot.fields.items() if value is not None},
        {name: rows for name, rows in snapshot.collections.items() if rows},
        {name: origins for name, origins in snapshot.origins.items() if origins},
        snapshot.email_key,
        snapshot.effective_times,
        snapshot.source_times,
    )


def test_change_of_a_field_goes_back():
    process([{"email": "ann@example.com", "company": "Acme"}])
    process([{"email": "ann@example.com", "company": "Bakers"}])
    ann = Profile.objects.get(email_key="ann@example.com")

    reversal = undo_change(ann, 2, note="wrong file")

    ann.refresh_from_db()
    assert (ann.company, ann.version) == ("Acme", 3)
    assert reversal.outcome.kind == "updated"
    row = ProfileChange.objects.get(profile=ann, version=3)
    assert (row.action, row.changes, row.reverts, row.note, row.actor_label) == (
        "reverted",
        {"/company": {"from": "Bakers", "to": "Acme"}},
        {"versions": [2], "except": [], "kept": {}},
        "wrong file",
        "staff",
    )
    assert row.operation_id == reversal.change.operation_id


def test_created_profile_ends_and_its_keys_are_free():
    record = {"email": "ann@example.com", "identities": [{"handle": "pos", "identifier": "7"}], "tags": ["vip"]}
    batch = process([record])
    ann = Profile.objects.get(email_key="ann@example.com")

    (reversal,) = undo(targets_of_batch(batch.id))

    assert reversal.ends
    assert stored(ann) == (
        {"first_name": "", "last_name": "", "profile_type": "deleted", "ended": "undone"},
        {},
        {},
        None,
        {},
        {},
    )
    again = process([record])
    assert list(again.records.values_list("outcome", flat=True)) == ["created"]
