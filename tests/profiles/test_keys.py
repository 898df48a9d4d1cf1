"""What "the same" means, as tables."""

import unicodedata

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from profiles import keys
from profiles.keys import InvalidValueError

# --- Emails ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("ann@example.com", "ann@example.com"),
        ("Ann.Smith@Example.COM", "ann.smith@example.com"),
        (" \tann@example.com\r\n", "ann@example.com"),
        ("\u00a0ann@example.com\u2003", "ann@example.com"),
        ("\ufeffann@example.com\u200b ", "ann@example.com"),
        ("ann+news@example.com", "ann+news@example.com"),
        ("a.n.n@example.com", "a.n.n@example.com"),
        ("o'neil@example.com", "o'neil@example.com"),
        ("O'Neil/Sales=1@Example.com", "o'neil/sales=1@example.com"),
        ("ann@localhost.test", "ann@localhost.test"),
        ("ann@shop.invalid", "ann@shop.invalid"),
        ("rene\u0301@example.com", "ren\u00e9@example.com"),
        ("REN\u00c9@example.com", "ren\u00e9@example.com"),
        ("jo@m\u00fcnchen.example", "jo@xn--mnchen-3ya.example"),
        ("jo@M\u00dcNCHEN.example", "jo@xn--mnchen-3ya.example"),
        ("jo@mu\u0308nchen.example", "jo@xn--mnchen-3ya.example"),
        ("jo@xn--mnchen-3ya.example", "jo@xn--mnchen-3ya.example"),
        ("jo@XN--Mnchen-3ya.example", "jo@xn--mnchen-3ya.example"),
        ("stra\u00dfe@example.com", "stra\u00dfe@example.com"),
        ("jo@stra\u00dfe.example", "jo@xn--strae-oqa.example"),
        ("\u7528\u6237@\u4f8b\u5b50.example", "\u7528\u6237@xn--fsqu00a.example"),
        ("x" * 64 + "@example.com", "x" * 64 + "@example.com"),
    ],
)
def test_email_key_is_the_normal_form(written, key):
    assert keys.email_key(written) == key
    assert keys.email_key(key) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@example.com", "a.nn@example.com"),
        ("ann@example.com", "ann+news@example.com"),
        ("rene@example.com", "ren\u00e9@example.com"),
        ("strasse@example.com", "stra\u00dfe@example.com"),
        ("jo@munchen.example", "jo@m\u00fcnchen.example"),
        ("ann@example.com", "ann@mail.example.com"),
    ],
)
def test_email_key_keeps_apart_what_a_mail_server_may(one, other):
    assert keys.email_key(one) != keys.email_key(other)


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "ann",
        "ann@",
        "@example.com",
        "ann@example",
        "ann@@example.com",
        "ann@example..com",
        ".ann@example.com",
        "ann.@example.com",
        "a..n@example.com",
        "an n@example.com",
        "ann@exam ple.com",
        "ann@-example.com",
        "ann@example-.com",
        "ann@[127.0.0.1]",
        '"ann smith"@example.com',
        "Ann <ann@example.com>",
        "ann@example.com, bob@example.com",
        "ann\x00@example.com",
        "ann@example.com\x00",
        "ann\n@example.com",
        "ann\u0085@example.com",
        "ann\ud800@example.com",
        "ann@ex\udfffample.com",
        "ann\u202e@example.com",
        "ann@xn--.example",
        "ann@" + "x" * 64 + ".com",
        "ann@" + "x." * 130 + "com",
    ],
)
def test_email_key_refuses(written):
    with pytest.raises(InvalidValueError):
        keys.email_key(written)
    with pytest.raises(InvalidValueError):
        keys.email(written)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("", "The email must not be empty."),
        ("ann", "The email must have one @; this has none."),
        ("ann@@example.com", "The email must have one @; this has more."),
        ("ann@", "The email has nothing after its @."),
        ("@example.com", "The email has nothing before its @."),
        ("ann@example", "The email's domain must have a dot, such as example.com."),
        ("ann@example.com.", "The email must not end with a dot."),
        ("ann@example.com;", "The email must not end with the character ;."),
        (".ann@example.com", "The email must not begin with a dot."),
        ("ann.@example.com", "The email must not have a dot beside its @."),
        ("ann@example..com", "The email must not have two dots in a row."),
        ("an n@example.com", "The email must not hold a space."),
        ("ann@exam\u00a0ple.com", "The email must not hold a blank (U+00A0)."),
        ("ann@example,com", "The email must not hold the character , after its @."),
        ("a(b)@example.com", "The email must not hold the character ( before its @."),
        ("ann@-example.com", "The email's domain, the part after its @, is no domain name."),
        ("mailto:ann@example.com", "The email must be the address alone, without mailto:."),
        (
            "Ann <ann@example.com>",
            "The email must be the address alone, without a name, quotes or angle brackets.",
        ),
        ("ann@example.com, bob@example.com", "The email must be one address; this looks like two."),
        ("ann@example.com;bob@example.com", "The email must be one address; this looks like two."),
        ("ann@example.com bob@example.com", "The email must be one address; this looks like two."),
        ("ann@example.com / bob@example.com", "The email must be one address; this looks like two."),
        ("ann\u200b@example.com", "The email must not hold an invisible character (U+200B)."),
        ("ann\ufeff@example.com", "The email must not hold a byte order mark (U+FEFF)."),
        ("ann\u2028@example.com", "The email must not hold a line break (U+2028)."),
        ("ann\n@example.com", "The text must not hold a line break."),
        ("ann\t@example.com", "The text must not hold a tab."),
    ],
)
def test_email_refuses_and_says_why(written, sentence):
    with pytest.raises(InvalidValueError) as refusal:
        keys.email(written)

    assert str(refusal.value) == sentence


@given(
    st.builds(
        "{}@{}{}".format,
        st.text("aZ9.-_+", min_size=1, max_size=6),
        st.lists(st.sampled_from(["a", "Z", "9", "-", ".", "x" * 30]), min_size=1, max_size=8).map("".join),
        st.sampled_from([".com", ".c", ".co-m", ".9", ".c9", ".com.", ".test", ""]),
    )
)
def test_email_key_refuses_what_the_validator_refuses(written):
    try:
        parts = validate_email(written, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        with pytest.raises(InvalidValueError):
            keys.email_key(written)
    else:
        assert keys.email_key(written) == f"{parts.local_part}@{parts.ascii_domain}".lower()


def test_email_key_may_be_too_long_where_the_email_is_not():
    labels = ["\u00fc" * 28 + "x" * 10] * 5
    written = "jo@" + ".".join(labels) + ".com"

    assert len(written) < keys.EMAIL_LENGTH
    with pytest.raises(InvalidValueError):
        keys.email_key(written)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Ann.Smith@Example.COM ", "Ann.Smith@Example.COM"),
        ("Rene\u0301@example.com", "Ren\u00e9@example.com"),
        ("jo@M\u00fcnchen.example", "jo@M\u00fcnchen.example"),
    ],
)
def test_email_keeps_its_spelling(written, kept):
    assert keys.email(written) == kept


# --- Phones ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "default_country", "number"),
    [
        ("+61404123123", "", "+61404123123"),
        (" +61 404 123 123 ", "", "+61404123123"),
        ("+61 (404) 123-123", "", "+61404123123"),
        ("+61.404.123.123", "", "+61404123123"),
        ("+61 (0) 404 123 123", "", "+61404123123"),
        ("\u00a0+61404123123\u00a0", "", "+61404123123"),
        ("\uff0b\uff16\uff11404123123", "", "+61404123123"),
        ("+1 212 555 0100", "", "+12125550100"),
        ("+39 06 1234 5678", "", "+390612345678"),
        ("0404 123 123", "AU", "+61404123123"),
        ("404123123", "AU", "+61404123123"),
        ("030 123456", "DE", "+4930123456"),
        ("+49 30 123456", "AU", "+4930123456"),
        ("0011 49 30 123456", "AU", "+4930123456"),
    ],
)
def test_phone_is_e164(written, default_country, number):
    assert keys.phone(written, default_country=default_country) == number
    assert keys.phone(number) == number


@pytest.mark.parametrize(
    "written",
    [
        "\u202a+61404123123\u202c",
        "\u200e+61 404 123 123\u200f",
        "'+61404123123",
        "'+61404123123'",
        '="+61404123123"',
        '"+61404123123"',
        "(+61) 404 123 123",
        "+61\u2011404\u2011123\u2013123",
        "+61/404123123",
        "+61\u2009404\u202f123\u3000123",
        "\uff0b\u0666\u0661 404 123 123",
    ],
)
def test_phone_leaves_out_what_says_nothing(written):
    assert keys.phone(written) == "+61404123123"


@pytest.mark.parametrize(
    ("written", "default_country", "number"),
    [
        ("030/123456", "DE", "+4930123456"),
        ("034204/123456", "DE", "+4934204123456"),
        ("+49 (0)30/12 34 56", "", "+4930123456"),
        ("01/234 56 78", "AT", "+4312345678"),
        ("0061 404 123 123", "DE", "+61404123123"),
    ],
)
def test_phone_may_be_written_as_its_country_does(written, default_country, number):
    assert keys.phone(written, default_country=default_country) == number


INTERNATIONAL = "The phone number must begin with a plus and the country code, such as +61404123123."
TWO = "The phone number must be one number; this looks like two."
TOO_LONG = "The phone number has too many digits for its country; it may be two numbers in one."
TOO_SHORT = "The phone number has too few digits for its country."
LETTERS = "The phone number must not hold letters."
EXTENSION = "The phone number must not have an extension."
DECIMAL = "The phone number ends in .0: it was taken for a decimal number on its way."
SCIENTIFIC = "The phone number is in scientific notation, as spreadsheets write it: digits of it are lost."


@pytest.mark.parametrize(
    ("written", "default_country", "sentence"),
    [
        ("0404123123", "", INTERNATIONAL),
        ("404123123", "", INTERNATIONAL),
        ("61404123123", "", INTERNATIONAL),
        ("0011 49 30 123456", "", INTERNATIONAL),
        ("0061 404 123 123", "", INTERNATIONAL),
        ("0061 404 123 123", "AU", INTERNATIONAL),
        ("+999 404 123 123", "", "The phone number begins with a country code that no country has."),
        *(
            (written, "", "The phone number must stand alone; there are digits beside it.")
            for written in (
                "+61440616334 (2)",
                "+61440616334-2",
                "+61440616334 2",
                "+61.440616334.1",
                "+61 440 616 334 - 1",
            )
        ),
        ("0404123123 (2)", "AU", "The phone number must stand alone; there are digits beside it."),
        *(
            (written, "", "The phone number has signs that do not stand between groups of digits.")
            for written in (
                "+61440616334-",
                "+61440616334--5",
                "+61440616334)))",
                "()+61440616334",
                "+(61440616334",
                "-+61440616334",
                "+61440616334/",
            )
        ),
        *(
            (
                written,
                "",
                "The phone number has digits that do not belong to it, such as a prefix behind the country code.",
            )
            for written in ("+7 8 912 345 67 89", "+54 11 15 2345 6789")
        ),
        ("", "AU", "The phone number must not be empty."),
        ("   ", "AU", "The phone number must not be empty."),
        ("'", "AU", "The phone number must not be empty."),
        ("+", "AU", "The phone number must have digits."),
        ("---", "AU", "The phone number must have digits."),
        ("unknown", "AU", LETTERS),
        ("+61440616334 (Mum)", "", LETTERS),
        ("tel:+61404123123", "", LETTERS),
        ("1-800-FLOWERS", "US", LETTERS),
        ("+61440616334.0", "", DECIMAL),
        ("440616334.00", "AU", DECIMAL),
        ("+61 440 616 334.0", "", DECIMAL),
        ("4.04123123E8", "AU", SCIENTIFIC),
        ("6,1404E+10", "", SCIENTIFIC),
        ("0404123123/4", "AU", TWO),
        ("0404123123/124", "AU", TWO),
        ("0404 123 123 / 0404 123 124", "AU", TWO),
        ("9374 4000/4001", "AU", TWO),
        ("+61404123123, +61404123124", "", TWO),
        ("+61404123123+61404123124", "", TWO),
        ("0404123123;0404123124", "AU", TWO),
        ("0404123123 0404123124", "AU", TOO_LONG),
        ("+61 404 123 123 123 123", "", TOO_LONG),
        ("+49 1111 1111 1111 11", "", TOO_LONG),
        ("9" * 255, "AU", TOO_LONG),
        ("+61 12", "", TOO_SHORT),
        ("12", "AU", TOO_SHORT),
        ("+1 555 0100", "", "The phone number lacks its area code."),
        ("555 0100", "US", "The phone number lacks its area code."),
        ("+61404123123 ext. 5", "", EXTENSION),
        ("+61404123123;ext=5", "", EXTENSION),
        ("+61404123123 x5", "", EXTENSION),
        ("+61404123123#5", "", EXTENSION),
        ("+27 0 00 00000", "", "The phone number has the prefix of its country more than once."),
        ("61+404123123", "", "The plus must be the first sign of a phone number."),
        ("+61*404123123", "", "The phone number must not hold the character *."),
        ("+61\u200b404123123", "", "The phone number must not hold an invisible character (U+200B)."),
        ("+61404\ufeff123123", "", "The phone number must not hold a byte order mark (U+FEFF)."),
        ("+61404\x00123123", "", "The text must not hold a NUL character (U+0000)."),
        ("+61404\n123123", "", "The text must not hold a line break."),
        ("+61404123123\ud800", "", "The text must not hold half of a surrogate pair (U+D800)."),
    ],
)
def test_phone_refuses_and_says_why(written, default_country, sentence):
    with pytest.raises(InvalidValueError) as refusal:
        keys.phone(written, default_country=default_country)

    assert str(refusal.value) == sentence


@given(
    written=st.text("+0123456789 -.()/xe'\u200e\uff10", max_size=20),
    default_country=st.sampled_from(["", "AU", "DE", "IT", "US"]),
)
def test_phone_holds_all_digits_sent_and_is_itself(written, default_country):
    """No digit but a national or an international prefix is left out: nobody else's number can remain."""
    try:
        number = keys.phone(written, default_country=default_country)
    except InvalidValueError:
        return

    digits = "".join(str(int(c)) for c in written if c.isdecimal())
    assert keys.phone(number) == number
    assert digits.endswith(str(phonenumbers.parse(number).national_number)[-4:])
    assert len(digits) <= len(number) + len("0011")


@example(code=27, national="0000000")  # the library drops a zero each time it reads it
@given(
    code=st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)),
    national=st.from_regex("[0-9]{3,13}", fullmatch=True),
)
def test_phone_is_what_the_library_says(code, national):
    written = f"+{code}{national}"
    try:
        parsed = phonenumbers.parse(written)
        expected = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        is_possible = phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE
        again = phonenumbers.parse(expected)
        is_possible &= phonenumbers.format_number(again, phonenumbers.PhoneNumberFormat.E164) == expected
    except phonenumbers.NumberParseException:
        is_possible = False

    if is_possible and len(expected) <= len("+123456789012345"):
        assert keys.phone(written) == expected
        assert keys.phone(expected) == expected
    else:
        with pytest.raises(InvalidValueError):
            keys.phone(written)


# --- Texts, handles, identifiers and tags ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("", ""),
        ("   ", ""),
        (" Ann ", "Ann"),
        ("\u00a0Ann\u2003\u3000", "Ann"),
        ("\t\r\nAnn\n", "Ann"),
        ("Ann  Smith", "Ann  Smith"),
        ("Ann\u00a0Smith", "Ann\u00a0Smith"),
        ("jose\u0301", "jos\u00e9"),
        ("jos\u00e9", "jos\u00e9"),
        ("mcDONALD", "mcDONALD"),
        ("\ufb01sh", "\ufb01sh"),
        ("\u212bngstr\u00f6m", "\u00c5ngstr\u00f6m"),
        ("Ann\u200bSmith", "Ann\u200bSmith"),
        ("\U0001f44d\U0001f3fd", "\U0001f44d\U0001f3fd"),
        ("007", "007"),
        ("x" * 255, "x" * 255),
        (" " + "x" * 255 + " ", "x" * 255),
        ("e\u0301" * 255, "\u00e9" * 255),
    ],
)
def test_text_is_composed_and_trimmed(written, kept):
    assert keys.text(written) == kept
    assert keys.text(kept) == kept


@pytest.mark.parametrize(
    "written",
    ["A\x00nn", "\x00", "A\nnn", "A\tnn", "A\rnn", "A\x1bnn", "A\x7fnn", "A\u0085nn", "A\x9fnn", "\ud800", "A\udfff",
     "\ud83d\udc4d", "x" * 256],
)  # fmt: skip
def test_text_refuses_control_characters_and_excess(written):
    with pytest.raises(InvalidValueError):
        keys.text(written)


@pytest.mark.parametrize("edge", ["\x00", "\ud800", "\x7f", "\x08", "\x1b"])
def test_text_refuses_control_characters_at_its_edges(edge):
    with pytest.raises(InvalidValueError):
        keys.text(f"Ann{edge}")
    with pytest.raises(InvalidValueError):
        keys.text(f"{edge}Ann")


@pytest.mark.parametrize("edge", ["\x1c", "\x1d", "\x1e", "\x1f", "\x0b", "\x0c", "\x85"])
def test_text_trims_control_characters_that_are_white_space(edge):
    assert keys.text(f"{edge}Ann{edge}") == "Ann"


def test_text_is_measured_in_its_normal_form():
    assert keys.text(" " * 300 + "e\u0301" * 5, length=5) == "\u00e9" * 5
    with pytest.raises(InvalidValueError):
        keys.text("x" * 6, length=5)


def test_notes_may_have_lines():
    assert keys.text("Ann\r\n\tcalled\n", notes=True) == "Ann\r\n\tcalled"
    for character in ("\x00", "\x0b", "\x0c", "\x1b", "\u0085", "\ud800"):
        with pytest.raises(InvalidValueError):
            keys.text(f"Ann{character}called", notes=True)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" pos ", "pos"),
        ("POS", "POS"),
        ("007", "007"),
        ("jose\u0301", "jos\u00e9"),
        ("a/b~c", "a/b~c"),
        ("a b", "a b"),
    ],
)
def test_name_is_a_text_that_says_something(written, kept):
    assert keys.name(written) == kept


@pytest.mark.parametrize("written", ["", " ", "\u00a0", "\t\n", "a\x00", "x" * 256])
def test_name_refuses(written):
    with pytest.raises(InvalidValueError):
        keys.name(written)


@pytest.mark.parametrize(
    ("written", "handle"),
    [
        ("vip", "vip"),
        ("VIP", "VIP"),
        (" big spender ", "big-spender"),
        ("big-spender", "big-spender"),
        ("big\u00a0spender", "big-spender"),
        ("a/b~c", "a/b~c"),
        ("cafe\u0301 club", "caf\u00e9-club"),
    ],
)
def test_tag_has_hyphens_for_spaces(written, handle):
    assert keys.tag(written) == handle
    assert keys.tag(handle) == handle


@pytest.mark.parametrize("written", ["", "  ", "vip\x00", "big\nspender", "big\tspender", "\ud800", "x" * 256])
def test_tag_refuses(written):
    with pytest.raises(InvalidValueError):
        keys.tag(written)


# --- Names for searching -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "folded"),
    [
        (("Ann", "Smith"), "annsmith"),
        (("Ann", ""), "ann"),
        ((None, "Smith"), "smith"),
        ((), ""),
        (("Jos\u00e9", "N\u00fa\u00f1ez"), "josenunez"),
        (("Jose\u0301", "Nu\u0301n\u0303ez"), "josenunez"),
        (("STRA\u00dfE",), "strasse"),
        (("GRO\u1e9e",), "gross"),
        (("\u0130pek",), "ipek"),
        (("I\u011fd\u0131r",), "igdir"),
        (("\ufb01sher",), "fisher"),
        (("\u03a3\u03a4\u0391\u03a5\u03a1\u039f\u03a3",), "\u03c3\u03c4\u03b1\u03c5\u03c1\u03bf\u03c3"),
        (("\u0141ukasz", "Wa\u0142\u0119sa"), "lukaszwalesa"),
        (("S\u00f8ren", "\u00d8rsted"), "sorenorsted"),
        (("\u0110o\u0111e", "Gu\u00f0mundur"), "dodegudmundur"),
        (("\u00c6gir", "\u01fcgir", "\u0152uvre"), "aegiraegiroeuvre"),
        (("\u00deor",), "thor"),
        (("Anne-Marie",), "annemarie"),
        (("Anne\u2011Marie", "Smith \u2013 Jones"), "annemariesmithjones"),
        (("van der Berg",), "vanderberg"),
        (("J.R.", "St. John, Jr."), "jrstjohnjr"),
        (("\u674e", "\u4f50\u3005\u6728"), "\u674e\u4f50\u3005\u6728"),
        (("...", "\u2014"), ""),
    ],
)
def test_search_name_folds(parts, folded):
    assert keys.search_name(*parts) == folded


@pytest.mark.parametrize(
    "apostrophe",
    ["", "'", "\u2019", "\u2018", "\u02bc", "\u02bb", "`", "\u00b4", "\u2032", "\uff07", "\ua78c", "' ", " "],
)
def test_search_name_knows_no_apostrophe(apostrophe):
    assert keys.search_name(f"O{apostrophe}Br\u00edEN") == "obrien"


def test_search_name_fits_its_column():
    assert keys.search_name("x" * 255, "y" * 255) == "x" * 255
    assert keys.search_name("\ufdfa" * 255)[:5] == keys.search_name("\ufdfa")[:5]
    assert len(keys.search_name("\ufdfa" * 255)) == keys.NAME_LENGTH
    assert len(keys.search_name("\u00df" * 255)) == keys.NAME_LENGTH


@given(st.text(max_size=40))
def test_search_name_is_the_same_however_it_is_composed_and_folded_again(written):
    folded = keys.search_name(written)

    assert keys.search_name(folded) == folded
    assert keys.search_name(unicodedata.normalize("NFD", written)) == folded
    assert keys.search_name(unicodedata.normalize("NFC", written)) == folded


@given(st.text(alphabet="abz\u00e0\u00e9\u00f1\u0142\u00f8\u0111\u00f0\u00e6\u0153\u00fe\u00fc\u0159 '-."))
def test_search_name_knows_no_case(written):
    assert keys.search_name(written.upper()) == keys.search_name(written)


# --- Keys as values ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (keys.email_match_key("ann@example.com"), {"email": "ann@example.com"}),
        (keys.mobile_match_key("+61404123123"), {"mobile_phone": "+61404123123"}),
        (keys.identity_match_key("pos", "7"), {"handle": "pos", "identifier": "7"}),
    ],
)
def test_match_key_says_what_it_is(key, said):
    assert key.as_json() == said


def test_no_refusal_repeats_the_value():
    for refuse in (keys.email, keys.email_key, keys.phone, keys.text, keys.name, keys.tag):
        with pytest.raises(InvalidValueError) as refusal:
            refuse("s3cret\x00")
        assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ('="ann@example.com"', "ann@example.com"),
        ('= "ann@example.com"', None),
        ("=ann@example.com", "=ann@example.com"),
        ("'ann@example.com", "'ann@example.com"),
        ('=""', None),
    ],
)
def test_armour_of_an_email_is_taken_off(written, kept):
    if kept is None:
        with pytest.raises(InvalidValueError):
            keys.email(written)
    else:
        assert keys.email(written) == kept
