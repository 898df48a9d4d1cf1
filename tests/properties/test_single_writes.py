"""A single write comes to what a batch of one comes to: the same state, errors and warnings (rules 12.1)."""

import json

import pytest
from hypothesis import HealthCheck, given, settings

from batches.models import BatchRecord
from profiles.directory import load_snapshots
from profiles.models import Profile, ProfileChange
from profiles.shape import COLLECTIONS
from tests.builders import process
from tests.properties.concentrated import records
from tests.properties.stored import undone
from tests.properties.strategies import examples, with_ids

pytestmark = pytest.mark.django_db
URL = "/api/v3/profiles"


def stored():
    """Return everybody who came by it, without the keys that depend on which way they came."""
    ids = list(Profile.objects.filter(changes__isnull=False).values_list("id", flat=True).distinct())
    found = []
    for one in load_snapshots(ids, collections=tuple(COLLECTIONS)).values():
        fields = {name: value for name, value in one.fields.items() if value is not None}
        rows = {name: of_rows for name, of_rows in one.collections.items() if of_rows}
        # A status' term begins when it is given.
        rows["statuses"] = {key: row["is_active"] for key, row in rows.get("statuses", {}).items()}
        rows["addresses"] = [row for _, row in sorted(rows.get("addresses", {}).items())]
        found.append((fields, rows, one.email_key))
    return found


def by_field(errors):
    return {error["pointer"][1:].replace("/", ".") or "profile" for error in errors}


def told(answer):
    """Return whether it was taken, at which fields it was refused, and what it was warned of."""
    body = answer.json()
    warnings = sorted(one["code"] for one in body.get("meta", {}).get("warnings", ()))
    return answer.status_code in {200, 201}, set(body.get("errors", ())), warnings


def outcome_of(batch):
    """Return the same of a batch of one; what can only be read is dropped from single writes without a word."""
    row = BatchRecord.objects.get(batch=batch)
    is_taken = row.outcome != "rejected"
    warnings = sorted(one["code"] for one in row.warnings if one["code"] != "read_only")
    return is_taken, by_field(row.errors), warnings if is_taken else []


@settings(examples(150, torture=3_000), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=records())
def test_making_somebody_is_a_batch_of_one_that_meets_nobody(sent, api_client):
    record = with_ids(sent.record)
    with undone():
        batch = process([record], "id")
        by_batch, state = outcome_of(batch), stored()
    with undone():
        answer = api_client.post(URL, json.dumps(record), content_type="application/json")
        by_hand, other = told(answer), stored()

    assert by_hand == by_batch
    assert other == state


@settings(examples(150, torture=3_000), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=records(), sent=records())
def test_changing_somebody_is_a_batch_of_one_that_matches(first, sent, api_client, machine_user):
    known = {**with_ids(first.record), "email": "ann@example.com", "profile_type": "active"}
    record = {**with_ids(sent.record), "email": "ann@example.com"}
    with undone():
        process([known], submitted_by=machine_user)  # of the same source, whose times count
        profile = Profile.objects.filter(email_key="ann@example.com").first()
        if profile is None:
            return
        with undone():
            batch = process([record], submitted_by=machine_user)
            by_batch, state, rows = outcome_of(batch), stored(), ProfileChange.objects.count()
        answer = api_client.put(f"{URL}/{profile.id}", json.dumps(record), content_type="application/json")
        by_hand, other, others = told(answer), stored(), ProfileChange.objects.count()

    assert by_hand[:2] == by_batch[:2]
    assert (other, others) == (state, rows)
