"""Cells of entries: those of one name make one entry, and what is written otherwise is read as it is meant."""

import pytest

from batches.files.cells import Given, Reader, Terms
from batches.files.days import DayTerms
from batches.files.paths import column_of

DMY = Terms(days=DayTerms("dmy"))


def read(cells, terms=DMY, constants=()):
    """Return the record and the faults of a row: its cells by their paths."""
    givens = [Given(path, column_of(path)) for path in cells]
    constants = [(column_of(path), value) for path, value in constants]
    return Reader(givens, terms, constants).read(list(cells.values()))


HOME = {"external_id": "home", "address_line_1": "1 Main St", "city": "Perth", "country": "AU"}


def test_cells_of_one_name_make_one_entry():
    record, faults, left_out = read(
        {
            "addresses[home].address_line_1": "1 Main St",
            "addresses[work].city": "Sydney",
            "addresses[home].city": "Perth",
            "addresses[home].country": "AU",
            "dates[first-visit].date": "31/12/1990",
            "custom_attributes.pets.dogs:integer": "2.0",
            "custom_attributes.pets.names:array": '["Rex"]',
            "custom_attributes.pets.any:boolean": "yes",
        },
        constants=[("addresses[home].is_default", True), ("addresses[other].is_default", True)],
    )

    assert (faults, left_out) == ([], "")
    assert record == {
        "addresses": [{**HOME, "is_default": True}, {"external_id": "work", "city": "Sydney"}],
        "dates_attributes": [{"handle": "first-visit", "date": "1990-12-31", "name": "First visit"}],
        "custom_attributes": [
            {"namespace": "pets", "handle": "dogs", "type": "integer", "value": 2},
            {"namespace": "pets", "handle": "names", "type": "array", "value": ["Rex"]},
            {"namespace": "pets", "handle": "any", "type": "boolean", "value": True},
        ],
    }


def test_own_external_id_and_name_count():
    record, _, _ = read(
        {
            "addresses[home].external_id": "77",
            "addresses[home].city": "Perth",
            "dates[a].name": "B",
            "dates[a].date": "",
        }
    )

    assert record == {
        "addresses": [{"external_id": "77", "city": "Perth"}],
        "dates_attributes": [{"handle": "a", "name": "B"}],
    }


@pytest.mark.parametrize(
    ("country", "default", "number", "expected"),
    [
        ("AU", "", "0404 000 001", "+61404000001"),
        ("AU", "DE", "0404 000 001", "+61404000001"),
        ("", "AU", "0404 000 001", "+61404000001"),
        ("Australia", "AU", "0404 000 001", "+61404000001"),
        ("au", "", "'0404000001", "+61404000001"),
        ("AU", "", "+49 171 2345678", "+49 171 2345678"),
        ("AU", "", "no number", "no number"),
        ("", "", "0404 000 001", "0404 000 001"),
    ],
)
def test_national_number_is_of_the_rows_country_first(country, default, number, expected):
    record, _, _ = read({"mobile_phone": number, "addresses[home].country": country}, Terms(phone_country=default))

    assert record["mobile_phone"] == expected


@pytest.mark.parametrize(
    ("path", "cell", "fault"),
    [
        ("birth_date", "soon", "column birth_date: the cell must hold a day, such as 31/12/1990."),
        (
            "custom_attributes.a.b:integer",
            "1,5",
            "column custom_attributes.a.b:integer: the cell must hold a number, ",
        ),
        ("custom_attributes.a.b:json", "{", "column custom_attributes.a.b:json: the cell must hold JSON."),
    ],
)
def test_cell_that_cannot_be_read(path, cell, fault):
    _, (told,), _ = read({path: cell})

    assert told.startswith(fault)


def test_constants_alone_make_no_record():
    assert read({"email": ""}, constants=[("company", "Acme")]) == ({}, [], "")


def test_number_of_any_size_is_kept():
    record, _, _ = read({"custom_attributes.a.b:integer": "123456789012345678"})

    assert record["custom_attributes"][0]["value"] == 123456789012345678
