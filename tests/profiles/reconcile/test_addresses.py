"""Which address is meant, by whatever name of its country and in whatever order (rules 4.2)."""

import itertools

import pytest

from profiles.reconcile import State
from tests.profiles.reconcile.test_rows import HOME, WORK, addresses, apply

OLD = {
    **HOME,
    "is_default": True,
    "external_id": None,
    "company": None,
    "address_line_2": None,
    "address_line_3": None,
}
OLD |= {"state": None, "notes": None, "meta": None, "iso": None, "iso_state": None}


def stored(**values):
    """Return a profile that has one address from before countries were known by these names."""
    return State({"first_name": "Ann"}, {"addresses": {("0190",): {**OLD, **values}}})


@pytest.mark.parametrize(
    ("kept", "sent", "code"),
    [
        ("Great Britain", "GB", "GB"),
        ("Great Britain", "UK", "GB"),
        ("Turkey", "T\u00fcrkiye", "TR"),
        ("U.S.A.", "United States", "US"),
        ("036", "AU", "AU"),
        ("GB", "England", "GB"),
    ],
)
def test_address_under_an_old_spelling_is_the_same_one_and_gets_the_code(kept, sent, code):
    first, errors, warnings = apply({"addresses": [{**HOME, "country": sent}]}, before=stored(country=kept))
    again, _, _ = apply({"addresses": [{**HOME, "country": sent}]}, before=first)

    assert (errors, warnings) == ([], [])
    assert [row["country"] for row in first.collections["addresses"].values()] == [code]
    assert again == first


def test_unknown_country_keeps_its_spelling():
    state, _, _ = apply({"addresses": [{**HOME, "country": "atlantis"}]}, before=stored(country="Atlantis"))

    assert [row["country"] for row in state.collections["addresses"].values()] == ["Atlantis"]


LOUD = {**HOME, "address_line_1": "1 MAIN ST", "external_id": "h"}


@pytest.mark.parametrize("entries", list(itertools.permutations([HOME, LOUD, {**HOME, "company": "Acme"}])))
def test_the_same_address_in_two_spellings_changes_nothing_when_sent_again(entries):
    first, errors, _ = apply({"addresses": list(entries)})
    again, _, _ = apply({"addresses": list(entries)}, before=first)

    assert errors == []
    assert addresses(first) == [("1 MAIN ST", "h", True)]
    assert again == first


@pytest.mark.parametrize("member", [name for name in HOME if name != "postcode"])
@pytest.mark.parametrize("without", [{}, None], ids=["absent", "null"])
def test_two_addresses_without_what_both_need_are_refused_for_it(member, without):
    entry = {name: value for name, value in HOME.items() if name != member}
    if without is None:
        entry[member] = None

    _, errors, _ = apply({"addresses": [entry, entry]})

    assert {pointer for _, pointer in errors} >= {f"/addresses/0/{member}"}
    assert {code for code, _ in errors} == {"invalid"}


def test_address_that_moves_by_its_external_id_leaves_its_place_to_another():
    moves = [HOME, {**WORK, "external_id": "h"}]

    first, _, _ = apply({"addresses": [{**HOME, "external_id": "h"}]}, {"addresses": moves})
    again, _, _ = apply({"addresses": moves}, before=first)

    assert addresses(first) == [("2 Side St", "h", True), ("1 Main St", None, False)]
    assert again == first


def test_of_equal_addresses_the_one_without_an_external_id_is_meant():
    entries = [{**HOME, "external_id": "h"}, {**HOME, "external_id": "i"}]
    state, _, _ = apply({"addresses": [{**WORK}]}, {"addresses": list(entries)})

    named, _, _ = apply({"addresses": [{**HOME, "company": "Acme"}]}, before=state)

    rows = sorted(named.collections["addresses"].items())
    assert [(row["external_id"], row["company"]) for _, row in rows] == [(None, None), ("h", "Acme"), ("i", None)]


@pytest.mark.parametrize(
    ("entry", "errors"),
    [
        ({"country": "HK"}, []),
        ({"country": "Hong Kong", "postcode": ""}, []),
        ({"country": "AE", "postcode": None}, []),
        ({"country": "Atlantis"}, []),
        ({"country": "AU"}, [("invalid", "/addresses/0/postcode")]),
        ({"country": "Great Britain", "postcode": " "}, [("invalid", "/addresses/0/postcode")]),
        ({"country": "AU", "postcode": "x\x00"}, [("invalid", "/addresses/0/postcode")]),
    ],
)
def test_postcode_is_required_where_the_country_has_some(entry, errors):
    state, told, _ = apply({"addresses": [{"address_line_1": "1 Main St", "city": "Central", **entry}]})

    assert told == errors
    assert [row["postcode"] for row in state.collections.get("addresses", {}).values()] == [""] * (not errors)


@pytest.mark.parametrize(
    ("entry", "errors"),
    [
        ({"postcode": ""}, [("invalid", "/addresses/0/postcode")]),
        ({"country": "HK", "postcode": ""}, []),
        ({"city": ""}, [("invalid", "/addresses/0/city")]),
    ],
)
def test_postcode_of_a_stored_address_is_taken_away_only_with_the_country(entry, errors):
    first, _, _ = apply({"addresses": [{**HOME, "external_id": "h"}]})

    assert apply({"addresses": [{"external_id": "h", **entry}]}, before=first)[1] == errors


def test_default_may_be_given_up_to_another_in_any_order():
    for entries in itertools.permutations([{**HOME, "is_default": False}, {**WORK, "is_default": True}]):
        state, _, warnings = apply({"addresses": [HOME]}, {"addresses": list(entries)})

        assert addresses(state) == [("1 Main St", None, False), ("2 Side St", None, True)]
        assert warnings == []
