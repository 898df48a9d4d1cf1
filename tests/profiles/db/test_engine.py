"""Which engine the hub stands on is asked in one place."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from profiles.db import calls, lookups
from profiles.db import engine as module

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
