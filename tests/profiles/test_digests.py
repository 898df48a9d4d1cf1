"""What two decisions are told apart by, as tables."""

import datetime as dt
from dataclasses import replace
from hashlib import blake2b
from uuid import UUID

import pytest

from profiles import digests
from profiles.keys import email_match_key
from profiles.values import (
    Candidate,
    Cause,
    CauseKind,
    ErrorCode,
    Finding,
    MatchRule,
    Outcome,
    OutcomeKind,
    ReferenceName,
    StatusTerm,
    WarningCode,
)

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ANN, BOB, NEW = (UUID(int=number) for number in (1, 2, 3))
CAUSE = Cause(CauseKind.BATCH, batch_id=UUID(int=9), position=4)
UPDATED = Outcome(
    kind=OutcomeKind.UPDATED,
    cause=CAUSE,
    profile_id=ANN,
    profile_version=3,
    rule=MatchRule.CRITERION,
    key=email_match_key("ann@example.com"),
    warnings=(Finding(WarningCode.UNKNOWN_FIELD, "/colour", "The hub knows no such field."),),
)
CHANGES = {"/company": {"from": "Acme", "to": "Bakers"}}
GOLD = ReferenceName("status", "handle", "gold")


def digest(outcome=UPDATED, changes=CHANGES, *, new=None, given=None):
    return digests.digest_of(outcome, changes, new=new or {}, given=given or {})


def test_digest_is_of_this_text():
    text = (
        b'["updated","00000000-0000-0000-0000-000000000001","criterion",{"email":"ann@example.com"},'
        b'[],[["unknown_field","/colour"]],{"/company":{"from":"Acme","to":"Bakers"}}]'
    )

    assert digest() == blake2b(text, digest_size=16).digest()
    assert digests.digest_of_all([digest(), b"x" * 16]) == blake2b(digest() + b"x" * 16, digest_size=16).hexdigest()
    assert digests.SIZE == 16


@pytest.mark.parametrize(
    ("outcome", "changes"),
    [
        (replace(UPDATED, kind=OutcomeKind.UNCHANGED), CHANGES),
        (replace(UPDATED, profile_id=BOB), CHANGES),
        (replace(UPDATED, rule=MatchRule.ROUTED), CHANGES),
        (replace(UPDATED, key=email_match_key("bob@example.com")), CHANGES),
        (replace(UPDATED, key=None), CHANGES),
        (replace(UPDATED, warnings=()), CHANGES),
        (replace(UPDATED, warnings=(Finding(WarningCode.READ_ONLY, "/colour", ""),)), CHANGES),
        (replace(UPDATED, warnings=(Finding(WarningCode.UNKNOWN_FIELD, "/size", ""),)), CHANGES),
        (replace(UPDATED, errors=(Finding(ErrorCode.INVALID, "/colour", ""),)), CHANGES),
        (UPDATED, {}),
        (UPDATED, {"/company": {"from": "Acme", "to": "Cooks"}}),
        (UPDATED, {"/company": {"from": None, "to": "Bakers"}}),
        (UPDATED, {"/company": {"to": "Bakers"}}),
        (UPDATED, {"/occupation": {"from": "Acme", "to": "Bakers"}}),
        (UPDATED, {**CHANGES, "/tags/vip": {"to": True}}),
    ],
)
def test_another_decision_has_another_digest(outcome, changes):
    assert digest(outcome, changes) != digest()


@pytest.mark.parametrize("values", [(1, True), (1, 1.0), ("1", 1), ("", None), ([], {}), ("e\u0301", "\u00e9")])
def test_values_are_told_apart_as_json(values):
    one, other = ({"/custom_attributes/a/b/value": {"to": value}} for value in values)

    assert digest(changes=one) != digest(changes=other)


@pytest.mark.parametrize(
    "outcome",
    [
        replace(UPDATED, profile_version=7),
        replace(UPDATED, cause=replace(CAUSE, batch_id=UUID(int=8), actor_id=5, actor_label="Nightly")),
        replace(UPDATED, reference="row 7", match_value="ann"),
        replace(UPDATED, considered=(Candidate(BOB, "holder", None),)),
        replace(UPDATED, warnings=(Finding(WarningCode.UNKNOWN_FIELD, "/colour", "In other words."),)),
    ],
)
def test_what_says_it_otherwise_is_the_same_decision(outcome):
    assert digest(outcome) == digest()


def test_order_of_the_paths_is_nothing():
    one = {"/a": {"from": 1, "to": 2}, "/b": {"to": {"x": 1, "y": 2}}}
    other = {"/b": {"to": {"y": 2, "x": 1}}, "/a": {"to": 2, "from": 1}}

    assert digest(changes=one) == digest(changes=other)


def test_new_profile_is_the_record_that_makes_it():
    created = replace(UPDATED, kind=OutcomeKind.CREATED, profile_id=NEW)

    assert digest(created, new={NEW: 0}) == digest(replace(created, profile_id=BOB), new={BOB: 0})
    assert digest(created, new={NEW: 0}) != digest(created, new={NEW: 1})
    assert digest(created, new={NEW: 0}) != digest(created)


def test_row_that_a_removed_one_was_is_nothing():
    removed = {"/identities/pos/7/is_active": {"from": True}, "/identities/pos/7/id": {"from": 12}}
    other = {**removed, "/identities/pos/7/id": {"from": 99}, "/identities/pos/7/created_at": {"from": "2026"}}

    assert digest(changes=removed) == digest(changes=other)
    assert digest(changes=removed) != digest(changes={"/identities/pos/8/is_active": {"from": True}})


@pytest.mark.parametrize("days", [0, 40, 400])
def test_status_given_now_counts_as_its_term(days):
    references = {GOLD: StatusTerm(2, "weeks")}
    later = NOW + dt.timedelta(days=days)
    first, second = (digests.given_statuses(references, now=moment) for moment in (NOW, later))
    ((_, end),) = first
    ((_, later_end),) = second
    given = {"/statuses/gold/expires_at": {"to": end}}
    given_later = {"/statuses/gold/expires_at": {"to": later_end}}

    assert digest(changes=given, given=first) == digest(changes=given_later, given=second)
    assert digest(changes=given, given=first) != digest(changes=given)
    replaced = {"/statuses/gold/expires_at": {"from": end, "to": "2027-01-01T00:00:00Z"}}
    replaced_later = {"/statuses/gold/expires_at": {"from": later_end, "to": "2027-01-01T00:00:00Z"}}
    assert digest(changes=replaced, given=first) == digest(changes=replaced_later, given=second)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (StatusTerm(2, "weeks"), StatusTerm(14, "days")),
        (StatusTerm(2, "weeks"), StatusTerm(3, "weeks")),
    ],
)
def test_another_term_is_another_decision(one, other):
    first, second = (digests.given_statuses({GOLD: term}, now=NOW) for term in (one, other))

    told = [
        digest(changes={"/statuses/gold/expires_at": {"to": end}}, given=given)
        for given in (first, second)
        for _, end in given
    ]

    assert told[0] != told[1]


def test_ends_that_do_not_follow_from_the_moment_count_as_they_are():
    references = {
        GOLD: StatusTerm(None, "absolute", "2027-01-01T00:00:00Z"),
        ReferenceName("status", "handle", "vip"): StatusTerm(),
        ReferenceName("location", "id", "1"): 1,
    }

    assert digests.given_statuses(references, now=NOW) == {}


def test_handles_of_statuses_may_hold_anything():
    name = ReferenceName("status", "handle", "a/b~c")
    given = digests.given_statuses({name: StatusTerm(1, "days")}, now=NOW)
    ((_, end),) = given

    told = digest(changes={"/statuses/a~1b~0c/expires_at": {"to": end}}, given=given)

    assert told != digest(changes={"/statuses/a~1b~0c/expires_at": {"to": end}})


@pytest.mark.parametrize(
    ("kind", "profile_id", "codes", "told"),
    [
        ("created", NEW, [], "created"),
        ("updated", ANN, [], f"updated, profile {ANN}"),
        ("unchanged", ANN, [], f"unchanged, profile {ANN}"),
        ("rejected", None, ["ambiguous"], "rejected (ambiguous)"),
        ("rejected", None, ["invalid", "invalid", "conflict"], "rejected (invalid, conflict)"),
    ],
)
def test_decision_is_told_in_words(kind, profile_id, codes, told):
    assert digests.in_words(kind, profile_id, codes) == told
