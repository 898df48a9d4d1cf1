"""What a hub a hundred times the size costs a batch."""

import statistics
from collections.abc import Mapping

from tests.benchmarks.hub import BATCH, Hub
from tests.benchmarks.table import Table

SIZES = (10_000, 100_000, 1_000_000)
# After these the pages that new people's keys fall into have been written since the last checkpoint.
_WARMING_UP = 30
_TOGETHER = 6
Cost = Mapping[str, float]


def measure_size(hub: Hub, *, rounds: int) -> Cost:
    """Return the seconds of a batch of new people, and of stored ones right after a checkpoint."""
    for _ in range(_WARMING_UP):
        hub.process(hub.submit(hub.new_people()))
    new = [hub.work_off([hub.submit(hub.new_people()) for _ in range(_TOGETHER)]) for _ in range(rounds)]
    matched, warm = [], []
    for turn in range(rounds + 1):
        people = hub.stored_people(turn * 13 + 3)
        batch_id = hub.submit(people, version=turn + 1)
        hub.checkpoint()
        after_checkpoint = hub.process(batch_id)
        again = hub.process(hub.submit(people, version=turn + 500))
        if turn:
            matched.append(after_checkpoint)
            warm.append(again)
    cost = {
        "new": statistics.median(new),
        "matched, after a checkpoint": statistics.median(matched),
        "matched, warm": statistics.median(warm),
    }
    rates = ", ".join(f"{name}: {BATCH / seconds:,.0f}/s" for name, seconds in cost.items())
    print(f"  at {hub.size:,}: {rates}", flush=True)
    return cost


def rate_growth(costs: Mapping[int, Cost], table: Table) -> None:
    """Compare the largest size with the smallest."""
    smallest, largest = min(costs), max(costs)
    for name, floor, goal in (("new", 1.2, 1.05), ("matched, after a checkpoint", 3, 1.5)):
        ratio = costs[largest][name] / costs[smallest][name]
        table.add(f"{largest:,} against {smallest:,} stored: all {name}", ratio, floor, goal, less_is_more=True)
