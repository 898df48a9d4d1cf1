"""Outcomes as rows that are kept, and as counts."""

import datetime as dt
from uuid import UUID

import pytest

from batches.models import Batch
from batches.outcomes import batch_warnings, counts, outcome_row
from profiles.keys import MatchKey
from profiles.values import Candidate, Cause, CauseKind, ErrorCode, Finding, MatchRule, Outcome, OutcomeKind
from tests.builders import make_profile

NOW = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
BATCH, ANN = UUID(int=1), UUID(int=2)
CAUSE = Cause(CauseKind.BATCH, batch_id=BATCH, position=3)


def test_outcome_is_kept_with_the_first_of_its_errors():
    outcome = Outcome(
        OutcomeKind.REJECTED,
        CAUSE,
        reference="r-1",
        rule=MatchRule.CRITERION,
        key=MatchKey("identity", "7", "pos"),
        match_value="7",
        considered=(Candidate(ANN, "criterion", MatchKey("identity", "7", "pos")),),
        errors=(Finding(ErrorCode.INVALID, "/email", "No."), Finding(ErrorCode.STALE, "", "Old.")),
    )

    assert outcome_row(outcome, batch_id=BATCH, now=NOW) == {
        "batch_id": BATCH,
        "position": 3,
        "reference": "r-1",
        "outcome": "rejected",
        "external_id": "7",
        "rule": "criterion",
        "key": {"handle": "pos", "identifier": "7"},
        "considered": [
            {"profile_id": str(ANN), "rule": "criterion", "key": {"handle": "pos", "identifier": "7"}},
        ],
        "error_code": "invalid",
        "errors": [
            {"code": "invalid", "pointer": "/email", "message": "No."},
            {"code": "stale", "pointer": "", "message": "Old."},
        ],
        "warnings": [],
        "decided_at": "2026-01-31T00:00:00Z",
    }


def test_outcome_without_rule_key_and_errors_is_kept_plainly():
    row = outcome_row(Outcome(OutcomeKind.CREATED, CAUSE), batch_id=None, now=NOW)

    assert (row["rule"], row["key"], row["error_code"], row["errors"], row["considered"]) == ("", None, "", [], [])


@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        (None, {"created_count": 2, "updated_count": 0, "unchanged_count": 0, "rejected_count": 1}),
        (
            Batch(created_count=5, updated_count=1),
            {"created_count": 7, "updated_count": 1, "unchanged_count": 0, "rejected_count": 1},
        ),
    ],
)
def test_outcomes_are_counted_beside_those_there_are(beside, expected):
    kinds = (OutcomeKind.CREATED, OutcomeKind.REJECTED, OutcomeKind.CREATED)

    assert counts((Outcome(kind, CAUSE) for kind in kinds), beside=beside) == expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("criteria", "new_handles", "message"),
    [
        ("email", (), None),
        ("pos", (), None),
        ("web", (), "No profile has an identity with the handle web."),
        ("web", {"web"}, None),
        ("web,till", (), "No profile has an identity with the handle web or till."),
        ("Email", (), "No profile has an identity with the handle Email; did you mean email?"),
    ],
)
def test_handle_that_nobody_has_is_told(criteria, new_handles, message):
    make_profile(identities=[{"handle": "pos", "identifier": "7"}])
    batch = Batch(match_criteria=criteria, warnings=[{"code": "known"}])

    first, *more = batch_warnings(batch, new_handles=new_handles)

    assert first == {"code": "known"}
    assert [one["message"] for one in more] == ([] if message is None else [message])
