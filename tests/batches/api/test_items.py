"""A batch's items are told in order with their outcomes, and each with the record it was."""

import pytest

from tests.builders import process, submit

pytestmark = pytest.mark.django_db
RECORDS = [{"email": "ann@example.com", "reference": "row 1"}, {"email": "no"}, {"email": "bob@example.com"}]


def items(client, batch, query=""):
    answer = client.get(f"/api/v3/batches/{batch.id}/items{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_items_are_told_in_order(api_client):
    told = items(api_client, process(RECORDS))["data"]

    assert [(one["position"], one["outcome"], one["status"]) for one in told] == [
        (0, "created", "success"),
        (1, "rejected", "failed"),
        (2, "created", "success"),
    ]
    assert told[0]["reference"] == "row 1"
    assert [error["pointer"] for error in told[1]["errors"]] == ["/email"]


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        ("?filter[outcome]=rejected", [1]),
        ("?filter[status]=success", [0, 2]),
        ("?filter[error_code]=invalid", [1]),
        ("?page[size]=1&page[number]=2", [1]),
    ],
)
def test_items_are_narrowed(api_client, query, positions):
    assert [one["position"] for one in items(api_client, process(RECORDS), query)["data"]] == positions


def test_items_of_a_batch_that_waits_are_pending(api_client):
    told = items(api_client, submit(RECORDS))

    assert [one["outcome"] for one in told["data"]] == ["pending"] * 3
    assert told["meta"]["total"] == 3


def test_item_has_the_record_as_it_was_received(api_client):
    batch = process(RECORDS)

    answer = api_client.get(f"/api/v3/batches/{batch.id}/items/0/record")
    assert answer.json() == RECORDS[0]


@pytest.mark.parametrize("place", ["3", "x", "-1"])
def test_item_that_is_not_there_is_404(api_client, place):
    batch = process(RECORDS)

    assert api_client.get(f"/api/v3/batches/{batch.id}/items/{place}/record").status_code == 404


@pytest.mark.parametrize("sent", [7, "caf\u00e9", "cafe\u0301", "row 7\u200b"])
def test_item_is_found_by_its_reference_whether_it_waits_or_not(api_client, sent):
    asked = {"filter[reference]": "7" if sent == 7 else str(sent).rstrip("\u200b")}
    for batch in (
        submit([{"email": "a@example.com", "reference": sent}]),
        process([{"email": "b@example.com", "reference": sent}]),
    ):
        found = api_client.get(f"/api/v3/batches/{batch.id}/items", asked).json()["data"]

        assert [one["position"] for one in found] == [0]
