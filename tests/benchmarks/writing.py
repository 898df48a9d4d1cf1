"""Batches against others who write the same rows; changed against unchanged; how many statements."""

import gc
import hashlib
import json
import statistics
import time
from contextlib import suppress
from typing import Any
from unittest.mock import patch

from tests.benchmarks.hub import BATCH, Hub
from tests.benchmarks.table import Table

# Those who are told what differs from what is stored; the others write all that the records speak of.
_TOLD = {"sets", "differences"}
_BATCHES_OF_THE_HUB = 6  # its worker reads one while it writes another


class UndoneError(Exception):
    """What was written is taken back."""


def rate_writing(hub: Hub, table: Table, *, rounds: int) -> None:
    """Time the hub and every contender on every mix of people, in turns."""
    _check_contents(hub)
    times = _time_all(hub, rounds)
    median = {key: statistics.median(values) for key, values in times.items()}
    for mix, contender in sorted(median):
        print(f"  {mix:8} {contender:12} {BATCH / median[mix, contender]:8,.0f} profiles/s")

    def ratio(mix: str, contender: str, ours: str = "hub") -> float:
        return median[mix, contender] / median[mix, ours]

    if hub.is_postgresql:
        table.add("all new against plain COPY", ratio("new", "copy") * 100, 60, 90, unit="%")
        table.add("half and half against the naive ORM", ratio("half", "naive"), 45, 80)
    floor, goal = (2, 3.5) if hub.is_postgresql else (1.6, 3)
    table.add("half and half against bulk upsert", ratio("half", "upsert"), floor, goal)
    table.add("the writer alone against bulk upsert", ratio("half", "upsert", "sets"), 3.5, 5)
    told = ratio("half", "differences")
    print(f"  half and half against a bulk upsert that is told what differs: {told:.2f} times")


def _people(hub: Hub, mix: str, turn: int) -> tuple[list[int], int]:
    """Return the people and the version of a batch's records."""
    if mix == "new":
        return hub.new_people(), 0
    if mix == "half":
        return hub.stored_people(turn, BATCH // 2) + hub.new_people(BATCH // 2), turn + 1
    return hub.stored_people(turn), turn + 10_000


def _time_all(hub: Hub, rounds: int) -> dict[tuple[str, str], list[float]]:
    from django.db import transaction

    from tests.benchmarks.contenders import CONTENDERS

    times: dict[tuple[str, str], list[float]] = {}
    for turn in range(rounds + 1):
        for number, mix in enumerate(("new", "half", "matched")):
            for place, contender in enumerate(("hub", *CONTENDERS)):
                if (contender == "copy" and (mix != "new" or not hub.is_postgresql)) or (
                    contender == "naive" and (mix != "half" or not 1 <= turn <= rounds // 2)
                ):
                    continue  # the naive way takes ten seconds
                first = (turn * 100 + number * 10 + place) * _BATCHES_OF_THE_HUB
                if contender == "hub":
                    batches = [_people(hub, mix, first + count) for count in range(_BATCHES_OF_THE_HUB)]
                    seconds = hub.work_off([hub.submit(people, version=version) for people, version in batches])
                else:
                    people, version = _people(hub, mix, first)
                    recorded = _record(hub, people, version)
                    operations = recorded.differences if contender in _TOLD else recorded.final_rows
                    gc.collect()
                    began = time.perf_counter()
                    with transaction.atomic():
                        CONTENDERS[contender](operations)
                    seconds = time.perf_counter() - began
                if turn:  # the first round warms up
                    times.setdefault((mix, contender), []).append(seconds)
    return times


def _record(hub: Hub, people: list[int], version: int) -> Any:
    """Return what a batch writes, having written nothing."""
    from batches import leases
    from tests.benchmarks.contenders import recording

    batch_id = hub.submit(people, version=version)
    # The last step of a batch takes back what was written.
    undone = patch.object(leases, "finish", side_effect=UndoneError)
    with recording() as recorded, undone, suppress(UndoneError):
        hub.process(batch_id)
    hub.cancel(batch_id)
    return recorded


def _check_contents(hub: Hub) -> None:
    """See that all contenders leave the same rows."""
    from django.db import transaction

    from tests.benchmarks.contenders import CONTENDERS

    recorded = _record(hub, [*hub.stored_people(0, 50), *hub.new_people(50)], 9)
    profile_ids = [result.id for plan in recorded.plans for result in plan.results]
    hashes = {}
    for name, write in CONTENDERS.items():
        if name == "copy":  # for new rows only
            continue
        try:
            with transaction.atomic():
                write(recorded.differences if name in _TOLD else recorded.final_rows)
                hashes[name] = _contents({operation.model for operation in recorded.final_rows}, profile_ids)
                raise UndoneError  # noqa: TRY301 it takes back what was written
        except UndoneError:
            pass
    assert len(set(hashes.values())) == 1, hashes
    print(f"the same rows by {', '.join(hashes)}: sha256 {next(iter(hashes.values()))[:12]}")


def _contents(models: set[Any], profile_ids: list[Any]) -> str:
    """Return a hash of the profiles' rows, but for the ids that the database gives and the times of touching them."""
    digest = hashlib.sha256()
    for model in sorted(models, key=lambda model: model._meta.db_table):
        names = [
            field.attname
            for field in model._meta.concrete_fields
            if field.get_internal_type() != "BigAutoField" and field.name not in {"created_at", "updated_at"}
        ]
        column = "id" if model.__name__ == "Profile" else "profile_id"
        if column not in names:
            continue
        found = model._default_manager.filter(**{f"{column}__among": profile_ids}).values(*names)
        rows = sorted(json.dumps(row, default=str, sort_keys=True) for row in found)
        digest.update("\n".join(rows).encode())
    return digest.hexdigest()


def rate_unchanged(hub: Hub, table: Table, *, rounds: int) -> None:
    """Compare batches that change nothing with those that change every table, warm and right after a checkpoint.

    All find rows that have been at rest for a while, as most are.
    """
    version = 50_000
    moments = [("warm", 2.5, 4.0), ("right after a checkpoint", 3.0, 5.0)]
    if not hub.is_postgresql:
        del moments[1]  # SQLite writes whole pages always
    for when, floor, goal in moments:
        groups = [hub.stored_people(5_000 + turn * 11) for turn in range(rounds)]
        for people in groups:
            hub.process(hub.submit(people, version=version, everywhere=True))
        hub.settle()
        seconds: dict[str, list[float]] = {}
        for people in groups:
            for change, step, everywhere in (
                ("unchanged", 0, True),
                ("every table", 1, True),
                ("a few values", 2, False),
            ):
                batch_id = hub.submit(people, version=version + step, everywhere=everywhere)
                if when != "warm":
                    hub.checkpoint()
                seconds.setdefault(change, []).append(hub.process(batch_id))
        version += 10
        median = {change: statistics.median(values) for change, values in seconds.items()}
        told = ", ".join(f"{change}: {BATCH / value:,.0f}/s" for change, value in median.items())
        print(f"  all matched, {when}: {told}")
        table.add(
            f"unchanged against every table changed, {when}",
            median["every table"] / median["unchanged"],
            floor,
            goal,
        )


def count_statements(hub: Hub, table: Table) -> None:
    """Count what the database is asked for, from claim to finish."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for count in (1, 3, BATCH):
        people = [*hub.stored_people(900, count - count // 2), *hub.new_people(count // 2 or 1)]
        batch_id = hub.submit(people, version=70_000 + count)
        with CaptureQueriesContext(connection) as queries:
            hub.process(batch_id)
        counts.append(len([query for query in queries if "SAVEPOINT" not in query["sql"]]))
    print(f"  statements for 1, 3 and {BATCH} records: {counts}")
    table.add("statements per batch", max(counts), 36, 28, unit="", less_is_more=True)
