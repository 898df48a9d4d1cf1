"""Run workers."""

import sys
import threading
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from batches.database import DatabaseNotReadyError, wait_for_database
from batches.models import Batch
from batches.stopping import stopped_by_signals
from batches.worker import work
from batches.worker.guard import RECYCLED, Guard
from profiles.db import engine
from profiles.db.server import LocksDoNotExcludeError


class Command(BaseCommand):
    """Process batches as they come in."""

    help = (
        "Process batches as they come in. Any number of workers on PostgreSQL; on SQLite one works and others wait. "
        "SIGTERM and Ctrl-C finish the batches in hand, then leave; a second one leaves at once, and the batches in "
        "hand wait for another worker."
    )
    # The checks would load the admin and the API, a third of the process: the web process has made them.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--until-idle", action="store_true", help="Leave when no batch is unfinished.")
        parser.add_argument(
            "--processes", type=int, default=1, metavar="N", help="How many work at once (PostgreSQL); 1 unless told."
        )
        parser.add_argument(
            "--max-batches",
            type=int,
            metavar="N",
            help="After so many batches a process makes room for a new one, which bounds its memory.",
        )

    def handle(
        self,
        *,
        until_idle: bool,
        processes: int,
        max_batches: int | None,
        **options: Any,
    ) -> None:
        """Work until told to stop."""
        if processes < 1 or (max_batches is not None and max_batches < 1):
            raise CommandError("--processes and --max-batches must be at least 1.")
        if processes > 1 and engine.has_one_writer():
            self.stderr.write("On SQLite one worker works; starting one.")
            processes = 1
        if not self._is_database_there():
            return
        tell = self._tell if options["verbosity"] > 1 else None

        def be_worker(name: str, stop: threading.Event, count: Callable[[], None]) -> int:
            def on_batch(batch: Batch) -> None:
                count()
                if tell is not None:
                    tell(batch)

            done = work(
                worker=name,
                until_idle=until_idle,
                max_batches=max_batches,
                stop=stop,
                on_batch=on_batch,
                on_wait=lambda: self.stderr.write("Another worker has this SQLite hub; waiting for it to leave."),
            )
            return RECYCLED if done == max_batches and not stop.is_set() else 0

        guard = Guard(be_worker, processes=processes)
        try:
            code = guard.run()
        except LocksDoNotExcludeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{guard.done} batch{'' if guard.done == 1 else 'es'} processed.")
        if code:
            sys.exit(code)

    def _is_database_there(self) -> bool:
        """Wait for it; false when told to stop before."""
        try:
            with stopped_by_signals() as stop:
                return wait_for_database(stop=stop, say=self.stderr.write) and not stop.is_set()
        except DatabaseNotReadyError as error:
            raise CommandError(str(error)) from error

    def _tell(self, batch: Batch) -> None:
        self.stdout.write(f"{batch.id}: {batch.processed_count} of {batch.total_count} records decided")
        self.stdout.flush()
