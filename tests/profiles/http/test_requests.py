"""Each request has a name, and one line in the log that tells no more than it may."""

import json
import re

import pytest
import structlog
from django.test import Client

from batches.models import Batch
from profiles.models import Profile, ProfileChange, User
from tests.builders import body, make_profile, process, raw_record

MADE = re.compile(r"[0-9a-f]{32}")


@pytest.fixture
def lines(settings):
    """Return what is logged of requests while the test runs."""
    settings.ACCESS_LOG = True
    with structlog.testing.capture_logs() as captured:
        yield captured


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sent",
    ["a", "0af7651916cd43dd8448eb211c80319c", "Root=1-67891233-abcdef012345678912345678", "a.b_c-d:1", "x" * 64],
)
def test_sane_id_of_a_request_is_kept(client, sent):
    assert client.get("/api/health", headers={"X-Request-Id": sent})["X-Request-Id"] == sent


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sent",
    [None, "", " ", "x" * 65, "ada@example.com", "+61404123123", "a b", "a\tb", "{}", "é", "a\x00", 'a"b', "a,b"],
)
def test_any_other_is_replaced(client, sent):
    headers = {} if sent is None else {"X-Request-Id": sent}

    assert MADE.fullmatch(client.get("/api/health", headers=headers)["X-Request-Id"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        ("/", {}, 302),
        ("/nowhere", {}, 404),
        ("/admin/login/", {}, 200),
        ("/api/v3/batches", {}, 401),
        ("/api/v3/nowhere", {}, 404),
        ("/readyz", {}, 200),
        ("/api/v3/batches", {"headers": {"Host": "elsewhere.example.com"}}, 400),
        ("/admin/", {"headers": {"Host": "elsewhere.example.com"}}, 400),
    ],
)
def test_every_answer_has_one(client, path, options, status):
    answer = client.get(path, **options)

    assert answer.status_code == status
    assert MADE.fullmatch(answer["X-Request-Id"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/api/v3/batches?filter[label]=ada@example.com", "api/v3/batches", 200),
        ("/api/v3/profiles/ada@example.com?x=1", "api/v3/profiles/<str:profile_id>", 404),
        ("/api/v3/nowhere/ada@example.com", "^api(?:/|$)", 404),
        ("/nowhere/ada@example.com", "", 404),
    ],
)
def test_line_tells_route_status_and_user(api_client, lines, path, route, status):
    api_client.get(path, headers={"X-Request-Id": "r-1"})

    [line] = lines
    assert line.pop("ms") > 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "route": route,
        "status": status,
        "user_id": User.objects.get().pk if "v3" in route else None,
    }


def test_probes_that_find_all_well_are_not_told_of(client, lines, db):
    for path in ("/api/health", "/readyz", "/static/unfold/css/styles.css"):
        answer = client.get(path)
        if answer.streaming:
            assert b"".join(answer.streaming_content)

    assert [line["status"] for line in lines] in ([], [404])  # nothing is collected for tests


def test_line_can_be_left_out(client, lines, settings):
    settings.ACCESS_LOG = False

    client.get("/nowhere")

    assert lines == []


def test_the_log_is_no_reason_for_a_query(client, lines, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        client.get("/", headers={"Cookie": "sessionid=abcdefghijklmnopqrstuvwxyz"})

    assert [line["user_id"] for line in lines] == [None]


# --- Where else it stands ---------------------------------------------------------------------------------------


def test_batch_keeps_the_id_of_its_request(api_client, staff_client):
    answer = api_client.generic(
        "POST",
        "/api/v3/profiles/batch.json",
        body([raw_record()]),
        content_type="application/json",
        HTTP_X_REQUEST_ID="r-1",
    )

    batch_id = answer.json()["data"]["batch_id"]
    assert Batch.objects.get().request_id == "r-1"
    assert api_client.get(f"/api/v3/batches/{batch_id}").json()["data"]["request_id"] == "r-1"
    assert "r-1" in staff_client.get(f"/admin/batches/batch/{batch_id}/change/").content.decode()


def test_ledger_keeps_the_id_of_a_staff_edit_and_none_of_a_batch(api_client, staff_client):
    profile = make_profile(email="ada@example.com")
    process([raw_record(email="ada@example.com", company="A")])
    path = f"/admin/profiles/profile/{profile.pk}/change/"
    form = staff_client.get(path).context["adminform"].form
    fields = {name: "" if form[name].value() is None else form[name].value() for name in form.fields}

    answer = staff_client.post(path, {**fields, "company": "B"}, headers={"X-Request-Id": "r-2"})

    assert answer.status_code == 302
    rows = ProfileChange.objects.order_by("version")
    assert [row.request_id for row in rows] == ["", "", "r-2"]
    told = api_client.get(f"/api/v3/profiles/{profile.pk}/history").json()["data"]
    assert [change["cause"]["request_id"] for change in told] == ["r-2", None, None]
    assert "r-2" in staff_client.get(f"/admin/profiles/profilechange/{rows.last().pk}/change/").content.decode()


@pytest.fixture
def broken_profiles(monkeypatch):
    """Let whatever asks for profiles fail."""

    def fail(*_, **__):
        raise ZeroDivisionError("ada@example.com")

    monkeypatch.setattr(Profile.objects, "filter", fail)


@pytest.mark.usefixtures("broken_profiles")
def test_answer_to_a_request_that_failed_names_it(api_client):
    api_client.raise_request_exception = False

    answer = api_client.get("/api/v3/profiles", headers={"X-Request-Id": "r-3"})

    assert (answer.status_code, json.loads(answer.content)) == (500, {"message": "Server error.", "request_id": "r-3"})


@pytest.mark.django_db
def test_page_of_a_request_that_failed_names_it(monkeypatch):
    monkeypatch.setattr("django.views.generic.RedirectView.get", lambda *_, **__: 1 / 0)

    answer = Client(raise_request_exception=False).get("/", headers={"X-Request-Id": "r-4"})

    assert answer.status_code == 500
    assert "<code>r-4</code>" in answer.content.decode()
