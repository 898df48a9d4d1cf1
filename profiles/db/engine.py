"""Which engine the hub stands on, and what its refusals mean: profiles.db alone asks, the others ask what follows."""

import sqlite3
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


# What another transaction did: a serialisation that failed, a deadlock, a lock that was waited for in vain.
_BUSY: Final = ("40001", "40P01", "55P03")
# No such table, no such column; SQLite has no code for them.
_NOT_THERE: Final = ("42P01", "42703")
_SQLITE_NOT_THERE: Final = ("no such table", "no such column", "has no column named")
# Connection, resources, shutdown, and what another transaction did (PostgreSQL's error classes).
_NOBODYS_FAULT: Final = ("08", "53", "57", "40", "55P03")
_SQLITE_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SQLITE_TROUBLE: Final = _SQLITE_BUSY | {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}


def sqlstate(error: BaseException) -> str | None:
    """Return PostgreSQL's code for what went wrong; `None` where it is not a server's answer."""
    return getattr(error.__cause__, "sqlstate", None)


def is_unavailable(error: BaseException) -> bool:
    """Whether the database is away, full or busy; everything else it says is about what it was asked to do."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    state = sqlstate(error)
    if state is not None:
        return state.startswith(_NOBODYS_FAULT)
    return is_postgresql() or _sqlite_code(error) in _SQLITE_TROUBLE


def is_busy(error: BaseException) -> bool:
    """Whether somebody else's transaction stood in the way, so that the same may go well in a moment."""
    return sqlstate(error) in _BUSY or _sqlite_code(error) in _SQLITE_BUSY


def lacks_tables(error: BaseException) -> bool:
    """Whether a table or a column is not there that this version of the hub asks for."""
    if sqlstate(error) in _NOT_THERE:
        return True
    return _sqlite_code(error) == sqlite3.SQLITE_ERROR and any(words in str(error) for words in _SQLITE_NOT_THERE)


def _sqlite_code(error: BaseException) -> int | None:
    """Return SQLite's code for what went wrong, without the byte that says more of it."""
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
