"""Values are read as what they are, and only what loses nothing is turned into the kind (rules 1)."""

import pytest

from profiles import readings
from profiles.keys import InvalidValueError


@pytest.mark.parametrize(
    ("read", "value", "found"),
    [
        (readings.text, "a", "a"),
        (readings.text, 38.0, "38"),
        (readings.text, 1.5, "1.5"),
        (readings.text, 12, "12"),
        (readings.name, 7, "7"),
        (readings.whole_number, " 12 ", 12),
        (readings.whole_number, "12.00", 12),
        (readings.whole_number, 12.0, 12),
        (readings.whole_number, "-7", -7),
        (readings.number, "1.50", 1.5),
        (readings.number, -0.0, 0.0),
        (readings.number, 3, 3.0),
        (readings.truth, "TRUE", True),
        (readings.truth, "0", False),
        (readings.truth, 1, True),
        (readings.truth, 0.0, False),
        (readings.free_json, {"a": [1.0, 1.5, "1.0"]}, {"a": [1, 1.5, "1.0"]}),
    ],
)
def test_value_is_read(read, value, found):
    assert read(value) == found
    assert type(read(value)) is type(found)


@pytest.mark.parametrize(
    ("read", "value", "told"),
    [
        (readings.text, None, readings.EMPTY),
        (readings.text, True, readings.NO_TEXT),
        (readings.text, float("nan"), readings.NAN),
        (readings.text, 1e17, readings.TOO_LARGE),
        (readings.name, 1.0, readings.NO_NAME),
        (readings.name, 2**63, readings.BEYOND_64_BITS),
        (readings.whole_number, "1.5", readings.NO_WHOLE),
        (readings.whole_number, " ", readings.EMPTY),
        (readings.whole_number, True, readings.NO_WHOLE),
        (readings.number, "1e3", readings.NO_NUMBER),
        (readings.number, None, readings.EMPTY),
        (readings.truth, "yes", readings.NO_TRUTH),
        (readings.truth, 2, readings.NO_TRUTH),
        (readings.truth, "", readings.EMPTY),
    ],
)
def test_value_of_another_kind_is_refused(read, value, told):
    with pytest.raises(InvalidValueError) as refused:
        read(value)

    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("entry", "is_blank"),
    [
        (None, True),
        (" \u200b", True),
        ([], True),
        ({}, True),
        ({"a": None, "b": [], "c": " "}, True),
        ({"a": 0}, False),
        (False, False),
        ("a", False),
    ],
)
def test_entry_that_says_nothing_is_blank(entry, is_blank):
    assert readings.is_blank_entry(entry) is is_blank
