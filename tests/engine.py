"""The option --engine: the whole suite on an embedded SQLite file, or on a PostgreSQL of its own.

A pytest plugin, loaded by `-p`, because the database must be there before Django reads its settings.
"""

import atexit
import os
import tempfile
from contextlib import ExitStack

import pytest

from tests.postgres import PostgresUnavailableError, running_postgres

# In which order workers turn out to have been one after another.
SETTINGS = {"track_commit_timestamp": "on"}
_resources = ExitStack()
atexit.register(_resources.close)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine", choices=["sqlite", "postgres"], default="sqlite", help="The database to run the tests on."
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    engine = early_config.known_args_namespace.engine
    os.environ.setdefault("SECRET_KEY", "of-the-tests")
    os.environ["HUB_ENGINE"] = engine
    if engine == "postgres":
        try:
            os.environ["DATABASE_URL"] = _resources.enter_context(running_postgres(settings=SETTINGS))
        except PostgresUnavailableError as error:
            pytest.exit(f"{error}\nThe tests need a PostgreSQL for --engine=postgres.", returncode=4)
    else:
        folder = _resources.enter_context(tempfile.TemporaryDirectory(prefix="hub-sqlite-"))
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/hub.sqlite3"


def pytest_report_header() -> str:
    return f"engine: {os.environ['HUB_ENGINE']}"
