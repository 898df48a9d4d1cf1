"""What is blocked as a key, everywhere and by a hub's own list (rules 1.13)."""

import pytest

from profiles.keyrules import BUILT_IN, Blocked, BlockedEntry


@pytest.mark.parametrize(
    "text",
    [
        *("0000000", "000-000-0000", "(000) 000 0000", "+1 111 111 1111", "9999999999", "0.0.0.0.0.0.0", "1234567890"),
        *("123-456-7890", "+1234567890", "(123) 456/7890", "\uff10" * 7, "\u0660" * 7, "000\u00a0000\u00a00000"),
        *('="0000000"', "'0000000", "\u202a0000000\u202c", " 0000000 ", "0000000)"),
    ],
)
def test_placeholders_are_blocked_as_phones_and_identifiers(text):
    assert BUILT_IN.has("mobile", text)
    assert BUILT_IN.has("identity", text, "pos")
    assert not BUILT_IN.has("email", text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "000000", "00000001", "10000000", "12345678901", "123456789", "0123456789", "0987654321", "aaaaaaa"),
        *("A0000000", "0000000A", "+61404123123", "0000000,", "1212121"),
    ],
)
def test_what_merely_resembles_them_is_not(text):
    assert not BUILT_IN.has("mobile", text)
    assert not BUILT_IN.has("identity", text, "pos")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("noemail@example.com", True),
        ("Test@Example.com", True),
        (" TEST@x", True),
        ("test@", True),
        ("test", False),
        ("noemail", False),
        ("tests@example.com", False),
        ("a.test@example.com", False),
        ("test+1@example.com", False),
        ("test@a@b", False),
    ],
)
def test_emails_of_nobody_are_blocked_by_what_stands_before_the_sign(text, expected):
    assert BUILT_IN.has("email", text) is expected


@pytest.mark.parametrize(
    ("entry", "blocked", "free"),
    [
        pytest.param(
            BlockedEntry("email", exact="Info@shop.example"),
            [("email", "info@shop.example"), ("email", " INFO@SHOP.example")],
            [("email", "info@shop.example.au"), ("identity", "info@shop.example", "web")],
            id="an email in any case",
        ),
        pytest.param(
            BlockedEntry("email", exact="x@m\u00fcnchen.example"),
            [("email", "x@m\u00fcnchen.example"), ("email", "x@xn--mnchen-3ya.example")],
            [("email", "x@munchen.example")],
            id="an email by its key too",
        ),
        pytest.param(
            BlockedEntry("email", pattern="*@Mailinator.*"),
            [("email", "a@mailinator.com"), ("email", "A@MAILINATOR.example")],
            [("email", "a@mailinator")],
            id="emails by a pattern",
        ),
        pytest.param(
            BlockedEntry("mobile", exact="+61 (0)404 000 999"),
            [("mobile", "+61404000999"), ("mobile", "+61 0404-000-999"), ("mobile", "'+61404000999")],
            [("mobile", "+61404000998"), ("mobile", "61404000999")],
            id="a mobile however it is written",
        ),
        pytest.param(
            BlockedEntry("mobile", exact="N/A"),
            [("mobile", "N/A"), ("mobile", "NA")],
            [("mobile", "n/a")],
            id="what is no number",
        ),
        pytest.param(
            BlockedEntry("mobile", pattern="+61 4000*"),
            [("mobile", "+61 400 012 345")],
            [("mobile", "+61 401 012 345"), ("identity", "+61400012345", "pos")],
            id="mobiles by a pattern",
        ),
        pytest.param(
            BlockedEntry("identity", "pos", exact="GUEST"),
            [("identity", "GUEST", "pos"), ("identity", '="GUEST"', "pos")],
            [("identity", "guest", "pos"), ("identity", "GUEST", "shop"), ("identity", "GUE-ST", "pos")],
            id="an identifier of one handle",
        ),
        pytest.param(
            BlockedEntry("identity", pattern="TEMP-[0-9]*"),
            [("identity", "TEMP-1", "pos"), ("identity", "TEMP-77x", "shop")],
            [("identity", "TEMP-x", "pos"), ("identity", "TEMP1", "pos")],
            id="identifiers of any handle by a pattern",
        ),
    ],
)
def test_hubs_own_list(entry, blocked, free):
    rules = Blocked([entry])

    assert [one for one in blocked if not rules.has(*one)] == []
    assert [one for one in free if rules.has(*one)] == []
    assert rules.has("mobile", "0000000")  # what is blocked everywhere stays so
