"""Paths: where in a record the cells of a column go."""

import pytest

from batches.files.paths import Reading, column_of


@pytest.mark.parametrize(
    ("path", "name", "reading"),
    [
        ("first_name", "first_name", Reading.TEXT),
        (" First Name ", "first_name", Reading.TEXT),
        ("mobile_phone", "mobile_phone", Reading.PHONE),
        ("joined_at", "joined_at", Reading.TIME),
        ("birth_date", "birth_date", Reading.BIRTHDAY),
        ("tags", "tags", Reading.LIST),
        ("email_promo", "comms_attributes.email_promo", Reading.TRUTH),
        ("email_consent_updated_at", "comms_attributes.email_consent_updated_at", Reading.TIME),
        ("attributes.appearance.size_shoe", "attributes.appearance.size_shoe", Reading.MEASURE),
        ("identities.Shop 1", "identities.Shop 1", Reading.IDENTIFIER),
        ("addresses[home].city", "addresses[home].city", Reading.TEXT),
        ("Addresses[Home].Address Line 1", "addresses[Home].address_line_1", Reading.TEXT),
        ("addresses[home].is_default", "addresses[home].is_default", Reading.TRUTH),
        ("dates[wedding].date", "dates[wedding].date", Reading.DATE),
        ("dates_attributes[wedding].is_recurring", "dates_attributes[wedding].is_recurring", Reading.TRUTH),
        ("custom_attributes.pets.dog", "custom_attributes.pets.dog:string", Reading.TEXT),
        ("custom_attributes.pets.dogs:integer", "custom_attributes.pets.dogs:integer", Reading.NUMBER),
        ("custom_attributes.pets.is_dog:boolean", "custom_attributes.pets.is_dog:boolean", Reading.TRUTH),
        ("custom_attributes.pets.list:array", "custom_attributes.pets.list:array", Reading.JSON),
    ],
)
def test_path_leads_to_a_field(path, name, reading):
    column = column_of(path)

    assert (column.name, column.reading) == (name, reading)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "emial",
        "identities.",
        "addresses",
        "addresses.city",
        "addresses[].city",
        "addresses[home]",
        "addresses[home].town",
        "addresses[home].meta",
        "dates[wedding].links",
        "dates[wedding].handle",
        "custom_attributes.pets",
        "custom_attributes.pets.:string",
        "custom_attributes..dog",
        "custom_attributes.pets.dog:text",
        "custom_attributes.a:b.c:string",
        f"addresses[{'x' * 300}].city",
        "organisations.1",
    ],
)
def test_path_that_leads_nowhere(path):
    assert column_of(path) is None
