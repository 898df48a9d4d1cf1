"""What a sender matches by."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.criteria import (
    LONGEST_TEXT,
    MOST_CRITERIA,
    CriteriaError,
    criteria_text,
    read_criteria,
    typed_criteria,
    wire_criteria,
)
from profiles.keys import InvalidValueError


@pytest.mark.parametrize(
    ("value", "criteria"),
    [
        ("email", ("email",)),
        (" shop ", ("shop",)),
        ('["x"]', ('["x"]',)),
        ("shop,email", ("shop", "email")),
        (" shop ,\temail", ("shop", "email")),
        (["email"], ("email",)),
        (["shop", " email "], ("shop", "email")),
        (["a,b", "email"], ("a,b", "email")),
        ("1,2,3,4,5", ("1", "2", "3", "4", "5")),
    ],
)
def test_text_or_list_names_criteria(value, criteria):
    assert read_criteria(value) == criteria


EMPTY_PART = "Between two commas, before and after them, there must be a criterion."
TOO_MANY = "The match_criteria must name between 1 and 5 criteria."


@pytest.mark.parametrize(
    ("value", "message", "index"),
    [
        (7, "The match_criteria must be email, an identity handle, or a list of them.", None),
        ({}, "The match_criteria must be email, an identity handle, or a list of them.", None),
        ([], TOO_MANY, None),
        (["a", "b", "c", "d", "e", "f"], TOO_MANY, None),
        ("a,b,c,d,e,f", TOO_MANY, None),
        (",", EMPTY_PART, None),
        ("a,,b", EMPTY_PART, None),
        ("a, ", EMPTY_PART, None),
        (["a", None], "The entry must be text: email, or an identity handle.", 1),
        (["a", ""], "The text must not be empty.", 1),
        (["a", "b", "a"], "The criterion stands twice.", 2),
        ("a,a ", "The criterion stands twice.", None),
        (["a" * 256], "The text must not be longer than 255 characters.", 0),
        ("a," * 5_000, "The text must not be longer than 1,285 characters.", None),
    ],
)
def test_what_names_none_is_told_why_and_where(value, message, index):
    with pytest.raises(CriteriaError) as caught:
        read_criteria(value)

    assert (str(caught.value), caught.value.index) == (message, index)


@pytest.mark.parametrize(
    ("text", "criteria"),
    [("shop,email", ("shop", "email")), ('["a,b","email"]', ("a,b", "email")), ("[pos", ("[pos",)), ("[1", ("[1",))],
)
def test_typed_text_may_be_a_list(text, criteria):
    assert typed_criteria(text) == criteria


handles = st.text(st.sampled_from('ab,[]"\\ \u00e9{}1'), min_size=1, max_size=6).filter(str.strip) | st.sampled_from(
    ("email", "shop", '"' * 255, "\\" * 255)
)


@given(st.lists(handles, min_size=1, max_size=MOST_CRITERIA))
def test_what_is_kept_and_sent_means_the_same(names):
    try:
        criteria = read_criteria(names)
    except InvalidValueError:
        return

    assert len(criteria_text(criteria)) <= LONGEST_TEXT
    assert typed_criteria(criteria_text(criteria)) == criteria
    assert read_criteria(json.loads(json.dumps(wire_criteria(criteria)))) == criteria
