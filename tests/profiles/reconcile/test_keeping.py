"""What taking back must leave as it is, and the keys and references it looks at for that."""

from uuid import UUID

import pytest

from profiles import shape
from profiles.keys import email_match_key, identity_match_key, mobile_match_key
from profiles.reconcile.difference import State
from profiles.reconcile.keeping import (
    Keeping,
    Subject,
    Surroundings,
    claimed_keys,
    keys_of,
    references_of_fields,
    references_of_row,
)
from profiles.reconcile.replaying import History, Shown
from profiles.values import ReferenceName, WarningCode

OWN, OTHER = UUID(int=1), UUID(int=2)
EMAIL, MOBILE, POS = email_match_key("a@example.com"), mobile_match_key("+61404000001"), identity_match_key("pos", "7")
IDENTITY = {"is_active": True, "merged_from": None}


def state(fields=(), **collections):
    rows = {name: collections.get(name, {}) for name in shape.COLLECTIONS}
    return State({**dict.fromkeys(shape.PROFILE_FIELDS), **dict(fields)}, rows)


def excepted(present, old, new, *, holders=None, references=None, loosen_consent=False):
    subject = Subject(OWN, 3, present, History([], present), {})
    around = Surroundings((holders or {}).get, references or {})
    found = Keeping(subject, [], around, loosen_consent=loosen_consent).excepted(old, new)
    return {register: (kept.code, kept.holder) for register, kept in found.items()}


def of_field(name, value):
    return Shown(fields={f"/{name}": {name: value}})


def test_keys_of_a_profile_are_its_email_mobile_and_identities():
    present = State(
        {"mobile_phone": "+61404000001"}, {"identities": {("pos", "7"): IDENTITY}}, email_key="a@example.com"
    )

    assert list(keys_of(present)) == [EMAIL, MOBILE, POS]
    assert list(keys_of(state())) == []


@pytest.mark.parametrize(
    ("holders", "kept"),
    [
        ({}, {}),
        ({MOBILE: OWN}, {}),
        ({MOBILE: OTHER}, {"/mobile_phone": (WarningCode.KEPT_KEY_TAKEN, OTHER)}),
    ],
)
def test_key_that_somebody_else_has_stays_with_them(holders, kept):
    old, new = of_field("mobile_phone", None), of_field("mobile_phone", "+61404000001")

    assert excepted(state(), old, new, holders=holders) == kept


@pytest.mark.parametrize(
    ("value", "back", "loosen", "kept"),
    [
        (True, None, False, True),
        (True, False, False, True),
        (True, None, True, False),
        (None, True, False, False),
    ],
)
def test_refusal_is_not_loosened_unless_that_is_asked_for(value, back, loosen, kept):
    name = "comms/email_optout"

    found = excepted(state({name: value}), of_field(name, value), of_field(name, back), loosen_consent=loosen)

    assert found == ({f"/{name}": (WarningCode.KEPT_CONSENT, None)} if kept else {})


def test_what_is_not_as_the_ledger_says_stays():
    found = excepted(state({"company": "X"}), of_field("company", "A"), of_field("company", "B"))

    assert found == {"/company": (WarningCode.KEPT_UNCLEAR, None)}


@pytest.mark.parametrize(
    ("known", "kept"), [(True, {}), (False, {"/statuses/gold": (WarningCode.KEPT_REFERENCE_GONE, None)})]
)
def test_what_refers_to_what_is_gone_stays(known, kept):
    place = ("statuses", ("gold",))
    row = {"expires_at": None, "is_active": True}
    references = {ReferenceName("status", "handle", "gold"): True} if known else {}

    found = excepted(state(), Shown(rows={place: None}), Shown(rows={place: row}), references=references)

    assert found == kept


def test_profile_that_comes_back_claims_its_keys():
    place = ("identities", ("pos", "7"))
    new = Shown(fields={"/email": {"email": "A@example.com"}}, rows={place: IDENTITY})
    holders = {EMAIL: OTHER, POS: OWN}

    assert claimed_keys(OWN, new, holders.get) == {EMAIL: OTHER}


def test_references_are_those_of_locations_memberships_roles_and_links():
    assert list(references_of_fields({"joined_location_id": 4, "company": "A", "preferred_location_id": None})) == [
        ReferenceName("location", "id", "4")
    ]
    assert list(references_of_row(("organisations", ("acme",)), {"role": "buyer"})) == [
        ReferenceName("organisation", "handle", "acme"),
        ReferenceName("role", "handle", "buyer"),
    ]
    assert list(references_of_row(("date_links", ("b", "", "p")), {})) == [ReferenceName("profile", "id", "p")]
    assert list(references_of_row(("tags", ("vip",)), {})) == []
