"""The desk's first page: what came in lately, what waits, what went wrong."""

import datetime as dt

import pytest

from batches.admin.dashboard import week_until
from batches.models import Batch
from profiles.models import DuplicateCandidate
from tests.builders import make_profile, process, raw_record, submit

pytestmark = pytest.mark.django_db

BATCHES = "/admin/batches/batch/"
NOW = dt.datetime(2026, 3, 5, 14, 20, tzinfo=dt.UTC)


@pytest.fixture
def mixed(machine_user):
    """Return a batch with each outcome: created, updated, unchanged and rejected for two reasons."""
    make_profile(email="ana@example.com", first_name="Ana")
    make_profile(email="ben@example.com", mobile_phone="+61404000002")
    make_profile(email="cleo@example.com")
    return process(
        [
            raw_record(email="new@example.com"),
            raw_record(email="ana@example.com", company="ACME"),
            raw_record(email="CLEO@example.com"),
            raw_record(email="ana@example.com", mobile_phone="+61404000002"),
            raw_record(email="nonsense", colour="blue", birth_day=5),
        ],
        submitted_by=machine_user,
    )


def receive(count, *, at):
    batch = submit([raw_record() for _ in range(count)])
    Batch.objects.filter(id=batch.id).update(received_at=at)


def missing(response, *texts):
    page = response.content.decode()
    return [text for text in texts if text not in page]


@pytest.mark.usefixtures("mixed")
def test_first_page_tells_what_came_in(staff_client):
    stuck, waiting = submit([raw_record()]), submit([raw_record()])
    Batch.objects.filter(id=stuck.id).update(state="set_aside")

    context = staff_client.get("/admin/").context

    assert {tile["name"]: tile["count"] for tile in context["states"]} == {
        "queued": "1",
        "running": "0",
        "done": "1",
        "set aside": "1",
        "cancelled": "0",
        "previewed": "0",
        "stale": "0",
        "expired": "0",
    }
    assert {tile["name"]: tile["count"] for tile in context["outcomes"]} == {
        "created": "1",
        "updated": "1",
        "unchanged": "1",
        "rejected": "2",
    }
    assert context["oldest"]["url"] == f"{BATCHES}{waiting.pk}/change/"
    assert len(context["last_batches"]["rows"]) == 3


def test_first_page_of_an_empty_hub(staff_client):
    response = staff_client.get("/admin/")

    assert response.context["oldest"] is None
    assert missing(response, "Nothing has been received yet.") == []


def test_rejected_records_are_counted_by_reason(staff_client, mixed):
    tiles = staff_client.get("/admin/").context["reasons"]

    assert [(tile["name"], tile["count"]) for tile in tiles] == [("claimed elsewhere", "1"), ("invalid", "1")]
    lists = [staff_client.get(tile["url"]).context["cl"].result_list for tile in tiles]
    assert [[record.position for record in found] for found in lists] == [[3], [4]]


def test_pairs_that_wait_are_counted_and_led_to(staff_client):
    low, high, other = (make_profile(email=f"{name}@example.com") for name in "abc")
    for one, two, verdict in ((low, high, "open"), (low, other, "different"), (high, other, "same")):
        DuplicateCandidate.objects.create(low=one, high=two, reason="ambiguous", verdict=verdict, created_at=NOW)

    tile = staff_client.get("/admin/").context["to_look_at"][0]

    assert (tile["name"], tile["count"]) == ("possible duplicates", "1")
    (found,) = staff_client.get(tile["url"]).context["cl"].result_list
    assert (found.low_id, found.high_id) == (low.id, high.id)


def test_week_is_told_by_the_hour():
    receive(1, at=NOW - dt.timedelta(hours=167))
    receive(2, at=NOW - dt.timedelta(minutes=20))
    receive(1, at=NOW - dt.timedelta(minutes=1))
    receive(4, at=NOW - dt.timedelta(hours=168))

    week = week_until(NOW)

    assert (week["total"], week["busiest"]) == ("4", "3 in the hour from Thu 05 Mar, 14:00 UTC")
    assert [(day["name"], len(day["bars"])) for day in week["days"]] == [
        ("Thu 26", 9),
        ("Fri 27", 24),
        ("Sat 28", 24),
        ("Sun 01", 24),
        ("Mon 02", 24),
        ("Tue 03", 24),
        ("Wed 04", 24),
        ("Thu 05", 15),
    ]
    assert week["days"][0]["bars"][0] == {"title": "Thu 26 Feb, 15:00: 1", "height": "33.3"}
    assert week["days"][-1]["bars"][-1] == {"title": "Thu 05 Mar, 14:00: 3", "height": "100.0"}
    assert week["days"][-1]["says"] == "Thursday 05 March: 3 records"


def test_week_in_which_nothing_came_has_no_chart():
    receive(1, at=NOW - dt.timedelta(days=8))

    assert week_until(NOW) is None


def test_each_day_leads_to_its_batches(staff_client):
    batch = submit([raw_record()])
    day = next(day for day in week_until(batch.received_at)["days"] if day["says"].endswith(": 1 record"))

    (found,) = staff_client.get(day["url"]).context["cl"].result_list

    assert found == batch
