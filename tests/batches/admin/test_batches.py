"""The desk's pages about batches and records, and its first page."""

import json
import uuid

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from batches.admin.received import indented
from batches.models import Batch, BatchBody, BatchRecord
from profiles.desk.parts import ROWS
from profiles.models import Profile, User
from tests.builders import make_profile, process, raw_record, submit

pytestmark = pytest.mark.django_db

BATCHES = "/admin/batches/batch/"
RECORDS = "/admin/batches/batchrecord/"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def shown(client, url, **filters):
    return list(client.get(url, filters).context["cl"].result_list)


def missing(response, *texts):
    page = response.content.decode()
    return [text for text in texts if text not in page]


@pytest.fixture
def mixed(machine_user):
    """Return a batch with each outcome: created, updated, unchanged and rejected for two reasons."""
    make_profile(email="ana@example.com", first_name="Ana")
    make_profile(email="ben@example.com", mobile_phone="+61404000002")
    make_profile(email="cleo@example.com")
    return process(
        [
            raw_record(email="new@example.com", reference="a-1"),
            raw_record(email="ana@example.com", company="ACME"),
            raw_record(email="CLEO@example.com", reference="a-3"),
            raw_record(email="ana@example.com", mobile_phone="+61404000002", reference="a-4"),
            raw_record(email="nonsense", colour="blue", birth_day=5),
        ],
        submitted_by=machine_user,
        label="Nightly",
    )


def record_page(batch, position):
    return f"{RECORDS}{BatchRecord.objects.get(batch=batch, position=position).pk}/change/"


# --- Batches -----------------------------------------------------------------------------------------------------


def test_batch_list_tells_state_and_outcomes(staff_client, mixed):
    response = staff_client.get(BATCHES)

    (batch,) = response.context["cl"].result_list
    assert (batch.created_count, batch.updated_count, batch.unchanged_count, batch.rejected_count) == (1, 1, 1, 2)
    links = (f"?batch={mixed.pk}&amp;outcome__exact=rejected", f"?batch={mixed.pk}")
    assert missing(response, "Nightly", "done", "till", "api by email", *links) == []


def test_batch_list_narrows(staff_client, mixed, machine_user):
    waiting = submit([raw_record()])

    assert shown(staff_client, BATCHES) == [waiting, mixed]
    assert shown(staff_client, BATCHES, state__exact="queued") == [waiting]
    assert shown(staff_client, BATCHES, source__exact="import") == []
    assert shown(staff_client, BATCHES, submitted_by__id__exact=machine_user.pk) == [mixed]
    assert shown(staff_client, BATCHES, received_at_from_0="2100-01-01", received_at_from_1="00:00:00") == []
    assert shown(staff_client, BATCHES, received_at_from_0="2020-01-01") == [waiting, mixed]
    assert shown(staff_client, BATCHES, received_at_to_0="2020-01-01", received_at_to_1="12:00:00") == []
    assert shown(staff_client, BATCHES, received_at_to_0="", received_at_to_1="") == [waiting, mixed]


@pytest.mark.parametrize(("term", "finds"), [("Nightly", True), ("night", True), ("other", False)])
def test_batch_search_finds_by_label(staff_client, mixed, term, finds):
    submit([raw_record()])

    assert shown(staff_client, BATCHES, q=term) == ([mixed] if finds else [])


def test_batch_search_finds_by_id(staff_client, mixed):
    submit([raw_record()])

    assert shown(staff_client, BATCHES, q=str(mixed.id)) == [mixed]
    assert shown(staff_client, BATCHES, q=str(uuid.uuid4())) == []


def test_batch_page_tells_counts_time_and_body(staff_client, mixed):
    response = staff_client.get(f"{BATCHES}{mixed.pk}/change/")

    assert {tile["name"]: tile["count"] for tile in response.context["tiles"]} == {
        "created": "1",
        "updated": "1",
        "unchanged": "1",
        "rejected": "2",
        "pending": "0",
    }
    assert missing(response, "5 decided of 5", "new@example.com", mixed.body_sha256, "Waited", "till") == []


def test_batch_page_tells_what_is_pending(staff_client):
    batch = submit([raw_record(), raw_record()])

    response = staff_client.get(f"{BATCHES}{batch.pk}/change/")

    assert response.context["tiles"][-1] == {"name": "pending", "count": "2", "url": ""}


def test_batch_page_shows_warnings_and_the_beginning_of_a_long_body(staff_client):
    record = {"identities": [{"handle": "nobody", "identifier": "1"}], "company": "é" * 255}
    batch = process([{**record, "email": "a@example.com"}] * 20, criteria="email")
    odd = process([record], criteria="other")

    response = staff_client.get(f"{BATCHES}{batch.pk}/change/")

    assert response.context["body"] == f"{body_text(batch)[:4000]}\n… {batch.body_size - 4000:,} more bytes"
    assert missing(staff_client.get(f"{BATCHES}{odd.pk}/change/"), "/match_criteria") == []


def body_text(batch):
    return BatchBody.objects.get(batch=batch).content.decode()


def test_batch_page_opens_without_its_body(staff_client, mixed):
    BatchBody.objects.all().delete()

    assert missing(staff_client.get(f"{BATCHES}{mixed.pk}/change/"), "It is no longer kept.") == []
    assert missing(staff_client.get(record_page(mixed, 0)), "It is no longer kept.") == []


def test_nobody_writes_batches_or_records(staff_client, mixed):
    record = record_page(mixed, 0).removesuffix("change/")

    assert [
        staff_client.post(f"{BATCHES}{mixed.pk}/change/", {"label": "Other"}).status_code,
        staff_client.post(f"{BATCHES}{mixed.pk}/delete/", {"post": "yes"}).status_code,
        staff_client.get(f"{BATCHES}add/").status_code,
        staff_client.post(f"{record}change/", {"outcome": "created"}).status_code,
        staff_client.post(f"{record}delete/", {"post": "yes"}).status_code,
        staff_client.get(f"{RECORDS}add/").status_code,
    ] == [403] * 6


# --- Requeueing --------------------------------------------------------------------------------------------------


def test_requeue_lets_set_aside_batches_wait_again(staff_client):
    stuck, fine = submit([raw_record()], queue_key="one"), process([raw_record()], queue_key="two")
    Batch.objects.filter(id=stuck.id).update(state="set_aside", error="It failed.")
    Batch.objects.filter(id=fine.id).update(state="done")

    response = staff_client.post(
        BATCHES, {"action": "requeue", "_selected_action": [str(stuck.pk), str(fine.pk)]}, follow=True
    )

    assert [str(message) for message in response.context["messages"]] == [
        "1 requeued.",
        "1 left as they are: they were not set aside.",
    ]
    stuck.refresh_from_db()
    fine.refresh_from_db()
    assert (stuck.state, stuck.error, fine.state) == ("queued", "", "done")


def test_requeue_needs_the_permission_to_change_batches():
    stuck = submit([raw_record()])
    Batch.objects.update(state="set_aside", error="It failed.")
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_batch"))
    client = Client()
    client.force_login(viewer, backend=BACKEND)

    page = client.get(f"{BATCHES}{stuck.pk}/change/")
    client.post(BATCHES, {"action": "requeue", "_selected_action": [str(stuck.pk)]})

    assert missing(page, "It failed.") == []
    assert page.context["may_requeue"] is False
    assert Batch.objects.get().state == "set_aside"


# --- Records -----------------------------------------------------------------------------------------------------


def test_record_list_tells_who_what_and_why(staff_client, mixed):
    response = staff_client.get(RECORDS, {"batch": str(mixed.pk)})

    assert [(record.position, record.outcome) for record in response.context["cl"].result_list] == [
        (0, "created"),
        (1, "updated"),
        (2, "unchanged"),
        (3, "rejected"),
        (4, "rejected"),
    ]
    assert missing(response, "a-4", "The phone number exists", "cleo@example.com", "Ana Unknown", "Nightly") == []


def test_record_list_narrows(staff_client, mixed):
    other = process([raw_record()])

    def positions(**filters):
        return [(record.batch_id, record.position) for record in shown(staff_client, RECORDS, **filters)]

    assert positions() == [(other.id, 0), *((mixed.id, position) for position in (4, 3, 2, 1, 0))]
    assert positions(outcome__exact="rejected") == [(mixed.id, 4), (mixed.id, 3)]
    assert positions(outcome__exact="created") == [(other.id, 0), (mixed.id, 0)]
    assert positions(outcome__exact="created", batch=str(mixed.id)) == [(mixed.id, 0)]
    assert positions(error_code="claimed_elsewhere") == [(mixed.id, 3)]
    assert positions(rule__exact="criterion", outcome__exact="unchanged") == [(mixed.id, 2)]


@pytest.mark.parametrize(
    ("term", "positions"),
    [("cleo@example.com", [2]), (" CLEO@Example.com", [2]), ("cle", [2]), ("a-4", [3]), ("nobody", [])],
)
def test_record_search_finds_by_match_value_and_reference(staff_client, mixed, term, positions):
    everywhere = [record.position for record in shown(staff_client, RECORDS, q=term)]
    within = [record.position for record in shown(staff_client, RECORDS, q=term, batch=str(mixed.pk))]

    assert (everywhere, within) == (positions, positions)


def test_rejected_record_is_explained(staff_client, mixed):
    response = staff_client.get(record_page(mixed, 3))

    ana, ben = Profile.objects.get(email_key="ana@example.com"), Profile.objects.get(email_key="ben@example.com")
    assert (
        missing(
            response,
            "the match criterion&#x27;s value found the profile",
            "email ana@example.com",
            "claimed elsewhere",
            "/mobile_phone",
            "The phone number exists",
            f"/admin/profiles/profile/{ana.pk}/change/",
            f"/admin/profiles/profile/{ben.pk}/change/",
            "mobile phone +61404000002",
            f"/admin/batches/batch/{mixed.pk}/change/",
        )
        == []
    )
    assert json.loads(response.context["received"]) == {
        "email": "ana@example.com",
        "mobile_phone": "+61404000002",
        "reference": "a-4",
    }


def test_record_page_tells_all_errors_and_warnings(staff_client, mixed):
    response = staff_client.get(record_page(mixed, 4))

    assert missing(response, "The email must have one @; this has none.", "/birth_month", "/colour") == []


def test_accepted_record_leads_to_its_profile(staff_client, mixed):
    profile = Profile.objects.get(email_key="new@example.com")

    assert missing(staff_client.get(record_page(mixed, 0)), f"/admin/profiles/profile/{profile.pk}/change/") == []


def test_record_is_found_by_batch_and_position(staff_client, mixed):
    waiting = submit([raw_record()])

    def goes_to(batch_id, position):
        response = staff_client.get(f"{RECORDS}at/{batch_id}/{position}/")
        return response.status_code, response.headers.get("Location")

    assert goes_to(mixed.id, 3) == (302, record_page(mixed, 3))
    assert goes_to(waiting.id, 0) == (302, f"{BATCHES}{waiting.pk}/change/")
    assert goes_to(waiting.id, 1) == (404, None)
    assert goes_to(uuid.uuid4(), 0) == (404, None)


# --- As received -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":1.50,"a":[1e5,{}, []],"b":"x, {y}: \\"z\\" \\ud800"}',
         '{\n  "a": 1.50,\n  "a": [\n    1e5,\n    {},\n    []\n  ],\n  "b": "x, {y}: \\"z\\" \\ud800"\n}'),
        ("1000000000000000000000000000000", "1000000000000000000000000000000"),
        ('{"a": "cut off', '{\n  "a": "cut off'),
        ("", ""),
    ],
)  # fmt: skip
def test_indented_keeps_every_token(text, expected):
    assert indented(text) == expected


def test_indented_is_cut_at_a_length():
    assert indented('"' + "x" * 50 + '"', most=10) == '"' + "x" * 9 + "\n… cut here"
    assert len(indented("[" * 100_000)) < 25_000


def test_flawed_record_is_shown_as_it_came(staff_client):
    content = b'{"match_criteria": "email", "profiles": [{"email": "a@example.com", "email": 1.0, "n": 10e30}]}'
    batch = process([raw_record()])
    BatchBody.objects.filter(batch=batch).update(content=content)

    response = staff_client.get(record_page(batch, 0))

    assert response.context["received"] == '{\n  "email": "a@example.com",\n  "email": 1.0,\n  "n": 10e30\n}'


# --- Cost --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("", 11),
        ("batches/batch/", 5),
        ("batches/batch/?q=label", 5),
        ("batches/batchrecord/", 4),
        ("batches/batchrecord/?outcome__exact=created", 5),
        ("batches/batchrecord/?outcome__exact=rejected", 4),
        ("batches/batchrecord/?q=person", 7),
    ],
)
def test_list_costs_the_same_for_any_number_of_rows(
    staff_client, machine_user, django_assert_num_queries, path, queries
):
    for count in (1, 2, 27):
        for number in range(count):
            process([raw_record(), {"email": "no"}], submitted_by=machine_user, label=f"label {number}")
        with django_assert_num_queries(queries):
            staff_client.get(f"/admin/{path}")


def test_record_page_costs_the_same_for_any_number_of_candidates(staff_client, django_assert_num_queries):
    for count in (2, 3, 30):
        identities = [{"handle": f"h{count}", "identifier": str(number)} for number in range(count)]
        for identity in identities:
            make_profile(identities=[identity])
        batch = process([raw_record(identities=identities)])
        url = record_page(batch, 0)
        staff_client.get(url)  # what the process remembers from then on
        with django_assert_num_queries(9):
            response = staff_client.get(url)
        assert len(response.context["considered"]["table"]["rows"]) == min(count, ROWS)


def test_staff_are_not_told_to_correct_what_was_received(staff_client, mixed):
    pages = [staff_client.get(record_page(mixed, position)).content for position in range(5)]

    assert [b"Please correct the error" in page for page in pages] == [False] * 5
    assert b"Why it was rejected" in pages[4]
