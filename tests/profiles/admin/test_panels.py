"""The panels of a profile's page: all that is known, a bounded part at a time."""

import pytest
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.html import strip_tags

from profiles.admin import panels
from profiles.admin.panels import panels_of, profile_link
from profiles.desk.questions import RefusedQuestionError
from profiles.merging import Merge, merge_profiles
from profiles.models import DuplicateCandidate, Profile
from profiles.undoing import take_back, target_of_change
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db


def shown(profile, query=""):
    return panels_of(profile, asked=QueryDict(query))


def cells(table, *columns):
    """Return what stands in columns of a table's rows, without the marks around it."""
    picked = [[" ".join(strip_tags(row[column]).split()) for column in columns] for row in table["rows"]]
    return [row[0] for row in picked] if len(columns) == 1 else [tuple(row) for row in picked]


def take_back_version(profile, version, *, actor_id):
    cause = Cause(CauseKind.ADMIN, actor_id=actor_id, actor_label="staff")
    with transaction.atomic():
        take_back([target_of_change(profile.id, version)], cause=cause, now=timezone.now())


def test_profile_without_anything_has_empty_panels():
    told = shown(make_profile())

    assert (told["tags"], told["collections"]) == ({"shown": [], "part": None}, [])
    assert [name for name in ("other_fields", "duplicates", "merged") if told[name]["rows"]] == []
    assert [name for name in ("has_more_duplicates", "has_more_merged", "has_more_history") if told[name]] == []
    assert cells(told["own_fields"], 0) == ["email", "first name", "last name", "profile type"]


def test_values_stand_by_their_kind_and_with_where_they_come_from():
    make_profile(email="ann@example.com")
    record = {"email": "ann@example.com", "company": "Acme", "attributes": {"comms": {"sms_promo": False}}}
    process([record], label="Weekly")

    told = shown(Profile.objects.get())

    own = {name: (value, mark) for name, value, mark in cells(told["own_fields"], 0, 1, 2)}
    assert own["company"][0] == "Acme"
    assert ["Weekly" in own[name][1] for name in ("company", "email")] == [True, False]
    assert ("comms / sms promo", "no") in cells(told["other_fields"], 0, 1)


@pytest.mark.parametrize(
    ("query", "identifiers", "leads_to"),
    [
        ("", [f"{number:02}" for number in range(7)], ("", "?identities=2#identities")),
        ("identities=2&tags=1", ["07", "08"], ("?identities=1&tags=1#identities", "")),
    ],
)
def test_long_collection_is_shown_in_parts_without_its_empty_columns(monkeypatch, query, identifiers, leads_to):
    monkeypatch.setattr(panels, "rows_shown", lambda columns: {5: 7}[columns])
    many = [{"handle": "pos", "identifier": f"{number:02}"} for number in reversed(range(9))]

    [told] = shown(make_profile(identities=many), query)["collections"]

    assert (told["title"], told["anchor"]) == ("identities", "identities")
    assert told["table"]["headers"] == ["handle", "identifier", "is primary", "is active", "where from"]
    assert cells(told["table"], 1) == identifiers
    assert (told["part"]["previous"], told["part"]["next"]) == leads_to


def test_part_that_is_not_there_is_refused():
    profile = make_profile(tags=["vip"], identities=[{"handle": "pos", "identifier": "7"}])

    for query in ("tags=2", "identities=2", "identities=x"):
        with pytest.raises(RefusedQuestionError):
            shown(profile, query)


def test_tags_stand_in_their_order_and_in_parts(monkeypatch):
    monkeypatch.setattr(panels, "TAGS_SHOWN", 2)

    told = shown(make_profile(tags=["vip", "app", "news"]))["tags"]

    assert (told["shown"], told["part"]["total"]) == (["app", "news"], "3")


@pytest.mark.parametrize(("count", "has_more"), [(1, False), (2, False), (3, True)])
def test_newest_of_those_it_may_be_and_of_those_it_was_are_shown(monkeypatch, count, has_more):
    monkeypatch.setattr(panels, "OTHERS_SHOWN", 2)
    profile, *others = [make_profile(first_name=f"P{number}") for number in range(count + 1)]
    for one in others:
        with transaction.atomic():
            merge_profiles(Merge(one.id, profile.id), cause=Cause(CauseKind.COMMAND), now=timezone.now())
        low, high = sorted([profile, one], key=lambda side: side.id)
        DuplicateCandidate.objects.create(low=low, high=high, reason="ambiguous", created_at=timezone.now())
    names = [f"P{number} Unknown" for number in range(count, 0, -1)][:2]

    told = shown(profile)

    assert cells(told["duplicates"], 0, 1) == [(name, "ambiguous") for name in names]
    assert cells(told["merged"], 0) == names
    assert (told["has_more_duplicates"], told["has_more_merged"]) == (has_more, has_more)


def test_history_tells_what_takes_what_back(staff_user):
    ann = make_profile(email="ann@example.com")
    process([{"email": "ann@example.com", "company": "Acme"}])
    take_back_version(ann, 2, actor_id=staff_user.pk)

    told = shown(ann)["history"]

    assert cells(told, 1) == ["reverted 3", "updated 2", "created 1"]
    third, second, first = cells(told, 2)
    assert third.startswith("takes back version 2 company Acme")
    assert second.startswith("taken back by version 3 company")
    assert "back" not in first
    assert cells(told, 3)[0] == "admin by staff"


@pytest.mark.parametrize(("most", "has_more"), [(2, True), (3, False)])
def test_history_is_cut_to_its_newest_rows(monkeypatch, most, has_more):
    monkeypatch.setattr(panels, "CHANGES_SHOWN", most)
    ann = make_profile(email="ann@example.com")
    for company in ("Acme", "Bakers"):
        process([{"email": "ann@example.com", "company": company}])

    told = shown(ann)

    versions = [cell.split()[1] for cell in cells(told["history"], 1)]
    assert (versions, told["has_more_history"]) == (["3", "2", "1"][:most], has_more)


def test_link_is_of_a_bounded_name_that_cannot_say_more():
    profile = Profile(first_name="<b>", last_name="x" * 100)

    shown_ = profile_link(profile)

    assert (f"/admin/profiles/profile/{profile.pk}/change/" in shown_, "<b>" in shown_) == (True, False)
    assert strip_tags(shown_).endswith("… (104 characters)")
