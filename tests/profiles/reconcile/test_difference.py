"""What the ledger says of two states (rules 6)."""

import pytest

from profiles.history import fold, without_origins
from profiles.reconcile import State, difference
from profiles.values import Origin

ONE_OF_EACH = {
    "identities": {("pos", "7"): {"is_primary": False, "is_active": True, "merged_from": None}},
    "tags": {("vip",): {}},
    "custom_attributes": {("pets", "a/b~c"): {"type": "json", "value": {"n": 1}}},
}


def test_creation_tells_what_has_a_value():
    after = State({"company": "Acme", "title": None}, ONE_OF_EACH)

    assert difference(State(), after) == {
        "/company": {"to": "Acme"},
        "/identities/pos/7/is_primary": {"to": False},
        "/identities/pos/7/is_active": {"to": True},
        "/tags/vip": {"to": True},
        "/custom_attributes/pets/a~1b~0c/type": {"to": "json"},
        "/custom_attributes/pets/a~1b~0c/value": {"to": {"n": 1}},
    }


def test_removal_tells_what_was_there():
    before = State({"company": "Acme"}, ONE_OF_EACH)

    assert difference(before, State({"company": None}, {name: {} for name in ONE_OF_EACH})) == {
        "/company": {"from": "Acme", "to": None},
        "/identities/pos/7/is_primary": {"from": False},
        "/identities/pos/7/is_active": {"from": True},
        "/tags/vip": {"from": True},
        "/custom_attributes/pets/a~1b~0c/type": {"from": "json"},
        "/custom_attributes/pets/a~1b~0c/value": {"from": {"n": 1}},
    }


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({"company": "Acme"}, {}, {"/company": {"from": "Acme", "to": None}}),
        ({"company": None}, {}, {}),
        (
            {"title": "Dr"},
            {"company": "Acme"},
            {"/company": {"from": None, "to": "Acme"}, "/title": {"from": "Dr", "to": None}},
        ),
        ({"appearance/size_hat": "7"}, {"title": None}, {"/appearance/size_hat": {"from": "7", "to": None}}),
    ],
)
def test_field_that_is_not_named_any_more_is_cleared(before, after, changes):
    assert difference(State(before), State(after)) == changes


@pytest.mark.parametrize(("stored", "sent"), [(1, 1.0), (1, True), (0, False), ({"n": 1}, {"n": 1.0}), ([1], [True])])
def test_values_that_only_python_takes_for_equal_differ(stored, sent):
    before, after = (
        State({"company": "Acme"}, {"custom_attributes": {("n", "h"): {"type": "json", "value": value}}})
        for value in (stored, sent)
    )

    changes = difference(before, after)

    assert changes == {"/custom_attributes/n/h/value": {"from": stored, "to": sent}}
    assert type(changes["/custom_attributes/n/h/value"]["to"]) is type(sent)
    assert difference(before, before) == {}


def test_removal_tells_which_row_it_was_and_since_when_and_folds():
    origins = {
        "identities": {("pos", "7"): Origin(17, "2026-01-01T00:00:00Z")},
        "tags": {("vip",): Origin(18, None)},
    }
    before = State({"company": "Acme"}, {name: ONE_OF_EACH[name] for name in origins}, origins=origins)

    told = difference(before, State({"company": "Acme"}, {name: {} for name in origins}))

    values = {
        "/identities/pos/7/is_primary": {"from": False},
        "/identities/pos/7/is_active": {"from": True},
        "/tags/vip": {"from": True},
    }
    assert told == values | {
        "/identities/pos/7/id": {"from": 17},
        "/identities/pos/7/created_at": {"from": "2026-01-01T00:00:00Z"},
        "/tags/vip/id": {"from": 18},
    }
    assert without_origins(told) == values
    folded = fold([difference(State(), before), told])
    assert (folded.collections["identities"], folded.collections["tags"]) == ({}, {})


@pytest.mark.parametrize("key", [("id", "created_at"), ("n", "id"), ("id", "x")])
def test_what_is_only_called_like_an_origin_is_told(key):
    rows = {"custom_attributes": {key: {"type": "string", "value": "x"}}}

    told = difference(State(), State({}, rows))

    assert without_origins(told) == told
    assert fold([told]).collections["custom_attributes"] == rows["custom_attributes"]


LINK = {"link_relationship": None, "link_role": None}
EMPTY, FULL = ({"date_links": {("b", "", "0190"): {**LINK, "link_role": role}}} for role in (None, "twin"))
NONE: dict[str, dict[object, object]] = {"date_links": {}}


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (NONE, EMPTY, {"/date_links/b//0190": {"to": True}}),
        (EMPTY, NONE, {"/date_links/b//0190": {"from": True}}),
        (EMPTY, FULL, {"/date_links/b//0190/link_role": {"from": None, "to": "twin"}}),
        (FULL, EMPTY, {"/date_links/b//0190/link_role": {"from": "twin", "to": None}}),
        (NONE, FULL, {"/date_links/b//0190/link_role": {"to": "twin"}}),
        (EMPTY, EMPTY, {}),
    ],
)
def test_row_that_says_nothing_is_told_by_its_own_pointer_and_folds(before, after, changes):
    fields = {"first_name": "Ann"}
    told = difference(State(fields, before), State(fields, after))
    first = difference(State(fields, NONE), State(fields, before))

    assert told == changes
    assert fold([first, told]).collections["date_links"] == after["date_links"]
