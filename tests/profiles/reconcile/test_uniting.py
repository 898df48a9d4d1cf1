"""Two profiles become one."""

from uuid import UUID

import pytest

from profiles import shape
from profiles.reconcile.difference import State
from profiles.reconcile.uniting import MergeError, choose, unite

MERGED, SURVIVOR = UUID(int=1), UUID(int=2)


def state(fields=(), **collections):
    rows = {name: collections.get(name, {}) for name in shape.COLLECTIONS}
    return State({**dict.fromkeys(shape.PROFILE_FIELDS), **dict(fields)}, rows)


def united(merged, survivor, limits=()):
    return unite(merged, survivor, merged_id=MERGED, survivor_id=SURVIVOR, identity_limits=dict(limits))


def identity(**row):
    return {"is_primary": False, "is_active": True, "merged_from": None, **row}


def address(**row):
    return {**dict.fromkeys(shape.ADDRESSES.fields), "is_default": False, "address_line_1": "1 Main St", **row}


@pytest.mark.parametrize(
    ("theirs", "ours", "after"),
    [
        ({"company": "A"}, {}, {"company": "A"}),
        ({"company": "A"}, {"company": "B"}, {"company": "B"}),
        ({}, {"company": "B"}, {"company": "B"}),
        ({"birth_year": 1980}, {"birth_day": 1, "birth_month": 2}, {"birth_day": 1, "birth_month": 2}),
        ({"birth_day": 1, "birth_month": 2}, {}, {"birth_day": 1, "birth_month": 2}),
        ({"merged_into": "x"}, {}, {}),
    ],
)
def test_survivor_keeps_what_it_has_and_fills_its_blanks(theirs, ours, after):
    _, survivor = united(state(theirs), state(ours))

    assert {name: value for name, value in survivor.fields.items() if value is not None} == after


def test_merged_profile_means_the_survivor_and_keeps_its_fields_but_for_keys_that_go_over():
    merged, survivor = united(
        state({"email": "a@example.com", "mobile_phone": "+61404000001", "title": "Dr"}),
        state({"email": "b@example.com"}),
    )

    assert (merged.fields["merged_into"], merged.fields["title"]) == (str(SURVIVOR), "Dr")
    assert (merged.fields["email"], survivor.fields["email"]) == ("a@example.com", "b@example.com")
    assert (merged.fields["mobile_phone"], survivor.fields["mobile_phone"]) == (None, "+61404000001")
    assert merged.collections == {name: {} for name in shape.COLLECTIONS}


def test_rows_only_one_has_are_added_and_tell_where_they_came_from():
    _, survivor = united(
        state(identities={("pos", "7"): identity(is_primary=True), ("web", "w"): identity(merged_from="older")}),
        state(identities={("pos", "8"): identity(is_primary=True)}),
    )

    assert survivor.collections["identities"] == {
        ("pos", "8"): identity(is_primary=True),
        ("pos", "7"): identity(merged_from=str(MERGED)),
        ("web", "w"): identity(merged_from="older"),
    }


def test_flag_goes_over_where_nobody_bears_it():
    _, survivor = united(state(identities={("pos", "7"): identity(is_primary=True)}), state())

    assert survivor.collections["identities"]["pos", "7"]["is_primary"] is True


def test_addresses_of_one_text_are_one_with_its_blanks_filled():
    _, survivor = united(
        state(addresses={("k1",): address(notes="ring", external_id="home", is_default=True)}),
        state(addresses={("k2",): address(company="Acme", is_default=True)}),
    )

    assert survivor.collections["addresses"] == {
        ("k2",): address(company="Acme", notes="ring", external_id="home", is_default=True)
    }


def test_address_whose_name_is_taken_comes_without_it():
    _, survivor = united(
        state(addresses={("k1",): address(address_line_1="2 Side St", external_id="home")}),
        state(addresses={("k2",): address(external_id="home")}),
    )

    assert survivor.collections["addresses"]["k1",]["external_id"] is None


def test_profiles_with_too_much_for_one_are_refused():
    tags = {(str(number),): {} for number in range(shape.TAGS.most_of_profile)}

    with pytest.raises(MergeError, match="Together the profiles have more than 2,000 tags"):
        united(state(tags={("one more",): {}}), state(tags=tags))


def test_limits_of_identities_are_kept_to():
    theirs, ours = state(identities={("pos", "1"): identity()}), state(identities={("pos", "2"): identity()})

    with pytest.raises(MergeError, match="more than 1 identities with the handle pos"):
        united(theirs, ours, {"pos": 1})
    assert len(united(theirs, ours, {"pos": 2})[1].collections["identities"]) == 2


def test_birthday_is_chosen_as_a_whole():
    merged = state({"birth_day": 1, "birth_month": 2, "company": "A"})

    chosen = choose(
        state({"birth_day": 3, "birth_month": 4, "birth_year": 1980, "company": "B"}), merged, ["birth_day"]
    )

    assert [chosen.fields[name] for name in ("birth_day", "birth_month", "birth_year", "company")] == [1, 2, None, "B"]
