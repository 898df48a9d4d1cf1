"""What a plan holds beside its outcomes: the ledger, what is to be written, and possible duplicates."""

import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest

from profiles.criteria import EMAIL
from profiles.keys import email_match_key, identity_match_key
from profiles.matching import plan
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind, Directory, ProfileSnapshot

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
ANN, BOB, GONE, ENDED, NEW = (UUID(int=number) for number in (1, 2, 3, 4, 100))
ROW = {"is_primary": False, "is_active": True, "merged_from": None}


def stored(profile_id, name, *, version=5, **fields):
    """Return one profile as stored, with an email and the identity `shop` of its name."""
    email = f"{name}@example.com"
    fields = {"first_name": name, "last_name": "X", "email": email, "profile_type": "active", **fields}
    return ProfileSnapshot(profile_id, version, fields, {"identities": {("shop", name): ROW}}, email)


PEOPLE = [
    stored(ANN, "ann"),
    stored(BOB, "bob", version=1),
    stored(GONE, "gone", profile_type="deleted"),
    stored(ENDED, "ended", ended="undone"),
]
DIRECTORY = Directory(
    {email_match_key(one.fields["email"]): one.id for one in PEOPLE}
    | {identity_match_key("shop", one.fields["first_name"]): one.id for one in PEOPLE},
    {},
    {one.id: one for one in PEOPLE},
)


def draft(name, *shops, position=0, **fields):
    """Return a draft that names somebody by their email, and others by what they have in the shop."""
    identities = {"identities": [{"handle": "shop", "identifier": shop} for shop in shops]} if shops else {}
    record = {"email": f"{name}@example.com", **identities, **fields}
    return parse_record(record, cause=Cause(CauseKind.BATCH, position=position))


def planned(*drafts, **terms):
    return plan(drafts, DIRECTORY, criteria=(EMAIL,), now=NOW, new_ids=lambda _: lambda _: NEW, **terms)


def test_nothing_asked_is_nothing_to_write():
    nothing = planned()

    assert (nothing.outcomes, nothing.results, nothing.changes, nothing.duplicates) == ([], [], [], [])


@pytest.mark.parametrize(
    ("name", "fields", "action", "version"),
    [
        ("new", {}, "created", 1),
        ("new", {"profile_type": "deleted"}, "created", 1),
        ("ann", {"company": "Acme"}, "updated", 6),
        ("ann", {"profile_type": "deleted"}, "deleted", 6),
        ("gone", {"profile_type": "pending"}, "restored", 6),
        ("gone", {"profile_type": "deleted", "company": "Acme"}, "updated", 6),
    ],
)
def test_ledger_says_what_was_done_to_the_profile(name, fields, action, version):
    plan_ = planned(draft(name, **fields))

    assert [(one.action.value, one.version) for one in plan_.changes] == [(action, version)]
    assert [(one.version, one.is_changed) for one in plan_.results] == [(version, True)]


def test_profile_is_written_once_with_all_its_changes_in_the_ledger():
    drafts = [draft("ann", company="Acme"), draft("bob", title="Dr"), draft("ann", position=2, company="Bakers")]

    plan_ = planned(*drafts)

    assert [(one.profile_id, one.version, one.changes) for one in plan_.changes] == [
        (ANN, 6, {"/company": {"from": None, "to": "Acme"}}),
        (BOB, 2, {"/title": {"from": None, "to": "Dr"}}),
        (ANN, 7, {"/company": {"from": "Acme", "to": "Bakers"}}),
    ]
    assert [(one.id, one.version, one.fields.get("company"), one.before) for one in plan_.results] == [
        (ANN, 7, "Bakers", PEOPLE[0]),
        (BOB, 2, None, PEOPLE[1]),
    ]
    assert [one.profile_version for one in plan_.outcomes] == [6, 2, 7]


def test_what_changes_nothing_is_not_written():
    plan_ = planned(draft("ann", "ann", first_name="ann"))

    assert [(one.kind.value, one.profile_version) for one in plan_.outcomes] == [("unchanged", 5)]
    assert (plan_.results, plan_.changes) == ([], [])


@pytest.mark.parametrize(
    ("name", "terms", "code"),
    [
        ("ann", {"target": ANN, "expected_version": 4}, "stale"),
        ("ann", {"target": ANN, "expected_version": 5}, None),
        ("ann", {"target": NEW}, "unknown_reference"),
        ("ended", {}, "ended"),
        ("bob", {"is_new": True}, "claimed_elsewhere"),
        ("new", {"is_new": True}, None),
    ],
)
def test_draft_may_be_refused_by_whom_it_is_written_to(name, terms, code):
    plan_ = planned(replace(draft(name, company="Acme"), **terms))

    [outcome] = plan_.outcomes
    assert [error.code.value for error in outcome.errors] == ([] if code is None else [code])
    assert bool(plan_.changes) == bool(plan_.results) == (code is None)


def test_version_that_was_looked_at_is_that_before_the_former_draft():
    looked_at = [
        replace(draft("ann", company=company), target=ANN, expected_version=5) for company in ("Acme", "Bakers")
    ]

    assert [one.kind.value for one in planned(*looked_at).outcomes] == ["updated", "rejected"]


@pytest.mark.parametrize(
    ("drafts", "pairs"),
    [
        ([draft("new", "bob", "ann", "gone")], [(ANN, BOB, "ambiguous"), (ANN, GONE, "ambiguous")]),
        ([draft("bob", "ann")], [(ANN, BOB, "claimed_elsewhere")]),
        ([draft("bob", "ann", position=0), draft("new", "bob", "ann", position=1)], [(ANN, BOB, "claimed_elsewhere")]),
        ([replace(draft("new", "bob", "ann"), is_new=True)], [(ANN, BOB, "claimed_elsewhere")]),
        ([draft("bob", "bob")], []),
    ],
)
def test_possible_duplicates_are_noted_once_with_the_lower_id_first(drafts, pairs):
    found = planned(*drafts).duplicates

    assert [(one.low, one.high, one.reason.value) for one in found] == pairs
    assert {one.cause.position for one in found} <= {0}


@pytest.mark.parametrize(("most", "kind"), [(None, "updated"), (2, "updated"), (1, "rejected")])
def test_profile_has_room_for_so_many_identities(most, kind):
    limits = None if most is None else {"shop": most}

    assert [one.kind.value for one in planned(draft("ann", "other"), identity_limits=limits).outcomes] == [kind]


@pytest.mark.parametrize("is_traced", [True, False])
def test_rules_that_were_tried_are_told_where_that_was_asked_for(is_traced):
    [outcome] = planned(draft("ann"), is_traced=is_traced).outcomes

    assert bool(outcome.steps) == is_traced
