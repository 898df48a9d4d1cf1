"""Why a record means whom it means, and what is wrong with it, in the tables staff read."""

import pytest
from django.http import QueryDict

from batches.admin.reasons import (
    considered_panel,
    first_problem,
    problems_panel,
    rule_in_words,
    shown_key,
    steps_table,
)
from profiles.values import MatchRule, Step, StepResult
from tests.builders import make_profile

ASKED = QueryDict()


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (None, "-"),
        ({}, "-"),
        ({"email": "a@example.com"}, "email a@example.com"),
        ({"mobile_phone": "+61404123123"}, "mobile phone +61404123123"),
        ({"handle": "pos", "identifier": "7"}, "pos 7"),
    ],
)
def test_key_is_said_as_people_say_it(key, shown):
    assert shown_key(key) == shown


def test_every_rule_has_words():
    assert rule_in_words("") == "-"
    assert all(": " in rule_in_words(rule) for rule in MatchRule)


def test_first_problem_counts_the_others_and_escapes():
    problems = [{"code": "invalid", "pointer": "/a", "message": "<b>No</b>"}] * 3

    shown = first_problem(problems)
    assert "(+2)" in shown
    assert "<b>" not in shown


def test_problems_are_told_with_their_place():
    problems = [{"code": "invalid", "pointer": "", "message": "No."}]

    panel = problems_panel(problems, "danger", asked=ASKED, name="errors")
    ((code, where, what),) = panel["table"]["rows"]
    assert "invalid" in str(code)
    assert "the record" in str(where)
    assert what == "No."


@pytest.mark.django_db
def test_candidates_link_to_those_who_are_there():
    ann = make_profile(email="ann@example.com", first_name="Ann")
    gone = "0190aaaa-0000-7000-8000-000000000001"
    considered = [
        {"profile_id": str(ann.pk), "rule": "holder", "key": {"email": "ann@example.com"}},
        {"profile_id": gone, "rule": "criterion", "key": None},
        {"profile_id": None, "rule": "criterion", "key": None, "criterion": "shop"},
    ]

    rows = considered_panel(considered, asked=ASKED)["table"]["rows"]
    assert str(ann.pk) in str(rows[0][0])
    assert rows[1][0] == gone
    assert rows[2][:2] == ["nobody", "the record has no shop"]


def test_steps_are_told_with_what_came_of_them():
    table = steps_table([Step("rules 2.1", StepResult.DECIDES, "It was found.")])

    assert table["rows"][0][0] == "rules 2.1"
    assert "decides" in str(table["rows"][0][1])
