"""What the desk cannot be asked is refused in a sentence, before anything is looked up."""

import re
import unicodedata

import pytest
from django.contrib import admin
from django.contrib.admin import ChoicesFieldListFilter
from django.db import connection
from django.http import QueryDict
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from profiles.desk.questions import AskedAdmin, RefusedQuestionError, asked_number, asked_text, check_chosen
from profiles.models import Profile, ProfileChange
from tests.builders import make_profile

NUMBER = "“part” must be a whole number from 1."
NOT_THERE = "What was chosen is not on this list."


class People(AskedAdmin):
    """The email is its first column to sort by: the one before it chooses rows."""

    list_display = ("email", "company")
    sortable_by = ("email",)
    ordering = ("email",)
    list_filter = (("profile_type", ChoicesFieldListFilter),)


@pytest.fixture
def page():
    return People(Profile, admin.site)


def listed(page, user, query):
    request = RequestFactory().get(f"/?{query}")
    request.user = user
    return page.get_changelist_instance(request)


@pytest.mark.parametrize(
    ("query", "number"), [("", 1), ("part=", 1), ("part=7", 7), ("part=7&part=8", 8), ("part=999999999", 999_999_999)]
)
def test_number_is_that_of_the_first_part_unless_told(query, number):
    assert asked_number(QueryDict(query), "part") == number


@pytest.mark.parametrize("written", ["0", "-1", "1.5", " 1", "٣", "²", "x", "1000000000", "9" * 5_000])
def test_what_is_no_number_of_a_part_is_refused(written):
    with pytest.raises(RefusedQuestionError, match=f"^{NUMBER}$"):
        asked_number(QueryDict(f"part={written}"), "part")


def test_text_is_trimmed_and_composed():
    assert asked_text(f" {unicodedata.normalize('NFD', 'Zoë')}\n") == "Zoë"


@pytest.mark.parametrize(
    ("written", "sentence"),
    [("a\x00b", r"must not hold a NUL character"), ("x" * 256, r"must not be longer than 255 characters")],
)
def test_text_that_nothing_can_be_is_refused_before_it_is_looked_up(page, staff_user, written, sentence):
    with pytest.raises(RefusedQuestionError, match=sentence):
        asked_text(written)
    with CaptureQueriesContext(connection) as queries, pytest.raises(RefusedQuestionError, match=sentence):
        listed(page, staff_user, f"q={written}")

    assert len(queries) == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "emails"),
    [
        ("profile_type__exact=&o=", ["a@example.com", "b@example.com", "c@example.com"]),
        ("profile_type__exact=pending", ["b@example.com"]),
        ("o=-1", ["c@example.com", "b@example.com", "a@example.com"]),
    ],
)
def test_list_answers_what_it_offers(page, staff_user, query, emails):
    for email in ("c", "a"):
        make_profile(email=f"{email}@example.com")
    make_profile(email="b@example.com", profile_type="pending")

    assert [one.email for one in listed(page, staff_user, query).result_list] == emails


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("profile_type__exact=merged", "“profile type” has no such choice."),
        ("profile_type__exact=active&profile_type__exact=pending", "“profile_type__exact” is asked for twice."),
        ("profile_type__isnull=True", "This list cannot be narrowed by “profile_type__isnull”."),
        ("company=Acme", "This list cannot be narrowed by “company”."),
        ("memberships__organisation=x", "This list cannot be narrowed like that."),
        ("o=0", "This list cannot be sorted like that."),
        ("o=1.2", "This list cannot be sorted like that."),
        ("o=--1", "This list cannot be sorted like that."),
        ("p=0", "“p” must be a whole number from 1."),
        ("p=2", "There is no page 2: the last one is 1."),
    ],
)
def test_list_refuses_what_it_does_not_offer(page, staff_user, query, sentence):
    with pytest.raises(RefusedQuestionError, match=f"^{sentence}$"):
        listed(page, staff_user, query)


@pytest.mark.django_db
def test_what_no_text_can_be_names_no_row_and_finds_none(page, staff_user):
    row, request = make_profile(), RequestFactory().get("/")

    assert [page.get_object(request, key) for key in (str(row.id), "a\x00b")] == [row, None]
    assert list(page.get_search_results(request, Profile.objects.all(), "a\x00b")[0]) == []


KEY = "0190aaaa-0000-7000-8000-000000000001"


@pytest.mark.parametrize(("model", "chosen"), [(Profile, []), (Profile, [KEY, KEY.upper()]), (ProfileChange, ["7"])])
def test_what_is_chosen_may_be_the_keys_of_rows(model, chosen):
    check_chosen(model._meta.pk, chosen)


@pytest.mark.parametrize(
    ("model", "chosen", "sentence"),
    [
        (Profile, [KEY, "7"], NOT_THERE),
        (ProfileChange, ["7", KEY], NOT_THERE),
        (ProfileChange, ["a\x00b"], "The text must not hold a NUL character (U+0000)."),
    ],
)
def test_what_can_be_no_key_was_not_on_the_list(model, chosen, sentence):
    with pytest.raises(RefusedQuestionError, match=re.escape(sentence)):
        check_chosen(model._meta.pk, chosen)
