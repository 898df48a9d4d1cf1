"""Dry runs, and runs that are held to what one has shown (way 4)."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batches import drafts, leases, previewing, processing
from batches.drafts import Drafts
from batches.models import Batch, BatchBody, BatchRecord, PreviewRecord
from batches.processing import process_batch
from batches.worker import loop
from profiles.models import Address, BlockedValue, DuplicateCandidate, Profile, ProfileChange, User
from profiles.reference_data import example_data, load_reference_data
from tests.batches.test_processing import full_records
from tests.builders import body, make_profile, process, process_waiting, raw_record, submit

pytestmark = pytest.mark.django_db
URL = "/api/v3/profiles/batch.json"
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}


def preview(client, records, criteria="email"):
    """Send the records as a dry run, have it processed and return its id."""
    answer = client.post(f"{URL}?dry_run=1", body(records, criteria), content_type="application/json")
    assert answer.status_code == 202, answer.json()
    process_waiting()
    return answer.json()["data"]["batch_id"]


def document(client, batch_id):
    return client.get(f"/api/v3/batches/{batch_id}").json()["data"]


def items(client, batch_id):
    return client.get(f"/api/v3/batches/{batch_id}/items?page[size]=500").json()["data"]


def confirm(client, batch_id, **terms):
    """Confirm the preview with its digest, unless the terms say otherwise, and return the answer."""
    terms = {"digest": document(client, batch_id)["digest"], **terms}
    return client.post(f"/api/v3/batches/{batch_id}/confirm", terms, format="json")


def test_preview_shows_what_the_confirmed_run_then_does(api_client):
    known = make_profile(email="ann@example.com", company="Acme")
    sent = [
        {"email": "ann@example.com", "company": "Bakers"},
        {"email": "new@example.com", "addresses": [HOME]},
        {"email": "not an email"},
    ]

    preview_id = preview(api_client, sent)

    shown = items(api_client, preview_id)
    assert [item["outcome"] for item in shown] == ["updated", "created", "rejected"]
    assert shown[0]["changes"] == {"/company": {"from": "Acme", "to": "Bakers"}}
    assert shown[0]["profile_id"] == str(known.id)
    assert shown[2]["errors"][0]["pointer"] == "/email"
    assert (Profile.objects.count(), ProfileChange.objects.count(), BatchRecord.objects.count()) == (1, 1, 0)

    answer = confirm(api_client, preview_id)
    process_waiting()

    run = document(api_client, answer.json()["data"]["batch_id"])
    assert (run["state"], run["pinned_to"], run["if_changed"]) == ("done", preview_id, "stop")
    done = items(api_client, run["id"])
    assert [item["outcome"] for item in done] == ["updated", "created", "rejected"]
    assert [item["profile_id"] for item in done] == [item["profile_id"] for item in shown]
    changes = ProfileChange.objects.filter(batch_id=run["id"]).order_by("position")
    assert [change.changes for change in changes] == [item["changes"] for item in shown[:2]]
    (address,) = Address.objects.all()
    assert f"/addresses/{address.key}/city" in shown[1]["changes"]


def test_stop_writes_nothing_and_previews_afresh(api_client):
    make_profile(email="ann@example.com", company="Acme")
    preview_id = preview(api_client, [{"email": "ann@example.com", "company": "Bakers"}, {"email": "b@example.com"}])
    process([{"email": "ann@example.com", "company": "Cooks"}])

    run_id = confirm(api_client, preview_id).json()["data"]["batch_id"]
    process_waiting()

    run = document(api_client, run_id)
    assert (run["state"], run["status"], run["rejected_count"]) == ("stale", "failed", 2)
    assert [[error["code"] for error in item["errors"]] for item in items(api_client, run_id)] == [
        ["stale"],
        ["not_applied"],
    ]
    assert not Profile.objects.filter(email="b@example.com").exists()
    fresh = document(api_client, run["preview"])
    assert (fresh["state"], fresh["dry_run"], fresh["updated_count"], fresh["created_count"]) == (
        "previewed",
        True,
        1,
        1,
    )
    assert items(api_client, fresh["id"])[0]["changes"] == {"/company": {"from": "Cooks", "to": "Bakers"}}

    again_id = confirm(api_client, fresh["id"]).json()["data"]["batch_id"]
    process_waiting()

    assert document(api_client, again_id)["state"] == "done"
    assert Profile.objects.get(email="ann@example.com").company == "Bakers"


def test_skip_refuses_what_has_changed_and_does_the_others(api_client):
    ann = make_profile(email="ann@example.com", company="Acme").id
    preview_id = preview(api_client, [{"email": "ann@example.com", "company": "Bakers"}, {"email": "b@example.com"}])
    process([{"email": "ann@example.com", "company": "Cooks"}])

    run_id = confirm(api_client, preview_id, if_changed="skip").json()["data"]["batch_id"]
    process_waiting()

    first, second = items(api_client, run_id)
    assert (first["outcome"], second["outcome"]) == ("rejected", "created")
    assert first["shown"]["changes"] == {"/company": {"from": "Acme", "to": "Bakers"}}
    assert first["present"]["changes"] == {"/company": {"from": "Cooks", "to": "Bakers"}}
    assert Profile.objects.get(email="ann@example.com").company == "Cooks"
    assert first["error"] == (
        f"The preview showed: updated, profile {ann}. "
        f"Now it would be: updated, profile {ann}, with another difference."
    )
    assert "shown" not in second
    assert Batch.objects.get(id=run_id).state == "done"


# --- Asking for a preview ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "dry_run"), [("1", True), ("true", True), ("TRUE", True), ("0", False), ("False", False)]
)
@pytest.mark.parametrize("url", [URL, "/api/v3/profiles/batch"])
def test_dry_run_is_asked_for(api_client, url, asked, dry_run):
    answer = api_client.post(f"{url}?dry_run={asked}", body([raw_record()]), content_type="application/json")

    batch = Batch.objects.get()
    message = "Profiles queued for preview." if dry_run else "Profiles queued for batch import."
    assert (answer.status_code, answer.json()) == (202, {"data": {"message": message, "batch_id": str(batch.id)}})
    assert batch.dry_run is dry_run


@pytest.mark.parametrize(
    "query", ["dry_run=", "dry_run=yes", "dry_run=2", "dry_run=1&dry_run=0", "dry_run=1&dry_run=1", "dry_run=%00"]
)
def test_neither_yes_nor_no_is_refused(api_client, query):
    answer = api_client.post(f"{URL}?{query}", body([raw_record()]), content_type="application/json")

    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        {"dry_run": ["The dry_run must be 1 or 0, and stand once."]},
    )
    assert not Batch.objects.exists()


def test_preview_counts_and_is_told_like_any_batch(api_client, machine_user):
    make_profile(email="ann@example.com")
    first = submit([raw_record()], submitted_by=machine_user)

    batch_id = api_client.post(
        f"{URL}?dry_run=1&label=Nightly",
        body([{"email": "ann@example.com"}, {"email": "no"}, raw_record()], "email"),
        content_type="application/json",
    ).json()["data"]["batch_id"]

    waiting = document(api_client, batch_id)
    assert (waiting["status"], waiting["state"], waiting["queue_position"]) == ("pending", "queued", 1)
    assert (waiting["dry_run"], waiting["digest"]) == (True, None)
    assert [item["outcome"] for item in items(api_client, batch_id)] == ["pending"] * 3
    process_waiting()
    told = document(api_client, batch_id)
    names = [name for name in told if name in {"status", "state", "label"} or name.endswith("_count")]
    assert {name: told[name] for name in names} == {
        "status": "success",
        "state": "previewed",
        "label": "Nightly",
        "total_count": 3,
        "processed_count": 3,
        "success_count": 2,
        "failed_count": 1,
        "created_count": 1,
        "updated_count": 0,
        "unchanged_count": 1,
        "rejected_count": 1,
    }
    assert (told["pinned_to"], told["if_changed"], told["preview"], told["error"]) == (None, None, None, None)
    assert len(told["digest"]) == 32
    plain = document(api_client, first.id)
    assert (plain["dry_run"], plain["digest"], plain["state"]) == (False, None, "done")


def test_preview_waits_for_those_before_it_and_holds_nobody_up(api_client, machine_user):
    submit([{"email": "ann@example.com", "company": "Acme"}], submitted_by=machine_user)

    batch_id = preview(api_client, [{"email": "ann@example.com", "company": "Acme"}])
    after = process([{"email": "ann@example.com", "company": "Acme"}], submitted_by=machine_user)

    assert document(api_client, batch_id)["unchanged_count"] == 1
    assert after.unchanged_count == 1


def test_changes_are_for_those_who_may_read_audits(api_client, make_client):
    make_profile(email="ann@example.com", company="Acme")
    batch_id = preview(api_client, [{"email": "ann@example.com", "company": "Bakers"}])
    process([{"email": "ann@example.com", "company": "Cooks"}])
    run_id = confirm(api_client, batch_id, if_changed="skip").json()["data"]["batch_id"]
    process_waiting()
    plain = make_client("read-profiles")

    (shown,), (stale,) = items(plain, batch_id), items(plain, run_id)

    assert shown["outcome"] == "updated"
    assert "changes" not in shown
    assert {*stale["shown"]} == {*stale["present"]} == {"outcome", "profile_id", "matched_by", "errors", "warnings"}
    assert "changes" in items(make_client("read-profiles", "read-audits"), batch_id)[0]
    assert "changes" not in items(api_client, process([raw_record()]).id)[0]


def test_items_of_a_preview_are_found_like_any(api_client):
    batch_id = preview(api_client, [{"email": "ann@example.com", "reference": "a-1"}, {"email": "no"}])

    def found(query):
        answer = api_client.get(f"/api/v3/batches/{batch_id}/items?{query}").json()
        return [item["position"] for item in answer["data"]]

    assert found("filter[outcome]=created") == [0]
    assert found("filter[outcome]=rejected") == [1]
    assert found("filter[error_code]=invalid") == [1]
    assert found("filter[reference]=a-1") == [0]
    assert found("filter[external_id]=ANN@example.com") == [0]
    assert api_client.get(f"/api/v3/batches/{batch_id}/items/1/record").content == b'{"email": "no"}'


def test_idempotency_key_tells_a_dry_run_from_a_run(api_client):
    def send(query=""):
        return api_client.post(
            f"{URL}{query}",
            body([{"email": "a@example.com"}]),
            content_type="application/json",
            HTTP_IDEMPOTENCY_KEY="k",
        )

    first, again, run = send("?dry_run=1"), send("?dry_run=true"), send()

    assert (again.status_code, again.json(), again.headers["Idempotency-Replayed"]) == (202, first.json(), "true")
    assert (run.status_code, run.json()) == (
        409,
        {"message": "The idempotency key was used for something else."},
    )


def test_dry_run_and_confirmation_count_against_the_limits(api_client, settings):
    batch_id = preview(api_client, [raw_record()])
    settings.MAX_QUEUED_BATCHES_PER_USER = 0

    another = api_client.post(f"{URL}?dry_run=1", body([raw_record()]), content_type="application/json")

    assert another.status_code == 429
    assert confirm(api_client, batch_id).status_code == 429
    settings.MAX_QUEUED_BATCHES = 0
    assert confirm(api_client, batch_id).status_code == 503
    assert Batch.objects.count() == 1


def test_unused_handle_is_judged_as_after_the_run(api_client):
    sent = [{"identities": [{"handle": "pos/a", "identifier": "7"}]}]

    shown = document(api_client, preview(api_client, sent, "pos/a"))
    odd = document(api_client, preview(api_client, [{"email": "a@example.com"}], "Email"))

    assert shown["warnings"] == []
    assert [one["code"] for one in odd["warnings"]] == ["unused_handle"]


# --- Confirming --------------------------------------------------------------------------------------------------


def test_confirmed_batch_is_the_preview_over_again(api_client, make_client, machine_user):
    answer = api_client.post(
        f"{URL}?dry_run=1&label=Nightly",
        body([{"email": "ann@example.com"}], mobile_clash="secondary"),
        content_type="application/json",
        HTTP_QUEUE_KEY="stock",
        HTTP_IDEMPOTENCY_KEY="k",
    )
    process_waiting()
    other = make_client("create-profiles", "update-profiles", "read-profiles", user=user_named("other"))

    run_id = confirm(other, answer.json()["data"]["batch_id"]).json()["data"]["batch_id"]

    preview_, run = Batch.objects.get(dry_run=True), Batch.objects.get(id=run_id)
    same = (
        "label",
        "queue_key",
        "match_criteria",
        "mobile_clash",
        "submitted_by",
        "body_sha256",
        "body_size",
        "total_count",
    )
    assert [getattr(run, name) for name in same] == [getattr(preview_, name) for name in same]
    assert (run.label, run.queue_key, run.mobile_clash, run.submitted_by) == (
        "Nightly",
        "key:stock",
        "secondary",
        machine_user,
    )
    assert (run.dry_run, run.pinned_to, run.if_changed, run.idempotency_key) == (False, preview_, "stop", None)
    assert run.body.content == preview_.body.content
    assert preview_.state == "previewed"


def user_named(name):
    return User.objects.create(username=name)


def test_confirming_again_answers_with_the_same_batch(api_client, settings):
    batch_id = preview(api_client, [raw_record()])
    first = confirm(api_client, batch_id, if_changed="skip")
    settings.MAX_QUEUED_BATCHES = 0

    again, plain, other = (
        confirm(api_client, batch_id, **terms) for terms in ({"if_changed": "skip"}, {}, {"if_changed": "stop"})
    )

    assert (first.status_code, first.json()["data"]["message"]) == (202, "Profiles queued for batch import.")
    assert "Idempotency-Replayed" not in first.headers
    for answer in (again, plain):
        assert (answer.status_code, answer.json(), answer.headers["Idempotency-Replayed"]) == (
            202,
            first.json(),
            "true",
        )
    run_id = first.json()["data"]["batch_id"]
    assert (other.status_code, other.json()) == (
        409,
        {"message": f"The preview was confirmed with if_changed skip, as batch {run_id}."},
    )
    assert Batch.objects.count() == 2


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("queued", "The batch is not previewed yet."),
        ("running", "The batch is not previewed yet."),
        ("set_aside", "The batch could not be previewed, so there is nothing to confirm."),
        ("cancelled", "The preview was cancelled, so there is nothing to confirm."),
    ],
)
def test_what_has_shown_nothing_cannot_be_confirmed(api_client, state, message):
    batch = submit([raw_record()], dry_run=True)
    Batch.objects.filter(id=batch.id).update(state=state)

    answer = confirm(api_client, batch.id, digest="0" * 32)

    assert (answer.status_code, answer.json()) == (409, {"message": message})


def test_what_was_not_looked_at_cannot_be_confirmed(api_client):
    batch_id = preview(api_client, [raw_record()])
    plain = process([raw_record()])
    bodiless = preview(api_client, [raw_record()])
    BatchBody.objects.filter(batch=bodiless).delete()

    wrong, no_preview, unknown, gone = (
        confirm(api_client, batch_id, digest="0" * 32),
        confirm(api_client, plain.id, digest="0" * 32),
        api_client.post("/api/v3/batches/nothing/confirm", {"digest": "0" * 32}, format="json"),
        confirm(api_client, bodiless),
    )

    assert (wrong.status_code, wrong.json()) == (
        409,
        {"message": "The digest is not that of this preview; look at it again."},
    )
    assert (no_preview.status_code, no_preview.json()) == (409, {"message": "The batch is no preview."})
    assert unknown.status_code == 404
    assert (gone.status_code, gone.json()) == (409, {"message": "The batch's body is no longer kept."})


@pytest.mark.parametrize(
    ("content", "errors"),
    [
        ("{}", ["digest"]),
        ("[]", ["digest"]),
        ("7", ["digest"]),
        ('{"digest": null}', ["digest"]),
        ('{"digest": 5}', ["digest"]),
        ('{"digest": ["a"]}', ["digest"]),
        (f'{{"digest": "{"a" * 31}"}}', ["digest"]),
        (f'{{"digest": "{"A" * 32}"}}', ["digest"]),
        (f'{{"digest": "{"a" * 32}\\n"}}', ["digest"]),
        (f'{{"digest": "{"a" * 32}", "if_changed": "maybe"}}', ["if_changed"]),
        (f'{{"digest": "{"a" * 32}", "if_changed": ""}}', ["if_changed"]),
        (f'{{"digest": "{"a" * 32}", "if_changed": {{}}}}', ["if_changed"]),
        ('{"if_changed": 1}', ["digest", "if_changed"]),
    ],
)
def test_malformed_confirmation_is_422(api_client, content, errors):
    batch_id = preview(api_client, [raw_record()])

    answer = api_client.post(f"/api/v3/batches/{batch_id}/confirm", content, content_type="application/json")

    assert (answer.status_code, sorted(answer.json()["errors"])) == (422, errors)
    assert Batch.objects.count() == 1


@pytest.mark.parametrize("content", ["", "{", "nothing"])
def test_confirmation_that_is_no_json_is_400(api_client, content):
    batch_id = preview(api_client, [raw_record()])

    answer = api_client.post(f"/api/v3/batches/{batch_id}/confirm", content, content_type="application/json")

    assert (answer.status_code, answer.json()) == (400, {"message": "The body is not valid JSON."})


@pytest.mark.parametrize("scopes", [("create-profiles",), ("update-profiles",), ("read-profiles", "read-audits")])
def test_confirming_takes_the_scopes_of_sending(api_client, make_client, scopes):
    batch_id = preview(api_client, [raw_record()])

    answer = make_client(*scopes).post(f"/api/v3/batches/{batch_id}/confirm", {"digest": "0" * 32}, format="json")

    assert answer.status_code == 403


# --- Too old -----------------------------------------------------------------------------------------------------


def age(batch_id, **span):
    """Make a batch as if it had ended earlier by that span."""
    Batch.objects.filter(id=batch_id).update(finished_at=timezone.now() - dt.timedelta(**span))


def test_preview_gets_too_old(api_client, settings):
    settings.PREVIEW_DAYS = 2
    old, young = preview(api_client, [raw_record()]), preview(api_client, [raw_record()])
    age(old, days=2, seconds=1)
    age(young, days=1, hours=23)

    answer = confirm(api_client, old)

    message = "The preview is older than 2 days; preview the batch again."
    told = document(api_client, old)
    assert (told["state"], told["status"], told["error"]) == ("expired", "failed", message)
    assert (answer.status_code, answer.json()) == (409, {"message": message})
    found = {
        query: listed(api_client, query)
        for query in ("state=expired", "state=previewed", "status=failed", "status=success", "status=pending")
    }
    assert found == {
        "state=expired": [old],
        "state=previewed": [young],
        "status=failed": [old],
        "status=success": [young],
        "status=pending": [],
    }
    assert confirm(api_client, young).status_code == 202


def listed(client, query):
    return [batch["id"] for batch in client.get(f"/api/v3/batches?filter[{query.replace('=', ']=')}").json()["data"]]


def test_lists_of_states_know_previews_where_none_is_too_old(api_client):
    done = str(process([raw_record()]).id)
    shown = preview(api_client, [raw_record()])

    assert [listed(api_client, f"state={state}") for state in ("done", "previewed", "expired", "stale")] == [
        [done],
        [shown],
        [],
        [],
    ]
    assert [listed(api_client, f"status={status}") for status in ("success", "failed")] == [[shown, done], []]
    assert [listed(api_client, f"dry_run={which}") for which in ("0", "1")] == [[done], [shown]]


def test_confirmed_preview_answers_though_it_is_too_old(api_client):
    batch_id = preview(api_client, [raw_record()])
    first = confirm(api_client, batch_id)
    age(batch_id, days=8)

    assert (confirm(api_client, batch_id).status_code, confirm(api_client, batch_id).json()) == (202, first.json())


def test_pruning_removes_what_old_previews_showed(api_client):
    old, waited_for, young = (preview(api_client, [raw_record(), raw_record()]) for _ in range(3))
    ann = make_profile(email="ann@example.com").id
    changed = preview(api_client, [{"email": "ann@example.com", "company": "Acme"}])
    process([{"email": "ann@example.com", "company": "Cooks"}])
    run_id = confirm(api_client, changed, if_changed="skip").json()["data"]["batch_id"]
    process_waiting()
    confirm(api_client, waited_for)
    for batch_id in (old, waited_for, changed, run_id):
        age(batch_id, days=7, hours=2)

    assert (previewing.prune_previews(), previewing.prune_previews()) == (2, 0)

    left = PreviewRecord.objects.values_list("batch_id", flat=True).distinct()
    assert {*map(str, left)} == {waited_for, young}
    states = {str(batch.id): batch.state for batch in Batch.objects.filter(dry_run=True)}
    assert states == {old: "expired", waited_for: "previewed", young: "previewed", changed: "expired"}
    assert Batch.objects.get(id=old).record_digests is None
    assert document(api_client, old)["error"] == "The preview is older than 7 days; preview the batch again."
    assert items(api_client, old) == []
    (stale,) = items(api_client, run_id)
    assert (stale["outcome"], stale["shown"], stale["present"]) == ("rejected", None, None)
    assert stale["considered"] == [{"profile_id": str(ann), "rule": "criterion", "key": {"email": "ann@example.com"}}]
    assert confirm(api_client, old).status_code == 409
    process_waiting()  # what was confirmed in time is done
    assert Batch.objects.get(pinned_to=waited_for).state == "done"


def test_pruning_leaves_a_preview_that_has_just_become_too_old(api_client):
    batch_id = preview(api_client, [raw_record()])
    age(batch_id, days=7, minutes=30)

    assert previewing.prune_previews() == 0


# --- The run -----------------------------------------------------------------------------------------------------


def run_of(client, batch_id, **terms):
    """Confirm a preview, have the run processed and return it."""
    run_id = confirm(client, batch_id, **terms).json()["data"]["batch_id"]
    process_waiting()
    return Batch.objects.get(id=run_id)


def test_what_built_on_a_stale_record_differs_in_turn(api_client):
    preview_id = preview(
        api_client,
        [
            {"email": "ann@example.com", "company": "Acme"},
            {"email": "ann@example.com", "occupation": "Baker"},
            {"email": "bob@example.com"},
        ],
    )
    make_profile(email="ann@example.com", company="Cooks")

    run = run_of(api_client, preview_id, if_changed="skip")

    codes = [[error["code"] for error in item["errors"]] for item in items(api_client, run.id)]
    assert codes == [["stale"], ["stale"], []]
    assert Profile.objects.get(email="ann@example.com").version == 1


def test_record_that_would_be_rejected_by_now_tells_why(api_client):
    make_profile(email="bob@example.com", mobile_phone="+61404123123")
    preview_id = preview(api_client, [{"email": "ann@example.com", "mobile_phone": "+61404123124"}])
    bob = process([{"email": "bob@example.com", "mobile_phone": "+61404123124"}])

    run = run_of(api_client, preview_id)

    (item,) = items(api_client, run.id)
    assert [(error["code"], error["pointer"]) for error in item["errors"]] == [
        ("stale", ""),
        ("claimed_elsewhere", "/mobile_phone"),
    ]
    assert item["error"] == "The preview showed: created. Now it would be: rejected (claimed_elsewhere)."
    assert [one["profile_id"] for one in item["considered"]] == [str(bob.records.get().profile_id)]
    assert run.error == (
        "1 of 1 records is no longer what the preview showed, so nothing was written; look at the fresh preview."
    )


def test_stale_record_notes_no_possible_duplicates(api_client):
    preview_id = preview(
        api_client, [{"email": "ann@example.com", "identities": [{"handle": "pos", "identifier": "7"}]}]
    )
    make_profile(email="ann@example.com")
    make_profile(email="bob@example.com", identities=[{"handle": "pos", "identifier": "7"}])

    run = run_of(api_client, preview_id, if_changed="skip")

    assert [error["code"] for error in run.records.get().errors] == ["stale", "claimed_elsewhere"]
    assert not DuplicateCandidate.objects.exists()


def test_rules_that_changed_make_records_stale(api_client):
    preview_id = preview(
        api_client, [{"email": "ann@example.com", "mobile_phone": "+61404123123"}, {"email": "b@example.com"}]
    )
    BlockedValue.objects.create(kind="mobile", exact="+61404123123")

    run = run_of(api_client, preview_id, if_changed="skip")

    assert [row.error_code for row in run.records.order_by("position")] == ["stale", ""]


def test_status_given_days_later_is_what_was_shown(api_client, monkeypatch):
    load_reference_data(example_data())
    preview_id = preview(api_client, [{"email": "ann@example.com", "statuses": ["gold"]}])
    (shown,) = items(api_client, preview_id)
    later = timezone.now() + dt.timedelta(days=5)
    monkeypatch.setattr(processing.timezone, "now", lambda: later)

    run = run_of(api_client, preview_id)

    assert run.state == "done"
    (change,) = ProfileChange.objects.all()
    assert change.changes["/statuses/gold/expires_at"] != shown["changes"]["/statuses/gold/expires_at"]


def test_word_is_that_of_when_the_preview_was_received(api_client):
    ahead = timezone.now() + dt.timedelta(minutes=10)
    preview_id = preview(api_client, [{"email": "ann@example.com", "source_updated_at": ahead.isoformat()}])
    run_id = confirm(api_client, preview_id).json()["data"]["batch_id"]
    Batch.objects.filter(id=run_id).update(received_at=ahead)  # when it would not be ahead any more

    process_waiting()

    done, shown = items(api_client, run_id), items(api_client, preview_id)
    assert [one["pointer"] for one in done[0]["errors"]] == ["/source_updated_at"]
    assert done[0]["errors"] == shown[0]["errors"]
    assert Batch.objects.get(id=run_id).state == "done"


def test_same_body_unpinned_gets_other_ids(api_client):
    sent = [{"email": "ann@example.com"}]
    (shown,) = items(api_client, preview(api_client, sent))

    (done,) = items(api_client, process(sent).id)

    assert (shown["outcome"], done["outcome"]) == ("created", "created")
    assert shown["profile_id"] != done["profile_id"]


# --- Cost --------------------------------------------------------------------------------------------------------


def statements_of(work):
    with CaptureQueriesContext(connection) as queries:
        work()
    return len([query for query in queries if "SAVEPOINT" not in query["sql"]])


def process_next():
    batch = leases.claim(worker="test")
    process_batch(batch, Drafts(batch))


def test_statements_are_the_same_for_any_number_of_records(api_client):
    process(full_records(range(250)))
    counts = []
    for version, (known, new) in enumerate(((1, 1), (2, 1), (250, 250)), 1):
        records = full_records([*range(known), *range(1_000 * version, 1_000 * version + new)], version=version)
        shown = submit(records, dry_run=True)
        dry = statements_of(process_next)
        digest = Batch.objects.get(id=shown.id).digest
        api_client.post(f"/api/v3/batches/{shown.id}/confirm", {"digest": digest}, format="json")
        pinned = statements_of(process_next)
        again = submit(full_records([0], version=version), dry_run=True)
        process_next()
        process(full_records([0], version=version + 10))
        digest = Batch.objects.get(id=again.id).digest
        api_client.post(f"/api/v3/batches/{again.id}/confirm", {"digest": digest}, format="json")
        counts.append((dry, pinned, statements_of(process_next)))
        process(full_records(range(250)))

    assert len(set(counts)) == 1
    dry, pinned, stopped = counts[0]
    assert dry <= 15
    assert stopped <= 25
    assert Batch.objects.filter(state="stale").count() == 3


# --- What fails --------------------------------------------------------------------------------------------------


class KilledError(BaseException):
    """What ends a process."""


def poisoned(monkeypatch):
    """Have the process end when a record of this company is read."""
    real = drafts.parse_record

    def parse(raw, **options):
        if raw.get("company") == "poison":
            raise KilledError
        return real(raw, **options)

    monkeypatch.setattr(drafts, "parse_record", parse)


def work_until_done(batch):
    """Process the batch, by another worker wherever one was killed; return how many were."""
    kills = 0
    while Batch.objects.filter(id=batch.id, state__in=["queued", "running"]).exists():
        Batch.objects.filter(state="running").update(lease_until=timezone.now() - dt.timedelta(seconds=1))
        try:
            process_next()
        except KilledError:
            kills += 1
        assert kills < 20
    return kills


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_record_that_brings_the_worker_down_is_found_and_not_read_by_the_run(api_client, monkeypatch, size):
    poisoned(monkeypatch)
    records = [{"email": "ann@example.com", "company": f"Company {number}"} for number in range(size)]
    records[size // 2]["company"] = "poison"
    batch = submit(records, dry_run=True)

    kills = work_until_done(batch)

    assert kills == {1: 4, 2: 4, 5: 7, 8: 6}[size]
    batch.refresh_from_db()
    rows = {row.position: row for row in PreviewRecord.objects.filter(batch=batch)}
    assert [row.outcome for _, row in sorted(rows.items()) if row.outcome == "rejected"] == ["rejected"]
    assert rows[size // 2].error_code == "internal"
    assert (batch.state, batch.created_count, batch.updated_count, batch.rejected_count) == (
        "previewed",
        min(size - 1, 1),
        max(size - 2, 0),
        1,
    )
    run = run_of(api_client, batch.id)  # not killed: it is not read
    assert (run.state, run.rejected_count) == ("done", 1)
    assert [row.outcome for row in run.records.order_by("position")] == [
        row.outcome for _, row in sorted(rows.items())
    ]


@pytest.mark.parametrize("place", ["apply_drafts", "preview_afresh"])
def test_run_that_stops_is_never_taken_in_pieces(api_client, monkeypatch, place):
    ann = make_profile(email="ann@example.com", company="Acme")
    batch_id = preview(api_client, [{"email": "ann@example.com", "company": "Bakers"}, raw_record()])
    if place == "preview_afresh":
        process([{"email": "ann@example.com", "company": "Cooks"}])
    run_id = confirm(api_client, batch_id).json()["data"]["batch_id"]
    before = BatchRecord.objects.count()

    def fail(*arguments, **options):
        raise ValueError("broken")

    monkeypatch.setattr(processing, place, fail)
    for _ in range(loop.FAILURES_BEFORE_SETTING_ASIDE):
        claimed = leases.claim(worker="test")
        with pytest.raises(ValueError, match="broken"):
            process_batch(claimed, Drafts(claimed))
        leases.give_back(claimed, failed=True)

    run = Batch.objects.get(id=run_id)
    assert (run.state, run.failures, run.chunk_size, run.processed_count) == ("queued", 5, None, 0)
    assert BatchRecord.objects.count() == before
    monkeypatch.undo()
    process_waiting()
    run.refresh_from_db()
    assert run.state == ("done" if place == "apply_drafts" else "stale")
    assert Profile.objects.get(id=ann.id).company == ("Bakers" if place == "apply_drafts" else "Cooks")


def test_preview_whose_lease_was_lost_keeps_nothing(monkeypatch):
    batch = submit([raw_record()], dry_run=True)
    claimed = leases.claim(worker="slow")
    Batch.objects.filter(id=batch.id).update(attempt=7)

    with pytest.raises(leases.LeaseLostError):
        process_batch(claimed, Drafts(claimed))

    assert not PreviewRecord.objects.exists()


def test_run_without_what_was_shown_writes_nothing(api_client):
    batch_id = preview(api_client, [raw_record()])
    run_id = confirm(api_client, batch_id).json()["data"]["batch_id"]
    PreviewRecord.objects.all().delete()

    with pytest.raises(LookupError, match="no longer kept"):
        process_next()

    assert not Profile.objects.exists()
    assert Batch.objects.get(id=run_id).processed_count == 0
