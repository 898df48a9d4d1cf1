"""The desk's side bar leads to pages that are there, for those who may look at them."""

import pytest
from django.contrib.auth.models import AnonymousUser

from config.desk import UNFOLD


def items():
    return [item for group in UNFOLD["SIDEBAR"]["navigation"] for item in group["items"]]


@pytest.mark.django_db
@pytest.mark.parametrize("title", [item["title"] for item in items()])
def test_link_leads_to_a_page(staff_client, title):
    (item,) = [item for item in items() if item["title"] == title]

    assert staff_client.get(str(item["link"])).status_code == 200


def test_link_is_hidden_from_who_may_not_look(rf):
    request = rf.get("/admin/")
    request.user = AnonymousUser()

    hidden = [item for item in items() if "permission" in item]
    assert len(hidden) > 10
    assert not any(item["permission"](request) for item in hidden)


def test_nothing_is_asked_for_outside():
    (icon,) = UNFOLD["SITE_FAVICONS"]

    assert icon["href"].startswith("data:")
