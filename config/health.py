"""Whether the hub lives, and whether it can work: for load balancers and whoever is on call."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from batches.models import Batch
from batches.values import UNFINISHED


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Answer that the process lives; touches nothing."""
    del request
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer whether the database is there and migrated, and for how long the oldest batch has waited."""
    del request
    try:
        executor = MigrationExecutor(connection)
        unapplied = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        oldest = None
        if not unapplied:
            oldest = Batch.objects.filter(state__in=UNFINISHED).order_by("received_at", "id").first()
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    waited = None if oldest is None else round((timezone.now() - oldest.received_at).total_seconds(), 1)
    return JsonResponse(
        {
            "status": "unavailable" if unapplied else "ok",
            "database": "ok",
            "unapplied_migrations": unapplied,
            "oldest_unfinished_batch_seconds": waited,
        },
        status=503 if unapplied else 200,
    )
