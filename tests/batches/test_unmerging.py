"""The doorways by which merged profiles are taken apart: REST, command and desk."""

import json
import uuid

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from batches.unmerging import records_of, sentences
from profiles.keys import MatchKey
from profiles.merging import Merge, merge_profiles
from profiles.models import Profile, ProfileChange
from profiles.unmerging import KeyedRecord, Unmerge, unmerge_profiles
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
URL = "/api/v3/profiles/unmerge"
CAUSE = Cause(CauseKind.ADMIN, actor_id=1, actor_label="staff")


@pytest.fixture
def pair():
    """Return two who are merged, the merged one first, with a record since by each one's key."""
    ann = make_profile(first_name="Ann", email="ann@example.com", mobile_phone="+61404000001")
    anna = make_profile(first_name="Anna", email="anna@example.com", occupation="Nurse")
    with transaction.atomic():
        merge_profiles(Merge(anna.id, ann.id), cause=CAUSE, now=timezone.now())
    process([{"email": "anna@example.com", "title": "Dr"}, {"email": "ann@example.com", "company": "Acme"}])
    return anna, ann


def post(client, body, url=URL):
    return client.post(url, json.dumps(body), content_type="application/json")


def merged_into(profile):
    profile.refresh_from_db()
    return profile.merged_into_id


# --- Whose the records are ---------------------------------------------------------------------------------------


def test_records_tell_their_keys(pair):
    _, ann = pair
    batch = process([{"email": "ann@example.com", "company": "Acme"}])  # changes nothing

    records = records_of(ann.id, 3)

    first = ProfileChange.objects.get(profile=ann, version=3).batch_id
    assert records == [
        KeyedRecord(first, 0, MatchKey("email", "anna@example.com"), is_changing=True),
        KeyedRecord(first, 1, MatchKey("email", "ann@example.com"), is_changing=True),
        KeyedRecord(batch.id, 0, MatchKey("email", "ann@example.com"), is_changing=False),
    ]


def test_sentences_count(pair):
    with transaction.atomic():
        plan = unmerge_profiles(
            Unmerge(pair[0].id), cause=CAUSE, now=timezone.now(), records_of=records_of, write=False
        )

    assert sentences(plan) == [
        "2 values of the merged profile and 2 values of the one it was merged into change. Nobody else is touched.",
        "1 change since the merge came by the merged profile's keys and goes to it, by the ledger.",
        "They are remembered as different people.",
    ]


# --- REST --------------------------------------------------------------------------------------------------------


def test_both_are_told_as_they_are_then(api_client, pair):
    anna, ann = pair

    response = post(api_client, {"source_profile_id": str(anna.id), "note": "Two sisters"})

    data = response.json()["data"]
    assert response.status_code == 200
    assert (data["source"]["profile"]["id"], data["destination"]["profile"]["id"]) == (str(anna.id), str(ann.id))
    assert (data["source"]["profile"]["title"], data["destination"]["profile"]["company"]) == ("Dr", "Acme")
    assert data["source"]["changes"] == {
        "/merged_into": {"from": str(ann.id), "to": None},
        "/title": {"from": None, "to": "Dr"},
    }
    assert data["destination"]["changes"] == {
        "/occupation": {"from": "Nurse", "to": None},
        "/title": {"from": "Dr", "to": None},
    }
    assert (data["source"]["kept"], data["destination"]["kept"]) == ([], [])
    assert [(one["version"], one["position"]) for one in data["moved"]] == [(3, 0)]
    notes = ProfileChange.objects.filter(operation_id=data["operation_id"]).values_list("note", flat=True)
    assert set(notes) == {"Two sisters"}
    assert merged_into(anna) is None


def test_dry_run_only_shows_it(api_client, pair):
    anna, _ = pair
    rows = ProfileChange.objects.count()

    shown = post(api_client, {"source_profile_id": str(anna.id)}, f"{URL}?dry_run=1").json()["data"]
    done = post(api_client, {"source_profile_id": str(anna.id)}).json()["data"]

    assert shown["operation_id"] is None
    assert shown["source"]["changes"] == done["source"]["changes"]
    assert shown["destination"]["changes"] == done["destination"]["changes"]
    assert ProfileChange.objects.count() == rows + 3


@pytest.mark.parametrize(
    ("change", "status", "errors"),
    [
        ({"source_profile_id": str(uuid.UUID(int=7))}, 422, {"source_profile_id": ["There is no such profile."]}),
        ({"source_profile_id": "x"}, 422, {"source_profile_id": ["The source_profile_id must be an id."]}),
        ({"to_merged": [99]}, 422, {"to_merged": ["The survivor's ledger has no such change since the merge."]}),
        ({"destination_profile_id": str(uuid.UUID(int=7))}, 409, None),
        ({"note": "a\x00b"}, 422, {"note": ["The text must not hold a NUL character (U+0000)."]}),
    ],
)
def test_what_cannot_be_taken_apart_is_refused(api_client, pair, change, status, errors):
    anna, ann = pair

    response = post(api_client, {"source_profile_id": str(anna.id)} | change)

    assert (response.status_code, response.json().get("errors")) == (status, errors)
    assert merged_into(anna) == ann.id


def test_what_is_two_already_is_refused(api_client, pair):
    anna, _ = pair
    post(api_client, {"source_profile_id": str(anna.id)})

    response = post(api_client, {"source_profile_id": str(anna.id)})

    assert (response.status_code, response.json()) == (
        409,
        {"message": "The one profile was not merged into the other, or has been taken apart from it again."},
    )


@pytest.mark.parametrize("missing", ["create-profiles", "update-profiles", "delete-profiles", "read-audits"])
def test_it_takes_all_scopes(make_client, pair, missing):
    scopes = {"create-profiles", "update-profiles", "delete-profiles", "read-audits"} - {missing}

    assert post(make_client(*scopes), {"source_profile_id": str(pair[0].id)}).status_code == 403


# --- Command -----------------------------------------------------------------------------------------------------


def test_command_takes_them_apart_once_it_is_told_to(capsys, monkeypatch, pair):
    anna, ann = pair
    monkeypatch.setattr("builtins.input", lambda question: capsys.readouterr() and "y")

    call_command("unmerge", str(anna.id), str(ann.id), "--note", "Two sisters")

    assert capsys.readouterr().out == "They are two again.\n"
    assert merged_into(anna) is None
    assert ProfileChange.objects.get(profile=anna, action="unmerged").note == "Two sisters"


@pytest.mark.parametrize(
    ("options", "answer", "message"),
    [
        ([], "n", "Nothing was taken apart."),
        (["--to-merged", "77"], "y", "The survivor's ledger has no such change since the merge."),
        (["--user", "nobody"], "y", "There is no user nobody."),
    ],
)
def test_command_that_is_not_confirmed_or_wrong_does_nothing(monkeypatch, pair, options, answer, message):
    anna, ann = pair
    monkeypatch.setattr("builtins.input", lambda _: answer)

    with pytest.raises(CommandError) as refused:
        call_command("unmerge", str(anna.id), *options)

    assert (str(refused.value), refused.value.returncode) == (message, 2)
    assert merged_into(anna) == ann.id


def test_command_shows_it(capsys, pair):
    anna, ann = pair

    call_command("unmerge", str(anna.id), "--dry-run")

    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[-1]) == (4, "Nothing was written.")
    assert merged_into(anna) == ann.id


# --- Desk --------------------------------------------------------------------------------------------------------


def page(profile):
    return f"/admin/unmerge/{profile.id}/"


def test_staff_see_what_it_comes_to_and_take_them_apart(staff_client, pair):
    anna, _ = pair
    shown = staff_client.get(page(anna))
    digest = shown.context["digest"]

    response = staff_client.post(page(anna), {"digest": digest, "note": "Two sisters"}, follow=True)

    assert [(one["version"], one["by_key"]) for one in shown.context["later"]] == [(4, False), (3, True)]
    assert [str(message).count("are two again") for message in response.context["messages"]] == [1]
    assert merged_into(anna) is None
    assert f"/admin/unmerge/{anna.id}/" not in response.content.decode()


def test_staff_say_whose_a_change_is(staff_client, pair):
    anna, ann = pair

    shown = staff_client.post(page(anna), {"again": "1", "to_merged": ["4"]})
    staff_client.post(page(anna), {"digest": shown.context["digest"], "to_merged": ["4"]})

    anna.refresh_from_db()
    ann.refresh_from_db()
    assert (anna.company, ann.company, anna.merged_into_id) == ("Acme", None, None)


def test_what_has_changed_meanwhile_is_shown_again(staff_client, pair):
    anna, ann = pair
    digest = staff_client.get(page(anna)).context["digest"]
    process([{"email": "anna@example.com", "title": "Prof"}])

    response = staff_client.post(page(anna), {"digest": digest})

    assert merged_into(anna) == ann.id
    assert [str(message) for message in response.context["messages"]] == [
        "It would come to something else by now. Nothing was taken apart: look at it again."
    ]


def test_merged_profile_leads_there_for_those_who_may(staff_client, viewing_client, pair):
    anna, ann = pair
    profile_page = f"/admin/profiles/profile/{anna.id}/change/"

    assert page(anna) in staff_client.get(profile_page).content.decode()
    assert page(anna) not in viewing_client.get(profile_page).content.decode()
    assert viewing_client.get(page(anna)).status_code == 403
    assert staff_client.get(page(ann))["Location"] == f"/admin/profiles/profile/{ann.id}/change/"
    assert Profile.objects.filter(merged_into=ann).count() == 1
