"""What tests stand on: records, bodies, batches and profiles, made the way users make them."""

import itertools
import json
import sqlite3
from typing import Any

import psycopg
from django.db import OperationalError, transaction
from django.utils import timezone

from batches import leases
from batches.drafts import Drafts
from batches.intake import submit_batch
from batches.models import Batch
from batches.processing import process_batch
from batches.values import BatchSource
from profiles.applying import apply_drafts
from profiles.criteria import EMAIL
from profiles.models import Profile, User
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind, OutcomeKind

_numbers = itertools.count(1)


def raw_record(**fields: Any) -> dict[str, Any]:
    """Return a record as senders write it: an email nobody else has, unless the fields say otherwise."""
    return {"email": f"person{next(_numbers)}@example.com", **fields}


def body(records: list[Any], match_criteria: Any = "email", **terms: Any) -> bytes:
    """Return the body of a batch."""
    return json.dumps({"match_criteria": match_criteria, **terms, "profiles": records}).encode()


def submit(
    records: list[Any],
    criteria: str | list[str] = "email",
    *,
    submitted_by: User | None = None,
    mobile_clash: str | None = None,
    **options: Any,
) -> Batch:
    """Submit the records as one batch and return it; nothing is processed yet."""
    content = body(records, criteria, mobile_clash=mobile_clash)
    receipt = submit_batch(body=content, source=BatchSource.API, submitted_by=submitted_by, **options)
    return Batch.objects.get(id=receipt.batch_id)


def process_waiting() -> None:
    """Process every waiting batch as a worker does, inside the test's own transaction."""
    while (batch := leases.claim(worker="test")) is not None:
        process_batch(batch, Drafts(batch))


def process(records: list[Any], criteria: str | list[str] = "email", **options: Any) -> Batch:
    """Submit the records, process every waiting batch and return this one as it is then."""
    batch = submit(records, criteria, **options)
    process_waiting()
    batch.refresh_from_db()
    return batch


def make_profile(**fields: Any) -> Profile:
    """Make a profile from a record, by the one way there is."""
    draft = parse_record(raw_record(**fields), cause=Cause(CauseKind.COMMAND))
    with transaction.atomic():
        (outcome,) = apply_drafts([draft], criteria=(EMAIL,), now=timezone.now())
    assert outcome.kind is OutcomeKind.CREATED, outcome
    assert outcome.profile_id is not None
    return Profile.objects.get(id=outcome.profile_id)


def sqlite_error(message: str, code: int) -> OperationalError:
    """Return what Django makes of SQLite's refusal."""
    cause = sqlite3.OperationalError(message)
    cause.sqlite_errorcode = code
    return _caused_by(cause)


def postgres_error(kind: type[psycopg.Error]) -> OperationalError:
    """Return what Django makes of PostgreSQL's refusal, by the driver's class for it."""
    return _caused_by(kind("the server's own words"))


def _caused_by(cause: Exception) -> OperationalError:
    error = OperationalError(*cause.args)
    error.__cause__ = cause
    return error
