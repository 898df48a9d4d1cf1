"""Run the hub on this machine."""

import signal
import threading
from argparse import BooleanOptionalAction
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from batches.supervisor import StartError, Supervisor
from profiles import sets


class Command(BaseCommand):
    """Run web server and workers together, and keep them running."""

    help = "Run web server and workers together until Ctrl-C or SIGTERM; what ends by itself is started again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare where and how many."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000, help="The next free one is taken where it is in use.")
        parser.add_argument("--workers", type=int, default=1, help="Processes that work batches off (one on SQLite).")
        parser.add_argument("--web-workers", type=int, default=2, help="Processes that answer requests.")
        parser.add_argument(
            "--access-log",
            action=BooleanOptionalAction,
            help="Log a line for each request: its route, never its path. As ACCESS_LOG says unless told.",
        )

    def handle(self, *, host: str, port: int, workers: int, web_workers: int, **options: Any) -> None:  # noqa: ANN401
        """Run until told to stop."""
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            message = "The database is not up to date; run `manage.py migrate` first."
            raise CommandError(message)
        connection.close()
        if not sets.is_postgresql() and workers > 1:
            self.stderr.write("On SQLite one worker works; starting one.")
            workers = 1
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        try:
            with Supervisor(
                host=host, port=port, workers=workers, web_workers=web_workers, access_log=options["access_log"]
            ) as hub:
                if hub.port != port:
                    self.stdout.write(f"Port {port} is in use; taking {hub.port}.")
                self.stdout.write(f"Profile Hub runs at {hub.url} (admin: {hub.url}/admin/). Ctrl-C ends it.")
                self.stdout.flush()
                hub.watch(stop)
                self.stdout.write("Stopping; the batch in hand is finished first.")
        except StartError as error:
            raise CommandError(str(error)) from error
