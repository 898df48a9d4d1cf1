"""A batch's rejected records, by their cause (way 5.7)."""

import json

import pytest
from django.urls import reverse

from batches.correcting import rejected_by_cause, rejected_texts
from batches.models import Batch
from profiles.reference_data import example_data, load_reference_data
from tests.builders import process

pytestmark = pytest.mark.django_db


@pytest.fixture
def mixed():
    return process(
        [
            {"email": "no"},
            {"email": "ann@example.com"},
            {"email": "neither", "company": "a\u2028b"},
            {"first_name": "X"},
            {"email": "dan@example.com", "region": "far-north"},
        ]
    )


def test_rejected_records_are_told_by_their_cause(staff_client, mixed):
    assert [(group.code, group.field, list(group.positions)) for group in rejected_by_cause(mixed.id)] == [
        ("invalid", "email", [0, 2]),
        ("no_match_value", "email", [3]),
        ("unknown_reference", "region", [4]),
    ]
    page = staff_client.get(reverse("admin:batches_batch_change", args=[mixed.pk])).content.decode()
    assert "Why records were rejected" in page
    assert "2 invalid" in page


def test_rejected_records_are_taken_away_as_they_came(staff_client, mixed):
    answer = staff_client.get(reverse("rejected-records", args=[mixed.pk]))

    lines = [json.loads(line) for line in answer.content.decode().split("\n")[:-1]]
    assert [line.get("email") for line in lines] == ["no", "neither", None, "dan@example.com"]
    assert "attachment" in answer["Content-Disposition"]
    assert len(rejected_texts(mixed.id)) == 4


def test_records_whose_cause_is_gone_are_processed_again_together(staff_client, mixed):
    load_reference_data(example_data())
    url = reverse("process-again", args=[mixed.pk])
    assert "no record" not in staff_client.post(url, {"error_code": "invalid"}, follow=True).content.decode()
    assert not Batch.objects.filter(corrects_batch_id=mixed.id).exists()

    page = staff_client.post(url, {"error_code": "unknown_reference"}, follow=True).content.decode()
    assert "1 record is sent again" in page
    again = staff_client.post(url, {"error_code": "unknown_reference"}, follow=True).content.decode()

    assert "0 records are sent again" in again
    assert Batch.objects.get(corrects_batch_id=mixed.id).corrects_position == 4
