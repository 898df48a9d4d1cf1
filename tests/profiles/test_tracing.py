"""Why a record means whom it means: what matching notes while it decides, as a table (rules 2, way 3.6)."""

import pytest

from profiles.values import MobileClash
from tests.profiles.test_matching import ANN, BOB, OLD, decide, pos

TWO = f"pos: the identity pos 1 belongs to {ANN}; the identity pos 2 belongs to {BOB}. That is more than one profile."
SHOP_9 = {"handle": "shop", "identifier": "9"}


def steps_of(record, *, criteria="email", **terms):
    """Return the steps that applied, decided or refused, and the rules of the others."""
    (outcome,) = decide(record, criteria=criteria, is_traced=True, **terms).outcomes
    told = [(step.rule, step.result.value, step.message) for step in outcome.steps if step.result != "does_not_apply"]
    return told, [step.rule for step in outcome.steps if step.result == "does_not_apply"]


def test_criterion_that_decides_names_key_and_profile():
    told, passed = steps_of({"email": "ANN@example.com"})

    assert told == [("2.1", "decides", f"email: the email ann@example.com belongs to {ANN}.")]
    assert passed == ["2.10", "2.2", "2.4", "2.5", "2.6", "2.12", "3.7"]


def test_criteria_that_find_nobody_say_why_in_their_order():
    record = {"email": "bob@example.com", "identities": [SHOP_9]}

    (outcome,) = decide(record, criteria="till,shop,email,pos", is_traced=True).outcomes

    assert [(step.result.value, step.message) for step in outcome.steps if step.rule == "2.1"] == [
        ("does_not_apply", "till: the record has no value that could be matched."),
        ("does_not_apply", "shop: nobody has the identity shop 9."),
        ("decides", f"email: the email bob@example.com belongs to {BOB}."),
        ("does_not_apply", "pos: not asked, as one before it found somebody."),
    ]


@pytest.mark.parametrize(
    ("criteria", "record", "expected"),
    [
        pytest.param(
            "pos",
            pos("1", "2"),
            [("2.1", "refuses", TWO)],
            id="two by a criterion",
        ),
        pytest.param(
            "email",
            {"email": "new@example.com", **pos("2")},
            [("2.2", "decides", f"By its identities: the identity pos 2 belongs to {BOB}.")],
            id="routed",
        ),
        pytest.param(
            "email",
            {"email": "old@example.com"},
            [
                ("2.3", "applies", f"The email old@example.com was that of {OLD}, now merged into {ANN}."),
                ("2.1", "decides", f"email: the email old@example.com belongs to {ANN}."),
            ],
            id="by an alias, told once",
        ),
        pytest.param(
            "email",
            {"email": "new@example.com"},
            [("2.4", "decides", "Nobody was found: a new profile.")],
            id="nobody",
        ),
        pytest.param(
            "pos",
            {"email": "new@example.com"},
            [("2.4", "refuses", "The record has no identity with the handle pos to match by.")],
            id="no match value",
        ),
        pytest.param(
            "email",
            {"email": "no at"},
            [("2.4", "refuses", "The value to match by cannot be read.")],
            id="a match value that cannot be read",
        ),
        pytest.param(
            "email",
            {"email": "gone@example.com"},
            [
                (
                    "2.1",
                    "decides",
                    "email: the email gone@example.com belongs to 00000000-0000-0000-0000-000000000004.",
                ),
                ("2.5", "refuses", "The profile is deleted; naming a profile_type restores it."),
            ],
            id="deleted",
        ),
        pytest.param(
            "email",
            {"email": "ann@example.com", **pos("2")},
            [
                ("2.1", "decides", f"email: the email ann@example.com belongs to {ANN}."),
                ("2.6", "refuses", f"The identity pos 2 belongs to {BOB}."),
            ],
            id="claimed elsewhere",
        ),
        pytest.param(
            "email",
            {"email": "test@example.com", **pos("2", "0000000")},
            [
                ("2.10", "applies", "Left out before matching, as blocked values: /email, /identities/1."),
                ("2.2", "decides", f"By its identities: the identity pos 2 belongs to {BOB}."),
            ],
            id="blocked",
        ),
    ],
)
def test_rules_that_had_a_say_are_told(criteria, record, expected):
    told, _ = steps_of(record, criteria=criteria)

    assert told == expected


@pytest.mark.parametrize(
    ("clash", "fields", "expected"),
    [
        pytest.param(MobileClash.REJECT, {}, "mobile_clash is reject.", id="not asked for"),
        pytest.param(
            MobileClash.SECONDARY,
            {},
            "Somebody else has its mobile; here it is the secondary phone.",
            id="shared",
        ),
        pytest.param(
            MobileClash.SECONDARY,
            {"secondary_phone": "+61404000009"},
            "Another number is its secondary phone already.",
            id="no room",
        ),
    ],
)
def test_mobile_of_somebody_else_is_explained(clash, fields, expected):
    record = {"email": "ann@example.com", "mobile_phone": "+61404000002", **fields}

    (outcome,) = decide(record, is_traced=True, mobile_clash=clash).outcomes

    assert [step.message for step in outcome.steps if step.rule == "2.12"] == [expected]


def test_batches_are_decided_without():
    (outcome,) = decide({"email": "ann@example.com"}).outcomes

    assert outcome.steps == ()
