"""Countries by every name people give them."""

import pytest
from django_countries.data import ALT_CODES, COUNTRIES

from profiles.countries import country_code, has_postcodes, iso_countries


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("AU", "AU"), ("au", "AU"), ("AUS", "AU"), ("036", "AU"), ("36", "AU"), ("4", "AF"), (" Australia ", "AU"),
        ("United States", "US"), ("the United States of America", "US"), ("U.S.A.", "US"), ("U S A", "US"),
        ("USA", "US"), ("US", "US"), ("America", "US"),
        ("UK", "GB"), ("U.K.", "GB"), ("Great Britain", "GB"), ("Britain", "GB"), ("United Kingdom", "GB"),
        ("England", "GB"), ("SCOTLAND", "GB"), ("Wales", "GB"), ("Northern Ireland", "GB"), ("England, UK", "GB"),
        ("Turkey", "TR"), ("T\u00fcrkiye", "TR"), ("TURKIYE", "TR"), ("T\u00dcRK\u0130YE", "TR"),
        ("Czech Republic", "CZ"), ("Czechia", "CZ"), ("The Czech Republic", "CZ"),
        ("XK", "XK"), ("XKX", "XK"), ("Kosovo", "XK"), ("Republic of Kosovo", "XK"),
        ("UAE", "AE"), ("U.A.E.", "AE"), ("United Arab Emirates", "AE"),
        ("The Netherlands", "NL"), ("Netherlands", "NL"), ("Holland", "NL"),
        ("Macau", "MO"), ("Macao", "MO"), ("Hong Kong SAR", "HK"), ("Hong  Kong", "HK"),
        ("Swaziland", "SZ"), ("Eswatini", "SZ"), ("Burma", "MM"), ("Myanmar", "MM"), ("Cape Verde", "CV"),
        ("Ivory Coast", "CI"), ("C\u00f4te d\u2019Ivoire", "CI"), ("Cote d'Ivoire", "CI"), ("COTE DIVOIRE", "CI"),
        ("South Korea", "KR"), ("Korea, South", "KR"), ("Republic of Korea", "KR"), ("Korea, Rep.", "KR"),
        ("North Korea", "KP"), ("DPRK", "KP"),
        ("Russia", "RU"), ("Russian Federation", "RU"), ("Vietnam", "VN"), ("Viet Nam", "VN"),
        ("Bolivia", "BO"), ("Venezuela", "VE"), ("Iran", "IR"), ("Iran, Islamic Republic of", "IR"), ("Syria", "SY"),
        ("Laos", "LA"), ("Moldova", "MD"), ("Republic of Moldova", "MD"), ("Tanzania", "TZ"), ("Palestine", "PS"),
        ("Taiwan", "TW"), ("Republic of China", "TW"), ("Taiwan, Province of China", "TW"),
        ("People's Republic of China", "CN"), ("Vatican", "VA"), ("Holy See", "VA"), ("Micronesia", "FM"),
        ("Brunei", "BN"), ("DR Congo", "CD"), ("Democratic Republic of the Congo", "CD"),
        ("Congo, Dem. Rep.", "CD"), ("Republic of the Congo", "CG"), ("Congo", "CG"),
        ("Macedonia", "MK"), ("North Macedonia", "MK"), ("East Timor", "TL"), ("Slovak Republic", "SK"),
        ("Republic of Ireland", "IE"), ("Bahamas, The", "BS"), ("Gambia", "GM"), ("Nauru", "NR"),
        ("St. Kitts & Nevis", "KN"), ("Saint Kitts and Nevis", "KN"), ("St Lucia", "LC"),
        ("Trinidad & Tobago", "TT"), ("Bosnia & Herzegovina", "BA"), ("Sao Tome and Principe", "ST"),
        ("R\u00e9union", "RE"), ("Reunion", "RE"), ("Cura\u00e7ao", "CW"), ("\u00c5land", "AX"),
        ("U.S. Virgin Islands", "VI"), ("British Virgin Islands", "VG"), ("Isle of Man", "IM"),
        ("AND", "AD"), ("is", "IS"), ("ST", "ST"),
    ],
)  # fmt: skip
def test_country_is_known_by_its_usual_names(written, code):
    assert country_code(written) == code


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "the",
        "Atlantis",
        "Korea",
        "Virgin Islands",
        "999",
        "Yugoslavia",
        "Netherlands Antilles",
        "Republic",
        "ZZ",
    ],
)
def test_country_that_nobody_knows_or_that_is_two_is_not_guessed(written):
    assert country_code(written) is None


def test_table_is_that_of_iso_3166():
    assert {(one.iso_2, one.iso_3, int(one.iso_numeric)) for one in iso_countries()} == {
        (code, ALT_CODES[code][0], ALT_CODES[code][1]) for code in COUNTRIES
    }


def test_country_is_known_by_everything_iso_3166_calls_it():
    assert {name: country_code(name) for one in iso_countries() for name in one} == {
        name: one.iso_2 for one in iso_countries() for name in one
    }


@pytest.mark.parametrize(
    ("written", "expected"),
    [("AU", True), ("Germany", True), ("HK", False), ("Hong Kong", False), ("UAE", False), ("Atlantis", False)],
)
def test_postcodes_are_asked_for_where_there_are_some(written, expected):
    assert has_postcodes(written) is expected


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("NA", "NA"),
        ("na", "NA"),
        ("N/A", None),
        ("n/a", None),
        ("n.a.", None),
        ("n a", None),
        ("None", None),
        ("unknown", None),
        ("36.0", "AU"),
        ("4.0", "AF"),
        ("036.00", "AU"),
        ("36.5", None),
        ("0036", None),
        ("U/S", None),
        ("u. s. a.", "US"),
    ],
)
def test_spreadsheets_numbers_are_numbers_and_what_is_not_known_is_nothing(written, code):
    assert country_code(written) == code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("United States (USA)", "US"),
        ("USA (United States)", "US"),
        ("United Kingdom (GB)", "GB"),
        ("Germany (DE) ", "DE"),
        ("Australia(036)", "AU"),
        ("United States (UK)", None),
        ("Atlantis (AU)", None),
        ("Australia (Perth)", None),
        ("(AU)", "AU"),
        ("Australia (", "AU"),
        ("Australia ()", "AU"),
        ("Australia (AU) (AU)", None),
    ],
)
def test_country_may_be_said_twice(written, code):
    assert country_code(written) == code
