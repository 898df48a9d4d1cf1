"""Lists and labels of the desk: bounded at any size of the hub, and read-only unless they say so."""

import datetime as dt

import pytest
from django.contrib import admin
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from profiles.desk import lists
from profiles.desk.lists import BoundedPaginator, HubAdmin, IdFilter, NewestChoicesFilter, ReadOnlyAdmin
from profiles.desk.questions import RefusedQuestionError
from profiles.models import Profile, ProfileChange
from profiles.values import ChangeAction
from tests.builders import make_profile


class OfProfile(IdFilter):
    title = "profile id"
    parameter_name = "profile"
    column = "profile"


class Newest(NewestChoicesFilter):
    narrowed_by = ("profile",)


def narrowed_to_profile(value):
    request = RequestFactory().get("/")
    one = OfProfile(request, {"profile": [value]}, ProfileChange, HubAdmin(ProfileChange, admin.site))
    return one.queryset(request, ProfileChange.objects.all())


def with_action(**asked):
    """Return the rows that the filter by action leaves in, and its title."""
    request = RequestFactory().get("/", asked)
    params = {name: [value] for name, value in asked.items() if name == "action__exact"}
    field = ProfileChange._meta.get_field("action")
    page = HubAdmin(ProfileChange, admin.site)
    one = Newest(field, request, params, ProfileChange, page, "action")
    rows = one.queryset(request, ProfileChange.objects.order_by("pk"))
    return list(rows.values_list("profile_id", flat=True)), one.title


def test_label_says_its_text_in_words_and_nothing_else():
    shown = lists.label("set_aside <b>", "danger")

    assert ("set aside &lt;b&gt;" in shown, "bg-red-100" in shown, "<b>" in shown) == (True, True, False)
    assert "bg-red-100" not in lists.label("set_aside")


def test_every_action_of_the_ledger_has_a_colour():
    assert set(lists.ACTION_LABELS) == set(ChangeAction)


def test_time_stands_in_one_line_to_the_second():
    shown = lists.moment(dt.datetime(2026, 1, 31, 9, 5, 7, 999_999, tzinfo=dt.UTC))

    assert shown == '<span class="whitespace-nowrap">2026-01-31 09:05:07</span>'


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("most", "shown"), [(1, (1, True, 1)), (2, (2, True, 1)), (3, (3, False, 2)), (4, (3, False, 2))]
)
def test_pages_are_counted_once_and_no_further_than_their_bound(most, shown):
    for _ in range(3):
        make_profile()
    paginator = BoundedPaginator(Profile.objects.order_by("id"), 2)
    paginator.most_counted = most

    with CaptureQueriesContext(connection) as queries:
        assert (paginator.count, paginator.is_cut, paginator.num_pages) == shown

    assert [f"LIMIT {most + 1}" in query["sql"] for query in queries] == [True]


@pytest.mark.django_db
def test_rows_belong_to_the_one_with_the_id():
    ann, _ = make_profile(), make_profile()

    for written in (str(ann.id), f" {str(ann.id).upper()} "):
        assert [one.profile_id for one in narrowed_to_profile(written)] == [ann.id]
    assert narrowed_to_profile("").count() == 2
    with pytest.raises(RefusedQuestionError, match=r"“profile id” takes a whole id, such as 0190aaaa-"):
        narrowed_to_profile("0190aaaa")


@pytest.mark.django_db
def test_choice_that_no_index_serves_looks_among_the_newest(monkeypatch):
    monkeypatch.setattr(lists, "WINDOW", 2)
    ids = [make_profile().id for _ in range(3)]

    assert with_action() == (ids, "action, among the newest 2")
    assert with_action(action__exact="created")[0] == ids[1:]
    assert with_action(action__exact="created", profile="x")[0] == ids
    assert with_action(action__exact="merged", profile="")[0] == []


@pytest.mark.django_db
def test_newest_of_no_rows_are_none():
    assert list(lists.among_newest(ProfileChange.objects.all())) == []


@pytest.mark.django_db
def test_what_the_hub_wrote_is_looked_at_by_whoever_may_do_everything(staff_user):
    request = RequestFactory().get("/")
    request.user = staff_user

    def may(page):
        names = ("view", "add", "change", "delete")
        return [name for name in names if getattr(page, f"has_{name}_permission")(request)]

    assert may(HubAdmin(ProfileChange, admin.site)) == ["view", "add", "change", "delete"]
    assert may(ReadOnlyAdmin(ProfileChange, admin.site)) == ["view"]
