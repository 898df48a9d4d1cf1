"""Run a worker."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from batches.models import Batch
from batches.worker import work
from profiles.db.server import LocksDoNotExcludeError


class Command(BaseCommand):
    """Process batches as they come in."""

    help = (
        "Process batches as they come in. Any number of workers on PostgreSQL; on SQLite one works and others wait. "
        "SIGTERM and Ctrl-C finish the batch in hand, then leave."
    )
    # The checks would load the admin and the API, a third of the process: the web process has made them.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--until-idle", action="store_true", help="Leave when no batch is unfinished.")

    def handle(self, *, until_idle: bool, **options: Any) -> None:  # noqa: ANN401 Django's own options
        """Work until told to stop."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        loud = options["verbosity"] > 1
        try:
            done = work(
                until_idle=until_idle,
                stop=stop,
                on_batch=self._tell if loud else None,
                on_wait=lambda: self.stderr.write("Another worker has this SQLite hub; waiting for it to leave."),
            )
        except LocksDoNotExcludeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{done} batch{'' if done == 1 else 'es'} processed.")

    def _tell(self, batch: Batch) -> None:
        self.stdout.write(f"{batch.id}: {batch.processed_count} of {batch.total_count} records decided")
