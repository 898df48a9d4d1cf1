"""Staff see who may be several people, and say that they have looked."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from profiles.models import OvermergeAlarm, User
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
LIST = reverse("admin:profiles_overmergealarm_changelist")


@pytest.fixture
def alarm(settings):
    settings.OVERMERGE_ALARM = 2
    make_profile(email="ann@example.com")
    identities = [{"handle": "pos", "identifier": str(number)} for number in range(4)]
    process([{"email": "ann@example.com", "identities": identities}], label="till")
    return OvermergeAlarm.objects.get()


def test_list_tells_who_what_and_which_record(staff_client, alarm):
    page = staff_client.get(LIST).content.decode()

    assert "4 identities" in page
    assert "till" in page
    assert reverse("admin:profiles_profile_change", args=[alarm.profile_id]) in page


def test_alarm_that_was_seen_is_off_the_list(staff_client, staff_user, alarm):
    staff_client.post(LIST, {"action": "say_seen", "_selected_action": [alarm.pk]})

    alarm.refresh_from_db()
    assert (alarm.seen_by, alarm.seen_at is None) == (staff_user.username, False)
    assert "4 identities" not in staff_client.get(LIST, {"state": "waiting"}).content.decode()
    assert "4 identities" in staff_client.get(LIST, {"state": "seen"}).content.decode()


def test_nobody_adds_or_deletes_one(staff_client, alarm):
    assert staff_client.get(reverse("admin:profiles_overmergealarm_add")).status_code == 403
    assert staff_client.post(reverse("admin:profiles_overmergealarm_delete", args=[alarm.pk])).status_code == 403


def test_saying_so_takes_a_permission(client, alarm):
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_overmergealarm"))
    client.force_login(viewer, backend="django.contrib.auth.backends.ModelBackend")

    client.post(LIST, {"action": "say_seen", "_selected_action": [alarm.pk]})

    alarm.refresh_from_db()
    assert alarm.seen_at is None
