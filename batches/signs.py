"""Signs of life: workers leave them, and whoever is on call is told when work waits and nobody leaves any."""

import contextlib
import datetime as dt
import os
import socket
import time
from dataclasses import dataclass
from typing import Final, Self

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now

from batches.models import Batch, Worker
from batches.values import UNFINISHED, BatchState
from profiles.db import server

# How many signs a worker leaves in the time after which it counts as silent.
SIGNS_IN_A_LEASE: Final = 6
# What a killed worker left behind is of no interest after so many leases.
LEASES_KEPT: Final = 10

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the queue and its workers stand."""

    workers: int
    waiting_for: dt.timedelta | None
    """Since when the oldest unfinished batch is here; `None` where there is none."""

    @property
    def is_stuck(self) -> bool:
        """Whether work waits and no worker lives."""
        return self.waiting_for is not None and not self.workers


def standing() -> Standing:
    """Return how it stands by the database's clock; two queries, a third where nobody has left a sign lately."""
    oldest = (
        Batch.objects.filter(state__one_of=UNFINISHED)
        .order_by("received_at", "id")
        .values_list(ExpressionWrapper(Now() - F("received_at"), output_field=DurationField()), flat=True)
        .first()
    )
    return Standing(workers=count_living(), waiting_for=oldest)


def count_living() -> int:
    """Return how many workers live.

    One that has a long batch in hand leaves no signs meanwhile: its lease is one.
    """
    living = Worker.objects.filter(seen_at__gt=Now() - _lease()).count()
    if not living:
        in_hand = Batch.objects.filter(state=BatchState.RUNNING, lease_until__gt=Now())
        living = in_hand.values("worker").distinct().count()
    return living


class Signs:
    """One worker's signs of life: a row that it touches now and then, and takes away when it leaves."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self._next = 0.0
        self._has_looked = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(DatabaseError, InterfaceError):  # others will clear it away
            Worker.objects.filter(name=self.worker).delete()

    def give(self) -> None:
        """Leave a sign, if the last one is some seconds old. Between two batches, outside of any transaction.

        Before the first one the server is looked at; raises `LocksDoNotExcludeError`. A database that cannot be
        reached is the loop's to tell of.
        """
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + settings.LEASE_SECONDS / SIGNS_IN_A_LEASE
        if not self._has_looked:
            with contextlib.suppress(DatabaseError, InterfaceError):
                self._look_at_server()
        with contextlib.suppress(DatabaseError, InterfaceError):
            if not Worker.objects.filter(name=self.worker).update(seen_at=Now()):
                Worker.objects.create(name=self.worker, host=socket.gethostname()[:255], pid=os.getpid())
                Worker.objects.filter(seen_at__lt=Now() - LEASES_KEPT * _lease()).delete()

    def _look_at_server(self) -> None:
        facts = server.look()
        if not facts.locks_exclude:
            raise server.LocksDoNotExcludeError
        # This one has left no sign yet.
        for advice in server.advice(facts, workers=count_living() + 1, lock_budget=settings.HUB_LOCK_BUDGET):
            log.warning("server_setting", advice=advice)
        self._has_looked = True


def _lease() -> dt.timedelta:
    return dt.timedelta(seconds=settings.LEASE_SECONDS)
