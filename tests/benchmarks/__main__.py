"""`make bench`: how fast the hub is, beside others that write the same final rows, on a server of its own.

Figures are ratios within this run: the machine's own speed falls out.
"""

import argparse
import json
import os
import sys
import tempfile
from contextlib import ExitStack
from typing import Any

from tests.benchmarks.hub import ROOT, Hub
from tests.benchmarks.table import Table

RECOMMENDED = {
    "shared_buffers": "'1GB'",
    "max_wal_size": "'8GB'",
    "checkpoint_timeout": "'30min'",
    "wal_compression": "on",
    "random_page_cost": "1.1",
}

SMALL = 10_000  # profiles; up to these it is a quick look
WANTED_AT = 1_000_000  # profiles


def main() -> None:
    """Measure what the options ask for, print it and keep it as JSON."""
    options = read_options()
    with ExitStack() as resources:
        if options.engine == "postgres":
            from tests.postgres import running_postgres

            settings = {} if options.stock else RECOMMENDED
            os.environ["DATABASE_URL"] = resources.enter_context(running_postgres(fsync=True, settings=settings))
        else:
            folder = resources.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-"))
            os.environ["DATABASE_URL"] = f"sqlite:///{folder}/hub.sqlite3"
            settings = {}
        os.environ.update(SECRET_KEY="of-the-benchmark", DJANGO_SETTINGS_MODULE="config.settings", LOG_LEVEL="ERROR")
        os.environ.pop("DEBUG", None)
        import django

        django.setup()
        print(f"engine {options.engine}, settings {settings or 'stock'}, {os.cpu_count()} cores")
        table = Table()
        more = measure(table, size=options.size, rounds=options.rounds)
    table.show()
    if options.size < WANTED_AT:
        print(f"Floors and goals are for {WANTED_AT:,} stored profiles; this is a look at {options.size:,}.")
    results = ROOT / "bench-results"
    results.mkdir(exist_ok=True)
    name = f"{options.engine}-{options.size}.json"
    content = {"settings": settings, "size": options.size, "figures": table.figures, **more}
    (results / name).write_text(json.dumps(content, indent=2))
    print(f"written to bench-results/{name}")
    if options.check and table.has_one_below_its_floor:
        sys.exit(1)


def read_options() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--engine", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--size", type=int, default=10_000, help="stored profiles; past 10,000 growth is measured too")
    parser.add_argument("--rounds", type=int, help="5 unless told, 3 up to 10,000 profiles")
    parser.add_argument("--stock", action="store_true", help="PostgreSQL's own settings, not the README's")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a figure is below its floor")
    options = parser.parse_args()
    options.rounds = options.rounds or (5 if options.size > SMALL else 3)
    return options


def measure(table: Table, *, size: int, rounds: int) -> dict[str, Any]:
    """Fill the table; return what is no figure of it."""
    from tests.benchmarks.growth import SIZES, measure_size, rate_growth
    from tests.benchmarks.processes import rate_memory, rate_workers
    from tests.benchmarks.reading import rate_reading
    from tests.benchmarks.receiving import rate_receiving
    from tests.benchmarks.single import rate_single
    from tests.benchmarks.time_machine import rate_time_machine
    from tests.benchmarks.writing import count_statements, rate_unchanged, rate_writing

    hub = Hub()
    costs = {}
    for step in [*(one for one in SIZES if one < size), size]:
        hub.grow(step)
        if size > SIZES[0]:
            costs[step] = measure_size(hub, rounds=rounds)
    rate_writing(hub, table, rounds=rounds)
    rate_unchanged(hub, table, rounds=rounds)
    if costs:
        rate_growth(costs, table)
    if hub.is_postgresql:
        rate_workers(hub, table)
    count_statements(hub, table)
    rate_time_machine(hub, table, rounds=rounds)
    rate_receiving(table, rounds=rounds)
    rate_memory(hub, table)
    return {"seconds_by_size": costs, "reading": rate_reading(hub), "single": rate_single(hub)}


if __name__ == "__main__":
    main()
