"""One batch from its body to its outcomes."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from batches import leases
from batches.models import Batch, BatchRecord
from batches.processing import process_batch, read_drafts
from profiles.models import Profile, ProfileChange
from tests.builders import process, raw_record, submit
from tests.profiles.api.test_profiles import full_record

pytestmark = pytest.mark.django_db
MOST_STATEMENTS = 45


def full_records(numbers, *, version=0):
    """Return records that use every collection, of the persons with these numbers."""
    record = full_record()
    return [
        {
            **record,
            "email": f"p{number}@example.com",
            "mobile_phone": f"+614{number:08}",
            "company": f"Company {version}",
            "identities": [{"handle": "pos", "identifier": number}],
            "custom_attributes": [{"namespace": "n", "handle": "h", "type": "integer", "value": version}],
        }
        for number in numbers
    ]


def statements_of(records):
    """Process the records as one batch and return how many statements that took, savepoints aside."""
    submit(records)
    with CaptureQueriesContext(connection) as queries:
        batch = leases.claim(worker="test")
        process_batch(batch, list(read_drafts(batch)))
    assert batch.rejected_count == 0
    return len([query for query in queries if "SAVEPOINT" not in query["sql"]])


def test_statements_are_the_same_for_any_number_of_records():
    process(full_records(range(250)))

    counts = [
        statements_of(full_records([*range(known), *range(first, first + new)], version=first))
        for known, new, first in ((1, 1, 1_000), (2, 1, 2_000), (250, 250, 3_000))
    ]

    assert len(set(counts)) == 1
    assert counts[0] <= MOST_STATEMENTS


def test_collection_nobody_sent_costs_no_statement():
    process([raw_record(email="a@example.com")])
    submit([{"email": "a@example.com", "company": "Acme"}])

    with CaptureQueriesContext(connection) as queries:
        batch = leases.claim(worker="test")
        process_batch(batch, list(read_drafts(batch)))

    told = " ".join(query["sql"] for query in queries)
    for table in ("address", "customattribute", "importantdate", "profilestatus", "profileregion", "profiletag"):
        assert f"profiles_{table}" not in told


def test_resent_batch_writes_nothing():
    records = [{**record, "statuses": ["gold"]} for record in full_records(range(3))]
    process(records)
    before = set(Profile.objects.values_list("id", "updated_at", "version"))
    ledger = ProfileChange.objects.count()

    batch = process(records)

    assert (batch.unchanged_count, batch.total_count) == (3, 3)
    assert set(Profile.objects.values_list("id", "updated_at", "version")) == before
    assert ProfileChange.objects.count() == ledger


def test_emails_and_mobiles_may_change_hands_within_a_batch():
    one = {
        "identities": [{"handle": "pos", "identifier": 1}],
        "email": "a@example.com",
        "mobile_phone": "+61404000001",
    }
    two = {
        "identities": [{"handle": "pos", "identifier": 2}],
        "email": "b@example.com",
        "mobile_phone": "+61404000002",
    }
    process([one, two], "pos")

    batch = process(
        [
            {**one, "email": "c@example.com", "mobile_phone": None},
            {**two, "email": "a@example.com", "mobile_phone": "+61404000001"},
            {**one, "email": "b@example.com", "mobile_phone": "+61404000002"},
        ],
        "pos",
    )

    assert batch.updated_count == 3
    held = Profile.objects.order_by("email").values_list("identities__identifier", "email", "mobile_phone")
    assert list(held) == [("2", "a@example.com", "+61404000001"), ("1", "b@example.com", "+61404000002")]


def test_bad_record_never_touches_its_neighbours():
    batch = process([raw_record(), {"email": "x", "tags": 5, "birth_day": 1}, raw_record()])

    assert (batch.created_count, batch.rejected_count) == (2, 1)
    errors = BatchRecord.objects.get(outcome="rejected").errors
    assert sorted(error["pointer"] for error in errors) == ["/birth_month", "/email", "/tags"]


def test_criterion_nobody_has_is_told_of_the_batch():
    batch = process([{"company": "x", "identities": [{"handle": "other", "identifier": 1}]}], "typo")

    assert [warning["code"] for warning in batch.warnings] == ["unused_handle"]
    assert Batch.objects.get().rejected_count == 1
