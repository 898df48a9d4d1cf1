"""What the ledger says of two states (rules 6)."""

import pytest

from profiles.history import fold
from profiles.reconcile import State, difference

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
