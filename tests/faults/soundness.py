"""Whether a hub is sound, whatever was done to its workers."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from django.db import connection

from batches.bodies import iter_records
from batches.models import Batch, BatchRecord
from batches.values import BatchSource
from profiles import models, shape
from profiles.directory import load_snapshots
from profiles.history import fold, without_origins
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind, MobileClash, ProfileDraft
from tests.properties.reference import place
from tests.properties.stored import Labels, decide, described_database, rolled_back


def check_soundness(*, harmful: int = 0) -> None:
    """See that records have one outcome, that nobody was blamed but the harmful, and that ledgers are whole."""
    for batch in Batch.objects.filter(dry_run=False):
        rows = list(BatchRecord.objects.filter(batch=batch).order_by("position"))
        assert [row.position for row in rows] == list(range(batch.total_count))
        for outcome in ("created", "updated", "unchanged", "rejected"):
            assert getattr(batch, f"{outcome}_count") == sum(row.outcome == outcome for row in rows)
        changed = [row.position for row in rows if row.outcome in {"created", "updated"}]
        ledger = models.ProfileChange.objects.filter(batch_id=batch.id).order_by("position")
        told = list(ledger.values_list("position", flat=True))
        if batch.source == BatchSource.UNDO:  # that all of it stays is told too
            assert len(told) == len(set(told))
            assert set(changed) <= set(told)
        else:
            # What was read again, or moved, bears its record's cause too, and an operation's id (rules 10.11, 11.3).
            assert list(ledger.filter(operation_id=None).values_list("position", flat=True)) == changed
    assert BatchRecord.objects.filter(error_code="internal").count() == harmful
    assert not Batch.objects.exclude(state__in=["done", "previewed", "stale"]).exists()
    _check_ledgers()


def _check_ledgers() -> None:
    """See that versions have no gaps, that each change began with what was there, and that all of it folds."""
    ids = list(models.Profile.objects.values_list("id", flat=True))
    snapshots = load_snapshots(ids, collections=tuple(shape.COLLECTIONS))
    for profile_id in ids:
        ledger_rows = list(models.ProfileChange.objects.filter(profile_id=profile_id).order_by("version"))
        snapshot = snapshots[profile_id]
        assert [row.version for row in ledger_rows] == list(range(1, snapshot.version + 1))
        values: dict[str, Any] = {}
        for row in ledger_rows:
            for pointer, change in without_origins(row.changes).items():
                assert values.get(pointer) == change.get("from"), (profile_id, row.version, pointer)
            values |= {pointer: change.get("to") for pointer, change in row.changes.items()}
        folded = fold(row.changes for row in ledger_rows)
        assert known(folded.fields) == known(snapshot.fields)
        assert {name: rows for name, rows in folded.collections.items() if rows} == {
            name: rows for name, rows in snapshot.collections.items() if rows
        }


def known(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


# --- A serial order ----------------------------------------------------------------------------------------------


def check_serial_order() -> None:
    """See that the hub is as if its transactions had been worked off one after another, in the order of their commits.

    A worker holds its locks until it commits, so that this is the order it must be. All of it is handled once more by
    an empty hub, at the times at which it was decided: people, ledgers, possible duplicates and outcomes are the same.
    Nobody but workers may have written.
    """
    chunks = list(_chunks())
    labels: Labels = {}
    for rows, _ in chunks:
        for row in rows:
            if row.outcome == "created" and row.profile_id is not None:
                labels[row.profile_id] = len(labels)
    outcomes = [_outcome(row, labels) for rows, _ in chunks for row in rows]
    stored = _described(labels)
    with rolled_back():
        _forget_everybody()
        labels = {}
        again = [
            (decision.kind, decision.label, decision.errors)
            for rows, drafts in chunks
            for decision in decide(
                drafts,
                rows[0].batch.criteria,
                labels,
                now=rows[0].decided_at,
                received_at=rows[0].batch.received_at,
                mobile_clash=MobileClash(rows[0].batch.mobile_clash),
            )
        ]
        replayed = _described(labels)
    assert again == outcomes
    for name, described in stored.items():
        assert replayed[name] == described, name


def _described(labels: Labels) -> dict[str, Any]:
    """Describe what is stored; of a pair the one with the lower id is not the older one where clocks differ."""
    described = described_database(labels)
    return described | {"pairs": {frozenset(pair): seen for pair, seen in described["pairs"].items()}}


def _chunks() -> Iterator[tuple[list[BatchRecord], list[ProfileDraft]]]:
    """Yield what was written in one transaction, its outcomes and its drafts, in the order of the commits."""
    committed = _commit_order()
    rows = sorted(
        BatchRecord.objects.select_related("batch"), key=lambda row: (committed[row.id], row.batch_id, row.position)
    )
    drafts: dict[Any, list[ProfileDraft]] = {}
    for key, group in groupby(rows, key=lambda row: (committed[row.id], row.batch_id)):
        chunk = list(group)
        assert len({row.decided_at for row in chunk}) == 1, key
        if key[1] not in drafts:
            drafts[key[1]] = list(_drafts(chunk[0].batch))
        yield chunk, [drafts[key[1]][row.position] for row in chunk]


def _commit_order() -> dict[int, Any]:
    """Return for each outcome what tells when it was committed."""
    if connection.vendor == "sqlite":  # which has one writer: it is the order of writing
        order = BatchRecord.objects.order_by("id").values_list("id", "batch_id", "decided_at")
        turns = groupby(order, key=lambda row: row[1:])
        return {row[0]: turn for turn, (_, rows) in enumerate(turns) for row in rows}
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, pg_xact_commit_timestamp(xmin) FROM batches_batchrecord")
        return dict(cursor.fetchall())


def _drafts(batch: Batch) -> Iterator[ProfileDraft]:
    for record in iter_records(bytes(batch.body.content)):
        cause = Cause(
            kind=CauseKind.BATCH,
            batch_id=batch.id,
            position=record.position,
            actor_id=batch.submitted_by_id,
            actor_label=batch.label,
        )
        yield parse_record(record.value, cause=cause, flaws=record.flaws)


def _outcome(row: BatchRecord, labels: Labels) -> tuple[str, int | None, frozenset[tuple[str, str]]]:
    label = None if row.profile_id is None else labels[row.profile_id]
    return row.outcome, label, frozenset((error["code"], place(error["pointer"])) for error in row.errors)


def _forget_everybody() -> None:
    BatchRecord.objects.update(profile=None)
    models.Profile.objects.update(merged_into=None)
    for model in models.COLLECTION_MODELS.values():
        model._default_manager.all().delete()
    models.ProfileChange.objects.all().delete()
    models.DuplicateCandidate.objects.all().delete()
    models.Profile.objects.all().delete()
