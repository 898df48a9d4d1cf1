"""Showing, taking back and asking where from, against the runs that are shown or taken back."""

import statistics
import time
from uuid import UUID

from tests.benchmarks.hub import BATCH, Hub
from tests.benchmarks.table import Table

CHANGES_ASKED = 10_000
_FIRST_VERSION = 1_000
_TURN = 50


def rate_time_machine(hub: Hub, table: Table, *, rounds: int) -> None:
    """Note the rates of dry runs and undos against those of the runs, by a worker that has read nothing ahead."""
    seconds: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        people = hub.stored_people(_TURN + number)
        preview = hub.submit(people, version=_FIRST_VERSION + number, everywhere=True, dry_run=True)
        took = {"dry run": hub.process(preview)}
        run = hub.submit(people, version=_FIRST_VERSION + number, everywhere=True)
        took["run"] = hub.process(run)
        took["undo"] = hub.process(_undo(run))
        new = hub.submit(hub.new_people())
        took["run of new"] = hub.process(new)
        took["undo of new"] = hub.process(_undo(new))
        if number:  # the first warms up
            for name, one in took.items():
                seconds.setdefault(name, []).append(one)
    medians = {name: statistics.median(some) for name, some in seconds.items()}
    for name, median in medians.items():
        print(f"  {name:<12} {BATCH / median:8,.0f} records/s", flush=True)
    table.add("dry run against the run it foretells", medians["run"] / medians["dry run"], 1, 2)
    table.add("undo of changes against the run it takes back", medians["run"] / medians["undo"], 0.7, 1.1)
    table.add("undo of creations against the run", medians["run of new"] / medians["undo of new"], 0.7, 1.1)
    print(f"  where the values of a profile with {CHANGES_ASKED:,} changes are from: {_ask():.0f} ms", flush=True)


def _undo(batch_id: UUID) -> UUID:
    from batches.models import Batch
    from batches.undoing import submit_undo
    from profiles.undoing import UndoOptions

    return submit_undo(Batch.objects.get(id=batch_id), options=UndoOptions(), submitted_by=None).batch_id


def _ask() -> float:
    """Return the milliseconds of asking where from, of one profile with a long history; it is taken back."""
    from django.db import transaction
    from django.utils import timezone

    from profiles.models import Profile, ProfileChange
    from profiles.provenance import provenance_of

    with transaction.atomic():
        profile = Profile.objects.filter(merged_into=None, ended=None).order_by("id")[0]
        ProfileChange.objects.bulk_create(
            (
                ProfileChange(
                    profile=profile,
                    version=profile.version + 1 + number,
                    action="updated",
                    at=timezone.now(),
                    cause_kind="api",
                    changes={"/company": {"from": f"{number}", "to": f"{number + 1}"}},
                )
                for number in range(CHANGES_ASKED)
            ),
            batch_size=1_000,
        )
        took = []
        for _ in range(5):
            began = time.perf_counter()
            provenance_of(profile.pk)
            took.append(time.perf_counter() - began)
        transaction.set_rollback(True)
    return 1_000 * statistics.median(took)
