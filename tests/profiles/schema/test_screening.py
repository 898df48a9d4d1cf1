"""Blocked values are left out of a record wherever they stand, and are never an error (rules 2.10)."""

import pytest

from profiles.keyrules import Blocked, BlockedEntry
from profiles.schema import parse_entry, parse_record
from profiles.values import Cause, CauseKind

CAUSE = Cause(CauseKind.BATCH)
OWN = Blocked(
    [
        BlockedEntry("email", pattern="*@shop.example"),
        BlockedEntry("mobile", exact="+61404000999"),
        BlockedEntry("identity", "pos", exact="GUEST"),
        BlockedEntry("email", exact="x@xn--mnchen-3ya.example"),
    ]
)


def pos(*identifiers):
    return [{"handle": "pos", "identifier": one} for one in identifiers]


def warned(draft):
    return [(one.code.value, one.pointer) for one in draft.warnings]


@pytest.mark.parametrize(
    ("record", "pointers", "left"),
    [
        ({"email": "Test@example.com"}, ["/email"], []),
        ({"email": " noemail@nowhere"}, ["/email"], []),
        ({"mobile_phone": "000-000-0000"}, ["/mobile_phone"], []),
        ({"mobile_phone": '="0000000000"'}, ["/mobile_phone"], []),
        ({"mobile_phone": "\u202a(000) 000 0000\u202c"}, ["/mobile_phone"], []),
        ({"mobile_phone": "\uff10" * 10}, ["/mobile_phone"], []),
        ({"mobile_phone": 1111111111}, ["/mobile_phone"], []),
        ({"mobile_phone": "+1 (111) 111-1111"}, ["/mobile_phone"], []),
        ({"secondary_phone": "000-000-0000"}, ["/secondary_phone"], []),
        ({"identities": pos("0000000")}, ["/identities/0"], []),
        ({"identities": pos(1111111)}, ["/identities/0"], []),
        ({"identities": pos('="0000000"', "7", "'9999999")}, ["/identities/0", "/identities/2"], ["7"]),
        (
            {"identities": [*pos("0000000"), {"handle": "pos", "identifier": "8", "is_active": 7}]},
            ["/identities/0"],
            [],
        ),
        ({"identities": [{"handle": "pos", "identifier": "0000000", "is_active": "?"}]}, ["/identities/0"], []),
        (
            {"email": "test@x.example", "mobile_phone": "0000000", "identities": pos(1111111)},
            ["/email", "/mobile_phone", "/identities/0"],
            [],
        ),
        ({"identities": pos("GUEST")}, ["/identities/0"], []),
        ({"email": "Info@Shop.example"}, ["/email"], []),
        ({"email": "x@m\u00fcnchen.example"}, ["/email"], []),
        ({"mobile_phone": "+61 (0)404-000-999"}, ["/mobile_phone"], []),
    ],
)
def test_blocked_values_are_left_out_with_a_warning(record, pointers, left):
    draft = parse_record(record, cause=CAUSE, blocked=OWN)

    assert warned(draft)[: len(pointers)] == [("blocked_value", pointer) for pointer in pointers]
    assert [error.pointer for error in draft.errors if not error.pointer.endswith("/1/is_active")] == []
    assert dict(draft.fields) == {}
    assert [key.value for key in draft.pointers if key.value != "8"] == left


@pytest.mark.parametrize(
    "record",
    [
        {"email": "ann@example.com", "mobile_phone": "+61404123123", "identities": pos("7", 1111112)},
        {"identities": [{"handle": "shop", "identifier": "GUEST"}]},
        {"secondary_phone": "+61404000999"},
        {"email": "test.ann@example.com"},
    ],
)
def test_nothing_else_is_left_out(record):
    draft = parse_record(record, cause=CAUSE, blocked=OWN)

    assert (draft.errors, draft.warnings) == ((), ())


@pytest.mark.parametrize(
    ("record", "pointer"),
    [
        ({"mobile_phone": "0" * 5_000}, "/mobile_phone"),
        ({"identities": pos("0" * 300)}, "/identities/0/identifier"),
        ({"identities": pos("0000\x00000")}, "/identities/0/identifier"),
        ({"identities": pos(0.0)}, "/identities/0/identifier"),
        ({"identities": pos(1111111111111111111111)}, "/identities/0/identifier"),
        ({"identities": [{"identifier": 0}]}, "/identities/0/handle"),
        ({"email": ["test@x.example"]}, "/email"),
        ({"mobile_phone": "000000"}, "/mobile_phone"),
    ],
)
def test_what_is_no_text_or_merely_resembles_one_is_told_as_ever(record, pointer):
    draft = parse_record(record, cause=CAUSE)

    assert (draft.errors[0].pointer, warned(draft)) == (pointer, [])


def test_number_of_the_country_becomes_a_blocked_one(settings):
    settings.PHONE_DEFAULT_COUNTRY = "AU"

    national = parse_record({"mobile_phone": "0404 000 999"}, cause=CAUSE, blocked=OWN)
    as_sent = parse_record({"mobile_phone": "2222222222"}, cause=CAUSE)
    dialled = parse_record({"mobile_phone": "0011 1 111 111 1111"}, cause=CAUSE)

    for draft in (national, as_sent, dialled):
        assert (dict(draft.fields), draft.pointers, draft.errors) == ({}, {}, ())
        assert warned(draft) == [("blocked_value", "/mobile_phone")]


def test_list_of_blocked_identities_leaves_the_others_alone():
    draft = parse_record({"identities": pos("0000000", "1111111")}, cause=CAUSE)

    assert draft.collections == {}


def test_too_many_identities_are_too_many_whatever_is_left_out():
    draft = parse_record({"identities": pos(*["0000000"] * 101)}, cause=CAUSE)

    assert ([error.code.value for error in draft.errors], draft.warnings) == (["too_many"], ())


def test_one_identity_by_itself_is_screened_too():
    draft = parse_entry("identities", {"handle": "pos", "identifier": 1111111}, cause=CAUSE)
    own = parse_entry("identities", {"handle": "pos", "identifier": "GUEST"}, cause=CAUSE, blocked=OWN)

    assert (draft.collections, draft.pointers, draft.errors) == ({}, {}, ())
    assert warned(draft) == warned(own) == [("blocked_value", "")]
