"""Every module of some length has tests of its name, in the folder that mirrors its own."""

from typing import Final

from tests.flows.installation import ROOT

MOST_LINES: Final = 80
FLOORS: Final = ("config", "profiles", "batches")
# Rooms and commands are tested by what they are for: the file, or the folder, where that is.
ELSEWHERE: Final = {
    "batches/files/__init__.py": "batches/files",
    "profiles/directory/__init__.py": "profiles/directory",
    "profiles/reconcile/__init__.py": "profiles/reconcile",
    "profiles/reverting.py": "profiles/reverting",
    "profiles/values/__init__.py": "profiles/values",
    "batches/management/commands/explain.py": "batches/test_explaining.py",
    "batches/management/commands/export_profiles.py": "batches/test_exporting.py",
    "batches/management/commands/import_profiles.py": "batches/test_importing.py",
    "batches/management/commands/run.py": "batches/test_supervisor.py",
    "batches/management/commands/undo.py": "batches/admin/test_undo.py",
    "batches/management/commands/work.py": "faults/test_workers.py",
    "profiles/management/commands/create_token.py": "profiles/test_commands.py",
}


def long_modules():
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            is_long = len(path.read_text().splitlines()) > MOST_LINES
            if is_long and "migrations" not in path.parts:
                yield str(path.relative_to(ROOT))


def test_every_long_module_has_tests_of_its_name():
    names = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    without = [
        module
        for module in long_modules()
        if module not in ELSEWHERE and f"test_{module.rpartition('/')[2]}" not in names
    ]

    assert without == []


def test_what_is_tested_elsewhere_is_there():
    assert set(ELSEWHERE) <= set(long_modules())
    assert [place for place in ELSEWHERE.values() if not (ROOT / "tests" / place).exists()] == []
