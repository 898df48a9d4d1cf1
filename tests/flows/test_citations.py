"""What is cited is written down: rules, steps of the way, codes and rooms."""

import re
from pathlib import Path

import pytest

from profiles.values import ErrorCode, WarningCode

ROOT = Path(__file__).parents[2]
BOOKS = {"rules": ROOT / "profiles" / "README.md", "way": ROOT / "batches" / "README.md"}
CITATION = re.compile(r"\b(rules|way) ((?:\d+(?:\.\d+)?(?:, | and | to )?)+)")
# What only those can look up who wrote the first version.
FOREIGN = re.compile(r"\bdesign(?:\.md)? §?\d|\bcontract (?:S\d|§|sections? \d)|(?<!, )\(sections? \d")


def numbers(book):
    """Return the numbers of its sections and of what stands in them."""
    text = BOOKS[book].read_text()
    return {*re.findall(r"^## (\d+)\. ", text, re.MULTILINE), *re.findall(r"\*\*(\d+\.\d+)\b", text)}


def documents():
    """Return every file of ours that may cite something."""
    here = Path(__file__).resolve()
    for suffix in ("py", "html", "toml", "md", "yaml", "yml"):
        for path in ROOT.rglob(f"*.{suffix}"):
            parts = path.relative_to(ROOT).parts
            if path != here and not {"node_modules", "staticfiles", ".venv"} & {*parts} and "cache" not in parts[0]:
                yield path


def citations():
    for path in documents():
        for book, cited in CITATION.findall(path.read_text()):
            for number in re.findall(r"\d+(?:\.\d+)?", cited):
                yield str(path.relative_to(ROOT)), book, number


def test_citations_lead_somewhere():
    known = {book: numbers(book) for book in BOOKS}
    found = list(citations())

    assert len(found) > 60
    assert [one for one in found if one[2] not in known[one[1]]] == []


def test_nothing_is_cited_that_is_not_here():
    found = [(str(path.relative_to(ROOT)), one) for path in documents() for one in FOREIGN.findall(path.read_text())]

    assert found == []


@pytest.mark.parametrize("book", list(BOOKS))
def test_numbers_stand_once_and_in_order(book):
    found = re.findall(r"\*\*(\d+)\.(\d+)\b", BOOKS[book].read_text())
    pairs = [(int(section), int(number)) for section, number in found]

    assert pairs == sorted(set(pairs))


@pytest.mark.parametrize("code", [*ErrorCode, *WarningCode])
def test_code_is_told_in_the_rules(code):
    assert any(f"`{code.value}`" in book.read_text() for book in BOOKS.values())


@pytest.mark.parametrize("floor", ["batches", "profiles"])
def test_map_names_every_room(floor):
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text()
    (told,) = re.findall(rf"^- \*\*`{floor}`\*\*(.*?)^- \*\*", text, re.MULTILINE | re.DOTALL)
    rooms = {
        path.stem
        for path in (ROOT / floor).iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").is_file())
        and path.stem not in {"__init__", "apps", "migrations"}
    }

    assert {room for room in rooms if f"`{room}`" not in told} == set()
    assert {room for room in re.findall(r"`(\w+)`", told) if room not in rooms} == set()


def test_contributing_names_files_that_are_there():
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text()
    named = re.findall(r"`((?:batches|profiles|tests|config|requirements)/[\w./]+)`", text)

    assert len(named) > 30
    assert [name for name in named if not (ROOT / name).exists()] == []
