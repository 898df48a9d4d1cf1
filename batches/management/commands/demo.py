"""A hub to look at, filled through its own front door."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.exceptions import InconsistentMigrationHistory
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from batches.database import reason
from batches.demo.access import Access, one_at_a_time, open_access
from batches.demo.client import SECONDS_TO_WAIT, ApiError, Client
from batches.demo.customers import SYSTEMS, ReferenceIds, make_records
from batches.demo.report import show_examples, show_next_steps, show_outcomes
from batches.stopping import Stop, stopped_by_signals
from batches.supervisor import StartError, Supervisor
from batches.values import MAX_RECORDS
from profiles.db import engine
from profiles.models import Organisation, Region, RoleDefinition
from profiles.reference_data import example_data, load_reference_data

# What it prints fits everybody's terminal.
COLUMNS: Final = 80

Records = dict[str, list[dict[str, Any]]]


class Command(BaseCommand):
    """Fill a hub with invented customers from five systems, and show what became of them."""

    help = (
        "Migrate, start web and worker, make a staff user and a token, post invented customers from five systems "
        "through the REST endpoint and show what became of them; then stay up until Ctrl-C. Running it again, or "
        "twice at a time, is safe."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare how much of it."""
        parser.add_argument("--exit", action="store_true", help="Stop after the summary; so too without a terminal.")
        parser.add_argument("--customers", type=int, default=1_500, help="How many persons to invent (1500).")
        parser.add_argument("--seed", type=int, default=1, help="Another seed invents others.")
        parser.add_argument("--port", type=int, default=8000, help="The next free one is taken where it is in use.")

    def handle(self, *, customers: int, seed: int, port: int, **options: Any) -> None:
        """Run the demo."""
        if not 1 <= customers <= 1_000_000:  # noqa: PLR2004 a sensible size
            raise CommandError("--customers must be between 1 and 1000000.")
        self.console = Console(highlight=False, width=None if sys.stdout.isatty() else COLUMNS)
        stays = sys.stdout.isatty() and not options["exit"]
        try:
            with stopped_by_signals() as stop:
                access = self._set_up(stop)
                if access is None or stop.is_set():
                    return
                records = make_records(customers=customers, seed=seed, ids=_reference_ids())
                connection.close()
                self._run(records, access, port=port, stays=stays, stop=stop)
        except (StartError, ApiError, OSError) as error:
            raise CommandError(str(error)) from error
        except (DatabaseError, InconsistentMigrationHistory) as error:
            raise CommandError(
                f'{_database()} cannot be used: {reason(error)}. README, "Operating it", says how to start over.'
            ) from error

    def _set_up(self, stop: Stop) -> Access | None:
        """Have a hub with everything but customers; two demos do it one after the other."""
        wait = "Another demo is setting up the hub of this folder; waiting for it."
        with one_at_a_time(stop=stop, on_wait=lambda: self.console.print(wait)):
            if stop.is_set():
                return None
            self.console.print(f"Setting up {_database()} ...")
            call_command("migrate", verbosity=0)
            load_reference_data(example_data())
            return open_access()

    def _run(self, records: Records, access: Access, *, port: int, stays: bool, stop: Stop) -> None:
        with Supervisor(host="127.0.0.1", port=port, web_workers=1, quiet=True, stop=stop) as hub:
            if hub.port != port:
                self.console.print(f"Port {port} is in use; taking {hub.port}.")
            if not stop.is_set():
                self._fill(Client(hub.url, access.token, stop=stop), hub, records)
            if stays and not stop.is_set():
                show_next_steps(self.console, hub.url, access)
                self.console.print("The hub stays up until Ctrl-C.")
                hub.watch()
            if stop.is_set():
                self.console.print("\nStopping; the batch in hand is finished first.")
        self.console.print(
            f"\nThe hub has stopped; it keeps what it holds in {_database()}.\n"
            "`make demo` in a terminal starts it again and stays up, `make run` without\nnew records."
        )

    # --- Filling -------------------------------------------------------------------------------------------------

    def _fill(self, client: Client, hub: Supervisor, records: Records) -> None:
        """Post everything, wait, and show what became of it; raises `ApiError` where not all of it was processed."""
        total = sum(len(entries) for entries in records.values())
        self.console.print(f"Posting {total:,} records from {len(records)} systems to {hub.url}.")
        began = time.monotonic()
        sent: dict[str, list[str]] = {system: [] for system in records}
        with self._progress() as progress:
            posting = progress.add_task("posted", total=total)
            deciding = progress.add_task("decided", total=total)
            for system, part in _slices(records):
                if client.stop.is_set():
                    return
                sent[system].append(client.post_batch(SYSTEMS[system], part, label=f"demo: {system}"))
                progress.advance(posting, len(part))
            batches = _wait(client, hub, sent, lambda done: progress.update(deciding, completed=done))
        if client.stop.is_set():
            return
        seconds = time.monotonic() - began
        self.console.print(f"{total:,} records decided in {seconds:.1f} s, {total / seconds:,.0f} a second.\n")
        show_outcomes(self.console, batches)
        show_examples(self.console, client, batches)
        if any(batch["state"] != "done" for found in batches.values() for batch in found):
            raise ApiError("Not every batch was processed.")

    def _progress(self) -> Progress:
        columns = (TextColumn("{task.description:>8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        return Progress(*columns, console=self.console, disable=not sys.stdout.isatty())


def _wait(
    client: Client, hub: Supervisor, sent: dict[str, list[str]], tell: Callable[[int], None]
) -> dict[str, list[dict[str, Any]]]:
    """Return the batches once all are finished, or those that are when an end is asked for; raises `ApiError`."""
    deadline = time.monotonic() + SECONDS_TO_WAIT
    finished: dict[str, dict[str, Any]] = {}
    while not client.stop.is_set():
        for batch_id in [one for ids in sent.values() for one in ids if one not in finished]:
            batch = client.read(f"/api/v3/batches/{batch_id}")
            if batch["status"] == "pending":
                break  # those behind it wait too
            finished[batch_id] = batch
            deadline = time.monotonic() + SECONDS_TO_WAIT
        tell(sum(batch["processed_count"] for batch in finished.values()))
        if len(finished) == sum(len(ids) for ids in sent.values()):
            break
        if time.monotonic() > deadline or hub.has_died():
            raise ApiError("The worker did not come through; its log is above.")
        client.stop.wait(0.2)
    return {system: [finished[one] for one in ids if one in finished] for system, ids in sent.items()}


def _slices(records: Records) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for system, entries in records.items():
        for start in range(0, len(entries), MAX_RECORDS):
            yield system, entries[start : start + MAX_RECORDS]


def _reference_ids() -> ReferenceIds:
    return ReferenceIds(
        regions=dict(Region.objects.values_list("handle", "id")),
        organisations=dict(Organisation.objects.values_list("handle", "id")),
        roles=dict(RoleDefinition.objects.values_list("handle", "id")),
    )


def _database() -> str:
    """Return how people call the hub's database."""
    path = engine.file()
    if path is None:
        return f"the database {connection.settings_dict['NAME']}"
    folder = Path(settings.BASE_DIR)
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)
