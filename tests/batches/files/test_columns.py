"""What a header may name, and what cells become."""

import pytest

from batches.files import READY, FileError, columns
from batches.files.columns import read_header
from profiles.criteria import typed_criteria


def header(*names, by="email"):
    return read_header(names, line=1, criteria=typed_criteria(by))


@pytest.mark.parametrize(
    ("name", "cell", "record"),
    [
        ("first_name", " A ", {"first_name": " A "}),
        ("First Name", "A", {"first_name": "A"}),
        ("email_optout", "yes", {"comms_attributes": {"email_optout": True}}),
        ("Email Opt-Out".replace("-", ""), "No", {"comms_attributes": {"email_optout": False}}),
        ("comms_attributes.sms_promo", "0", {"comms_attributes": {"sms_promo": False}}),
        ("attributes.comms.sms_promo", "TRUE", {"attributes": {"comms": {"sms_promo": True}}}),
        ("attributes.appearance.size_shoe", "8", {"attributes": {"appearance": {"size_shoe": "8"}}}),
        ("attributes.appearance.size_shoe", "8.0", {"attributes": {"appearance": {"size_shoe": "8"}}}),
        ("attributes.appearance.size_shoe", "8.5", {"attributes": {"appearance": {"size_shoe": "8.5"}}}),
        # A version is no truth, and what is none stays as it is, for the record to be refused.
        ("terms_accepted_version", "1", {"comms_attributes": {"terms_accepted_version": "1"}}),
        ("email_promo", "perhaps", {"comms_attributes": {"email_promo": "perhaps"}}),
        ("Identities. Shop_Id ", "7", {"identities": [{"handle": "Shop_Id", "identifier": "7"}]}),
        ("identities.shop", '="007"', {"identities": [{"handle": "shop", "identifier": "007"}]}),
        ("identities.shop", "1E10", {"identities": [{"handle": "shop", "identifier": "1E10"}]}),
        ("tags", "a b, c;d|e,,", {"tags": ["a b", "c", "d", "e"]}),
        ("tags", '["a;b", 2024]', {"tags": ["a;b", 2024]}),
        ("tags", "[]", {"tags": []}),
        ("tags", " ; , ", {}),
        ("statuses", "vip;gold", {"statuses": ["vip", "gold"]}),
        ("tags", " ", {}),
        ("company", "#1 Records", {"company": "#1 Records"}),
    ],
)
def test_cell_becomes_its_field(name, cell, record):
    assert header("email", name).read(["", cell]) == (record, [], "")


NO_SHOP = "there is no column identities.shop, by which profiles are to be matched"
NO_EMAIL = "there is no column identities.Email, by which profiles are to be matched"
UNKNOWN = (
    "unknown columns: comms.email_optout: comms_attributes.email_optout?; unsubscribed: email_optout?; "
    "id: identities.HANDLE?; phone: mobile_phone?; zip: addresses[NAME].MEMBER?"
)


@pytest.mark.parametrize(
    ("name", "cell", "fault"),
    [
        (
            "identities.shop",
            "#REF!",
            "column identities.shop: the cell holds a spreadsheet's error instead of a value.",
        ),
        ("first_name", "#N/A", "column first_name: the cell holds a spreadsheet's error instead of a value."),
        ("first_name", "######", "column first_name: the cell holds a spreadsheet's error instead of a value."),
        (
            "tags",
            "['a']",
            'column tags: the cell looks like a JSON list, but is none; a list is written ["a", "b"] or a, b.',
        ),
        ("tags", "[" * 1_000 + "]" * 1_000, "column tags: the list must hold texts."),
    ],
)
def test_cell_that_cannot_be_read(name, cell, fault):
    assert header("email", name).read(["a@b.cd", cell]) == ({"email": "a@b.cd"}, [fault], "")


def test_every_fault_of_a_row_is_told():
    _, faults, _ = header("email", "identities.a", "identities.b").read(["#N/A", "#REF!", "#####"])

    assert [fault.partition(":")[0] for fault in faults] == [
        "column email",
        "column identities.a",
        "column identities.b",
    ]


@pytest.mark.parametrize(
    ("names", "by", "told"),
    [
        (
            ["email;first_name", "company"],
            "email",
            "unknown column: email;first_name (one sign separates all names of a header; here stands another).",
        ),
        (
            ["email", "mobile", "E-Mail-Address"],
            "email",
            "unknown columns: mobile: mobile_phone?; E-Mail-Address: email?",
        ),
        (["email", "frist_name"], "email", "unknown column: frist_name: first_name?"),
        (
            ["e-mail", "Last Nmae", "qq", "", "email"],
            "email",
            "unknown columns: e-mail: email?; Last Nmae: last_name?; qq; (without a name).",
        ),
        (
            ["email", "comms.email_optout", "unsubscribed", "id", "phone", "zip"],
            "email",
            UNKNOWN,
        ),
        (["email", "a\x00\u200b\n" + "b" * 100], "email", f"unknown column: a???{'b' * 56}."),
        (["email", *(["qq"] * 12)], "email", f"unknown columns: {'qq; ' * 10}and 2 more."),
        (["email", "identities. "], "email", "unknown column: identities.: identities.HANDLE?"),
        (["email", "identities.a\x00"], "email", "unknown column: identities.a?: identities.HANDLE?"),
        (["email", "addresses"], "email", "unknown column: addresses: addresses[NAME].MEMBER?"),
        (["email", "Email "], "email", "columns that stand twice: email."),
        (
            ["sms_promo", "comms_attributes.sms_promo"],
            "email",
            "columns that stand twice: comms_attributes.sms_promo.",
        ),
        (["identities.\u00e4", "identities.a\u0308"], "email", "columns that stand twice: identities.\u00e4."),
        (["email"] * 1_001, "email", "the header has more than 1,000 columns."),
        (["first_name"], "email", "there is no column email, by which profiles are to be matched."),
        (["email"], "shop", f"{NO_SHOP}."),
        (
            ["email", "identities.Shop", "identities.pos"],
            "shop",
            f"{NO_SHOP}; there are identities.Shop, identities.pos.",
        ),
        (["email"], "Email", f"{NO_EMAIL}; did you mean email?"),
        (
            ["company", "identities.pos"],
            "shop,email",
            f"{NO_SHOP.replace(',', ' or email,')}; there are identities.pos.",
        ),
    ],
)
def test_header_that_is_refused(names, by, told):
    with pytest.raises(FileError) as caught:
        header(*names, by=by)

    assert (caught.value.line, str(caught.value)) == (1, told)


@pytest.mark.parametrize("name", ["email", "identities.shop"])
def test_a_column_for_one_of_several_criteria_will_do(name):
    assert [given.name for given in header(name, by="shop,email").givens] == [name]


def test_each_mapping_is_read_once_however_many_columns_nobody_knows(monkeypatch):
    loaded = []
    load = columns.load_mapping
    monkeypatch.setattr(columns, "load_mapping", lambda name: loaded.append(name) or load(name))

    with pytest.raises(FileError):
        header(*(f"column {number}" for number in range(1_000)))

    assert sorted(loaded) == sorted(READY)
