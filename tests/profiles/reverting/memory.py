"""A hub in memory: the pure decisions, one after another, and the ledger they leave."""

import datetime as dt
import itertools
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from profiles.keys import MatchKey
from profiles.matching import plan
from profiles.reconcile.keeping import RecordSince, keys_of
from profiles.reverting import Ledger, Reversal, Target, UndoOptions, plan_reversals
from profiles.schema import parse_record
from profiles.shape import COLLECTIONS, COLUMNS
from profiles.times import utc_text
from profiles.values import (
    Cause,
    CauseKind,
    Directory,
    LedgerRow,
    Outcome,
    Plan,
    ProfileSnapshot,
    ReferenceName,
    StatusTerm,
)
from tests.profiles.reverting.records import POS, company

NOW: Final = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
STAFF: Final = Cause(CauseKind.ADMIN, actor_id=1, actor_label="staff")
REFERENCES: Final = {
    ReferenceName("status", "handle", "gold"): StatusTerm(1, "months"),
    ReferenceName("region", "handle", "victoria"): "victoria",
    ReferenceName("region", "handle", "tasmania"): "tasmania",
    ReferenceName("organisation", "id", "1"): "acme",
    ReferenceName("organisation", "handle", "acme"): "acme",
    ReferenceName("role", "id", "1"): "buyer",
    ReferenceName("role", "handle", "buyer"): "buyer",
    ReferenceName("location", "id", "5"): 5,
    ReferenceName("location", "external_id", "SYD"): 5,
}
BATCH: Final = UUID(int=100)


class Memory:
    """People and their ledger; each record is a batch of its own, each undo an act of staff."""

    def __init__(self) -> None:
        self.people: dict[UUID, ProfileSnapshot] = {}
        self.rows: dict[UUID, list[LedgerRow]] = {}
        self.references: dict[ReferenceName, Any] = dict(REFERENCES)
        self._numbers = itertools.count(1)

    def send(self, *records: dict[str, Any], by_staff: bool = False, criteria: tuple[str, ...] = ("pos",)) -> Outcome:
        """Apply the records as one batch, or as edits by staff; return what became of the last."""
        number = next(self._numbers)
        drafts = []
        for position, record in enumerate(records):
            batch = Cause(CauseKind.BATCH, UUID(int=BATCH.int + number), position)
            draft = parse_record(record, cause=STAFF if by_staff else batch)
            drafts.append(replace(draft, is_explicit=by_staff))
        decided = plan(
            drafts,
            self.directory(),
            criteria=criteria,
            now=NOW + dt.timedelta(days=number),
            new_ids=lambda _: lambda place: UUID(int=1_000 * number + place),
        )
        self._keep(decided, NOW + dt.timedelta(days=number))
        outcome = decided.outcomes[-1]
        assert outcome.errors == (), outcome
        return outcome

    def undo(
        self,
        *targets: tuple[UUID, int | None],
        options: UndoOptions | None = None,
        records: tuple[RecordSince, ...] = (),
        links: dict[UUID, list[UUID]] | None = None,
    ) -> list[Reversal]:
        """Take rows back: profile and version of each."""
        number = next(self._numbers)
        ledgers = {
            id_: Ledger(rows, {row.version: row.reverts for row in rows if row.reverts is not None})
            for id_, rows in self.rows.items()
        }
        decided = plan_reversals(
            [Target(*target) for target in targets],
            self.directory(),
            ledgers,
            options=options or UndoOptions(),
            cause=STAFF,
            operation_ids=[UUID(int=place) for place in range(len(targets))],
            note="",
            records=records,
            links=links,
        )
        self._keep(decided, NOW + dt.timedelta(days=number))
        return list(decided.reversals)

    def directory(self) -> Directory:
        """Return all that is known."""
        holders: dict[MatchKey, UUID] = {}
        for one in self.people.values():
            holders |= dict.fromkeys(keys_of(one), one.id)
        return Directory(holders, {}, dict(self.people), self.references)

    def _keep(self, decided: Plan, at: dt.datetime) -> None:
        for result in decided.results:
            nothing: dict[str, Any] = {name: {} for name in COLLECTIONS}
            self.people[result.id] = ProfileSnapshot(
                id=result.id,
                version=result.version,
                fields=dict.fromkeys(COLUMNS) | dict(result.fields),
                collections=nothing | dict(result.collections),
                email_key=result.email_key,
                origins=nothing,
                effective_times=result.effective_times,
                source_times=result.source_times,
            )
        for change in decided.changes:
            row = LedgerRow(
                change.version, change.action, change.changes, change.cause, utc_text(at), change.times, change.reverts
            )
            self.rows.setdefault(change.profile_id, []).append(row)


def take_back_creation(*later: dict[str, Any], **options: Any) -> tuple[Memory, UUID, Reversal]:
    """Return a hub with a profile that others have used and whose creation was taken back; and what became of that."""
    hub = Memory()
    hub.send(POS | company("A"))
    for record in later:
        hub.send(POS | record)
    (id_,) = hub.people
    (reversal,) = hub.undo((id_, 1), **options)
    return hub, id_, reversal
