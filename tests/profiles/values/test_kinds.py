"""The words that values are of, as they are stored and stand on the wire."""

import json
import re
from enum import StrEnum

import orjson
import pytest

from batches.models import BatchRecord
from profiles.models import CustomAttribute, OvermergeAlarm, Profile, ProfileChange
from profiles.values import (
    AttributeType,
    CauseKind,
    ChangeAction,
    Ended,
    ErrorCode,
    Gender,
    Growth,
    MatchRule,
    OutcomeKind,
    ProfileType,
    Verification,
    WarningCode,
    choices,
    kinds,
)

KINDS = [one for one in vars(kinds).values() if isinstance(one, type) and issubclass(one, StrEnum) and one != StrEnum]


@pytest.mark.parametrize("kind", KINDS)
def test_word_is_its_name_in_small_letters_and_each_says_one_thing(kind):
    assert {name: word.value for name, word in kind.__members__.items()} == {
        name: name.lower() for name in kind.__members__
    }
    assert [word for word in kind if not re.fullmatch(r"[a-z]+(?:_[a-z]+)*", word)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_word_is_written_as_nothing_but_itself(kind):
    for word in kind:
        assert {f"{word}", json.loads(json.dumps(word)), orjson.loads(orjson.dumps(word))} == {word.value}


def test_code_tells_whether_it_rejects_a_record():
    assert set(map(str, ErrorCode)) & set(map(str, WarningCode)) == set()


@pytest.mark.parametrize(
    ("model", "column", "kind"),
    [
        (Profile, "profile_type", ProfileType),
        (Profile, "gender", Gender),
        (Profile, "ended", Ended),
        (Profile, "email_verification", Verification),
        (CustomAttribute, "type", AttributeType),
        (ProfileChange, "action", ChangeAction),
        (ProfileChange, "cause_kind", CauseKind),
        (OvermergeAlarm, "growth", Growth),
        (BatchRecord, "rule", MatchRule),
    ],
)
def test_column_offers_the_words_in_their_order_and_nothing_else(model, column, kind):
    field = model._meta.get_field(column)

    assert list(field.choices) == [(word.value, word.value) for word in kind]
    assert {type(text) for pair in field.choices for text in pair} == {str}


def test_codes_fit_the_column_that_keeps_the_first_of_a_records_errors():
    assert max(map(len, ErrorCode)) <= BatchRecord._meta.get_field("error_code").max_length


def test_choices_may_be_some_of_the_words():
    decided = (kind for kind in OutcomeKind if kind is not OutcomeKind.PENDING)

    assert choices(decided) == [(word, word) for word in ("created", "updated", "unchanged", "rejected")]
