"""Records as rows of a CSV, and what the importer reads of them again."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.files import columns_asked, header_row, record_row
from batches.files.cells import escaped, unescaped
from batches.files.columns import read_header
from batches.files.flattening import UnknownColumnError
from tests.properties.strategies import examples

HOME = {"external_id": "home", "address_line_1": "1 Main St", "city": "Perth", "country": "AU"}
RECORD = {
    "email": "ann@example.com",
    "company": "=1+1",
    "occupation": "'-x",
    "mobile_phone": "+61404000001",
    "birth_day": 31,
    "birth_month": 12,
    "tags": ["vip", "a b"],
    "statuses": ["a;b"],
    "comms_attributes": {"email_promo": True, "sms_promo": False},
    "identities": [
        {"handle": "shop", "identifier": "old", "is_active": False},
        {"handle": "shop", "identifier": "7", "is_active": True},
    ],
    "addresses": [{"address_line_1": "2 St", "city": "Sydney", "country": "AU"}, HOME],
    "custom_attributes": [
        {"namespace": "pets", "handle": "names", "type": "array", "value": ["Rex"]},
        {"namespace": "pets", "handle": "count", "type": "integer", "value": 2},
    ],
    "dates_attributes": [{"handle": "wedding", "name": "Wedding", "date": "2020-05-05"}],
}


def row(record, paths):
    """Return the cells of the record's row, by its columns."""
    columns = columns_asked(paths, ("email",))
    content = (header_row(columns) + record_row([record], columns)).decode()
    header, cells = csv.reader(io.StringIO(content, newline=""))
    return dict(zip(header, cells, strict=True))


@pytest.mark.parametrize(
    ("path", "cell"),
    [
        ("email", "ann@example.com"),
        ("company", "'=1+1"),
        ("occupation", "''-x"),
        ("mobile_phone", "'+61404000001"),
        ("birth_date", "'--12-31"),
        ("first_name", ""),
        ("tags", "vip, a b"),
        ("statuses", '["a;b"]'),
        ("email_promo", "true"),
        ("sms_promo", "false"),
        ("sms_optout", ""),
        ("identities.shop", "7"),
        ("identities.pos", ""),
        ("addresses[home].city", "Perth"),
        ("addresses[default].city", "Sydney"),
        ("addresses[work].city", ""),
        ("custom_attributes.pets.names:array", '["Rex"]'),
        ("custom_attributes.pets.count:integer", "2"),
        ("dates[wedding].date", "2020-05-05"),
    ],
)
def test_cell_of_a_path(path, cell):
    (found,) = row(RECORD, path).values()

    assert found == cell


def test_usual_columns_have_the_identities_that_are_matched_by():
    columns = columns_asked(None, ("shop", "email"))

    assert [columns[0].name, columns[-1].name] == ["email", "identities.shop"]


def test_path_that_leads_nowhere_is_told():
    with pytest.raises(UnknownColumnError, match="There is no field emial"):
        columns_asked("email,emial", ("email",))


def test_rows_of_several_records_are_one():
    second = {"email": "ann@example.com", "identities": [{"handle": "pos", "identifier": "9"}]}
    columns = columns_asked("email,identities.pos", ("email",))

    assert record_row([RECORD, second], columns) == b"ann@example.com,9\r\n"


def test_row_is_read_as_what_it_was_written_of():
    paths = (
        "email,company,occupation,mobile_phone,birth_date,tags,statuses,email_promo,sms_promo,addresses[home].city,"
        "custom_attributes.pets.names:array,custom_attributes.pets.count:integer,dates[wedding].date"
    )
    cells = row(RECORD, paths)
    reader = read_header(list(cells), line=1, criteria=("email",))

    record, faults, _ = reader.read(list(cells.values()))

    assert faults == []
    same = ("email", "company", "occupation", "mobile_phone", "birth_day", "birth_month", "tags", "statuses")
    assert {name: record[name] for name in same} == {name: RECORD[name] for name in same}
    assert record["comms_attributes"] == RECORD["comms_attributes"]
    assert record["custom_attributes"] == RECORD["custom_attributes"]
    assert record["dates_attributes"] == RECORD["dates_attributes"]
    assert record["addresses"] == [{"external_id": "home", "city": "Perth"}]


@examples(300, torture=20_000)
@given(text=st.text(alphabet="'=+-@\ta1 "))
def test_escaped_cell_is_no_formula_and_comes_back(text):
    cell = escaped(text)

    assert not cell.startswith(("=", "+", "-", "@", "\t"))
    assert unescaped(cell) == text
