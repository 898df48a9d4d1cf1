"""What would become of one record now, and why: the hub's own decision, told and not written."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any

from django.conf import settings

from batches.bodies import (
    BodyError,
    EnvelopeError,
    RawRecord,
    RecordReader,
    read_envelope,
    record_texts,
)
from batches.models import BatchRecord
from batches.outcomes import outcome_row
from batches.results import BatchItem
from batches.values import MAX_RECORD_BYTES
from profiles.applying import explain_draft
from profiles.criteria import Criteria
from profiles.db.moments import one_moment
from profiles.directory import load_key_rules
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind, MobileClash, OutcomeKind, Step

if TYPE_CHECKING:
    from profiles.models import User


@dataclass(frozen=True, slots=True)
class Explanation:
    """One record's decision, as it would be made now."""

    row: BatchRecord
    """As it would be stored."""
    steps: tuple[Step, ...]
    """The rules that were tried, in order."""
    changes: Mapping[str, Any]
    """What the ledger would say of it; empty where nothing would change."""

    @property
    def item(self) -> BatchItem:
        """The item that the record would be."""
        return BatchItem(self.row.position, OutcomeKind(self.row.outcome), self.row.reference, self.row)


def explain_body(body: bytes, *, now: dt.datetime, on_behalf_of: "User | None") -> Explanation:
    """Return what would become of the one record in a batch's body.

    Raises `BodyError`, and `EnvelopeError`, also where it has not exactly one record.
    """
    envelope = read_envelope(body)
    if envelope.total_count != 1:
        raise EnvelopeError({"profiles": ["The profiles must have exactly one entry to be explained."]})
    (text,) = record_texts(body)
    return explain_record(
        text, criteria=envelope.criteria, mobile_clash=envelope.mobile_clash, now=now, on_behalf_of=on_behalf_of
    )


def explain_record(
    text: str,
    *,
    criteria: Criteria,
    mobile_clash: MobileClash | None = None,
    now: dt.datetime,
    on_behalf_of: "User | None",
) -> Explanation:
    """Return what would become of the record, an object in JSON, if it came now.

    `mobile_clash` is as the hub is set where it is `None`; `on_behalf_of` is whose system it would come from (rules
    3.7). Raises `BodyError`. Nobody is held up, and nothing is written.
    """
    record = _read(text.strip())
    cause = Cause(kind=CauseKind.API, position=0, actor_id=None if on_behalf_of is None else on_behalf_of.pk)
    with one_moment():
        rules = load_key_rules()
        outcome, change = explain_draft(
            parse_record(record.value, cause=cause, flaws=record.flaws, blocked=rules.blocked),
            criteria=criteria,
            now=now,
            mobile_clash=mobile_clash or MobileClash(settings.MOBILE_CLASH),
            identity_limits=rules.identity_limits,
        )
    row = BatchRecord(**outcome_row(outcome, batch_id=None, now=now) | {"decided_at": None})
    if outcome.kind is not OutcomeKind.CREATED:  # it would get another id
        row.profile_id = outcome.profile_id
    return Explanation(row, outcome.steps, {} if change is None else change.changes)


def _read(text: str) -> RawRecord:
    reader = RecordReader()
    if len(text) <= MAX_RECORD_BYTES:  # what is longer is too large, whatever it is
        try:
            value = reader.decoder.decode(text)
        except JSONDecodeError as error:
            cause = "there is more after it" if error.msg == "Extra data" else error.msg
            message = f"The record is not valid JSON: {cause}, line {error.lineno}, column {error.colno}."
            raise BodyError(message) from error
        except RecursionError:
            value = {}  # that it is too deep is told like any other flaw
        if not isinstance(value, dict):
            raise BodyError("The record must be an object of JSON.")
    return reader.read(0, text)
