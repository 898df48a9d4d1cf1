"""What would become of one record: asked over REST, by command and at the desk (way 3.6)."""

import io
import json
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from batches.models import Batch
from profiles.models import Profile, ProfileChange, Tag
from tests.builders import body, make_profile, process

pytestmark = pytest.mark.django_db
URL = "/api/v3/profiles/explain"
STATEMENTS = {"sqlite": 4, "postgresql": 4}
DESK = "explain"


@pytest.fixture
def ann():
    return make_profile(email="ann@example.com", company="Old Ltd")


def ask(client, content):
    return client.generic("POST", URL, content, content_type="application/json")


# --- REST --------------------------------------------------------------------------------------------------------


def test_record_is_explained_as_the_item_it_would_be(api_client, ann):
    answer = ask(
        api_client, body([{"email": "Ann@example.com", "company": "New Ltd", "reference": "r1"}], "shop,email")
    )

    assert answer.status_code == 200
    data = answer.json()["data"]
    steps = data.pop("steps")
    assert data == {
        "id": None,
        "position": 0,
        "reference": "r1",
        "status": "success",
        "outcome": "updated",
        "profile_id": str(ann.id),
        "entity_id": str(ann.id),
        "external_id": "ann@example.com",
        "matched_by": {"rule": "criterion", "key": {"email": "ann@example.com"}},
        "considered": [{"profile_id": None, "rule": "criterion", "key": None, "criterion": "shop"}],
        "error": None,
        "errors": [],
        "warnings": [],
        "created_at": None,
        "updated_at": None,
        "changes": {"/company": {"from": "Old Ltd", "to": "New Ltd"}},
    }
    assert steps[1:3] == [
        {
            "rule": "2.1",
            "result": "does_not_apply",
            "message": "shop: the record has no value that could be matched.",
        },
        {
            "rule": "2.1",
            "result": "decides",
            "message": f"email: the email ann@example.com belongs to {ann.id}.",
        },
    ]


def test_nothing_is_written_and_a_new_profile_has_no_id(api_client):
    answer = ask(api_client, body([{"email": "new@example.com", "tags": ["never seen"]}]))

    data = answer.json()["data"]
    assert (data["outcome"], data["profile_id"], data["changes"]["/tags/never-seen"]) == (
        "created",
        None,
        {"to": True},
    )
    assert [model.objects.count() for model in (Profile, ProfileChange, Tag, Batch)] == [0, 0, 0, 0]


def test_explained_item_is_the_one_that_follows(api_client, ann):
    records = [{"email": "ann@example.com", "mobile_phone": "no number"}]

    explained = ask(api_client, body(records)).json()["data"]
    batch = process(records)
    (item,) = api_client.get(f"/api/v3/batches/{batch.id}/items").json()["data"]

    for name in ("steps", "changes"):
        del explained[name]
    for name in ("id", "created_at", "updated_at"):
        del explained[name], item[name]
    assert explained == item
    assert explained["outcome"] == "rejected"


def test_times_of_the_source_are_those_of_whoever_asks(api_client, make_client, machine_user, django_user_model):
    process(
        [{"email": "ann@example.com", "company": "This week", "source_updated_at": "2026-05-02T00:00:00Z"}],
        submitted_by=machine_user,
    )
    late = body([{"email": "ann@example.com", "company": "Last year", "source_updated_at": "2025-05-02T00:00:00Z"}])
    other = make_client("read-profiles", user=django_user_model.objects.create_user("shop"))

    assert [ask(client, late).json()["data"]["outcome"] for client in (api_client, other)] == ["unchanged", "updated"]


@pytest.mark.parametrize(
    ("content", "status", "field"),
    [
        pytest.param(body([{}, {}]), 422, "profiles", id="two records"),
        pytest.param(body([]), 422, "profiles", id="none"),
        pytest.param(body([{}], "a,,b"), 422, "match_criteria", id="criteria"),
        pytest.param(body([{}], mobile_clash="x"), 422, "mobile_clash", id="clash"),
        pytest.param(body([3]), 422, "profiles.0", id="no object"),
        pytest.param(b"{", 400, None, id="no JSON"),
    ],
)
def test_body_that_is_no_batch_of_one_is_refused(api_client, content, status, field):
    answer = ask(api_client, content)

    assert answer.status_code == status
    assert list(answer.json().get("errors", {})) == ([field] if field else [])


@pytest.mark.parametrize(("scope", "status"), [("read-profiles", 200), ("create-profiles", 403)])
def test_reading_profiles_is_what_it_takes(make_client, scope, status):
    assert ask(make_client(scope), body([{"email": "a@example.com"}])).status_code == status


def test_statements_are_the_same_however_much_the_record_says(api_client, ann, django_assert_num_queries):
    small = {"email": "ann@example.com", **collections_of(1)}
    large = {"email": "ann@example.com", **collections_of(50)}

    for record in (small, large):
        with django_assert_num_queries(STATEMENTS[connection.vendor]):
            assert ask(api_client, body([record])).status_code == 200


def collections_of(count):
    return {
        "identities": [{"handle": "pos", "identifier": str(number)} for number in range(count)],
        "tags": [f"t{number}" for number in range(count)],
    }


# --- The command -------------------------------------------------------------------------------------------------


def explain(content, *options, monkeypatch):
    """Return what the command says of the content, and its exit code."""
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    try:
        call_command("explain", "-", *options, stdout=out)
    except SystemExit as ended:
        return out.getvalue(), ended.code
    return out.getvalue(), 0


def test_command_says_what_and_why(ann, monkeypatch):
    out, code = explain(
        json.dumps({"email": "ann@example.com", "company": "New Ltd", "colour": "red"}).encode(),
        "--match=shop,email",
        monkeypatch=monkeypatch,
    )

    assert code == 0
    assert out == (
        f"It would be updated: {ann.id}.\n"
        "\nWarnings\n"
        "  unknown_field  /colour: The field is unknown and was ignored.\n"
        "\nRules that were tried (profiles/README.md)\n"
        "  2.10  does not apply  None of its values is blocked.\n"
        "   2.1  does not apply  shop: the record has no value that could be matched.\n"
        f"   2.1  decides         email: the email ann@example.com belongs to {ann.id}.\n"
        "   2.2  does not apply  A criterion found somebody.\n"
        "   2.4  does not apply  Somebody was found.\n"
        "   2.5  does not apply  The profile is not deleted, or the record says what type it is to have.\n"
        "   2.6  does not apply  None of its keys belongs to anybody else.\n"
        "  2.12  does not apply  Its mobile does not clash with anybody's.\n"
        "   3.7  does not apply  It does not say when it was so at its source.\n"
        "\nWhat would change\n"
        '  /company: "Old Ltd" -> "New Ltd"\n'
        "\nNothing was written.\n"
    )


@pytest.mark.parametrize(
    ("content", "options", "code", "said"),
    [
        pytest.param(b'{"email": "no at"}', ["--match=email"], 1, "It would be rejected.\n", id="rejected"),
        pytest.param(body([{"email": "a@example.com"}]), [], 0, "It would be created: a new profile.\n", id="a body"),
    ],
)
def test_exit_code_tells_whether_it_would_be_taken(monkeypatch, content, options, code, said):
    out, found = explain(content, *options, monkeypatch=monkeypatch)

    assert (found, out.startswith(said)) == (code, True)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"{}", [], r"^- is no batch with one profile \(.*\); --match takes a record\.$"),
        (b'{"a": 1}\n{"b": 2}', ["--match=email"], "there is more after it, line 2, column 1"),
        (b"[1]", ["--match=email"], "The record must be an object of JSON."),
        (b"\xff", ["--match=email"], "not UTF-8 text: see byte 1"),
        (b"{}", ["--match=a,,b"], "^--match: Between two commas"),
        (b"{}", ["--match=email", "--user=nobody"], "There is no user nobody."),
        (b"{}", ["--mobile-clash=secondary"], "--mobile-clash goes with --match"),
    ],
)
def test_command_that_cannot_explain_says_why(monkeypatch, content, options, message):
    with pytest.raises(CommandError, match=message) as raised:
        explain(content, *options, monkeypatch=monkeypatch)

    assert raised.value.returncode == 2


def test_missing_file_is_told_by_name(tmp_path):
    with pytest.raises(CommandError, match=r"nowhere\.json: No such file"):
        call_command("explain", str(tmp_path / "nowhere.json"), "--match=email")


# --- The desk ----------------------------------------------------------------------------------------------------


def test_desk_explains_what_staff_typed(staff_client, ann):
    record = json.dumps({"email": "ann@example.com", "company": "New Ltd"})

    page = staff_client.post(reverse(DESK), {"match_criteria": "email", "record": record}).content.decode()

    assert "Rules that were tried" in page
    assert f"the email ann@example.com belongs to {ann.id}." in page
    assert "New Ltd" in page
    ann.refresh_from_db()
    assert ann.company == "Old Ltd"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"match_criteria": "a,,b", "record": "{}"}, "Between two commas"),
        ({"match_criteria": "email", "record": "{"}, "The record is not valid JSON"),
        ({"match_criteria": "email", "record": ""}, "This field is required"),
    ],
)
def test_desk_says_at_the_field_what_is_wrong(staff_client, fields, error):
    assert error in staff_client.post(reverse(DESK), fields).content.decode()


def test_stored_record_can_be_explained_as_of_now(staff_client, machine_user):
    batch = process([{"email": "late@example.com"}], "shop,email", submitted_by=machine_user)
    record = batch.records.get()

    page = staff_client.get(reverse("admin:batches_batchrecord_change", args=[record.pk])).content.decode()
    assert f"{reverse(DESK)}?record={record.pk}" in page

    form = staff_client.get(reverse(DESK), {"record": record.pk}).context["form"]
    assert (form["match_criteria"].value(), form["submitted_by"].value()) == ("shop,email", machine_user.pk)
    assert json.loads(form["record"].value()) == {"email": "late@example.com"}


@pytest.mark.parametrize("record", ["x", "9" * 30, "12345"])
def test_record_that_is_not_there_leaves_the_form_empty(staff_client, record):
    answer = staff_client.get(reverse(DESK), {"record": record})

    assert (answer.status_code, answer.context["form"]["record"].value()) == (200, None)


def test_desk_explains_only_to_those_who_may_look_at_records_and_people(client, django_user_model):
    client.force_login(
        django_user_model.objects.create_user("looker", is_staff=True),
        backend="django.contrib.auth.backends.ModelBackend",
    )

    assert client.get(reverse(DESK)).status_code == 403
