"""What a record names by reference becomes what it means."""

import datetime as dt

import pytest

from profiles.reconcile.referrals import expiry, resolve
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind, ReferenceName, StatusTerm

NOW = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)
KNOWN = {
    ReferenceName("location", "external_id", "SYD-01"): 4,
    ReferenceName("location", "external_code", "sydney"): 4,
    ReferenceName("location", "external_code", "perth"): 5,
    ReferenceName("region", "handle", "victoria"): "victoria",
    ReferenceName("region", "id", "7"): "victoria",
    ReferenceName("organisation", "id", "1"): "acme",
    ReferenceName("role", "id", "2"): "buyer",
    ReferenceName("status", "handle", "gold"): StatusTerm(1, "years"),
}


def told(**record):
    return resolve(parse_record(record, cause=Cause(CauseKind.API)), KNOWN, now=NOW)


def findings(found):
    return [(str(one.code), one.pointer) for one in found]


@pytest.mark.parametrize(
    ("term", "end"),
    [
        (StatusTerm(), None),
        (StatusTerm(3, "days"), "2024-03-03T12:00:00Z"),
        (StatusTerm(2, "weeks"), "2024-03-14T12:00:00Z"),
        (StatusTerm(1, "months"), "2024-03-29T12:00:00Z"),
        (StatusTerm(12, "months"), "2025-02-28T12:00:00Z"),
        (StatusTerm(1, "years"), "2025-02-28T12:00:00Z"),
        (StatusTerm(4, "years"), "2028-02-29T12:00:00Z"),
        (StatusTerm(None, "days"), None),
        (StatusTerm(9_000, "years"), None),
        (StatusTerm(None, "absolute_date", "2030-01-01T00:00:00Z"), "2030-01-01T00:00:00Z"),
    ],
)
def test_status_ends_by_its_term(term, end):
    assert expiry(term, now=NOW) == end


def test_names_become_what_they_mean():
    draft = told(
        preferred_location_external_id="SYD-01",
        region="victoria",
        regions=[{"region_id": 7, "state": "VIC"}],
        organisations=[{"id": 1, "role_definition_id": 2}],
        statuses=["gold"],
    )

    assert draft.fields["preferred_location_id"] == 4
    assert draft.collections["regions"] == {("victoria",): {"state": "VIC", "is_default": True}}
    assert draft.collections["organisations"] == {("acme",): {"role": "buyer"}}
    assert draft.collections["statuses"] == {("gold",): {"expires_at": "2025-02-28T12:00:00Z", "is_active": True}}
    assert (draft.referrals, draft.locations, draft.errors, draft.warnings) == ({}, {}, (), ())


@pytest.mark.parametrize(
    ("record", "errors"),
    [
        ({"joined_location_external_id": "MEL"}, [("unknown_reference", "/joined_location_external_id")]),
        ({"region": "nowhere"}, [("unknown_reference", "/region")]),
        ({"organisations": [{"id": 9}]}, [("unknown_reference", "/organisations/0/id")]),
        (
            {"organisations": [{"id": 1, "role_definition_id": 9}]},
            [("unknown_reference", "/organisations/0/role_definition_id")],
        ),
        (
            {"joined_location_external_id": "SYD-01", "joined_location_external_code": "perth"},
            [("conflict", "/joined_location_external_code")],
        ),
        ({"joined_location_external_id": "SYD-01", "joined_location_external_code": "sydney"}, []),
    ],
)
def test_what_is_unknown_or_disagrees_is_an_error_at_its_place(record, errors):
    assert findings(told(**record).errors) == errors


@pytest.mark.parametrize(
    ("sent", "kept", "warnings"),
    [
        (["nope"], None, [("unknown_status", "/statuses/0")]),
        (["nope", "gold"], {("gold",)}, [("unknown_status", "/statuses/0")]),
        ([], set(), []),
    ],
)
def test_unknown_statuses_are_ignored_and_alone_leave_the_set(sent, kept, warnings):
    draft = told(statuses=sent)

    rows = draft.collections.get("statuses")
    assert (None if rows is None else set(rows)) == kept
    assert findings(draft.warnings) == warnings


def test_entry_that_stands_twice_counts_once_member_by_member():
    draft = told(regions=[{"handle": "victoria", "state": "VIC"}, {"region_id": 7, "country": "AU"}])

    assert draft.collections["regions"] == {("victoria",): {"state": "VIC", "country": "AU"}}
    assert findings(draft.warnings) == [("duplicate_entry", "/regions/1")]
