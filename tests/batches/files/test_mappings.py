"""Mappings: what a source's export becomes, and what is said of a mapping that cannot be used."""

import pytest

from batches.files import READY, FileError, MappingError, load_mapping
from batches.files.columns import read_header
from batches.files.mappings import parse_mapping
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind


def record_of(mapping, header, row, by="email"):
    """Return the record that a row makes, and what is left out."""
    mapping = load_mapping(mapping) if isinstance(mapping, str) else mapping
    reader = read_header(header.split(","), line=1, criteria=(by,), mapping=mapping)
    record, faults, left_out = reader.read(row.split(","))
    assert faults == []
    assert [error.message for error in parse_record(record, cause=Cause(CauseKind.COMMAND)).errors] == []
    return record, left_out


OUT = {"email_promo": False, "email_optout": True}
HOME = {"external_id": "shopify", "address_line_1": "1 Main St", "city": "Perth", "country": "AU", "postcode": "6000"}
SHOPIFY = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
    "Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,"
    "Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,"
    "Tax Exempt,Tags"
)
MAILCHIMP = "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,LAST_CHANGED,LEID,TAGS"


@pytest.mark.parametrize(
    ("source", "header", "row", "record"),
    [
        (
            "shopify",
            SHOPIFY,
            "'7112,Ann,Lee,ann@example.com,yes,,1 Main St,,Perth,WA,AU,6000,,'+61404000001,no,10.00,2,VIP,no,vip;x",
            {
                "identities": [{"handle": "shopify", "identifier": "7112"}],
                "first_name": "Ann",
                "last_name": "Lee",
                "email": "ann@example.com",
                "comms_attributes": {"email_promo": True},
                "addresses": [HOME],
                "mobile_phone": "+61404000001",
                "custom_attributes": [{"namespace": "shopify", "handle": "note", "type": "string", "value": "VIP"}],
                "tags": ["vip;x"],
            },
        ),
        (
            "shopify",
            "Email,Accepts Email Marketing,Accepts SMS Marketing,Phone,Default Address Country Code",
            "bob@example.com,no,yes,0404 000 002,AU",
            {
                "email": "bob@example.com",
                "comms_attributes": {"sms_promo": True},
                "mobile_phone": "+61404000002",
            },
        ),
        (
            "mailchimp",
            MAILCHIMP,
            "ann@example.com,Ann,Lee,4,2020-01-02 03:04:05,1.2.3.4,2020-01-02 03:05:00,2021-01-01 00:00:00,77,vip",
            {
                "email": "ann@example.com",
                "first_name": "Ann",
                "last_name": "Lee",
                "identities": [{"handle": "mailchimp", "identifier": "77"}],
                "tags": ["vip"],
                "comms_attributes": {"email_consent_updated_at": "2020-01-02T03:05:00+00:00", "email_promo": True},
            },
        ),
        (
            "mailchimp",
            "Email Address,OPTIN_TIME,UNSUB_TIME,UNSUB_REASON",
            "ann@example.com,2020-01-02 03:04:05,2021-06-07 08:09:10,N/A (Unsubscribed by an admin)",
            {
                "email": "ann@example.com",
                "comms_attributes": {**OUT, "email_consent_updated_at": "2021-06-07T08:09:10+00:00"},
                "custom_attributes": [
                    {
                        "namespace": "mailchimp",
                        "handle": "unsubscribed_because",
                        "type": "string",
                        "value": "N/A (Unsubscribed by an admin)",
                    }
                ],
            },
        ),
        (
            "mailchimp",
            "Email Address,CLEAN_TIME,Birthday",
            "ann@example.com,2021-06-07 08:09:10,12/31",
            {
                "email": "ann@example.com",
                "comms_attributes": {"email_bounced": True},
                "custom_attributes": [
                    {
                        "namespace": "mailchimp",
                        "handle": "cleaned_at",
                        "type": "string",
                        "value": "2021-06-07 08:09:10",
                    }
                ],
                "birth_day": 31,
                "birth_month": 12,
            },
        ),
        (
            "salesforce",
            (
                "Id,LastName,FirstName,Salutation,MailingStreet,MailingCity,MailingCountry,MailingPostalCode,MobilePhone,"
                "Email,Birthdate,HasOptedOutOfEmail,CreatedDate,LastModifiedDate"
            ),
            (
                "0035g00000AbCdEAAX,Lee,Ann,Ms.,1 Main St,Perth,Australia,6000,+61404000001,ann@example.com,"
                "1990-12-31,true,2020-01-02T03:04:05.000Z,2021-01-02 03:04:05"
            ),
            {
                "identities": [{"handle": "salesforce", "identifier": "0035g00000AbCdEAAX"}],
                "last_name": "Lee",
                "first_name": "Ann",
                "title": "Ms.",
                "addresses": [{**HOME, "external_id": "salesforce", "country": "Australia"}],
                "mobile_phone": "+61404000001",
                "email": "ann@example.com",
                "birth_day": 31,
                "birth_month": 12,
                "birth_year": 1990,
                "comms_attributes": OUT,
                "joined_at": "2020-01-02T03:04:05+00:00",
                "source_updated_at": "2021-01-02T03:04:05+00:00",
            },
        ),
        (
            "hubspot",
            "Record ID,First Name,Email,Phone Number,Unsubscribed from all email,Create Date,Date of Birth",
            "151,Ann,ann@example.com,(No value),No,2020-01-02 03:04,1990-12-31",
            {
                "identities": [{"handle": "hubspot", "identifier": "151"}],
                "first_name": "Ann",
                "email": "ann@example.com",
                "joined_at": "2020-01-02T03:04:00+00:00",
                "birth_day": 31,
                "birth_month": 12,
                "birth_year": 1990,
            },
        ),
        (
            "klaviyo",
            "Email,Klaviyo ID,Email Marketing Consent,Email Marketing Consent Timestamp,SMS Marketing Consent",
            "ann@example.com,01GABC,UNSUBSCRIBED,2021-06-07T08:09:10+00:00,NEVER_SUBSCRIBED",
            {
                "email": "ann@example.com",
                "identities": [{"handle": "klaviyo", "identifier": "01GABC"}],
                "comms_attributes": {**OUT, "email_consent_updated_at": "2021-06-07T08:09:10+00:00"},
            },
        ),
        (
            "square",
            "First Name,Surname,Email Address,Square Customer ID,Birthday,Email Subscription Status,Transaction Count",
            "Ann,Lee,ann@example.com,ABC1,12-31,Subscribed,4",
            {
                "first_name": "Ann",
                "last_name": "Lee",
                "email": "ann@example.com",
                "identities": [{"handle": "square", "identifier": "ABC1"}],
                "birth_day": 31,
                "birth_month": 12,
                "comms_attributes": {"email_promo": True},
            },
        ),
        (
            "woocommerce",
            (
                "ID,user_email,first_name,billing_first_name,billing_address_1,billing_city,billing_country,"
                "billing_postcode,billing_phone,user_registered"
            ),
            "9,ann@example.com,A,Ann,1 Main St,Perth,AU,6000,0404 000 001,2020-01-02 03:04:05",
            {
                "identities": [{"handle": "woocommerce", "identifier": "9"}],
                "email": "ann@example.com",
                "first_name": "Ann",
                "addresses": [{**HOME, "external_id": "woocommerce-billing"}],
                "mobile_phone": "+61404000001",
                "joined_at": "2020-01-02T03:04:05+00:00",
            },
        ),
    ],
)
def test_export_of_a_source(source, header, row, record, settings):
    settings.PHONE_DEFAULT_COUNTRY = "AU"

    found, _ = record_of(source, header, row)

    assert found == record


def test_every_ready_mapping_is_whole():
    assert [load_mapping(name.upper()).name for name in READY] == list(READY)


def test_address_that_is_none_is_left_out_and_told():
    found = record_of("shopify", "Email,Default Address Country Code", "ann@example.com,AU")

    assert found == ({"email": "ann@example.com"}, "incomplete_address")


# --- One's own -------------------------------------------------------------------------------------------------------


def test_words_constants_and_clearing():
    mapping = parse_mapping(
        b"""
        ignore = ["Nr"]
        [columns]
        Mail = "email"
        Geschlecht = "gender"
        Firma = "company"
        Kunde = { words = { ja = { tags = "kunde" }, nein = {} } }
        [constants]
        "custom_attributes.till.branch" = "North"
        [words]
        empty = ["-"]
        clear = ["NULL"]
        [genders]
        Frau = "female"
        """,
        "m.toml",
    )
    header = "Mail,Geschlecht,Firma,Nr"

    assert record_of(mapping, header, "a@b.cd,FRAU,null,5")[0] == {
        "email": "a@b.cd",
        "gender": "female",
        "company": None,
        "custom_attributes": [{"namespace": "till", "handle": "branch", "type": "string", "value": "North"}],
    }
    assert record_of(mapping, header, "a@b.cd,-,-,")[0].keys() == {"email", "custom_attributes"}


def test_values_that_a_mapping_tells_are_read_as_cells_are():
    mapping = parse_mapping(
        b"""
        [columns]
        Email = "email"
        Age = { path = "birth_date", words = { unknown = "1900-01-01" } }
        VIP = { words = { yes = { tags = "vip" } } }
        [constants]
        birth_date = "--12-31"
        statuses = "gold"
        """,
        "m.toml",
    )

    assert record_of(mapping, "Email,VIP", "a@b.cd,yes")[0] == {
        "email": "a@b.cd",
        "tags": ["vip"],
        "statuses": ["gold"],
        "birth_day": 31,
        "birth_month": 12,
    }


def test_word_that_is_none_of_a_column_is_a_fault():
    reader = read_header(
        ["Email", "Email Subscription Status"], line=1, criteria=("email",), mapping=load_mapping("square")
    )

    _, faults, _ = reader.read(["a@b.cd", "Perhaps"])

    assert faults == [
        (
            "column Email Subscription Status: the word must be one of subscribed, unsubscribed, bounced, unknown, "
            "not subscribed."
        )
    ]


def test_own_mapping_extends_one_that_comes_with_the_hub():
    mapping = parse_mapping(
        b"""
        extends = "shopify"
        ignore = ["Note"]
        [columns]
        "Total Orders" = "custom_attributes.shopify.orders:integer"
        """,
        "mine.toml",
    )

    found, _ = record_of(mapping, "Email,Total Orders,Note,Total Spent", "a@b.cd,4,x,5")

    orders = {"namespace": "shopify", "handle": "orders", "type": "integer", "value": 4}
    assert found == {"email": "a@b.cd", "custom_attributes": [orders]}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff", "m.toml: the file is not UTF-8 text."),
        (b"[columns", "m.toml: not TOML: Expected ']' at the end of a table declaration (at end of document)."),
        (b"", "m.toml: columns: Field required."),
        (b"[columns]\n", "m.toml: there is no column."),
        (b"[column]\n", "m.toml: columns: Field required."),
        (b'x = 1\n[columns]\na = "email"', "m.toml: x: Extra inputs are not permitted."),
        (b'[columns]\nA = "emial"', "m.toml: columns.A: there is no field emial."),
        (
            b"[columns]\nA = {}",
            "m.toml: columns.A: path, words or sets is needed; what is not taken stands in ignore.",
        ),
        (
            b"[columns]\nA = { words = { yes = true } }",
            "m.toml: columns.A.words.yes: without a path a word stands for a table of paths.",
        ),
        (b'ignore = ["a b"]\n[columns]\nA_B = "email"', "m.toml: the column a b stands twice."),
        (b'[columns]\na = "email"\n[constants]\n"x.y" = 1', "m.toml: constants: there is no field x.y."),
        (
            b'[columns]\na = "email"\n[constants]\nbirth_date = "soon"',
            "m.toml: constants: birth_date must be a day, such as 1990-12-31.",
        ),
        (
            b'[columns]\na = "email"\n[dates]\ntime_zone = "Mars/North"',
            "m.toml: dates.time_zone: there is no time zone Mars/North.",
        ),
        (
            b'[columns]\na = "email"\n[dates]\norder = "ydm"',
            "m.toml: dates.order: Input should be '', 'ymd', 'dmy' or 'mdy'.",
        ),
        (
            b'extends = "omneo"',
            (
                "m.toml: extends: there is no mapping omneo; there are shopify, woocommerce, square, klaviyo, "
                "mailchimp, hubspot, salesforce."
            ),
        ),
    ],
)
def test_mapping_that_cannot_be_used(content, told):
    with pytest.raises(MappingError) as caught:
        parse_mapping(content, "m.toml")

    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "omneo",
            (
                "There is no mapping omneo; there are shopify, woocommerce, square, klaviyo, mailchimp, hubspot, "
                "salesforce, and files whose names end in .toml."
            ),
        ),
        ("/nowhere/m.toml", "/nowhere/m.toml: No such file or directory."),
    ],
)
def test_mapping_that_is_not_there(name, told):
    with pytest.raises(MappingError) as caught:
        load_mapping(name)

    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (SHOPIFY, " The mapping shopify knows all of the file's columns."),
        (f"{SHOPIFY},Loyalty Tier", " The mapping shopify knows all of the file's columns but Loyalty Tier."),
        (MAILCHIMP, " The mapping mailchimp knows all of the file's columns."),
        ("Email,Loyalty Tier,Vorname", ""),
    ],
)
def test_header_of_a_known_source_is_recognised(header, told):
    with pytest.raises(FileError) as caught:
        read_header(header.split(","), line=1, criteria=("email",))

    assert str(caught.value).partition(" The mapping")[2] == told.partition(" The mapping")[2]


def test_column_nobody_mapped_refuses_the_file():
    with pytest.raises(FileError) as caught:
        read_header(["Email", "Loyalty Tier"], line=1, criteria=("email",), mapping=load_mapping("shopify"))

    assert str(caught.value) == "unknown column: Loyalty Tier."
