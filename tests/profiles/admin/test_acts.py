"""What staff do to one person is held to what they looked at, and says why."""

import pytest
from django.urls import reverse
from django.utils import timezone

from profiles.erasing import erase_profile
from profiles.merging import Merge, merge_profiles
from profiles.models import Profile, ProfileChange
from profiles.values import Cause, CauseKind
from tests.builders import make_profile

pytestmark = pytest.mark.django_db
STAFF = Cause(CauseKind.ADMIN, actor_id=1)
PAGES = ("consent-page", "leaving-page")


def pages_of(profile):
    return [
        *(reverse(name, args=[profile.pk]) for name in PAGES),
        reverse("add-entry", args=[profile.pk, "addresses"]),
    ]


def test_reason_is_in_normal_form_and_in_the_ledger(staff_client):
    ann = make_profile()

    staff_client.post(reverse("leaving-page", args=[ann.pk]), {"version": "1", "reason": "  moved to O\u0301 Town\n"})

    assert ProfileChange.objects.get(version=2).note == "moved to \u00d3 Town"


@pytest.mark.parametrize("reason", ["a\x00b", "\ud800", "x" * 10_001], ids=["nul", "surrogate", "long"])
def test_reason_that_is_no_text_is_refused_at_its_field(staff_client, reason):
    ann = make_profile()

    answer = staff_client.post(
        reverse("leaving-page", args=[ann.pk]), {"version": "1", "reason": reason.encode("utf-8", "replace").decode()}
    )

    assert answer.status_code == (302 if reason == "\ud800" else 200)  # a browser sends no half of a pair
    assert (Profile.objects.get().version == 1) is (answer.status_code == 200)


def test_who_was_merged_is_changed_on_the_survivor(staff_client):
    ann, anna = make_profile(), make_profile()
    merge_profiles(Merge(anna.id, ann.id), cause=STAFF, now=timezone.now())

    for url in pages_of(anna):
        answer = staff_client.get(url)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/admin/profiles/profile/{anna.pk}/change/")


def test_who_was_erased_is_not_changed(staff_client):
    ann = make_profile()
    erase_profile(ann.id, cause=STAFF, now=timezone.now())

    assert [staff_client.post(url, {"version": "2"}).status_code for url in pages_of(ann)] == [302] * 3
    assert ProfileChange.objects.count() == 2


def test_nobody_is_not_found(staff_client):
    ann = Profile()

    assert [staff_client.get(url).status_code for url in pages_of(ann)] == [404] * 3


def test_version_that_is_no_number_changes_nothing(staff_client):
    ann = make_profile()

    answer = staff_client.post(reverse("leaving-page", args=[ann.pk]), {"version": "x"})

    assert (answer.status_code, Profile.objects.get().version) == (200, 1)
