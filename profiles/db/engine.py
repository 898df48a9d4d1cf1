"""Which engine the hub stands on, and what its refusals mean: the only place that asks."""

from typing import Final

from django.db import InterfaceError, OperationalError, connection


def is_postgresql() -> bool:
    """Whether the hub stands on PostgreSQL; everything else is SQLite."""
    return connection.vendor == "postgresql"


# Connection, resources, shutdown, and what another transaction did (PostgreSQL's error classes).
_NOBODYS_FAULT: Final = ("08", "53", "57", "40", "55P03")
_SQLITE_TROUBLE: Final = ("locked", "disk", "unable to open", "readonly")


def is_unavailable(error: BaseException) -> bool:
    """Whether the database is away, full or busy; everything else it says is about what it was asked to do."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(_NOBODYS_FAULT)
    return is_postgresql() or any(word in str(error) for word in _SQLITE_TROUBLE)
