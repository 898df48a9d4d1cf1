"""Values of custom attributes are of their type, and one sent without has a type by itself (rules 8.4)."""

import pytest

from profiles.attributes import type_of, typed_value
from profiles.keys import InvalidValueError


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        ("string", 38.0, "38"),
        ("integer", "12", 12),
        ("float", "1.5", 1.5),
        ("boolean", "1", True),
        ("json", {"a": 1.0}, {"a": 1}),
        ("array", [1.0, "a"], [1, "a"]),
        ("string", " ", None),
        ("integer", None, None),
    ],
)
def test_value_is_turned_into_its_type(kind, value, found):
    assert typed_value(kind, value) == found


@pytest.mark.parametrize(
    ("kind", "value"),
    [("integer", "a"), ("boolean", "perhaps"), ("array", {"a": 1}), ("float", "1,5"), ("string", True)],
)
def test_value_that_does_not_fit_is_refused(kind, value):
    with pytest.raises(InvalidValueError):
        typed_value(kind, value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("a", "string"),
        (None, "string"),
        (True, "boolean"),
        (1, "integer"),
        (1.5, "float"),
        ([1], "array"),
        ({"a": 1}, "json"),
    ],
)
def test_value_has_a_type_by_itself(value, kind):
    assert type_of(value) == kind
