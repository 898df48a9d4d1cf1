"""Profiles whose creation was taken back: who still sees them, and who does not (rules 10.6)."""

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from profiles.applying import apply_drafts
from profiles.merging import Merge, MergeError, merge_profiles
from profiles.models import Profile
from profiles.schema import parse_record
from profiles.undoing import take_back, target_of_change
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
STAFF = Cause(CauseKind.ADMIN, actor_id=1, actor_label="staff")


@pytest.fixture
def ended():
    """Return a profile that has ended."""
    profile = make_profile(
        email="ann@example.com", first_name="Ann", identities=[{"handle": "pos", "identifier": "7"}]
    )
    with transaction.atomic():
        take_back([target_of_change(profile.id, 1)], cause=STAFF, now=timezone.now())
    profile.refresh_from_db()
    return profile


def test_ended_profile_is_not_found_and_says_why(api_client, ended):
    answer = api_client.get(f"/api/v3/profiles/{ended.id}")

    assert (answer.status_code, answer.json()) == (
        404,
        {"message": "The profile was taken back by an undo.", "batch_id": None},
    )
    assert api_client.get(f"/api/v3/profiles/{ended.id}/history").json()["data"][0]["action"] == "reverted"


def test_ended_profile_is_in_no_list(api_client, ended):
    assert api_client.get("/api/v3/profiles").json()["data"] == []
    assert api_client.get("/api/v3/profiles?filter[profile_type]=deleted").json()["data"] == []


def test_desk_shows_an_ended_profile_by_its_id_only_and_lets_nobody_edit_it(staff_client, ended):
    lists = reverse("admin:profiles_profile_changelist")
    page = reverse("admin:profiles_profile_change", args=[ended.id])

    assert list(staff_client.get(lists).context["cl"].result_list) == []
    assert list(staff_client.get(lists, {"q": str(ended.id)}).context["cl"].result_list) == []
    shown = staff_client.get(page)
    assert "The profile was taken back by an undo." in shown.content.decode()
    assert shown.context["has_change_permission"] is False
    assert staff_client.post(page, {"version": 2, "first_name": "X"}).status_code == 403


@pytest.mark.parametrize("fields", [{"company": "Acme"}, {"profile_type": "active"}, {"profile_type": "deleted"}])
def test_ended_profile_is_written_to_by_nobody(ended, fields):
    draft = parse_record(fields, cause=STAFF, target=ended.id)

    with transaction.atomic():
        [outcome] = apply_drafts([draft], criteria=("email",), now=timezone.now())

    assert (outcome.kind, [error.code for error in outcome.errors]) == ("rejected", ["ended"])
    assert Profile.objects.get(id=ended.id).version == 2


def test_ended_profile_is_nobody_a_date_can_concern(ended):
    date = {"handle": "b", "name": "B", "date": "2000-02-29", "links": [{"profile_id": str(ended.id)}]}

    batch = process([{"email": "bob@example.com", "dates_attributes": [date]}])

    assert [record.error_code for record in batch.records.all()] == ["unknown_reference"]


def test_ended_profile_is_merged_with_nobody(ended):
    other = make_profile()

    for merged, survivor in ((ended, other), (other, ended)):
        with (
            pytest.raises(MergeError, match=f"The profile {ended.id} has ended: it was taken back or erased."),
            transaction.atomic(),
        ):
            merge_profiles(Merge(merged.id, survivor.id), cause=STAFF, now=timezone.now())
