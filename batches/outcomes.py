"""What became of records, or would, as rows and counts; and what is said of their batch as a whole."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from batches.models import Batch, BatchRecord, PreviewRecord
from profiles.criteria import EMAIL, looks_like_email
from profiles.db import sets
from profiles.models import Identity
from profiles.times import utc_text
from profiles.values import Decision, Outcome, OutcomeKind


def store_outcomes(outcomes: Sequence[Outcome], *, batch_id: UUID, now: dt.datetime) -> None:
    """Keep what became of a batch's records.

    Of those that were refused because something else had been shown also what they would have come to.
    """
    rows = [
        {
            **outcome_row(outcome, batch_id=batch_id, now=now),
            "profile_id": outcome.profile_id,
            "profile_version": outcome.profile_version,
        }
        for outcome in outcomes
    ]
    sets.insert_rows(BatchRecord, rows)
    store_decisions([outcome.instead for outcome in outcomes if outcome.instead], batch_id=batch_id, now=now)


def store_decisions(decisions: Sequence[Decision], *, batch_id: UUID, now: dt.datetime) -> None:
    """Keep what a batch's records would come to."""
    rows = [
        {
            **outcome_row(decision.outcome, batch_id=batch_id, now=now),
            "profile_id": decision.outcome.profile_id,
            "version_read": decision.version_read,
            "changes": decision.changes,
        }
        for decision in decisions
    ]
    sets.insert_rows(PreviewRecord, rows)


def outcome_row(outcome: Outcome, *, batch_id: UUID | None, now: dt.datetime) -> dict[str, Any]:
    """Return the columns that records decided and records foretold have in common, but for the profile's."""
    return {
        "batch_id": batch_id,
        "position": outcome.cause.position,
        "reference": outcome.reference,
        "outcome": outcome.kind,
        "external_id": outcome.match_value,
        "rule": outcome.rule or "",
        "key": None if outcome.key is None else outcome.key.as_json(),
        "considered": [candidate.as_json() for candidate in outcome.considered],
        "error_code": outcome.errors[0].code if outcome.errors else "",
        "errors": [error.as_json() for error in outcome.errors],
        "warnings": [warning.as_json() for warning in outcome.warnings],
        "decided_at": utc_text(now),
    }


def counts(outcomes: Iterable[Outcome], *, beside: Batch | None = None) -> dict[str, Any]:
    """Return the columns that count outcomes, `beside` those that a batch has already."""
    counted = Counter(outcome.kind for outcome in outcomes)
    kinds = (OutcomeKind.CREATED, OutcomeKind.UPDATED, OutcomeKind.UNCHANGED, OutcomeKind.REJECTED)
    names = {f"{kind}_count": kind for kind in kinds}
    return {name: counted[kind] + (getattr(beside, name) if beside else 0) for name, kind in names.items()}


def batch_warnings(batch: Batch, *, new_handles: Collection[str] = ()) -> list[dict[str, str]]:
    """Say so when a match criterion is a handle nobody has, more likely a slip than meant (way 3.2).

    `new_handles` are those of identities that are not stored, but would be.
    """
    handles = [criterion for criterion in batch.criteria if criterion != EMAIL and criterion not in new_handles]
    unused = [handle for handle in handles if not Identity.objects.filter(handle=handle).exists()]
    if not unused:
        return list(batch.warnings)
    message = f"No profile has an identity with the handle {' or '.join(unused)}"
    message += f"; did you mean {EMAIL}?" if any(map(looks_like_email, unused)) else "."
    return [*batch.warnings, {"code": "unused_handle", "pointer": "/match_criteria", "message": message}]
