"""Calls to those who wait: PostgreSQL passes them on. On SQLite nobody calls, and whoever waits looks again."""

import psycopg
from django.db import connection

from profiles.db.engine import is_postgresql

Line = psycopg.Connection[tuple[object, ...]]
"""On which calls are heard."""


def are_passed_on() -> bool:
    """Whether there is anything to listen to."""
    return is_postgresql()


def call(channel: str) -> None:
    """Have everybody who listens to the channel hear of it, once the transaction is committed."""
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [channel])


def listen(channel: str, *, url: str | None) -> Line:
    """Return a line on which the channel's calls are heard, to the server at `url` or else to the hub's own.

    It is a connection of its own: the ORM's may be pooled or inside a transaction. Raises `psycopg.Error`.
    """
    line = _connect(url)
    line.execute(f"LISTEN {channel}")
    return line


def _connect(url: str | None) -> Line:
    if url is not None:
        return psycopg.connect(url, autocommit=True)
    parameters = connection.get_connection_params()
    # The operator's own among them, such as sslmode; but not what makes Django's cursors.
    own = {name: value for name, value in parameters.items() if name not in {"cursor_factory", "context"}}
    return psycopg.connect(**own, autocommit=True)
