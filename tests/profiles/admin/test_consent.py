"""Staff change what somebody is sent, and their tags and statuses, by an act of their own."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from profiles.merging import Merge, merge_profiles
from profiles.models import Profile, ProfileChange, ProfileStatus, ProfileTag, User
from profiles.reference_data import example_data, load_reference_data
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    load_reference_data(example_data())
    return make_profile(
        email="ann@example.com",
        tags=["vip"],
        statuses=["gold"],
        comms_attributes={"sms_promo": True, "email_optout": True},
    )


def url_of(profile):
    return reverse("consent-page", args=[profile.pk])


def typed(client, profile, **changes):
    """Return what the form sends, as it is but for some fields."""
    form = client.get(url_of(profile)).context["form"]
    return {name: value for name, value in form.initial.items() if value is not None} | changes


def test_no_more_text_messages(staff_client, staff_user, ann):
    done = staff_client.post(url_of(ann), typed(staff_client, ann, sms_promo="no", reason="said so on the phone"))

    assert done.status_code == 302
    assert Profile.objects.get().sms_promo is False
    row = ProfileChange.objects.get(version=2)
    assert (row.changes, row.note, row.actor_id, row.cause_kind) == (
        {"/comms/sms_promo": {"from": True, "to": False}},
        "said so on the phone",
        staff_user.pk,
        "admin",
    )


def test_staff_may_loosen_what_was_refused(staff_client, ann):
    staff_client.post(url_of(ann), typed(staff_client, ann, email_optout="no"))

    assert Profile.objects.get().email_optout is False


def test_tags_and_statuses_are_set(staff_client, ann):
    staff_client.post(url_of(ann), typed(staff_client, ann, tags="vip, mobile app", statuses=["silver"]))

    assert sorted(ProfileTag.objects.values_list("tag_id", flat=True)) == ["mobile-app", "vip"]
    assert list(ProfileStatus.objects.values_list("status_id", flat=True)) == ["silver"]


def test_nothing_changed_leaves_no_row(staff_client, ann):
    page = staff_client.post(url_of(ann), typed(staff_client, ann), follow=True)

    assert "Nothing has changed." in page.content.decode()
    assert ProfileChange.objects.count() == 1


def test_profile_that_was_changed_meanwhile_is_not_overwritten(staff_client, ann):
    sent = typed(staff_client, ann, sms_promo="no")
    process([{"email": "ann@example.com", "company": "Acme"}])

    page = staff_client.post(url_of(ann), sent)

    assert "Somebody else changed this profile" in page.content.decode()
    assert Profile.objects.get().sms_promo is True


def test_what_is_wrong_stands_at_its_field(staff_client, ann):
    page = staff_client.post(url_of(ann), typed(staff_client, ann, tags="x" * 300))

    assert page.context["form"].errors["tags"]
    assert ProfileChange.objects.count() == 1


def test_page_takes_the_permission_of_editing(client, ann):
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_profile"))
    client.force_login(viewer, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(url_of(ann)).status_code == 403
    page = client.get(reverse("admin:profiles_profile_change", args=[ann.pk])).content.decode()
    assert "Change consent" not in page


def test_merged_profile_is_edited_elsewhere(staff_client, ann):
    bob = make_profile(email="bob@example.com")
    merge_profiles(Merge(ann.id, bob.id), cause=Cause(CauseKind.ADMIN), now=timezone.now())

    assert staff_client.get(url_of(ann)).status_code == 302
