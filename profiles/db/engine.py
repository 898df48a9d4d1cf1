"""Which engine the hub stands on, and what its refusals mean: profiles.db alone asks, the others ask what follows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.db import InterfaceError, OperationalError, connection


def is_postgresql() -> bool:
    """Whether the hub stands on PostgreSQL; everything else is SQLite. Not asked outside profiles.db."""
    return connection.vendor == "postgresql"


def has_one_writer() -> bool:
    """Whether a transaction that writes has the whole database to itself (SQLite).

    Then nobody needs locks of their own, and more than one worker would only wait for each other.
    """
    return not is_postgresql()


def file() -> Path | None:
    """Return the file that the database is (SQLite); `None` where a server keeps it."""
    return None if is_postgresql() else Path(connection.settings_dict["NAME"])


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that each engine wants to be told in its own words."""

    postgresql: str
    sqlite: str

    @property
    def text(self) -> str:
        """What this engine is told."""
        return self.postgresql if is_postgresql() else self.sqlite


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
