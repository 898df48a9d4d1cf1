"""Phone numbers are checked, never extracted, and told in E.164 (rules 1)."""

import pytest

from profiles.phones import PhoneError, e164


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("+61404123123", "", "+61404123123"),
        ("+61 404 123 123", "", "+61404123123"),
        ("+61 (0)404-123-123", "AU", "+61404123123"),
        ("0404 123 123", "AU", "+61404123123"),
        ("0061404123123", "GB", "+61404123123"),
        ("\uff0b\uff16\uff11 404 123 123", "", "+61404123123"),
        ("'+61404123123", "", "+61404123123"),
        ('="0404123123"', "AU", "+61404123123"),
        ("020 7946 0018", "GB", "+442079460018"),
    ],
)
def test_number_is_told_in_one_form(text, country, number):
    assert e164(text, default_country=country) == number


@pytest.mark.parametrize(
    ("text", "country", "told"),
    [
        ("0404123123", "", "must begin with a plus"),
        ("+61404", "", "too few digits"),
        ("0404123123 / 0404123124", "AU", "looks like two"),
        ("0404123123 home", "AU", ""),
        ("+61 404 123 123 ext 4", "", ""),
        ("6.1404E+10", "AU", ""),
        ("+999404123123", "", "no country"),
        ("", "AU", ""),
    ],
)
def test_what_is_no_number_is_told_without_repeating_it(text, country, told):
    with pytest.raises(PhoneError) as refused:
        e164(text, default_country=country)

    assert told in str(refused.value)
    assert not text or text not in str(refused.value)
