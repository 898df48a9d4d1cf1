"""Whom a record means, and why it is refused (rules 2): each rule as a table, without a database."""

import datetime as dt
import itertools
from uuid import UUID

import pytest

from profiles import digests
from profiles.criteria import typed_criteria
from profiles.keys import email_match_key, identity_match_key, mobile_match_key
from profiles.matching import plan
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind, Directory, MobileClash, Pins, ProfileSnapshot, Shown

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
ANN, BOB, OLD, GONE, NEW = (UUID(int=number) for number in (1, 2, 3, 4, 100))


def person(profile_id, *, email=None, mobile=None, identities=(), profile_type="active"):
    """Return one profile as stored."""
    fields = {
        "first_name": "X",
        "last_name": "Y",
        "email": email,
        "mobile_phone": mobile,
        "profile_type": profile_type,
    }
    row = {"is_primary": False, "is_active": True, "merged_from": None}
    return ProfileSnapshot(profile_id, 1, fields, {"identities": dict.fromkeys(identities, row), "tags": {}}, email)


# Ann and Bob; Old was merged into Ann and keeps its email; Gone is deleted.
PEOPLE = [
    person(ANN, email="ann@example.com", mobile="+61404000001", identities=[("pos", "1"), ("shop", "1")]),
    person(BOB, email="bob@example.com", mobile="+61404000002", identities=[("pos", "2")]),
    person(GONE, email="gone@example.com", identities=[("pos", "4")], profile_type="deleted"),
]
HOLDERS = {
    email_match_key("old@example.com"): OLD,
    **{email_match_key(one.fields["email"]): one.id for one in PEOPLE},
    **{mobile_match_key(one.fields["mobile_phone"]): one.id for one in PEOPLE if one.fields["mobile_phone"]},
    **{identity_match_key(*key): one.id for one in PEOPLE for key in one.collections["identities"]},
}
DIRECTORY = Directory(HOLDERS, {OLD: ANN}, {one.id: one for one in PEOPLE})


def pos(*identifiers, handle="pos"):
    return {"identities": [{"handle": handle, "identifier": one} for one in identifiers]}


def decide(*records, criteria="email", **terms):
    ids = itertools.count(NEW.int)
    drafts = [parse_record(one, cause=Cause(CauseKind.BATCH, position=n)) for n, one in enumerate(records)]
    by = typed_criteria(criteria)
    return plan(drafts, DIRECTORY, criteria=by, now=NOW, new_ids=lambda _: lambda _: UUID(int=next(ids)), **terms)


@pytest.mark.parametrize(
    ("criteria", "record", "expected"),
    [
        pytest.param("email", {"email": "ANN@example.com"}, ("unchanged", ANN, "criterion"), id="by email"),
        pytest.param("pos", pos("2"), ("unchanged", BOB, "criterion"), id="by identity"),
        pytest.param("pos", pos(2, "9"), ("updated", BOB, "criterion"), id="by one of several"),
        pytest.param(
            "email", {"email": "new@example.com", **pos("2")}, ("updated", BOB, "routed"), id="routed by an identity"
        ),
        pytest.param("till", pos("1", handle="shop"), ("unchanged", ANN, "routed"), id="routed without a match value"),
        pytest.param("email", {"email": "new@example.com"}, ("created", NEW, "new"), id="nobody: created"),
        pytest.param("pos", pos("9"), ("created", NEW, "new"), id="created without an email"),
        pytest.param(
            "email", {"email": "old@example.com"}, ("unchanged", ANN, "criterion"), id="alias means survivor"
        ),
        pytest.param(
            "email",
            {"email": "gone@example.com", "profile_type": "active"},
            ("updated", GONE, "criterion"),
            id="restored",
        ),
        pytest.param(
            "email",
            {"email": "gone@example.com", "profile_type": "deleted", "company": "x"},
            ("updated", GONE, "criterion"),
            id="updated as it is",
        ),
        pytest.param(
            "email",
            {"email": "test@example.com", "mobile_phone": "0000000", **pos("0000000", "2")},
            ("unchanged", BOB, "routed"),
            id="blocked values neither match nor claim",
        ),
    ],
)
def test_record_means(criteria, record, expected):
    (outcome,) = decide(record, criteria=criteria).outcomes

    assert outcome.errors == ()
    assert (outcome.kind.value, outcome.profile_id, outcome.rule.value) == expected


@pytest.mark.parametrize(
    ("criteria", "record", "errors", "considered", "pairs"),
    [
        pytest.param("pos", pos("1", "2"), [("ambiguous", "")], [ANN, BOB], [(ANN, BOB)], id="two by the criterion"),
        pytest.param(
            "email",
            {"email": "new@example.com", **pos("1", "2")},
            [("ambiguous", "")],
            [ANN, BOB],
            [(ANN, BOB)],
            id="two by identities",
        ),
        pytest.param("email", {"company": "x"}, [("no_match_value", "/email")], [], [], id="no email"),
        pytest.param(
            "till", {"email": "new@example.com"}, [("no_match_value", "/identities")], [], [], id="no such identity"
        ),
        pytest.param("email", {"email": "x"}, [("invalid", "/email")], [], [], id="a wrong email is told once"),
        pytest.param(
            "email", {"email": "test@x.example"}, [("no_match_value", "/email")], [], [], id="a blocked email only"
        ),
        pytest.param("pos", pos(1111111), [("no_match_value", "/identities")], [], [], id="a blocked identity only"),
        pytest.param(
            "email", {"email": "gone@example.com"}, [("deleted_profile", "")], [GONE], [], id="means a deleted one"
        ),
        pytest.param(
            "email",
            {"email": "ann@example.com", "mobile_phone": "+61404000002"},
            [("claimed_elsewhere", "/mobile_phone")],
            [ANN, BOB],
            [(ANN, BOB)],
            id="another's mobile",
        ),
        pytest.param(
            "pos",
            {**pos("1"), "email": "bob@example.com"},
            [("claimed_elsewhere", "/email")],
            [ANN, BOB],
            [(ANN, BOB)],
            id="another's email",
        ),
        pytest.param(
            "email",
            {"email": "ann@example.com", **pos("4")},
            [("claimed_elsewhere", "/identities/0")],
            [ANN, GONE],
            [(ANN, GONE)],
            id="a deleted one's identity",
        ),
        pytest.param(
            "email",
            {"email": "new@example.com", "mobile_phone": "+61404000002"},
            [("claimed_elsewhere", "/mobile_phone")],
            [BOB],
            [],
            id="nobody's, with another's mobile",
        ),
        pytest.param(
            "email",
            {"email": "bob@example.com", "mobile_phone": "+61404000001", "tags": 5, **pos("1")},
            [
                ("invalid", "/tags"),
                ("claimed_elsewhere", "/mobile_phone"),
                ("claimed_elsewhere", "/identities/0"),
            ],
            [BOB, ANN, ANN],
            [(ANN, BOB)],
            id="all errors at once",
        ),
    ],
)
def test_record_is_refused(criteria, record, errors, considered, pairs):
    decided = decide(record, criteria=criteria)

    (outcome,) = decided.outcomes
    assert (outcome.kind.value, outcome.profile_id) == ("rejected", None)
    assert [(error.code.value, error.pointer) for error in outcome.errors] == errors
    assert [candidate.profile_id for candidate in outcome.considered] == considered
    assert [(pair.low, pair.high) for pair in decided.duplicates] == pairs
    assert (decided.results, decided.changes) == ([], [])


def test_blocked_values_are_told_beside_why_the_record_is_refused():
    (outcome,) = decide({"email": "noemail@example.com", **pos("0000000")}).outcomes

    assert [(one.code.value, one.pointer) for one in outcome.warnings] == [
        ("blocked_value", "/email"),
        ("blocked_value", "/identities/0"),
    ]
    assert outcome.match_value == ""


def test_clashes_are_told_in_the_contracts_own_words():
    record = {**pos("1"), "email": "bob@example.com", "mobile_phone": "+61404000002"}

    (outcome,) = decide(record, criteria="pos").outcomes

    assert sorted(error.message for error in outcome.errors) == [
        "The email has already been taken.",
        "The phone number exists",
    ]


def test_alias_is_left_as_it_is_with_a_warning():
    decided = decide({"email": "old@example.com", "company": "Acme"})

    (outcome,) = decided.outcomes
    assert [(one.code.value, one.pointer) for one in outcome.warnings] == [("alias_key", "/email")]
    assert decided.changes[0].changes == {"/company": {"from": None, "to": "Acme"}}


def test_each_record_sees_what_the_former_decided():
    decided = decide(
        {"email": "new@example.com", **pos("9")},
        {"email": "New@example.com", "company": "Acme"},
        {"email": "other@example.com", **pos("9")},
        {"email": "new@example.com"},
    )

    kinds = [(one.kind.value, one.profile_id) for one in decided.outcomes]
    assert kinds == [("created", NEW), ("updated", NEW), ("updated", NEW), ("created", UUID(int=NEW.int + 1))]
    assert [change.version for change in decided.changes] == [1, 2, 3, 1]


def test_keys_change_hands_between_records():
    decided = decide(
        {**pos("1"), "email": "free@example.com"}, {**pos("2"), "email": "ann@example.com"}, criteria="pos"
    )

    assert [one.kind.value for one in decided.outcomes] == ["updated", "updated"]
    assert [result.fields["email"] for result in decided.results] == ["free@example.com", "ann@example.com"]


def test_target_needs_no_match():
    draft = parse_record({"company": "Acme"}, cause=Cause(CauseKind.ADMIN), target=OLD)
    unknown = parse_record({"company": "Acme"}, cause=Cause(CauseKind.ADMIN), target=NEW)

    decided = plan([draft, unknown], DIRECTORY, criteria=("email",), now=NOW, new_ids=lambda _: lambda _: NEW)

    assert [(one.kind.value, one.profile_id) for one in decided.outcomes] == [("updated", ANN), ("rejected", None)]


@pytest.mark.parametrize(
    ("criteria", "message"),
    [
        ("email", "The record has no email to match by."),
        ("pos", "The record has no identity with the handle pos to match by."),
        ("emial", "The record has no identity with the handle emial to match by; did you mean email?"),
        ("Email", "The record has no identity with the handle Email to match by; did you mean email?"),
        ("pos,email", "The record has no email and no identity with the handle pos to match by."),
        ("pos,shop", "The record has no identity with the handle pos or shop to match by."),
    ],
)
def test_record_without_a_value_to_match_by_is_told_which(criteria, message):
    (outcome,) = decide({"company": "Acme"}, criteria=criteria).outcomes

    assert [(one.code.value, one.message) for one in outcome.errors] == [("no_match_value", message)]


NOBODY_BY_POS = ("criterion", None, "pos", {"handle": "pos", "identifier": "9"})


@pytest.mark.parametrize(
    ("criteria", "record", "expected", "considered"),
    [
        pytest.param(
            "pos,email",
            {**pos("9"), "email": "ann@example.com"},
            ("updated", ANN, "criterion", {"email": "ann@example.com"}, "ann@example.com"),
            [NOBODY_BY_POS],
            id="the second one finds somebody: the first one's value is added",
        ),
        pytest.param(
            "pos,email",
            {**pos("2"), "email": "new@example.com"},
            ("updated", BOB, "criterion", {"handle": "pos", "identifier": "2"}, "2"),
            [],
            id="the first one finds somebody: the second one's value is added",
        ),
        pytest.param(
            "pos,email",
            {"email": "ann@example.com"},
            ("unchanged", ANN, "criterion", {"email": "ann@example.com"}, "ann@example.com"),
            [("criterion", None, "pos", None)],
            id="no value for the first one",
        ),
        pytest.param(
            "pos,email",
            {**pos("9"), "email": "new@example.com"},
            ("created", NEW, "new", {"handle": "pos", "identifier": "9"}, "9"),
            [NOBODY_BY_POS, ("criterion", None, "email", {"email": "new@example.com"})],
            id="none finds anybody: created by the first one's value",
        ),
        pytest.param(
            "pos,email",
            {"email": "new@example.com"},
            ("created", NEW, "new", {"email": "new@example.com"}, "new@example.com"),
            [("criterion", None, "pos", None), ("criterion", None, "email", {"email": "new@example.com"})],
            id="created by the only value",
        ),
        pytest.param(
            "till,email",
            {"email": "new@example.com", **pos("1", handle="shop")},
            ("updated", ANN, "routed", {"handle": "shop", "identifier": "1"}, "new@example.com"),
            [("criterion", None, "till", None), ("criterion", None, "email", {"email": "new@example.com"})],
            id="routed after the last one",
        ),
        pytest.param(
            "email,pos",
            {"email": "ann@example.com", **pos("2")},
            ("rejected", None, "criterion", {"email": "ann@example.com"}, "ann@example.com"),
            [
                ("criterion", ANN, "", {"email": "ann@example.com"}),
                ("holder", BOB, "", {"handle": "pos", "identifier": "2"}),
            ],
            id="each finds somebody else: claimed elsewhere",
        ),
        pytest.param(
            "pos,email",
            {**pos("1", "2"), "email": "gone@example.com"},
            ("rejected", None, "criterion", None, "1"),
            [
                ("criterion", ANN, "", {"handle": "pos", "identifier": "1"}),
                ("criterion", BOB, "", {"handle": "pos", "identifier": "2"}),
            ],
            id="one that finds two refuses at once",
        ),
    ],
)
def test_criteria_are_tried_in_order(criteria, record, expected, considered):
    (outcome,) = decide(record, criteria=criteria).outcomes

    key = None if outcome.key is None else outcome.key.as_json()
    assert (outcome.kind.value, outcome.profile_id, outcome.rule.value, key, outcome.match_value) == expected
    assert [
        (one.rule, one.profile_id, one.criterion, None if one.key is None else one.key.as_json())
        for one in outcome.considered
    ] == considered


@pytest.mark.parametrize("criteria", ["pos,email", "email,pos", "till,pos,email,shop"])
def test_several_criteria_reject_only_what_has_a_value_for_none(criteria):
    (outcome,) = decide({"company": "Acme", **pos("1", handle="loyalty")}, criteria=criteria).outcomes

    assert [one.code.value for one in outcome.errors] == ["no_match_value"]


TAKEN, OWN, OTHER = "+61404000001", "+61404000002", "+61404123121"  # Ann's, Bob's, nobody's


@pytest.mark.parametrize(
    ("record", "kind", "phones"),
    [
        pytest.param({"mobile_phone": TAKEN}, "updated", (OWN, TAKEN), id="the secondary phone is empty"),
        pytest.param(
            {"mobile_phone": TAKEN, "secondary_phone": TAKEN}, "updated", (OWN, TAKEN), id="it is the same number"
        ),
        pytest.param({"mobile_phone": TAKEN, "secondary_phone": None}, "updated", (OWN, TAKEN), id="it is cleared"),
        pytest.param({"mobile_phone": TAKEN, "secondary_phone": OTHER}, "rejected", None, id="it is another number"),
        pytest.param({"mobile_phone": OTHER}, "updated", (OTHER, None), id="nobody has it"),
    ],
)
def test_mobile_somebody_else_has_may_become_the_secondary_phone(record, kind, phones):
    decided = decide(pos("2") | record, criteria="pos", mobile_clash=MobileClash.SECONDARY)

    (outcome,) = decided.outcomes
    assert outcome.kind.value == kind
    told = [(one.code.value, one.pointer) for one in (*outcome.errors, *outcome.warnings)]
    if phones is None:
        assert told == [("claimed_elsewhere", "/mobile_phone")]
    else:
        (result,) = decided.results
        assert (result.fields.get("mobile_phone"), result.fields.get("secondary_phone")) == phones
        assert told == ([("mobile_as_secondary", "/mobile_phone")] if TAKEN in phones else [])
    assert bool(decided.duplicates) == (phones is None)


def test_shared_mobile_of_a_record_that_is_refused_is_no_warning():
    record = pos("2") | {"mobile_phone": TAKEN, "email": "ann@example.com"}

    (outcome,) = decide(record, criteria="pos", mobile_clash=MobileClash.SECONDARY).outcomes

    assert [one.pointer for one in outcome.errors] == ["/email"]
    assert outcome.warnings == ()


def test_shared_mobile_changes_nothing_when_it_is_sent_again():
    record = pos("2") | {"mobile_phone": TAKEN}

    first, second = decide(record, record, criteria="pos", mobile_clash=MobileClash.SECONDARY).outcomes

    assert (first.kind.value, second.kind.value) == ("updated", "unchanged")
    assert [one.code.value for one in second.warnings] == ["mobile_as_secondary"]


def test_first_of_a_new_family_has_the_mobile_and_the_others_share_it():
    family = [{"email": f"{name}@example.com", "mobile_phone": OTHER} for name in ("mum", "dad", "kid")]

    decided = decide(*family, mobile_clash=MobileClash.SECONDARY)

    phones = [(one.fields.get("mobile_phone"), one.fields.get("secondary_phone")) for one in decided.results]
    assert phones == [(OTHER, None), (None, OTHER), (None, OTHER)]
    assert decided.duplicates == []


# --- Held to what was shown (way 4.4) ----------------------------------------------------------------------------


def shown_of(decided):
    """Return what was shown where this plan was: the profile that each record makes has an id of its own."""
    new = {UUID(int=NEW.int + number): number for number in range(len(decided.outcomes))}
    changes = {change.cause.position: change.changes for change in decided.changes}
    decisions = digests.decided(decided.outcomes, changes, new=new, given={})
    shown = {number: Shown(one.digest, f"what {number} was") for number, one in enumerate(decisions)}
    return Pins(shown, new)


ABOUT_ANN = (
    {"email": "ann@example.com", "company": "Acme"},
    {"email": "ann@example.com", "occupation": "Baker"},
    {"email": "bob@example.com", "company": "Acme"},
    {"email": "ann@example.com", **pos("2")},
    {"email": "nobody"},
)


def test_records_that_come_to_what_was_shown_are_taken():
    decided = decide(*ABOUT_ANN)

    held = decide(*ABOUT_ANN, pins=shown_of(decided))

    assert held == decided
    assert [outcome.kind for outcome in held.outcomes] == ["updated", "updated", "updated", "rejected", "rejected"]
    assert [(pair.low, pair.high) for pair in held.duplicates] == [(ANN, BOB)]


def test_record_that_comes_to_something_else_is_refused_and_changes_nothing():
    pins = shown_of(decide({"email": "ann@example.com", "company": "Other"}, *ABOUT_ANN[1:]))

    held = decide(*ABOUT_ANN, pins=pins)

    assert [outcome.kind for outcome in held.outcomes] == ["rejected", "updated", "updated", "rejected", "rejected"]
    assert [change.cause.position for change in held.changes] == [1, 2]
    assert [(one.id, one.version) for one in held.results] == [(ANN, 2), (BOB, 2)]
    stale = held.outcomes[0]
    (error,) = stale.errors
    assert (error.code, error.message) == (
        "stale",
        f"The preview showed: what 0 was. Now it would be: updated, profile {ANN}.",
    )
    assert (stale.profile_id, stale.rule) == (None, "criterion")
    assert [one.profile_id for one in stale.considered] == [ANN]
    assert (stale.instead.outcome.kind, stale.instead.outcome.profile_id) == ("updated", ANN)
    assert (stale.instead.changes, stale.instead.version_read) == ({"/company": {"from": None, "to": "Acme"}}, 1)


def test_stale_record_notes_no_pair():
    pins = shown_of(decide(*ABOUT_ANN[:3], {"email": "ann@example.com"}, ABOUT_ANN[4]))

    held = decide(*ABOUT_ANN, pins=pins)

    assert [error.code for error in held.outcomes[3].errors] == ["stale", "claimed_elsewhere"]
    assert held.duplicates == []


def test_record_built_on_a_stale_one_is_stale_in_turn():
    records = ({"email": "new@example.com"}, {"email": "new@example.com", "company": "Acme"}, *ABOUT_ANN)
    other = ({"email": "new@example.com", "first_name": "New"}, *records[1:])

    held = decide(*records, pins=shown_of(decide(*other)))

    assert [bool(outcome.instead) for outcome in held.outcomes] == [True, True, *[False] * 5]
    assert held.outcomes[0].rule is None
