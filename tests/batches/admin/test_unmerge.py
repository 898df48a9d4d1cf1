"""Merged profiles are taken apart at the desk."""

import pytest

from profiles.models import Profile
from tests.batches.asking import merged_into
from tests.builders import process

pytestmark = pytest.mark.django_db


def page(profile):
    return f"/admin/unmerge/{profile.id}/"


def test_staff_see_what_it_comes_to_and_take_them_apart(staff_client, pair):
    anna, _ = pair
    shown = staff_client.get(page(anna))
    digest = shown.context["digest"]

    response = staff_client.post(page(anna), {"digest": digest, "note": "Two sisters"}, follow=True)

    assert [(one["version"], one["by_key"]) for one in shown.context["later"]] == [(4, False), (3, True)]
    assert [str(message).count("are two again") for message in response.context["messages"]] == [1]
    assert merged_into(anna) is None
    assert f"/admin/unmerge/{anna.id}/" not in response.content.decode()


def test_staff_say_whose_a_change_is(staff_client, pair):
    anna, ann = pair

    shown = staff_client.post(page(anna), {"again": "1", "to_merged": ["4"]})
    staff_client.post(page(anna), {"digest": shown.context["digest"], "to_merged": ["4"]})

    anna.refresh_from_db()
    ann.refresh_from_db()
    assert (anna.company, ann.company, anna.merged_into_id) == ("Acme", None, None)


def test_what_has_changed_meanwhile_is_shown_again(staff_client, pair):
    anna, ann = pair
    digest = staff_client.get(page(anna)).context["digest"]
    process([{"email": "anna@example.com", "title": "Prof"}])

    response = staff_client.post(page(anna), {"digest": digest})

    assert merged_into(anna) == ann.id
    assert [str(message) for message in response.context["messages"]] == [
        "It would come to something else by now. Nothing was taken apart: look at it again."
    ]


def test_merged_profile_leads_there_for_those_who_may(staff_client, viewing_client, pair):
    anna, ann = pair
    profile_page = f"/admin/profiles/profile/{anna.id}/change/"

    assert page(anna) in staff_client.get(profile_page).content.decode()
    assert page(anna) not in viewing_client.get(profile_page).content.decode()
    assert viewing_client.get(page(anna)).status_code == 403
    assert staff_client.get(page(ann))["Location"] == f"/admin/profiles/profile/{ann.id}/change/"
    assert Profile.objects.filter(merged_into=ann).count() == 1
