"""What a preview showed beside what became of it, read row by row."""

from typing import Any

from batches.models import Batch, BatchRecord, PreviewRecord
from profiles.models import ProfileChange


def without_moment(changes: dict[str, Any]) -> dict[str, Any]:
    """Return the changes without the ends of statuses, which follow from the moment at which they are given."""
    return {
        pointer: "" if pointer.startswith("/statuses/") and pointer.endswith("/expires_at") else sides
        for pointer, sides in changes.items()
    }


def shown(batch: Batch | None) -> list[tuple[Any, ...]]:
    """Return what was shown of each record."""
    assert batch is not None
    assert batch.state == "previewed"
    rows = PreviewRecord.objects.filter(batch=batch).order_by("position")
    return [(*told(row), without_moment(row.changes)) for row in rows]


def done(batch: Batch) -> list[tuple[Any, ...]]:
    """Return what became of each record, with its difference as the ledger has it."""
    rows = BatchRecord.objects.filter(batch=batch).order_by("position")
    ledger = {row.position: row.changes for row in ProfileChange.objects.filter(batch_id=batch.id)}
    return [(*told(row), without_moment(ledger.get(row.position, {}))) for row in rows]


def told(row: BatchRecord | PreviewRecord) -> tuple[Any, ...]:
    plain = (row.outcome, row.profile_id, row.rule, row.key, row.external_id, row.reference)
    return (*plain, row.considered, row.errors, row.warnings)


def counts(batch: Batch) -> tuple[int, ...]:
    return batch.created_count, batch.updated_count, batch.unchanged_count, batch.rejected_count


def decided(one: tuple[Any, ...], changes: dict[str, Any]) -> tuple[Any, ...]:
    """Return what two decisions are told apart by: not how they say it, nor whom they considered."""
    outcome, profile_id, rule, key, *_, errors, warnings = one[:9]
    codes = [[(told["code"], told["pointer"]) for told in findings] for findings in (errors, warnings)]
    return (
        outcome,
        profile_id,
        rule,
        key,
        codes,
        {
            pointer: sides
            for pointer, sides in without_moment(changes).items()
            if not (isinstance(sides, dict) and pointer.endswith(("/id", "/created_at")) and "to" not in sides)
        },
    )


def check_record_by_record(run: Batch) -> int:
    """Find of each record of a run what its preview showed, or nothing and that it is stale; return how many are."""
    stale = {row.position: row for row in PreviewRecord.objects.filter(batch=run)}
    count = len(stale)
    for position, (was_shown, became) in enumerate(zip(shown(run.pinned_to), done(run), strict=True)):
        if became[-3] and became[-3][0]["code"] == "stale":
            assert (became[0], became[-1]) == ("rejected", {})
            row = stale.pop(position)
            assert decided(told(row), row.changes) != decided(was_shown, was_shown[-1])
        else:
            assert decided(became, became[-1]) == decided(was_shown, was_shown[-1])
    assert stale == {}
    return count


def check_whole(run: Batch) -> None:
    """Find that a run that was to stop did exactly what its preview showed, or nothing and has a fresh one."""
    if run.state == "done":
        became = [decided(one, one[-1]) for one in done(run)]
        assert became == [decided(one, one[-1]) for one in shown(run.pinned_to)]
        return
    assert (run.state, counts(run)) == ("stale", (0, 0, 0, run.total_count))
    assert not ProfileChange.objects.filter(batch_id=run.id).exists()
    codes = [one[-3][0]["code"] for one in done(run)]
    assert {*codes} <= {"stale", "not_applied"}
    assert "stale" in codes
    assert len(shown(run.preview)) == run.total_count
