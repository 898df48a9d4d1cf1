"""Whether the hub lives, and whether it can work: for load balancers and whoever is on call."""

import time
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from batches import signs
from batches.database import unapplied_migrations
from profiles.db import server
from profiles.http.errors import RETRY_AFTER_SECONDS

SECONDS_BETWEEN_LOOKS: Final = 60


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Answer that the process lives; touches nothing."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer whether the hub can work, and what an operator should see to.

    503 where nothing should be sent here: the database is away, not migrated, or its locks do not exclude. While only
    workers are missing batches are still taken, so that the answer is 200, with the status `no_worker`.
    """
    try:
        if unapplied := unapplied_migrations():
            return _answer("unavailable", database="ok", unapplied_migrations=unapplied)
        facts = look_at_server(int(time.monotonic() / SECONDS_BETWEEN_LOOKS))
        standing = signs.standing()
    except (DatabaseError, InterfaceError):
        return _answer("unavailable", database="unreachable")
    warnings = server.advice(facts, workers=standing.workers, lock_budget=settings.HUB_LOCK_BUDGET)
    status = "ok"
    if standing.is_stuck:
        status = "no_worker"
        warnings = ["Work waits and no worker lives: start `manage.py work`.", *warnings]
    if not facts.locks_exclude:
        status = "unavailable"
        warnings = [str(server.LocksDoNotExcludeError()), *warnings]
    waited = standing.waiting_for
    return _answer(
        status,
        database="ok",
        unapplied_migrations=0,
        oldest_unfinished_batch_seconds=None if waited is None else round(waited.total_seconds(), 1),
        workers=standing.workers,
        warnings=warnings,
    )


def _answer(status: str, **facts: object) -> JsonResponse:
    if status != "unavailable":
        return JsonResponse({"status": status, **facts})
    return JsonResponse({"status": status, **facts}, status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


@lru_cache(maxsize=1)
def look_at_server(minute: int) -> server.ServerFacts:
    """Return what the server says of itself, asked once a minute."""
    return server.look()
