"""Every hub begins with three groups of staff, who may do what their names say."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.urls import reverse

from batches.groups import ADMINISTRATORS, IN_WORDS, OPERATORS, VIEWERS, make_groups, permissions_of
from profiles.models import Profile
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
LISTS = ("profiles/profile/", "profiles/profilechange/", "batches/batch/", "batches/batchrecord/", "batches/import/")


@pytest.fixture
def member(client, django_user_model):
    """Return what signs a member of a group in."""

    def sign_in(name):
        user = django_user_model.objects.create_user(name.lower(), is_staff=True)
        user.groups.add(Group.objects.get(name=name))
        client.force_login(user, backend=BACKEND)
        return client

    return sign_in


def test_groups_are_there_and_every_permission_they_name_is_one():
    known = {
        f"{one.content_type.app_label}.{one.codename}" for one in Permission.objects.select_related("content_type")
    }

    for name in IN_WORDS:
        assert set(permissions_of(name)) <= known
        assert Group.objects.get(name=name).permissions.count() == len(permissions_of(name))
    assert set(permissions_of(VIEWERS)) < set(permissions_of(OPERATORS)) < set(permissions_of(ADMINISTRATORS))


def test_group_that_was_changed_stays_as_it_is():
    viewers = Group.objects.get(name=VIEWERS)
    viewers.permissions.clear()
    Group.objects.get(name=OPERATORS).delete()

    make_groups()

    assert not viewers.permissions.exists()
    assert Group.objects.get(name=OPERATORS).permissions.exists()


def test_nobody_reads_raw_bodies_or_passwords_by_a_group():
    for name in IN_WORDS:
        assert not {one for one in permissions_of(name) if "batchbody" in one or "sentwrite" in one}


@pytest.mark.parametrize("name", list(IN_WORDS))
def test_members_open_the_lists_they_work_with(member, name):
    client = member(name)
    assert [client.get(f"/admin/{path}").status_code for path in LISTS] == [200] * len(LISTS)


def test_viewers_change_nothing(member):
    ann = make_profile()
    client = member(VIEWERS)

    assert client.get("/admin/profiles/profile/add/").status_code == 403
    assert client.get(reverse("leaving-page", args=[ann.pk])).status_code == 403
    assert client.get(reverse("consent-page", args=[ann.pk])).status_code == 403
    assert client.get(f"/admin/profiles/profile/{ann.pk}/merge/").status_code == 403
    assert client.get("/admin/profiles/user/").status_code == 403


def test_operators_change_people_and_take_batches_back_but_give_nobody_a_token(member):
    ann = make_profile()
    batch = process([{"email": "ann@example.com"}])
    client = member(OPERATORS)

    assert client.get("/admin/profiles/profile/add/").status_code == 200
    assert client.post(reverse("leaving-page", args=[ann.pk]), {"version": "1"}).status_code == 302
    assert Profile.objects.get(pk=ann.pk).profile_type == "deleted"
    assert client.get(reverse("undo-batch-page", args=[batch.pk])).status_code == 200
    assert client.get("/admin/profiles/apitoken/").status_code == 403
    assert client.get("/admin/auth/group/").status_code == 403


def test_administrators_keep_users_tokens_and_groups(member):
    client = member(ADMINISTRATORS)

    for path in ("profiles/user/", "profiles/apitoken/add/", "auth/group/", "profiles/blockedvalue/add/"):
        assert client.get(f"/admin/{path}").status_code == 200
    page = client.get("/admin/auth/group/").content.decode()
    assert "Look at people, their history, batches and reference data; change nothing" in page


def test_migrating_again_makes_no_more():
    call_command("migrate", verbosity=0)

    assert Group.objects.count() == len(IN_WORDS)
