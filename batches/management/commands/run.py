"""Run the hub on this machine."""

from argparse import BooleanOptionalAction
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from batches.database import DatabaseNotReadyError, wait_for_database
from batches.stopping import stopped_by_signals
from batches.supervisor import StartError, Supervisor
from profiles.db import engine


class Command(BaseCommand):
    """Run web server and workers together, and keep them running."""

    help = "Run web server and workers together until Ctrl-C or SIGTERM; what ends by itself is started again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare where and how many."""
        parser.add_argument("--host", default="127.0.0.1", help="The address to listen on (127.0.0.1).")
        parser.add_argument(
            "--port",
            type=int,
            default=8000,
            help="The port to listen on (8000). Where it is in use: refused; with DEBUG the next free one is taken.",
        )
        parser.add_argument("--workers", type=int, default=1, help="Processes that work batches off (one on SQLite).")
        parser.add_argument("--web-workers", type=int, default=2, help="Processes that answer requests.")
        parser.add_argument(
            "--access-log",
            action=BooleanOptionalAction,
            help="Log a line for each request: its route, never its path. As ACCESS_LOG says unless told.",
        )

    def handle(self, *, host: str, port: int, workers: int, web_workers: int, **options: Any) -> None:
        """Run until told to stop."""
        if workers < 0 or web_workers < 1:
            raise CommandError("--workers must be 0 or more, and --web-workers 1 or more.")
        if not settings.ALLOWED_HOSTS and not settings.DEBUG:
            raise CommandError(
                "ALLOWED_HOSTS is empty: the hub would answer to no name. Name the host it is reached by."
            )
        for sentence in advice(host):
            self._say(sentence)
        if workers > 1 and engine.has_one_writer():
            self._say("On SQLite one worker works; starting one.")
            workers = 1
        try:
            with stopped_by_signals() as stop:
                if not wait_for_database(stop=stop, say=self._say):
                    return
                with Supervisor(
                    host=host,
                    port=port,
                    workers=workers,
                    web_workers=web_workers,
                    access_log=options["access_log"],
                    next_port=settings.DEBUG,
                    stop=stop,
                ) as hub:
                    if not stop.is_set():
                        if hub.port != port:
                            self.stdout.write(f"Port {port} is in use; taking {hub.port}.")
                        desk = f" (admin: {hub.url}/admin/)" if settings.DEBUG else ""
                        self.stdout.write(f"Profile Hub runs at {hub.url}{desk}. Ctrl-C ends it.")
                        self.stdout.flush()
                    hub.watch()
                    self.stdout.write("Stopping; the batch in hand is finished first.")
                    self.stdout.flush()
        except (DatabaseNotReadyError, StartError) as error:
            raise CommandError(str(error)) from error

    def _say(self, sentence: str) -> None:
        self.stderr.write(sentence)
        self.stderr.flush()


def advice(host: str) -> Iterator[str]:
    """Yield a sentence for each setting that would be regretted later."""
    if settings.DEBUG:
        return
    if not (Path(settings.STATIC_ROOT) / "staticfiles.json").is_file():
        yield "Static files are not collected; run `manage.py collectstatic --noinput` to have them served compressed."
    if settings.SECURE_SSL_REDIRECT and not settings.SECURE_PROXY_SSL_HEADER:
        yield (
            "HTTPS=1 without TRUST_PROXY=1: whatever comes in plain HTTP is sent to https://, which never ends behind "
            "a proxy that ends TLS. Let it set X-Forwarded-Proto, and set TRUST_PROXY=1."
        )
    if not _is_loopback(host) and all(_is_loopback(name) for name in settings.ALLOWED_HOSTS):
        yield "ALLOWED_HOSTS names this machine alone: requests by any other name are answered with 400."


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ip_address(name.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False
