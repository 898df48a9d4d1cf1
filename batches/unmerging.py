"""The records that tell whose each change since a merge is (rules 11.3), and what it comes to in words."""

from collections import Counter
from collections.abc import Mapping
from uuid import UUID

from batches.models import BatchRecord
from batches.values import BatchSource
from profiles.history import without_origins
from profiles.keys import MatchKey
from profiles.reverting import SENTENCES
from profiles.unmerging import KeyedRecord, PartingPlan
from profiles.values import OutcomeKind, WarningCode


def records_of(profile_id: UUID, version: int) -> list[KeyedRecord]:
    """Return the records that have meant the profile since that version of it, in their order; one query.

    Of a record that changed something the version is the one it made; of one that did not, the one it found.
    """
    records = BatchRecord.objects.filter(profile=profile_id, profile_version__gte=version).exclude(
        batch__source=BatchSource.UNDO
    )
    rows = records.order_by("profile_version", "id").values_list("batch_id", "position", "key", "outcome")
    return [
        KeyedRecord(batch_id, position, _match_key(key), is_changing=outcome != OutcomeKind.UNCHANGED)
        for batch_id, position, key, outcome in rows
    ]


def _match_key(told: Mapping[str, str] | None) -> MatchKey | None:
    """Return the key that a record tells; `None` where the profile itself was named."""
    if not told:
        return None
    if "handle" in told:
        return MatchKey("identity", told["identifier"], told["handle"])
    ((kind, value),) = told.items()
    return MatchKey("email" if kind == "email" else "mobile", value)


def sentences(plan: PartingPlan) -> list[str]:
    """Return in words what taking two profiles apart comes to: who changes by how much, what moves, and what stays."""
    merged, survivor = (_counted(len(without_origins(plan.differences[one])), "value") for one in plan.sides)
    moved, goes = _counted(len(plan.moved), "change"), "goes" if len(plan.moved) == 1 else "go"
    told = [
        f"{merged} of the merged profile and {survivor} of the one it was merged into change. Nobody else is touched.",
        f"{moved} since the merge came by the merged profile's keys and {goes} to it, by the ledger.",
        "They are remembered as different people.",
    ]
    return told + [f"{count:,} {code}: {SENTENCES[code]}" for code, count in _kept(plan).items()]


def _kept(plan: PartingPlan) -> Counter[WarningCode]:
    return Counter(kept.code for _, kept in plan.kept)


def _counted(count: int, one: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else 's'}"
