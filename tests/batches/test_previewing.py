"""Dry runs, and runs that are held to what one has shown (way 4)."""

import pytest

from batches.models import Batch, BatchRecord, PreviewRecord
from profiles.models import Address, Profile, ProfileChange
from tests.builders import body, make_profile, process, process_waiting

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
    make_profile(email="ann@example.com", company="Acme")
    preview_id = preview(api_client, [{"email": "ann@example.com", "company": "Bakers"}, {"email": "b@example.com"}])
    process([{"email": "ann@example.com", "company": "Cooks"}])

    run_id = confirm(api_client, preview_id, if_changed="skip").json()["data"]["batch_id"]
    process_waiting()

    first, second = items(api_client, run_id)
    assert (first["outcome"], second["outcome"]) == ("rejected", "created")
    assert first["shown"]["changes"] == {"/company": {"from": "Acme", "to": "Bakers"}}
    assert first["present"]["changes"] == {"/company": {"from": "Cooks", "to": "Bakers"}}
    assert Profile.objects.get(email="ann@example.com").company == "Cooks"
    assert PreviewRecord.objects.count() == 3
    assert Batch.objects.get(id=run_id).state == "done"
