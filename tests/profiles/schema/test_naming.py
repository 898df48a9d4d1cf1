"""What a sender may have meant by a name that the hub does not know."""

import pytest

from profiles.schema.naming import called_elsewhere, did_you_mean, listed
from profiles.schema.record import RECORD_FIELDS


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("Email", "did you mean email?"),
        ("first name", "did you mean first_name?"),
        ("FIRST-NAME", "did you mean first_name?"),
        ("frist_name", "did you mean first_name?"),
        ("surname", "did you mean last_name?"),
        ("Full Name", "did you mean first_name and last_name?"),
        ("date_of_birth", "did you mean birth_day, birth_month and birth_year?"),
        ("newsletter", "did you mean comms_attributes.email_promo?"),
        ("eye_colour", "did you mean attributes.appearance.eye_colour?"),
        ("customer_id", "did you mean identities?"),
        ("colour", ""),
        ("", ""),
        ("x" * 61, ""),
    ],
)
def test_unknown_name_is_asked_about(name, question):
    assert did_you_mean(name, RECORD_FIELDS) == question


def test_what_no_place_has_is_not_asked_about():
    assert did_you_mean("surname", frozenset({"email"})) == ""


def test_other_systems_names_are_known_however_they_are_written():
    assert called_elsewhere("Phone-Number") == ("mobile_phone",)
    assert called_elsewhere("colour") == ()


@pytest.mark.parametrize(
    ("names", "sentence"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_names_are_listed_as_in_a_sentence(names, sentence):
    assert listed(names) == sentence
