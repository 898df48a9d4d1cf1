"""What a record says nothing with, and what it says by a wrong name."""

import pytest

from profiles.schema import parse_record
from profiles.schema.naming import did_you_mean
from profiles.values import Cause, CauseKind


def parse(**record):
    return parse_record(record, cause=Cause(CauseKind.BATCH))


def told(draft):
    return [(one.code.value, one.pointer) for one in draft.errors], [
        (one.code.value, one.pointer) for one in draft.warnings
    ]


@pytest.mark.parametrize("blank", [None, "", " ", {}, [], {"handle": "", "identifier": None, "meta": {}, "links": []}])
@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("identities", {"handle": "pos", "identifier": "7"}),
        ("addresses", {"external_id": "h"}),
        ("custom_attributes", {"namespace": "n", "handle": "h", "type": "string", "value": "x"}),
        ("dates_attributes", {"handle": "h"}),
        ("regions", {"handle": "victoria"}),
        ("organisations", {"id": 1}),
    ],
)
def test_blank_entry_is_skipped_with_a_warning(name, entry, blank):
    draft = parse(**{name: [blank, entry]})

    assert told(draft) == ([], [("blank_entry", f"/{name}/0")])
    kept = draft.collections.get(name.removesuffix("_attributes") if name.startswith("dates") else name, {})
    assert len(kept) + len(draft.referrals.get(name, ())) == 1


@pytest.mark.parametrize("blank", [None, "", " "])
@pytest.mark.parametrize(("name", "entry"), [("tags", "vip"), ("statuses", "gold")])
def test_blank_text_in_a_set_is_skipped_and_alone_clears_nothing(name, entry, blank):
    beside, alone, empty = parse(**{name: [blank, entry]}), parse(**{name: [blank]}), parse(**{name: []})

    assert told(beside) == told(alone) == ([], [("blank_entry", f"/{name}/0")])
    assert [name in {*draft.collections, *draft.referrals} for draft in (beside, alone, empty)] == [True, False, True]


def test_blank_link_is_skipped_and_alone_clears_nothing():
    dates = [{"handle": "b", "links": [{"profile_id": ""}]}, {"handle": "c", "links": []}]

    draft = parse(dates_attributes=dates)

    assert told(draft) == ([], [("blank_entry", "/dates_attributes/0/links/0")])
    assert (draft.replaced_links, draft.referrals["date_links"]) == ({("c", "")}, ())


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({"external_id": [1]}, "/addresses/0/external_id"),
        ({"external_id": [1], "city": ""}, "/addresses/0/external_id"),
    ],
)
def test_entry_whose_only_member_is_at_fault_is_not_called_blank(entry, place):
    errors, warnings = told(parse(addresses=[entry, {}]))

    assert errors[0] == ("invalid", place)
    assert warnings == [("blank_entry", "/addresses/1")]


def test_of_very_many_errors_the_first_are_told_and_the_number_of_the_others():
    draft = parse(tags=[{}] * 150)

    assert len(draft.errors) == 101
    assert (draft.errors[-1].pointer, draft.errors[-1].message) == ("", "50 more errors were found.")


@pytest.mark.parametrize("name", ["tags", "identities", "addresses", "comms_attributes", "attributes"])
def test_blank_text_for_a_collection_is_null(name):
    draft = parse(**{name: " "})

    assert told(draft) == ([], [])
    assert draft.touched == set()


@pytest.mark.parametrize(
    ("record", "errors"),
    [
        ({"birth_day": "", "birth_month": " ", "birth_year": ""}, []),
        ({"birth_day": "", "birth_month": 5}, [("invalid", "/birth_day")]),
        ({"birth_day": 5, "birth_month": None}, [("invalid", "/birth_month")]),
        ({"first_name": ""}, [("invalid", "/first_name")]),
        ({"last_name": " "}, [("invalid", "/last_name")]),
        ({"email": ""}, [("invalid", "/email")]),
        ({"profile_type": ""}, [("invalid", "/profile_type")]),
        ({"region": ""}, [("invalid", "/region")]),
        ({"mobile_phone": "", "gender": " ", "joined_at": "", "avatar_url": "", "birth_year": ""}, []),
    ],
)
def test_blank_is_null_or_refused_like_null(record, errors):
    assert told(parse(**record)) == (errors, [])


def test_too_many_entries_are_refused_with_the_number():
    draft = parse(identities=[{"handle": "pos", "identifier": str(number)} for number in range(101)])

    assert [(one.code.value, one.pointer, one.message) for one in draft.errors] == [
        ("too_many", "/identities", "The list must not have more than 100 entries.")
    ]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Email", "email"),
        ("E-Mail", "email"),
        ("firstName", "first_name"),
        ("First Name", "first_name"),
        ("frist_name", "first_name"),
        ("mobilephone", "mobile_phone"),
        ("mobile", "mobile_phone"),
        ("email_address", "email"),
        ("E-Mail Address", "email"),
        ("surname", "last_name"),
        ("fullName", "first_name and last_name"),
        ("date_of_birth", "birth_day, birth_month and birth_year"),
        ("customer_id", "identities"),
        ("adresses", "addresses"),
        ("email_optout", "comms_attributes.email_optout"),
        ("Email_Optout", "comms_attributes.email_optout"),
        ("unsubscribed", "comms_attributes.email_optout"),
        ("newsletter", "comms_attributes.email_promo"),
        ("eye_colour", "attributes.appearance.eye_colour"),
        ("comms", "comms_attributes"),
        ("dates", "dates_attributes"),
    ],
)
def test_unknown_field_is_told_with_the_name_that_was_meant(name, meant):
    draft = parse(**{name: "x"})

    assert [(one.code.value, one.message) for one in draft.warnings] == [
        ("unknown_field", f"The field is unknown and was ignored; did you mean {meant}?")
    ]


@pytest.mark.parametrize(
    ("attributes", "pointer", "meant"),
    [
        ({"email_optout": True}, "/attributes/email_optout", "comms_attributes.email_optout"),
        ({"comms_attributes": {"email_optout": True}}, "/attributes/comms_attributes", "comms"),
        ({"comms": None, "size_shoe": "8"}, "/attributes/size_shoe", "attributes.appearance.size_shoe"),
    ],
)
def test_nothing_is_left_out_of_attributes_without_a_word(attributes, pointer, meant):
    draft = parse(attributes=attributes)

    assert [(one.pointer, one.message) for one in draft.warnings] == [
        (pointer, f"The field is unknown and was ignored; did you mean {meant}?")
    ]


@pytest.mark.parametrize("country", ["Australia", "AU", "aus", "36"])
def test_countries_of_regions_are_read_as_those_of_addresses(country):
    draft = parse(region="a", region_country=country, regions=[{"handle": "b", "country": country}])

    assert told(draft) == ([], [])
    assert [one.row["country"] for one in (draft.default_region, *draft.referrals["regions"])] == ["AU", "AU"]
    unknown = parse(region_country="Atlantis", regions=[{"handle": "b", "country": "Atlantis"}])
    assert told(unknown) == ([], [("unknown_country", "/regions/0/country"), ("unknown_country", "/region_country")])


def test_unknown_member_of_an_entry_is_told_with_the_name_that_was_meant():
    draft = parse(identities=[{"handle": "pos", "identifier": "7", "isActive": False}])

    assert [(one.pointer, one.message) for one in draft.warnings] == [
        ("/identities/0/isActive", "The field is unknown and was ignored; did you mean is_active?")
    ]


@pytest.mark.parametrize("name", ["", "fax", "x" * 61, "\u2603", "loyalty_points"])
def test_name_that_is_like_none_is_not_guessed_at(name):
    assert did_you_mean(name, frozenset({"email", "first_name"})) == ""


def test_numbers_that_json_does_not_have_are_told_at_their_place():
    meta = {"a": [1, float("nan")], "b": float("inf"), "c": 1e300}

    draft = parse(addresses=[{"external_id": "h", "meta": meta}])

    assert {one.pointer: one.message for one in draft.errors} == {
        "/addresses/0/meta/a/1": "The value must be a number; NaN and Infinity are none.",
        "/addresses/0/meta/b": "The value must be a number; NaN and Infinity are none.",
        "/addresses/0/meta/c": "The number is too large.",
    }
