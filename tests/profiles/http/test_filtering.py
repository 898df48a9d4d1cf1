"""Filters in brackets: a list is narrowed as asked, or whoever asks is told why not."""

import datetime as dt
from typing import ClassVar

import pytest
from django.core.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from profiles import keys
from profiles.http.errors import InvalidFieldsError
from profiles.http.filtering import BracketFilterSet, ChoiceFilter, NoFilters, NormalFilter, TimeField, TimeFilter
from profiles.models import Profile
from tests.builders import make_profile

UNKNOWN = "There is no such filter."
ONCE = "The filter must stand once."
CHOICES = "The filter must be one of active, pending."
TIME = "The time must be ISO 8601, such as 2020-05-05T15:20:32Z."


class Filters(BracketFilterSet):
    wire_names: ClassVar = {"kind.of": "profile_type"}
    other_parameters: ClassVar = frozenset({"sort"})

    email = NormalFilter(normal=keys.email_key, field_name="email_key", label="The email.")
    profile_type = ChoiceFilter(field_name="profile_type", words=["active", "pending"])
    created_at__gte = TimeFilter(field_name="created_at", lookup_expr="gte")


def asked(query):
    return Request(APIRequestFactory().get(f"/?{query}"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"ann@example.com", "bob@example.com"}),
        ("filter[email]=ANN@example.com", {"ann@example.com"}),
        ("filter[email][eq]=ann@example.com", {"ann@example.com"}),
        ("filter[kind.of]=pending", {"bob@example.com"}),
        ("filter[kind.of]=pending&filter[email]=ann@example.com", set()),
        ("filter[created_at][gte]=2020-05-05T15:20:32Z", {"ann@example.com", "bob@example.com"}),
        ("filter[created_at][gte]=9000-01-01", set()),
        ("page=2&per_page=1&sort=-name&utm_source=x&nocache=1", {"ann@example.com", "bob@example.com"}),
    ],
)
def test_list_is_narrowed_by_all_that_is_asked(query, found):
    make_profile(email="ann@example.com")
    make_profile(email="bob@example.com", profile_type="pending")

    rows = Filters.apply(asked(query), Profile.objects.all())

    assert set(rows.values_list("email", flat=True)) == found


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("filter[age]=7", {"filter[age]": UNKNOWN}),
        ("filter[email][gte]=a", {"filter[email][gte]": UNKNOWN}),
        ("filter[created_at]=2020-05-05", {"filter[created_at]": UNKNOWN}),
        ("filter=active", {"filter": UNKNOWN}),
        (f"filter[{'a' * 200}]=7", {f"filter[{'a' * 93}": UNKNOWN}),
        ("filter[kind.of]=active&filter[kind.of]=active", {"filter[kind.of]": ONCE}),
        ("filter[email]=a@example.com&filter[email][eq]=a@example.com", {"filter[email][eq]": ONCE}),
        ("filter[email]=%20", {"filter[email]": "The filter must have a value."}),
        ("filter[kind.of]=merged", {"filter[kind.of]": CHOICES}),
        ("filter[created_at][gte]=soon", {"filter[created_at][gte]": TIME}),
        ("Email=a", {"Email": "Filters are written in brackets: filter[email]."}),
        ("created_at__gte=2020", {"created_at__gte": "Filters are written in brackets: filter[created_at]."}),
        ("order=name", {"order": "This list cannot be ordered by that."}),
        (
            "filter[age]=7&phone=1&filter[kind.of]=merged",
            {
                "filter[age]": UNKNOWN,
                "phone": "This list cannot be narrowed by that.",
                "filter[kind.of]": CHOICES,
            },
        ),
    ],
)
def test_what_cannot_be_had_is_told_where_it_was_asked(query, errors):
    with pytest.raises(InvalidFieldsError) as refused:
        Filters.apply(asked(query), Profile.objects.all())

    assert refused.value.errors == {name: [sentence] for name, sentence in errors.items()}


def test_value_without_a_normal_form_is_refused_in_its_own_words():
    with pytest.raises(keys.InvalidValueError) as unreadable:
        keys.email_key("no at")

    with pytest.raises(InvalidFieldsError) as refused:
        Filters.apply(asked("filter[email]=no at"), Profile.objects.all())

    assert refused.value.errors == {"filter[email]": [str(unreadable.value)]}


def test_filters_that_were_asked_for_are_told_by_our_names():
    query = "filter[kind.of]=active&filter[created_at][gte]=2020-05-05&filter[email][eq]=a&filter[age]=7&page=2"

    assert Filters.asked(asked(query)) == {"profile_type": "active", "created_at__gte": "2020-05-05", "email": "a"}


@pytest.mark.parametrize(
    ("written", "hour"),
    [("2020-05-05T15:20:32", 15), ("2020-05-05T15:20:32Z", 15), ("2020-05-05T15:20:32+10:00", 5)],
)
def test_time_is_utc_unless_it_says_its_zone(written, hour):
    assert TimeField().clean(written) == dt.datetime(2020, 5, 5, hour, 20, 32, tzinfo=dt.UTC)


@pytest.mark.parametrize("written", ["5/5/2020", "2020-13-01", "0001-01-01T00:00:00+10:00", "x" * 5_000])
def test_what_is_no_time_is_refused(written):
    with pytest.raises(ValidationError, match=r"ISO 8601"):
        TimeField().clean(written)


def test_document_describes_each_filter_as_it_is_written():
    described = {one.name: (one.enum, one.description) for one in Filters.parameters()}

    assert described == {
        "filter[email]": (None, "The email."),
        "filter[kind.of]": (["active", "pending"], ""),
        "filter[created_at][gte]": (None, ""),
    }


def test_list_that_is_never_narrowed_has_no_filter():
    with pytest.raises(InvalidFieldsError):
        NoFilters.apply(asked("filter[email]=a"), Profile.objects.all())
