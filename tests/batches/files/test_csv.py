"""Rows of CSV: each becomes a record or is told with its line, and none takes in another."""

import pytest

from batches.files import FileError
from tests.batches.files.reading import read, write

HEADER = "email,first_name,last_name\n"
NOT_CLOSED_WELL = ["text follows the quotation mark that ends a cell; inside a cell it is doubled."]
NEVER_CLOSED = ["a quotation mark opens a cell and is never closed."]
LINE_BREAK = ["a quoted cell holds a line break: no column may, or a quotation mark is missing."]
DOUBTFUL = ["the line follows a row whose quotation marks are wrong, and is no whole row by itself."]
TOO_LONG = ["the row is longer than 262,144 bytes."]


def person(letter):
    return {"email": f"{letter}@b.cd", "first_name": letter.upper(), "last_name": "X"}


def test_csv_has_lists_and_identities(tmp_path):
    path = write(
        tmp_path / "a.csv", "email,identities.pos,tags,company\r\na@b.cd,007,x y|z,\r\n,,,\r\nb@b.cd,,,\u00c4\r\n"
    )

    assert read(path) == [
        (2, {"email": "a@b.cd", "identities": [{"handle": "pos", "identifier": "007"}], "tags": ["x y", "z"]}),
        (4, {"email": "b@b.cd", "company": "\u00c4"}),
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # What is missing at the end is absent, what is empty beyond it is nothing.
        ("a@b.cd,A\nb@b.cd,B,X\n", [(2, {"email": "a@b.cd", "first_name": "A"}), (3, person("b"))]),
        ("a@b.cd,A,X,, \nb@b.cd,B,X\n", [(2, person("a")), (3, person("b"))]),
        ("a@b.cd,A,X,Y\nb@b.cd,B,X", [(2, ["the row has 4 cells, but the header has 3 columns."]), (3, person("b"))]),
        # Half a line is no short row.
        ("a@b.cd,A,X\nb@b.cd,B", [(2, person("a")), (3, ["the file ends within the row."])]),
        # Line ends of all kinds, blank rows, breaks inside a cell.
        ("a@b.cd,A,X\rb@b.cd,B,X\r\n\r\n , \n,,,\nc@b.cd,C,X", [(2, person("a")), (3, person("b")), (7, person("c"))]),
        (
            'a@b.cd,"A \n\r\n",X\nb@b.cd,B,X\n',
            [(2, {"email": "a@b.cd", "first_name": "A \n\r\n", "last_name": "X"}), (5, person("b"))],
        ),
        ('a@b.cd,"A\n1",X\nb@b.cd,B,X\n', [(2, LINE_BREAK), (3, DOUBTFUL), (4, person("b"))]),
        ('a@b.cd,"\nb@b.cd",X\nc@b.cd,C,X\n', [(2, LINE_BREAK), (3, DOUBTFUL), (4, person("c"))]),
        ('"a@b.cd","A","X"\n"b@b.cd","B","X"\n', [(2, person("a")), (3, person("b"))]),
        ('a@b.cd,"A ""1""",X\n', [(2, {"email": "a@b.cd", "first_name": 'A "1"', "last_name": "X"})]),
        ('a@b.cd,5" A,X\n', [(2, {"email": "a@b.cd", "first_name": '5" A', "last_name": "X"})]),
        # Bytes that are no text: the very line is told, however far ahead the file is read.
        (b"a@b.cd,A,X\nb@b.cd,M\xfcl\xc3\xa4,X\nc@b.cd,C,X\n", [
            (2, person("a")),
            (3, ["byte 0xFC at column 9 is not UTF-8; save the file as UTF-8, or tell its encoding."]),
            (4, person("c")),
        ]),
        (b"\xc3\xa4@b.cd,A\xff,X\nb@b.cd,B,X", [
            (2, ["byte 0xFF at column 9 is not UTF-8; save the file as UTF-8, or tell its encoding."]),
            (3, person("b")),
        ]),
        ("a@b.cd,A\0,X\nb@b.cd,B,X\n", [(2, ["a NUL byte stands at column 9."]), (3, person("b"))]),
        # Quotation marks gone wrong.
        ('a@b.cd,"A" 1,X\nb@b.cd,B,X\n', [(2, NOT_CLOSED_WELL), (3, person("b"))]),
        ('a@b.cd,"A,X\nb@b.cd,B,X\nc@b.cd,C,X\n', [(2, NEVER_CLOSED), (3, person("b")), (4, person("c"))]),
        (
            'a@b.cd,"A,X\nb@b.cd,B,X\n"c@b.cd",C,X\nd@b.cd,D,X\n',
            [(2, NOT_CLOSED_WELL), (3, person("b")), (4, person("c")), (5, person("d"))],
        ),
        (
            'a@b.cd,"A,X\nb@b.cd,B,X\nc@b.cd,C",X\nd@b.cd,D,X\n',
            [(2, LINE_BREAK), (3, person("b")), (4, DOUBTFUL), (5, person("d"))],
        ),
        ('a@b.cd,"A\nb@b.cd,B",X\nc@b.cd,C,X\n', [(2, LINE_BREAK), (3, DOUBTFUL), (4, person("c"))]),
        ('a@b.cd,A,"X\nb@b.cd,B,X"\nc@b.cd,C,X\n', [(2, LINE_BREAK), (3, DOUBTFUL), (4, person("c"))]),
        ('a@b.cd,A,"X\nb@b.cd\nc@b.cd",C,X\n', [(2, LINE_BREAK), (3, DOUBTFUL), (4, DOUBTFUL)]),
        (
            'a@b.cd,"A,X\nb@b.cd\nc@b.cd,"C,X\nd@b.cd,D,X\n',
            [(2, NOT_CLOSED_WELL), (3, DOUBTFUL), (4, NEVER_CLOSED), (5, person("d"))],
        ),
    ],
)  # fmt: skip
def test_each_row_has_its_place(tmp_path, rows, expected):
    content = rows if isinstance(rows, bytes) else rows.encode()

    assert read(write(tmp_path / "a.csv", HEADER.encode() + content)) == expected


def test_row_that_is_too_long(tmp_path):
    """Nobody knows whether it ended inside a quoted cell: the next line must be a row without any doubt."""
    long = "x" * 300_000
    path = write(tmp_path / "a.csv", f"{HEADER}{long}\nb@b.cd,B,X\n{long},X\nc@b.cd\nd@b.cd,D,X\n{long}")

    assert read(path) == [
        (2, TOO_LONG), (3, person("b")), (4, TOO_LONG), (5, DOUBTFUL), (6, person("d")), (7, TOO_LONG)
    ]  # fmt: skip


@pytest.mark.parametrize("columns", [1_000_000, 250_000])
def test_row_of_too_many_cells(tmp_path, columns):
    ((line, errors),) = read(write(tmp_path / "a.csv", HEADER + ",x" * columns + "\n"))

    assert (line, errors) == (2, TOO_LONG)


def test_quoted_cell_may_not_hold_the_rest_of_the_file(tmp_path):
    path = write(tmp_path / "a.csv", HEADER + 'a@b.cd,"A,X\n' + "b@b.cd,B,X\n" * 5_000)

    assert read(path) == [(2, NEVER_CLOSED), *((line, person("b")) for line in range(3, 5_003))]


def test_record_larger_than_its_row(tmp_path):
    """What a handle adds to each identifier counts."""
    handles = [f"{'h' * 240}{number:03}" for number in range(999)]
    header = ",".join(["email", *(f"identities.{handle}" for handle in handles)])
    path = write(tmp_path / "a.csv", f"{header}\na@b.cd{',1' * 999}\nb@b.cd,1\n")

    (first, (line, record)) = read(path)

    assert first == (2, TOO_LONG)
    assert (line, record["email"]) == (3, "b@b.cd")


# --- Header ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("\n,,\n \nemail,first_name\na@b.cd,A\n", 5),
        ("\ufeffemail,first_name\na@b.cd,A\n", 2),
        ("\ufeff\nemail,first_name\na@b.cd,A\n", 3),
        ("email;first_name\na@b.cd;A\n", 2),
        ("email\tfirst_name\na@b.cd\tA\n", 2),
        ("email|first_name\na@b.cd|A\n", 2),
        ("sep=;\r\nemail;first_name\r\na@b.cd;A\r\n", 3),
        ("E-Mail".replace("-", "_") + ",FIRST NAME,,\na@b.cd,A,,\n", 2),
        ('"email","first_name"\n"a@b.cd","A"\n', 2),
        ('"identities.a,b";email;first_name\n;a@b.cd;A\n', 2),
    ],
)
def test_header_is_found(tmp_path, content, line):
    assert read(write(tmp_path / "a.csv", content)) == [(line, {"email": "a@b.cd", "first_name": "A"})]


@pytest.mark.parametrize(
    ("content", "line", "told"),
    [
        ("", None, "the file is empty."),
        ("\n , \n", None, "the file is empty."),
        ('email,"first_name\na@b.cd,A\n', 1, NEVER_CLOSED[0]),
        (
            "\nemail,f\udcfcrü\n".encode(errors="surrogateescape"),
            2,
            "byte 0xFC at column 8 is not UTF-8; save the file as UTF-8, or tell its encoding.",
        ),
        ("\nemail,fürst\n".encode("cp1252"), 2, "unknown column: fürst."),
        ("email," * 300_000, 1, TOO_LONG[0]),
        ("email,ä\n".encode("utf-16"), 1, "unknown column: ä."),
        ("email,a\n".encode("utf-16-le"), 1, "unknown column: a."),
        (b"PK\x03\x04", None, "the file is a spreadsheet or a zip archive; save the sheet as CSV."),
        (b"\x1f\x8b\x08", None, "the file is compressed; its name must end in .gz then."),
    ],
)
def test_header_that_cannot_be_read(tmp_path, content, line, told):
    with pytest.raises(FileError) as caught:
        read(write(tmp_path / "a.csv", content))

    assert (caught.value.line, str(caught.value)) == (line, told)


def test_header_alone_has_no_records(tmp_path):
    assert read(write(tmp_path / "a.csv", HEADER)) == []
