"""Where each value came from, over REST, with the record behind it (rules 6.6)."""

import datetime as dt

import pytest

from profiles.merging import Merge, merge_profiles
from profiles.models import Profile
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def ask(client, profile_id):
    return client.get(f"/api/v3/profiles/{profile_id}/provenance")


def test_each_path_names_change_record_rule_and_key(api_client, machine_user):
    batch = process(
        [{"email": "x@example.com"}, {"email": "a@example.com", "company": "Acme", "reference": "crm-7"}],
        submitted_by=machine_user,
        label="crm",
    )
    profile = Profile.objects.get(email="a@example.com")
    row = profile.changes.get()

    answer = ask(api_client, profile.id)

    assert answer.status_code == 200
    found = {one["path"]: one for one in answer.json()["data"]}
    assert list(found) == sorted(found)
    assert found["/company"] == {
        "path": "/company",
        "value": "Acme",
        "profile_id": str(profile.id),
        "version": 1,
        "action": "created",
        "at": f"{row.at:%Y-%m-%d %H:%M:%S}",
        "cause": {
            "kind": "batch",
            "batch_id": str(batch.id),
            "position": 1,
            "actor_id": machine_user.id,
            "actor_label": "crm",
            "request_id": None,
        },
        "reference": "crm-7",
        "matched_by": {"rule": "new", "key": {"email": "a@example.com"}},
        "via": [],
    }


def test_merge_is_named_and_the_record_behind_it(api_client):
    process([{"email": "b@example.com", "company": "Acme", "reference": "crm-8"}])
    survivor, merged = make_profile(email="a@example.com"), Profile.objects.get(email="b@example.com")
    merge_profiles(Merge(merged.id, survivor.id), cause=Cause(CauseKind.ADMIN), now=NOW)

    found = {one["path"]: one for one in ask(api_client, survivor.id).json()["data"]}

    company = found["/company"]
    assert (company["profile_id"], company["reference"]) == (str(merged.id), "crm-8")
    assert company["via"] == [
        {"action": "merged", "profile_id": str(survivor.id), "version": 2, "at": "2026-06-01 00:00:00"}
    ]


def test_record_that_is_no_longer_kept_is_left_out(api_client):
    batch = process([{"email": "a@example.com", "reference": "r"}])
    batch_id = str(batch.id)
    batch.delete()

    (found,) = (one for one in ask(api_client, Profile.objects.get().id).json()["data"] if one["path"] == "/email")

    assert (found["reference"], found["matched_by"], found["cause"]["batch_id"]) == (None, None, batch_id)


@pytest.mark.parametrize("profile_id", ["x", "01a20c9f-b30d-7000-a580-46bb423e7cc5"])
def test_unknown_profile_is_404(api_client, profile_id):
    assert ask(api_client, profile_id).status_code == 404


def test_auditing_is_what_it_takes(make_client):
    profile = make_profile()

    statuses = [ask(make_client(*scopes), profile.id).status_code for scopes in (["read-profiles"], ["read-audits"])]

    assert statuses == [403, 403]


def test_both_paths_of_the_ledger_answer_alike(api_client):
    profile = make_profile(company="Acme")

    changes, history = (
        api_client.get(f"/api/v3/profiles/{profile.id}/{path}").json() for path in ("changes", "history")
    )

    assert changes["data"] == history["data"]
    assert [one["version"] for one in changes["data"]] == [1]


def test_questions_are_the_same_for_one_record_and_for_many(api_client, django_assert_num_queries):
    profile = make_profile(email="a@example.com")
    for number in range(10):
        process(
            [
                {
                    "email": "a@example.com",
                    "custom_attributes": [{"namespace": "n", "handle": f"h{number}", "type": "string", "value": "x"}],
                }
            ]
        )

    with django_assert_num_queries(5):
        ask(api_client, profile.id)
