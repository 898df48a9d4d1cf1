"""Which engine the hub stands on is asked in one place, and so is what its refusals mean."""

import re
import sqlite3
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DataError, InterfaceError, OperationalError
from psycopg import errors

from profiles.db import calls, lookups
from profiles.db import engine as module
from tests.builders import postgres_error, sqlite_error

ASKING = re.compile(r"is_postgresql|\.vendor\b|connection\.features|[\"'](?:sqlite|postgresql)[\"']")
FOLDER = Path(settings.BASE_DIR)


def test_nobody_else_asks():
    files = [
        path.relative_to(FOLDER)
        for app in ("batches", "config", "profiles")
        for path in (FOLDER / app).rglob("*.py")
        if "migrations" not in path.parts
    ]

    asking = {path.as_posix() for path in files if ASKING.search((FOLDER / path).read_text())}

    assert len(files) > 100
    assert {path for path in asking if not path.startswith("profiles/db/")} == set()
    assert "profiles/db/engine.py" in asking


@pytest.mark.parametrize(
    ("columns", "arrays", "rows"),
    [
        ([[]], ["{}"], ["[]"]),
        ([["a", 'b"\\']], ['{"a","b\\"\\\\"}'], ['["a","b\\"\\\\"]']),
        ([["pos", "pos"], ["1", "é"]], ['{"pos","pos"}', '{"1","é"}'], ['[["pos","1"],["pos","é"]]']),
    ],
)
def test_columns_as_parameters(engine, columns, arrays, rows):
    assert lookups.parameters(*columns) == (arrays if engine == "postgres" else rows)


def test_each_engine_has_its_own_words(engine):
    said = "one" if engine == "postgres" else "other"

    assert module.Statement(postgresql="one", sqlite="other").text == said
    assert module.has_one_writer() == (engine == "sqlite")
    assert (module.file() is None) == (engine == "postgres")
    assert calls.are_passed_on() == (engine == "postgres")


@pytest.mark.parametrize(
    ("error", "is_busy", "is_unavailable"),
    [
        (postgres_error(errors.SerializationFailure), True, True),
        (postgres_error(errors.DeadlockDetected), True, True),
        (postgres_error(errors.LockNotAvailable), True, True),
        (postgres_error(errors.AdminShutdown), False, True),
        (postgres_error(errors.DiskFull), False, True),
        (postgres_error(errors.UndefinedFile), False, False),
        (sqlite_error("database is locked", sqlite3.SQLITE_BUSY), True, True),
        (sqlite_error("database is locked", sqlite3.SQLITE_BUSY_SNAPSHOT), True, True),
        (sqlite_error("database table is locked", sqlite3.SQLITE_LOCKED), True, True),
        (sqlite_error("disk I/O error", sqlite3.SQLITE_IOERR_READ), False, True),
        (sqlite_error("database or disk is full", sqlite3.SQLITE_FULL), False, True),
        (sqlite_error("attempt to write a readonly database", sqlite3.SQLITE_READONLY), False, True),
        (sqlite_error("unable to open database file", sqlite3.SQLITE_CANTOPEN), False, True),
        (InterfaceError("the connection is closed"), False, True),
        (DataError("a value that speaks of a locked disk"), False, False),
        (ValueError("database is locked"), False, False),
    ],
)
def test_what_a_refusal_means(error, is_busy, is_unavailable):
    assert (module.is_busy(error), module.is_unavailable(error)) == (is_busy, is_unavailable)


def test_refusal_without_a_code_is_the_server_that_went(engine):
    # SQLite gives each a code: one without is about what was asked, and must not be tried for ever.
    went = OperationalError("server closed the connection; no such column: locked")

    assert (module.is_busy(went), module.is_unavailable(went)) == (False, engine == "postgres")


@pytest.mark.parametrize(
    ("error", "lacks"),
    [
        (postgres_error(errors.UndefinedTable), True),
        (postgres_error(errors.UndefinedColumn), True),
        (postgres_error(errors.SyntaxError), False),
        (sqlite_error("no such table: profiles_user", sqlite3.SQLITE_ERROR), True),
        (sqlite_error("no such column: source", sqlite3.SQLITE_ERROR), True),
        (sqlite_error("table batches_batch has no column named source", sqlite3.SQLITE_ERROR), True),
        (sqlite_error('near "FROM": syntax error', sqlite3.SQLITE_ERROR), False),
        (sqlite_error("no such table: as the message of a trigger", sqlite3.SQLITE_CONSTRAINT), False),
    ],
)
def test_tables_that_are_not_there(error, lacks):
    assert module.lacks_tables(error) == lacks
