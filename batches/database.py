"""Whether the hub's database is there, and as new as this version of the hub."""

import threading
from collections.abc import Callable
from typing import Final

from django.db import DatabaseError, Error, InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from profiles.db import engine

SECONDS_BETWEEN_TRIES: Final = 1.0
NOT_UP_TO_DATE: Final = "The database is not up to date; run `manage.py migrate` first."


class DatabaseNotReadyError(Exception):
    """The database is not one this version of the hub can work with."""


def wait_for_database(*, stop: threading.Event, say: Callable[[str], object]) -> bool:
    """Return true once the database is there and up to date, or false when `stop` is set before.

    Says once that it waits, and once that it need not any more. Raises `DatabaseNotReadyError` where waiting would not
    help.
    """
    waits = False
    while not stop.is_set():
        try:
            check_database()
        except (OperationalError, InterfaceError) as error:
            if not waits:
                say(f"The database cannot be reached ({reason(error)}); waiting for it.")
            waits = True
            stop.wait(SECONDS_BETWEEN_TRIES)
        except DatabaseError as error:
            raise DatabaseNotReadyError(f"The database cannot be used: {reason(error)}.") from error
        else:
            if waits:
                say("The database is there.")
            return True
        finally:
            connection.close()
    return False


def check_database() -> None:
    """Raise `DatabaseNotReadyError` unless the database is as new as this version of the hub; queries."""
    if unapplied_migrations():
        raise DatabaseNotReadyError(NOT_UP_TO_DATE)


def trouble(error: Error) -> str | None:
    """Return the sentence for a database that is away, busy or not up to date; `None` where the fault is ours.

    What its driver says of that names no values, only the place.
    """
    if engine.lacks_tables(error):
        return NOT_UP_TO_DATE
    if isinstance(error, OperationalError | InterfaceError):
        return f"The database cannot be used: {reason(error)}."
    return None


def reason(error: Exception) -> str:
    """Return the first line of what the database or its driver says."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def unapplied_migrations() -> int:
    """Return how many migrations the database lacks; queries."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
