"""The rules of each collection (rules 4), as tables over one profile."""

import datetime as dt
import itertools
import uuid

import pytest

from profiles.reconcile import State, reconcile
from profiles.reconcile.referrals import resolve
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind, ReferenceName, StatusTerm

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
REFERENCES = {
    ReferenceName("region", "id", "1"): "nsw",
    ReferenceName("region", "handle", "nsw"): "nsw",
    ReferenceName("region", "handle", "vic"): "vic",
    ReferenceName("status", "handle", "gold"): StatusTerm(),
    ReferenceName("status", "handle", "trial"): StatusTerm(30, "days"),
    ReferenceName("status", "handle", "season"): StatusTerm(3, "months"),
    ReferenceName("status", "handle", "gala"): StatusTerm(None, "absolute_date", "2026-12-31T00:00:00Z"),
    ReferenceName("organisation", "id", "4"): "acme",
    ReferenceName("role", "id", "3"): "buyer",
    ReferenceName("location", "id", "9"): 9,
    ReferenceName("location", "external_id", "SYD"): 9,
    ReferenceName("location", "external_code", "MEL"): 8,
    ReferenceName("profile", "id", "0190aaaa-0000-7000-8000-000000000001"): "0190aaaa-0000-7000-8000-000000000001",
}
CHILD = "0190aaaa-0000-7000-8000-000000000001"


def apply(*records, before=None):
    """Apply records to one profile; return its state and the (code, pointer) of the last one's errors and warnings."""
    count = itertools.count(1)
    state, told = before, ([], [])
    for raw in records:
        draft = resolve(parse_record(raw, cause=Cause(CauseKind.BATCH)), REFERENCES, now=NOW)
        done = reconcile(state, draft, now=NOW, new_id=lambda _: uuid.UUID(int=next(count)))
        errors = [(one.code.value, one.pointer) for one in (*draft.errors, *done.errors)]
        warnings = [(one.code.value, one.pointer) for one in (*draft.warnings, *done.warnings)]
        state = state if errors else done.after
        told = (errors, warnings)
    return state or State(), *told


HOME = {"address_line_1": "1 Main St", "city": "Sydney", "postcode": "2000", "country": "AU"}
WORK = {"address_line_1": "2 Side St", "city": "Sydney", "postcode": "2000", "country": "AU"}


def addresses(state):
    """Return line 1, external_id and is_default of the addresses, in the order of their making."""
    rows = sorted(state.collections["addresses"].items())
    return [(row["address_line_1"], row["external_id"], row["is_default"]) for _, row in rows]


# --- Addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([[HOME]], [("1 Main St", None, True)], id="the first is the default"),
        pytest.param([[HOME], [WORK]], [("1 Main St", None, True), ("2 Side St", None, False)], id="appended"),
        pytest.param([[HOME], [HOME]], [("1 Main St", None, True)], id="equal: the same"),
        pytest.param(
            [[HOME], [{**HOME, "address_line_1": " 1  MAIN st ", "country": "Australia"}]],
            [("1 Main St", None, True)],
            id="equal but for case, spaces and the country's name",
        ),
        pytest.param(
            [[HOME], [{**HOME, "external_id": "h"}]], [("1 Main St", "h", True)], id="adopts the external_id it lacked"
        ),
        pytest.param(
            [[{**HOME, "external_id": "h"}], [{**HOME, "external_id": "i"}]],
            [("1 Main St", "h", True), ("1 Main St", "i", False)],
            id="another external_id is another address",
        ),
        pytest.param(
            [[{**HOME, "external_id": "h"}], [{**WORK, "external_id": "h"}]],
            [("2 Side St", "h", True)],
            id="external_id before text",
        ),
        pytest.param(
            [[{**HOME, "external_id": "h"}], [{"external_id": "h", "city": "Perth"}]],
            [("1 Main St", "h", True)],
            id="what is absent stays",
        ),
        pytest.param(
            [[HOME, WORK], [{**WORK, "is_default": True}]],
            [("1 Main St", None, False), ("2 Side St", None, True)],
            id="one default takes over",
        ),
        pytest.param([[HOME], []], [("1 Main St", None, True)], id="an empty list clears nothing"),
        pytest.param([[HOME], None], [("1 Main St", None, True)], id="null clears nothing"),
    ],
)
def test_addresses_are_united(records, expected):
    state, errors, _ = apply(*({"addresses": entries} for entries in records))

    assert errors == []
    assert addresses(state) == expected


def test_default_address_stays_the_default():
    state, errors, warnings = apply({"addresses": [HOME]}, {"addresses": [{**HOME, "is_default": False}]})

    assert addresses(state) == [("1 Main St", None, True)]
    assert (errors, warnings) == ([], [("default_address_kept", "/addresses/0/is_default")])


def test_two_defaults_in_one_record_the_last_counts():
    entries = [{**HOME, "is_default": True}, {**WORK, "is_default": True}]

    state, _, warnings = apply({"addresses": entries})

    assert addresses(state) == [("1 Main St", None, False), ("2 Side St", None, True)]
    assert warnings == [("duplicate_entry", "/addresses/1/is_default")]


def test_same_external_id_twice_in_one_record_the_last_counts():
    entries = [{**HOME, "external_id": "h"}, {**WORK, "external_id": "h"}]

    state, _, warnings = apply({"addresses": entries})

    assert addresses(state) == [("2 Side St", "h", True)]
    assert warnings == [("duplicate_entry", "/addresses/1")]


def test_new_address_needs_its_lines():
    _, errors, _ = apply({"addresses": [HOME, {"external_id": "x", "city": "Perth"}]})

    assert errors == [
        ("invalid", "/addresses/1/address_line_1"),
        ("invalid", "/addresses/1/country"),
    ]


def test_unknown_country_is_kept_with_a_warning():
    state, errors, warnings = apply({"addresses": [{**HOME, "country": "Atlantis"}]})

    (address,) = state.collections["addresses"].values()
    assert address["country"] == "Atlantis"
    assert (errors, warnings) == ([], [("unknown_country", "/addresses/0/country")])


# --- Custom attributes -------------------------------------------------------------------------------------------


def attribute(**entry):
    """Return a record with one custom attribute."""
    return {"custom_attributes": [{"namespace": "n", "handle": "h", **entry}]}


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("string", "Rex", "Rex"),
        ("string", 7, "7"),
        ("integer", "12", 12),
        ("integer", 1.0, 1),
        ("float", 1, 1.0),
        ("float", "2.5", 2.5),
        ("boolean", "true", True),
        ("json", {"a": [1, None]}, {"a": [1, None]}),
        ("json", -0.0, 0),
        ("array", [1, "a"], [1, "a"]),
        ("string", 38.0, "38"),
        ("string", -0.0, "0"),
        ("string", 38.5, "38.5"),
        ("string", 1e-7, "0.0000001"),
        ("integer", " 007 ", 7),
        ("integer", "12.0", 12),
        ("integer", "-3", -3),
        ("float", " 08.50 ", 8.5),
        ("boolean", 1, True),
        ("boolean", " TRUE", True),
        ("boolean", "0", False),
        ("json", 12.0, 12),
        ("json", {"a": [1.0, {"b": 2.5}]}, {"a": [1, {"b": 2.5}]}),
        ("json", "", ""),
        ("array", [12.0], [12]),
        ("integer", None, None),
        ("string", "", None),
        ("integer", " ", None),
        ("float", "", None),
        ("boolean", "", None),
        ("array", "", None),
    ],
)
def test_value_is_turned_into_its_type_where_nothing_is_lost(kind, value, kept):
    state, errors, _ = apply(attribute(type=kind, value=value))

    assert errors == []
    assert state.collections["custom_attributes"] == {("n", "h"): {"type": kind, "value": kept}}
    assert type(state.collections["custom_attributes"]["n", "h"]["value"]) is type(kept)


@pytest.mark.parametrize(
    ("kind", "value", "pointer"),
    [
        ("string", True, "value"),
        ("string", [1], "value"),
        ("integer", "2.5", "value"),
        ("integer", 1.5, "value"),
        ("integer", True, "value"),
        ("integer", "99999999999999999999", "value"),
        ("float", "much", "value"),
        ("float", 1e300, "value"),
        ("boolean", 2, "value"),
        ("boolean", "yes", "value"),
        ("array", {"a": 1}, "value"),
        ("json", {"a": ["\x00"]}, "value/a/0"),
        ("json", {"a": 1e300}, "value/a"),
        ("json", "\ud800", "value"),
        ("json", ["x" * 70_000], "value"),
        ("date", "2020-01-01", "type"),
    ],
)
def test_value_that_does_not_fit_is_refused_at_its_place(kind, value, pointer):
    _, errors, _ = apply(attribute(type=kind, value=value))

    assert errors == [("invalid", f"/custom_attributes/0/{pointer}")]


@pytest.mark.parametrize(
    ("first", "second", "expected", "errors"),
    [
        pytest.param({"type": "string"}, None, None, [("invalid", "/custom_attributes/0/value")], id="new needs one"),
        pytest.param({"type": "string", "value": "7"}, {"type": "string"}, "7", [], id="absent stays"),
        pytest.param({"type": "string", "value": "7"}, {"type": "integer"}, 7, [], id="fits the new type"),
        pytest.param({"type": "string", "value": "7"}, {"type": "string", "value": None}, None, [], id="null clears"),
        pytest.param(
            {"type": "string", "value": "x"},
            {"type": "integer"},
            "x",
            [("invalid", "/custom_attributes/0/type")],
            id="does not fit the new type",
        ),
    ],
)
def test_custom_attribute_without_a_value(first, second, expected, errors):
    state, told, _ = apply(*(attribute(**entry) for entry in (first, second) if entry is not None))

    assert told == errors
    assert state.collections.get("custom_attributes", {}).get(("n", "h"), {}).get("value") == expected


@pytest.mark.parametrize("name", ["namespace", "handle"])
def test_custom_attribute_names_have_no_colon(name):
    _, errors, _ = apply(attribute(**{"type": "string", "value": "x", name: "a:b"}))

    assert errors == [("invalid", f"/custom_attributes/0/{name}")]


# --- Dates -------------------------------------------------------------------------------------------------------


def date(**entry):
    """Return a record with one date."""
    return {"dates_attributes": [{"handle": "birthday", **entry}]}


def test_dates_go_by_handle_and_relationship():
    state, errors, _ = apply(
        date(date="2015-02-01", name="Birthday", relationship="child"),
        date(date="1985-12-10", name="Birthday", relationship=None),
        date(relationship="", note="x"),
    )

    assert errors == []
    rows = state.collections["dates"]
    assert {key: (row["date"], row["note"]) for key, row in rows.items()} == {
        ("birthday", "child"): ("2015-02-01", None),
        ("birthday", ""): ("1985-12-10", "x"),
    }


@pytest.mark.parametrize("value", ["2023-02-30", "2023-2-3", "yesterday", "20230201", "2023-W01-1", ""])
def test_date_must_be_of_the_calendar(value):
    _, errors, _ = apply(date(date=value, name="n"))

    assert errors == [("invalid", "/dates_attributes/0/date")]


def test_new_date_needs_date_and_name():
    _, errors, _ = apply(date())

    assert errors == [("invalid", "/dates_attributes/0/date"), ("invalid", "/dates_attributes/0/name")]


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        pytest.param({}, [CHILD], id="absent: they stay"),
        pytest.param({"links": None}, [CHILD], id="null: they stay"),
        pytest.param({"links": []}, [], id="empty: they go"),
    ],
)
def test_links_of_a_date_are_replaced(links, expected):
    first = date(date="2015-02-01", name="n", links=[{"profile_id": CHILD, "role": "child"}])

    state, errors, _ = apply(first, date(**links))

    assert errors == []
    assert [key[2] for key in state.collections["date_links"]] == expected


def test_link_that_says_only_whom_is_kept_and_taken_away():
    linked = date(date="2015-02-01", name="n", links=[{"profile_id": CHILD}])

    state, errors, _ = apply(linked)
    again, _, _ = apply(linked, before=state)
    gone, _, _ = apply(date(links=[]), before=state)

    assert errors == []
    assert state.collections["date_links"] == {("birthday", "", CHILD): {"link_relationship": None, "link_role": None}}
    assert again == state
    assert gone.collections["date_links"] == {}


def test_link_to_an_unknown_profile_is_refused():
    link = {"profile_id": "0190aaaa-0000-7000-8000-000000000002"}

    _, errors, _ = apply(date(date="2015-02-01", name="n", links=[link]))

    assert errors == [("unknown_reference", "/dates_attributes/0/links/0/profile_id")]


# --- Statuses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handle", "expires_at"),
    [
        ("gold", None),
        ("trial", "2026-07-01T12:00:00Z"),
        ("season", "2026-09-01T12:00:00Z"),
        ("gala", "2026-12-31T00:00:00Z"),
    ],
)
def test_status_ends_as_its_definition_says(handle, expires_at):
    state, _, _ = apply({"statuses": [handle]})

    assert state.collections["statuses"] == {(handle,): {"expires_at": expires_at, "is_active": True}}


@pytest.mark.parametrize(
    ("second", "expected", "warnings"),
    [
        (["trial"], ["trial"], []),
        ([], [], []),
        (None, ["gold"], []),
        (["nope"], ["gold"], [("unknown_status", "/statuses/0")]),
        (["nope", "trial"], ["trial"], [("unknown_status", "/statuses/0")]),
    ],
)
def test_statuses_are_replaced_as_a_set(second, expected, warnings):
    state, errors, told = apply({"statuses": ["gold"]}, {"statuses": second})

    assert [key for (key,) in state.collections["statuses"]] == expected
    assert (errors, told) == ([], warnings)


@pytest.mark.parametrize(
    ("expires_at", "expected"),
    [("2026-06-15T00:00:00Z", "2026-06-15T00:00:00Z"), ("2026-05-15T00:00:00Z", "2026-07-01T12:00:00Z")],
)
def test_status_held_goes_on_and_an_expired_one_begins_anew(expires_at, expected):
    before = State({"email": "a@b.cd"}, {"statuses": {("trial",): {"expires_at": expires_at, "is_active": True}}})

    state, _, _ = apply({"statuses": ["trial"]}, before=before)

    assert state.collections["statuses"]["trial",]["expires_at"] == expected


# --- Regions, organisations, locations ---------------------------------------------------------------------------


def regions(state):
    """Return country, state and is_default of the memberships."""
    rows = state.collections.get("regions", {})
    return {key: (row["country"], row["state"], row["is_default"]) for (key,), row in rows.items()}


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([{"region_id": 1}], {"nsw": (None, None, True)}),
        ([{"region": "nsw", "region_id": 1, "region_state": "NSW"}], {"nsw": (None, "NSW", True)}),
        ([{"region": "nsw"}, {"region": "vic"}], {"nsw": (None, None, False), "vic": (None, None, True)}),
        ([{"region": "nsw"}, {"region_country": "AU"}], {"nsw": ("AU", None, True)}),
        ([{"regions": [{"handle": "vic", "country": "AU"}]}], {"vic": ("AU", None, False)}),
        (
            [{"region": "nsw", "regions": [{"handle": "vic"}]}, {"regions": []}],
            {"nsw": (None, None, True), "vic": (None, None, False)},
        ),
    ],
)
def test_regions_are_united(records, expected):
    state, errors, _ = apply(*records)

    assert errors == []
    assert regions(state) == expected


@pytest.mark.parametrize(
    ("record", "errors"),
    [
        ({"region_id": 1, "region": "vic"}, [("conflict", "/region")]),
        ({"region_id": 2}, [("unknown_reference", "/region_id")]),
        ({"region": None}, [("invalid", "/region")]),
        ({"region_id": None}, [("invalid", "/region_id")]),
        ({"regions": [{"region_id": 1, "handle": "vic"}]}, [("conflict", "/regions/0/handle")]),
        ({"regions": [{"country": "AU"}]}, [("invalid", "/regions/0")]),
        (
            {"region": "nsw", "region_country": "AU", "regions": [{"region_id": 1, "country": "NZ"}]},
            [("conflict", "/region_country")],
        ),
        ({"organisations": [{"id": 5}]}, [("unknown_reference", "/organisations/0/id")]),
        ({"organisations": [{"role_definition_id": 3}]}, [("invalid", "/organisations/0/id")]),
        (
            {"organisations": [{"id": 4, "role_definition_id": 5}]},
            [("unknown_reference", "/organisations/0/role_definition_id")],
        ),
        ({"joined_location_id": 5}, [("unknown_reference", "/joined_location_id")]),
        (
            {"joined_location_external_id": "SYD", "joined_location_external_code": "MEL"},
            [("conflict", "/joined_location_external_code")],
        ),
        ({"joined_location_external_id": None}, [("invalid", "/joined_location_external_id")]),
    ],
)
def test_references_that_cannot_be_followed_are_refused(record, errors):
    assert apply(record)[1] == errors


def test_region_state_without_a_region_is_told():
    state, errors, warnings = apply({"region_state": "NSW"})

    assert regions(state) == {}
    assert (errors, warnings) == ([], [("no_default_region", "/region_state")])


def test_organisation_keeps_what_is_absent():
    state, errors, _ = apply(
        {"organisations": [{"id": 4, "role_definition_id": 3}]}, {"organisations": [{"id": 4, "is_active": False}]}
    )

    assert errors == []
    assert state.collections["organisations"] == {("acme",): {"role": "buyer", "expires_at": None, "is_active": False}}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"preferred_location_id": 9}, 9),
        ({"preferred_location_external_id": "SYD", "preferred_location_id": None}, 9),
        ({"preferred_location_external_code": "MEL"}, 8),
        ({"preferred_location_id": None}, None),
    ],
)
def test_location_is_found_by_any_of_its_names(record, expected):
    state, errors, _ = apply(record)

    assert errors == []
    assert state.fields.get("preferred_location_id") == expected


def test_appearance_knows_its_members_only():
    record = {"attributes": {"appearance": {"size_shoe": 9.5, "eye_colour": "blue", "nose": "long"}}}

    state, errors, _ = apply({"attributes": {"appearance": {"size_shoe": 9.5, "eye_colour": None}}})

    assert state.fields["appearance/size_shoe"] == "9.5"
    assert errors == []
    assert apply(record)[1] == [("invalid", "/attributes/appearance/nose")]
