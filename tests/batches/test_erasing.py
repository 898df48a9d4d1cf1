"""A profile is erased: nothing of it is left but that it was there (rules 13)."""

import json

import pytest
from django.core import serializers
from django.utils import timezone

from batches.models import BatchBody, BatchRecord, Erasure
from profiles import models
from profiles.directory import load_snapshots
from profiles.history import fold
from profiles.merging import Merge, merge_profiles
from profiles.models import DuplicateCandidate, Profile, ProfileChange
from profiles.reference_data import example_data, load_reference_data
from profiles.shape import COLLECTIONS
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
MARK = "zzmarker"
FULL = {
    "email": f"{MARK}@example.com",
    "first_name": MARK,
    "company": MARK,
    "mobile_phone": "+61404777666",
    "tags": [MARK],
    "identities": [{"handle": "pos", "identifier": MARK}],
    "addresses": [{"external_id": MARK, "address_line_1": MARK, "city": MARK, "postcode": "2000", "country": "AU"}],
    "custom_attributes": [{"namespace": MARK, "handle": MARK, "type": "string", "value": MARK}],
    "dates_attributes": [{"handle": MARK, "name": MARK, "date": "2001-02-03"}],
    "comms_attributes": {"email_promo": True},
}


@pytest.fixture
def somebody():
    load_reference_data(example_data())
    process([FULL])
    process([{**FULL, "company": f"{MARK} 2", "tags": []}])
    return Profile.objects.get(email_key=f"{MARK}@example.com")


def purge(client, profile, **headers):
    return client.delete(f"/api/v3/profiles/{profile.id}/purge", headers=headers)


def test_nothing_is_left_in_any_table_of_people(api_client, somebody):
    assert purge(api_client, somebody).status_code == 204

    kept = [model for model in models.__dict__.values() if isinstance(model, type) and hasattr(model, "objects")]
    dump = "".join(serializers.serialize("json", model.objects.all()) for model in kept if model is not models.Tag)
    assert MARK not in dump
    assert "404777666" not in dump


def test_tombstone_and_what_happened_when_stay(api_client, machine_user, somebody):
    purge(api_client, somebody)

    somebody.refresh_from_db()
    assert (somebody.ended, somebody.profile_type, somebody.email_key) == ("erased", "deleted", None)
    rows = ProfileChange.objects.filter(profile=somebody).order_by("version")
    assert [(row.action, row.actor_id == machine_user.pk) for row in rows] == [
        ("created", False),
        ("updated", False),
        ("erased", True),
    ]
    assert "/company" in rows[1].changes
    folded = fold(row.changes for row in rows)
    (snapshot,) = load_snapshots([somebody.id], collections=tuple(COLLECTIONS)).values()
    assert {name: value for name, value in folded.fields.items() if value is not None} == {
        name: value for name, value in snapshot.fields.items() if value is not None
    }
    assert not any(folded.collections.values())


def test_it_is_nobody_any_more_and_its_keys_are_free(api_client, somebody):
    purge(api_client, somebody)
    url = f"/api/v3/profiles/{somebody.id}"

    gone = api_client.get(url)
    assert (gone.status_code, gone.json()["message"]) == (404, "The profile was erased.")
    assert purge(api_client, somebody).status_code == 404
    assert api_client.delete(url).status_code == 404
    assert process([FULL]).created_count == 1


def test_records_that_are_still_to_be_scrubbed_are_noted(api_client, machine_user, somebody, staff_client):
    purge(api_client, somebody)

    erasure = Erasure.objects.get()
    places = BatchRecord.objects.filter(profile=somebody).values_list("batch_id", "position")
    assert sorted(map(tuple, erasure.records)) == sorted((str(batch), position) for batch, position in places)
    assert (erasure.requested_by, erasure.finished_at) == (machine_user, None)
    assert BatchBody.objects.exists()
    page = staff_client.get(f"/admin/profiles/profile/{somebody.id}/change/").content.decode()
    assert "not finished" in page


def test_those_merged_into_it_go_along(api_client, somebody):
    other = make_profile(email=f"{MARK}2@example.com", first_name=MARK)
    merge_profiles(Merge(other.id, somebody.id), cause=Cause(CauseKind.ADMIN), now=timezone.now())

    refused = purge(api_client, other)
    assert (refused.status_code, str(somebody.id) in refused.json()["message"]) == (409, True)
    assert purge(api_client, somebody).status_code == 204

    other.refresh_from_db()
    assert (other.ended, other.email_key) == ("erased", None)
    assert not DuplicateCandidate.objects.exists()
    assert MARK not in json.dumps(list(ProfileChange.objects.values_list("changes", flat=True)))


def test_purging_is_held_to_the_version_that_was_read(api_client, somebody):
    assert purge(api_client, somebody, **{"If-Match": '"1"'}).status_code == 412
    assert purge(api_client, somebody, **{"If-Match": '"2"'}).status_code == 204


def test_purging_takes_the_scope_of_deleting(make_client, somebody):
    assert purge(make_client("update-profiles", "read-profiles"), somebody).status_code == 403
    assert purge(make_client("delete-profiles"), somebody).status_code == 204


def test_what_was_erased_is_not_taken_back(api_client, somebody):
    purge(api_client, somebody)

    url = f"/api/v3/profiles/{somebody.id}/changes/2/undo"
    answer = api_client.post(url, "{}", content_type="application/json")

    assert (answer.status_code, "erased" in answer.json()["message"]) == (409, True)
