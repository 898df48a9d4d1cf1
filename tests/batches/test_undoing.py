"""Taking batches and changes back, from the doorways to the ledger (way 5, rules 10)."""

import datetime as dt
import json
from uuid import UUID

import pytest
from django.db import connection

from batches.models import Batch, BatchRecord, PreviewRecord
from profiles.models import Profile, ProfileChange
from tests.builders import make_profile, process, process_waiting, submit

pytestmark = pytest.mark.django_db
UNKNOWN = UUID(int=7)


def ask(client, path, body=None, **headers):
    return client.post(f"/api/v3/{path}", json.dumps(body or {}), content_type="application/json", **headers)


def undo(client, batch, body=None, *, query=""):
    """Have the batch taken back, and return the batch that did it."""
    answer = ask(client, f"batches/{batch.id}/undo{query}", body)
    assert answer.status_code == 202, answer.content
    process_waiting()
    return Batch.objects.get(id=answer.json()["data"]["batch_id"])


def outcomes(batch):
    return list(BatchRecord.objects.filter(batch=batch).order_by("position").values_list("outcome", flat=True))


@pytest.fixture
def two():
    """Return a batch that changed Ann and made Bob."""
    process([{"email": "ann@example.com", "company": "Acme"}])
    return process([{"email": "ann@example.com", "company": "Other"}, {"email": "bob@example.com"}])


# --- A batch -----------------------------------------------------------------------------------------------------


def test_batch_is_taken_back_by_a_batch_of_its_own(api_client, machine_user, two):
    done = undo(api_client, two, {"note": "wrong file"})

    assert (done.source, done.state, done.undoes_id, done.submitted_by) == ("undo", "done", two.id, machine_user)
    assert outcomes(done) == ["updated", "updated"]
    ann, bob = Profile.objects.get(email_key="ann@example.com"), Profile.objects.get(email_key=None)
    assert (ann.company, bob.ended) == ("Acme", "undone")
    row = ProfileChange.objects.get(profile=ann, action="reverted")
    assert (row.batch_id, row.position, row.note, row.actor_id) == (done.id, 1, "wrong file", machine_user.id)
    document = api_client.get(f"/api/v3/batches/{done.id}").json()["data"]
    assert (document["undoes"], document["match_criteria"], document["status"]) == (str(two.id), None, "success")


def test_undo_is_taken_back_like_any_batch(api_client, two):
    redone = undo(api_client, undo(api_client, two))

    assert outcomes(redone) == ["updated", "updated"]
    assert set(Profile.objects.values_list("email_key", "company", "ended")) == {
        ("ann@example.com", "Other", None),
        ("bob@example.com", None, None),
    }


def test_what_was_taken_back_already_is_unchanged(api_client, two):
    undo(api_client, two)

    again = undo(api_client, two)

    assert outcomes(again) == ["unchanged", "unchanged"]


def test_some_records_of_a_batch_are_taken_back(api_client, two):
    done = undo(api_client, two, {"positions": [1]})

    assert done.total_count == 1
    assert Profile.objects.get(email_key="ann@example.com").company == "Other"
    assert Profile.objects.filter(ended="undone").count() == 1


def test_preview_shows_what_the_undo_does_and_is_confirmed(api_client, two):
    before = ProfileChange.objects.count()

    preview = undo(api_client, two, query="?dry_run=1")

    assert (preview.state, preview.dry_run, preview.updated_count) == ("previewed", True, 2)
    assert ProfileChange.objects.count() == before
    items = api_client.get(f"/api/v3/batches/{preview.id}/items").json()["data"]
    assert items[1]["changes"] == {"/company": {"from": "Other", "to": "Acme"}}
    answer = ask(api_client, f"batches/{preview.id}/confirm", {"digest": preview.digest})
    process_waiting()
    run = Batch.objects.get(id=answer.json()["data"]["batch_id"])
    assert (run.source, run.state, run.undoes_id, run.pinned_to_id) == ("undo", "done", two.id, preview.id)
    assert Profile.objects.get(email_key="ann@example.com").company == "Acme"


def test_confirmed_undo_that_would_come_to_something_else_does_nothing(api_client, two):
    preview = undo(api_client, two, query="?dry_run=1")
    process([{"email": "ann@example.com", "company": "Third"}])

    answer = ask(api_client, f"batches/{preview.id}/confirm", {"digest": preview.digest})
    process_waiting()

    run = Batch.objects.get(id=answer.json()["data"]["batch_id"])
    assert (run.state, run.rejected_count) == ("stale", 2)
    assert list(run.records.order_by("position").values_list("error_code", flat=True)) == ["not_applied", "stale"]
    assert not ProfileChange.objects.filter(action="reverted").exists()
    assert PreviewRecord.objects.filter(batch=run.preview).count() == 2


def test_items_of_an_undo_tell_what_stays(api_client, two):
    third = process([{"email": "ann@example.com", "company": "Third"}], label="crm")

    done = undo(api_client, two)

    items = api_client.get(f"/api/v3/batches/{done.id}/items").json()["data"]
    (warning,) = items[1]["warnings"]
    assert warning["message"].startswith(
        "It was said otherwise, or again, since; the later word stays. (version 3, crm, "
    )
    assert warning["message"].endswith(f", record 0 of batch {third.id})")
    assert [(one["outcome"], [warning["code"] for warning in one["warnings"]]) for one in items] == [
        ("updated", []),
        ("unchanged", ["kept_newer"]),
    ]
    assert api_client.get(f"/api/v3/batches/{done.id}/items/0/record").json()["version"] == 1


def test_profile_that_others_have_used_since_ends_only_by_force(api_client, two):
    process([{"email": "bob@example.com", "company": "Mine"}])
    bob = Profile.objects.get(email_key="bob@example.com")

    kept = undo(api_client, two, {"positions": [1]})
    ended = undo(api_client, two, {"positions": [1], "force": [str(bob.id)]})

    assert [outcomes(one) for one in (kept, ended)] == [["unchanged"], ["updated"]]
    bob.refresh_from_db()
    assert bob.ended == "undone"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"positions": []}, ["positions"]),
        ({"positions": [0, 99]}, ["batch"]),
        ({"positions": "all"}, ["positions"]),
        ({"force": ["x"]}, ["force.0"]),
        ({"loosen_consent": "yes"}, ["loosen_consent"]),
        ({"note": "a\0b"}, ["note"]),
    ],
)
def test_odd_request_is_422_by_field(api_client, two, body, errors):
    answer = ask(api_client, f"batches/{two.id}/undo", body)

    assert (answer.status_code, sorted(answer.json()["errors"])) == (422, errors)


def test_batch_that_cannot_be_taken_back_says_why(api_client):
    waiting = submit([{"email": "a@example.com"}])
    unfinished = ask(api_client, f"batches/{waiting.id}/undo")
    process_waiting()
    rejected = ask(api_client, f"batches/{process([{'email': 'x'}]).id}/undo")
    preview = process([{"email": "a@example.com"}], dry_run=True)
    previewed = ask(api_client, f"batches/{preview.id}/undo")
    unknown = ask(api_client, f"batches/{UNKNOWN}/undo")

    assert [one.status_code for one in (unfinished, rejected, previewed, unknown)] == [409, 422, 422, 404]
    assert unfinished.json()["message"] == "The batch is not finished, so that it cannot be taken back yet."
    assert rejected.json()["errors"] == {"batch": ["Nothing came of it that could be taken back."]}


def test_statements_are_the_same_for_one_target_and_for_many(api_client, django_assert_num_queries):
    counts = []
    for size in (1, 3, 60):
        batch = process([{"email": f"p{size}-{number}@example.com", "tags": ["a"]} for number in range(size)])
        answer = ask(api_client, f"batches/{batch.id}/undo")
        assert answer.status_code == 202
        with django_assert_num_queries(STATEMENTS[connection.vendor]):
            process_waiting()
        counts.append(Profile.objects.filter(ended="undone").count())

    assert counts == [1, 4, 64]


STATEMENTS = {"sqlite": 26, "postgresql": 30}


# --- One change --------------------------------------------------------------------------------------------------


def test_change_is_taken_back_at_once(api_client, machine_user):
    profile = make_profile(email="ann@example.com", company="Acme")
    process([{"email": "ann@example.com", "company": "Other"}])

    answer = ask(api_client, f"profiles/{profile.id}/changes/2/undo", {"note": "a slip"})

    assert answer.status_code == 200
    data = answer.json()["data"]
    row = ProfileChange.objects.get(profile=profile, version=3)
    assert data["profile"]["company"] == "Acme"
    assert (data["outcome"], data["changes"], data["kept"], data["operation_id"]) == (
        "updated",
        {"/company": {"from": "Other", "to": "Acme"}},
        [],
        str(row.operation_id),
    )
    assert (row.cause_kind, row.actor_id, row.note, row.reverts["versions"]) == ("api", machine_user.id, "a slip", [2])


def test_dry_run_of_a_change_writes_nothing(api_client):
    profile = make_profile(email="ann@example.com", company="Acme")
    process([{"email": "ann@example.com", "company": "Other"}])

    data = ask(api_client, f"profiles/{profile.id}/changes/2/undo?dry_run=1").json()["data"]

    assert (data["changes"], data["operation_id"]) == ({"/company": {"from": "Other", "to": "Acme"}}, None)
    assert data["profile"]["company"] == "Other"
    assert ProfileChange.objects.filter(profile=profile).count() == 2


def test_what_stays_is_told_with_what_stands_there(api_client):
    profile = make_profile(email="ann@example.com", company="Acme")
    process([{"email": "ann@example.com", "company": "Other"}])
    later = process([{"email": "ann@example.com", "company": "Third"}], label="crm")

    data = ask(api_client, f"profiles/{profile.id}/changes/2/undo").json()["data"]

    (kept,) = data["kept"]
    assert dt.datetime.fromisoformat(kept.pop("at"))
    assert kept == {
        "code": "kept_newer",
        "pointer": "/company",
        "message": "It was said otherwise, or again, since; the later word stays.",
        "version": 3,
        "batch_id": str(later.id),
        "position": 0,
        "actor": "crm",
        "holder": None,
    }


def test_profile_that_ended_is_null_and_404(api_client):
    batch = process([{"email": "ann@example.com"}])
    profile = Profile.objects.get()

    data = ask(api_client, f"profiles/{profile.id}/changes/1/undo").json()["data"]
    gone = api_client.get(f"/api/v3/profiles/{profile.id}")

    assert data["profile"] is None
    assert (gone.status_code, gone.json()) == (
        404,
        {"message": "The profile was taken back by an undo.", "batch_id": None},
    )
    assert undo(api_client, batch).unchanged_count == 1


@pytest.mark.parametrize(("etag", "status"), [('"2"', 200), ('"1"', 412), ("*", 200), ('"1", "2"', 200)])
def test_version_that_was_looked_at_is_honoured(api_client, etag, status):
    profile = make_profile(email="ann@example.com")
    process([{"email": "ann@example.com", "company": "Other"}])

    answer = ask(api_client, f"profiles/{profile.id}/changes/2/undo", headers={"If-Match": etag})

    assert answer.status_code == status
    assert ProfileChange.objects.filter(action="reverted").exists() == (status == 200)


@pytest.mark.parametrize("version", ["0", "9", "x", "9" * 30])
def test_unknown_change_is_404(api_client, version):
    assert ask(api_client, f"profiles/{make_profile().id}/changes/{version}/undo").status_code == 404


@pytest.mark.parametrize(
    ("scopes", "body", "status"),
    [
        (("update-profiles", "delete-profiles", "read-audits"), {}, 200),
        (("update-profiles", "delete-profiles"), {}, 403),
        (("update-profiles", "delete-profiles", "read-audits"), {"loosen_consent": True}, 403),
        (("update-profiles", "delete-profiles", "read-audits"), {"force": True}, 403),
        (("update-profiles", "delete-profiles", "read-audits", "override-undo"), {"loosen_consent": True}, 200),
    ],
)
def test_more_than_an_undo_does_by_itself_takes_a_scope_of_its_own(make_client, scopes, body, status):
    profile = make_profile(email="ann@example.com")
    process([{"email": "ann@example.com", "company": "Other"}])

    assert ask(make_client(*scopes), f"profiles/{profile.id}/changes/2/undo", body).status_code == status
