"""The records that tell whose each change since a merge is (rules 11.3)."""

from collections.abc import Mapping
from uuid import UUID

from batches.models import BatchRecord
from profiles.keys import MatchKey
from profiles.unmerging import KeyedRecord
from profiles.values import OutcomeKind


def records_of(profile_id: UUID, version: int) -> list[KeyedRecord]:
    """Return the records that have meant the profile since that version of it, in their order; one query.

    Of a record that changed something the version is the one it made; of one that did not, the one it found.
    """
    records = BatchRecord.objects.filter(profile=profile_id, profile_version__gte=version)
    rows = records.order_by("profile_version", "id").values_list("batch_id", "position", "key", "outcome")
    return [
        KeyedRecord(batch_id, position, _match_key(key), is_changing=outcome != OutcomeKind.UNCHANGED)
        for batch_id, position, key, outcome in rows
    ]


def _match_key(told: Mapping[str, str] | None) -> MatchKey | None:
    """Return the key that a record tells; `None` where the profile itself was named, or an undo meant it."""
    if not told:
        return None
    if "handle" in told:
        return MatchKey("identity", told["identifier"], told["handle"])
    ((kind, value),) = told.items()
    return MatchKey("email" if kind == "email" else "mobile", value)
