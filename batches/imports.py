"""How far imports have come, told by their batches."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, Sum

from batches.models import Batch
from batches.values import UNFINISHED


@dataclass(frozen=True, slots=True)
class Progress:
    """What an import's batches come to, all together."""

    batches: int = 0
    waiting: int = 0
    """Batches that are not finished."""
    records: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    @property
    def processed(self) -> int:
        """How many records have their outcome."""
        return self.created + self.updated + self.unchanged + self.rejected


def progress_of(import_ids: Collection[UUID]) -> dict[UUID, Progress]:
    """Return how far each of the imports has come; one query."""
    rows = (
        Batch.objects.filter(part_of__in=import_ids)
        .order_by()
        .values_list("part_of")
        .annotate(
            slices=Count("id"),
            waiting=Count("id", filter=Q(state__in=UNFINISHED)),
            taken=Sum("total_count"),
            created=Sum("created_count"),
            updated=Sum("updated_count"),
            unchanged=Sum("unchanged_count"),
            rejected=Sum("rejected_count"),
        )
    )
    return dict.fromkeys(import_ids, Progress()) | {row[0]: Progress(*row[1:]) for row in rows}
