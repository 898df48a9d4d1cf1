"""The ledger's pages show what changed, in words and in bounds."""

import pytest
from django.urls import reverse

from profiles.admin.ledger import changes_cell, cut
from profiles.models import ProfileChange
from tests.builders import make_profile, process

CHANGES = {"/company": {"from": "Old", "to": "<b>New</b>"}, "/title": {"to": "Dr"}, "/tags/vip": {"from": True}}


def test_changes_are_told_and_escaped():
    cell = changes_cell(CHANGES)

    assert "<b>New</b>" not in cell
    assert "&lt;b&gt;New&lt;/b&gt;" in cell
    assert "removed" in cell


def test_many_changes_are_cut():
    cell = changes_cell({f"/tags/t{number}": {"to": True} for number in range(30)}, most=3)

    assert "27 more" in cell


@pytest.mark.parametrize(("text", "longest", "told"), [("abc", 3, "abc"), ("abcd", 3, "abc… (4 characters)")])
def test_long_text_is_cut(text, longest, told):
    assert cut(text, longest=longest) == told


@pytest.mark.django_db
def test_page_of_a_change_tells_its_cause(staff_client):
    profile = make_profile(email="ann@example.com")
    process([{"email": "ann@example.com", "company": "Acme"}], label="till")
    change = ProfileChange.objects.get(profile=profile, version=2)

    page = staff_client.get(reverse("admin:profiles_profilechange_change", args=[change.pk])).content.decode()
    assert "Acme" in page
    assert "till" in page


@pytest.mark.django_db
def test_list_is_narrowed_to_one_profile(staff_client):
    ann, bob = (
        make_profile(email="a@example.com", first_name="Ann"),
        make_profile(email="b@example.com", first_name="Bob"),
    )

    page = staff_client.get(reverse("admin:profiles_profilechange_changelist"), {"profile": str(ann.pk)})
    assert [row.profile_id for row in page.context["cl"].result_list] == [ann.pk]
    assert bob.pk != ann.pk
