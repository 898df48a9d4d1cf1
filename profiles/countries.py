"""The countries of the world: their codes, and the many ways in which people write them (ISO 3166).

A country is found by any of its codes, by its English name, and by former and usual short names. What two countries
share is no name of either: it stays unknown, and is kept as sent.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple


class IsoCountry(NamedTuple):
    """One country of ISO 3166."""

    iso_2: str
    iso_3: str
    iso_numeric: str
    name: str


# Two letters, three letters, number and English name of each, as ISO 3166-1 has them.
_ISO_3166: Final = """
AD AND 020 Andorra
AE ARE 784 United Arab Emirates
AF AFG 004 Afghanistan
AG ATG 028 Antigua and Barbuda
AI AIA 660 Anguilla
AL ALB 008 Albania
AM ARM 051 Armenia
AO AGO 024 Angola
AQ ATA 010 Antarctica
AR ARG 032 Argentina
AS ASM 016 American Samoa
AT AUT 040 Austria
AU AUS 036 Australia
AW ABW 533 Aruba
AX ALA 248 Åland Islands
AZ AZE 031 Azerbaijan
BA BIH 070 Bosnia and Herzegovina
BB BRB 052 Barbados
BD BGD 050 Bangladesh
BE BEL 056 Belgium
BF BFA 854 Burkina Faso
BG BGR 100 Bulgaria
BH BHR 048 Bahrain
BI BDI 108 Burundi
BJ BEN 204 Benin
BL BLM 652 Saint Barthélemy
BM BMU 060 Bermuda
BN BRN 096 Brunei Darussalam
BO BOL 068 Bolivia (Plurinational State of)
BQ BES 535 Bonaire, Sint Eustatius and Saba
BR BRA 076 Brazil
BS BHS 044 Bahamas (The)
BT BTN 064 Bhutan
BV BVT 074 Bouvet Island
BW BWA 072 Botswana
BY BLR 112 Belarus
BZ BLZ 084 Belize
CA CAN 124 Canada
CC CCK 166 Cocos (Keeling) Islands
CD COD 180 Congo (the Democratic Republic of the)
CF CAF 140 Central African Republic
CG COG 178 Congo
CH CHE 756 Switzerland
CI CIV 384 Côte d'Ivoire
CK COK 184 Cook Islands
CL CHL 152 Chile
CM CMR 120 Cameroon
CN CHN 156 China
CO COL 170 Colombia
CR CRI 188 Costa Rica
CU CUB 192 Cuba
CV CPV 132 Cabo Verde
CW CUW 531 Curaçao
CX CXR 162 Christmas Island
CY CYP 196 Cyprus
CZ CZE 203 Czechia
DE DEU 276 Germany
DJ DJI 262 Djibouti
DK DNK 208 Denmark
DM DMA 212 Dominica
DO DOM 214 Dominican Republic
DZ DZA 012 Algeria
EC ECU 218 Ecuador
EE EST 233 Estonia
EG EGY 818 Egypt
EH ESH 732 Western Sahara
ER ERI 232 Eritrea
ES ESP 724 Spain
ET ETH 231 Ethiopia
FI FIN 246 Finland
FJ FJI 242 Fiji
FK FLK 238 Falkland Islands (Malvinas)
FM FSM 583 Micronesia (Federated States of)
FO FRO 234 Faroe Islands
FR FRA 250 France
GA GAB 266 Gabon
GB GBR 826 United Kingdom of Great Britain and Northern Ireland
GD GRD 308 Grenada
GE GEO 268 Georgia
GF GUF 254 French Guiana
GG GGY 831 Guernsey
GH GHA 288 Ghana
GI GIB 292 Gibraltar
GL GRL 304 Greenland
GM GMB 270 Gambia
GN GIN 324 Guinea
GP GLP 312 Guadeloupe
GQ GNQ 226 Equatorial Guinea
GR GRC 300 Greece
GS SGS 239 South Georgia and the South Sandwich Islands
GT GTM 320 Guatemala
GU GUM 316 Guam
GW GNB 624 Guinea-Bissau
GY GUY 328 Guyana
HK HKG 344 Hong Kong
HM HMD 334 Heard Island and McDonald Islands
HN HND 340 Honduras
HR HRV 191 Croatia
HT HTI 332 Haiti
HU HUN 348 Hungary
ID IDN 360 Indonesia
IE IRL 372 Ireland
IL ISR 376 Israel
IM IMN 833 Isle of Man
IN IND 356 India
IO IOT 086 British Indian Ocean Territory
IQ IRQ 368 Iraq
IR IRN 364 Iran (Islamic Republic of)
IS ISL 352 Iceland
IT ITA 380 Italy
JE JEY 832 Jersey
JM JAM 388 Jamaica
JO JOR 400 Jordan
JP JPN 392 Japan
KE KEN 404 Kenya
KG KGZ 417 Kyrgyzstan
KH KHM 116 Cambodia
KI KIR 296 Kiribati
KM COM 174 Comoros
KN KNA 659 Saint Kitts and Nevis
KP PRK 408 Korea (the Democratic People's Republic of)
KR KOR 410 Korea (the Republic of)
KW KWT 414 Kuwait
KY CYM 136 Cayman Islands
KZ KAZ 398 Kazakhstan
LA LAO 418 Lao People's Democratic Republic
LB LBN 422 Lebanon
LC LCA 662 Saint Lucia
LI LIE 438 Liechtenstein
LK LKA 144 Sri Lanka
LR LBR 430 Liberia
LS LSO 426 Lesotho
LT LTU 440 Lithuania
LU LUX 442 Luxembourg
LV LVA 428 Latvia
LY LBY 434 Libya
MA MAR 504 Morocco
MC MCO 492 Monaco
MD MDA 498 Moldova (the Republic of)
ME MNE 499 Montenegro
MF MAF 663 Saint Martin (French part)
MG MDG 450 Madagascar
MH MHL 584 Marshall Islands
MK MKD 807 North Macedonia
ML MLI 466 Mali
MM MMR 104 Myanmar
MN MNG 496 Mongolia
MO MAC 446 Macao
MP MNP 580 Northern Mariana Islands
MQ MTQ 474 Martinique
MR MRT 478 Mauritania
MS MSR 500 Montserrat
MT MLT 470 Malta
MU MUS 480 Mauritius
MV MDV 462 Maldives
MW MWI 454 Malawi
MX MEX 484 Mexico
MY MYS 458 Malaysia
MZ MOZ 508 Mozambique
NA NAM 516 Namibia
NC NCL 540 New Caledonia
NE NER 562 Niger
NF NFK 574 Norfolk Island
NG NGA 566 Nigeria
NI NIC 558 Nicaragua
NL NLD 528 Netherlands (Kingdom of the)
NO NOR 578 Norway
NP NPL 524 Nepal
NR NRU 520 Naoero
NU NIU 570 Niue
NZ NZL 554 New Zealand
OM OMN 512 Oman
PA PAN 591 Panama
PE PER 604 Peru
PF PYF 258 French Polynesia
PG PNG 598 Papua New Guinea
PH PHL 608 Philippines
PK PAK 586 Pakistan
PL POL 616 Poland
PM SPM 666 Saint Pierre and Miquelon
PN PCN 612 Pitcairn
PR PRI 630 Puerto Rico
PS PSE 275 Palestine, State of
PT PRT 620 Portugal
PW PLW 585 Palau
PY PRY 600 Paraguay
QA QAT 634 Qatar
RE REU 638 Réunion
RO ROU 642 Romania
RS SRB 688 Serbia
RU RUS 643 Russian Federation
RW RWA 646 Rwanda
SA SAU 682 Saudi Arabia
SB SLB 090 Solomon Islands
SC SYC 690 Seychelles
SD SDN 729 Sudan
SE SWE 752 Sweden
SG SGP 702 Singapore
SH SHN 654 Saint Helena, Ascension and Tristan da Cunha
SI SVN 705 Slovenia
SJ SJM 744 Svalbard and Jan Mayen
SK SVK 703 Slovakia
SL SLE 694 Sierra Leone
SM SMR 674 San Marino
SN SEN 686 Senegal
SO SOM 706 Somalia
SR SUR 740 Suriname
SS SSD 728 South Sudan
ST STP 678 Sao Tome and Principe
SV SLV 222 El Salvador
SX SXM 534 Sint Maarten (Dutch part)
SY SYR 760 Syrian Arab Republic
SZ SWZ 748 Eswatini
TC TCA 796 Turks and Caicos Islands
TD TCD 148 Chad
TF ATF 260 French Southern Territories
TG TGO 768 Togo
TH THA 764 Thailand
TJ TJK 762 Tajikistan
TK TKL 772 Tokelau
TL TLS 626 Timor-Leste
TM TKM 795 Turkmenistan
TN TUN 788 Tunisia
TO TON 776 Tonga
TR TUR 792 Türkiye
TT TTO 780 Trinidad and Tobago
TV TUV 798 Tuvalu
TW TWN 158 Taiwan (Province of China)
TZ TZA 834 Tanzania, the United Republic of
UA UKR 804 Ukraine
UG UGA 800 Uganda
UM UMI 581 United States Minor Outlying Islands
US USA 840 United States of America
UY URY 858 Uruguay
UZ UZB 860 Uzbekistan
VA VAT 336 Holy See
VC VCT 670 Saint Vincent and the Grenadines
VE VEN 862 Venezuela (Bolivarian Republic of)
VG VGB 092 Virgin Islands (British)
VI VIR 850 Virgin Islands (U.S.)
VN VNM 704 Viet Nam
VU VUT 548 Vanuatu
WF WLF 876 Wallis and Futuna
WS WSM 882 Samoa
YE YEM 887 Yemen
YT MYT 175 Mayotte
ZA ZAF 710 South Africa
ZM ZMB 894 Zambia
ZW ZWE 716 Zimbabwe
"""

# Usual short names, former names and the countries' own formal ones, where ISO 3166 says something else. Kosovo has a
# code that ISO leaves to its users.
_OTHER_NAMES: Final = """
AE UAE|Emirates
AG Antigua|Barbuda
AX Aland
BA Bosnia|Bosnia Hercegovina
BF Upper Volta
BJ Dahomey
BL Saint Barts|Saint Barth
BN Brunei|Negara Brunei Darussalam
BO Bolivia
BQ Bonaire|Caribbean Netherlands|Saint Eustatius|Sint Eustatius|Saba
BY Byelorussia|White Russia
BZ British Honduras
CC Cocos Islands|Keeling Islands
CD DR Congo|DRC|Democratic Congo|Congo Kinshasa|Zaire
CF CAR
CG Congo Brazzaville
CH Swiss Confederation
CI Cote d Ivoire|Ivory Coast
CN PRC|Peoples Republic of China|Mainland China
CV Cape Verde|Cape Verde Islands
CZ Czech Republic|Czech
DE Federal Republic of Germany
DO Dominican Rep
EG Arab Republic of Egypt
EH Sahrawi Arab Democratic Republic
ES Canary Islands
ET Abyssinia
FK Falklands|Falkland Islands|Malvinas|Islas Malvinas
FM Micronesia
FO Faeroe Islands|Faroes
GB UK|United Kingdom|Great Britain|Britain|Great Britain and Northern Ireland|UK of GB and NI
GB England|England UK|England United Kingdom|England Great Britain
GB Scotland|Scotland UK|Scotland United Kingdom|Scotland Great Britain
GB Wales|Wales UK|Wales United Kingdom|Wales Great Britain
GB Northern Ireland|Northern Ireland UK|Northern Ireland United Kingdom|N Ireland
GM The Gambia
GR EL|Hellas|Hellenic Republic
GS South Georgia
GW Guinea Bissau|Portuguese Guinea
HK Hong Kong SAR|Hong Kong SAR China|Hong Kong China|HKSAR|Hongkong
IE Eire|Irish Republic|Southern Ireland
IM Man
IR Iran|Persia
JO Hashemite Kingdom of Jordan
KG Kyrgyz Republic|Kirghizia|Kirgizstan
KH Kampuchea
KN Saint Kitts|Saint Christopher and Nevis
KP North Korea|DPRK|Democratic Peoples Republic of Korea
KR South Korea|ROK|Republic of Korea
KY Caymans
LA Laos|Lao|Lao PDR
LK Ceylon
LY Libyan Arab Jamahiriya
MD Moldova|Moldavia
MF Saint Martin
MK Macedonia|FYROM|FYR Macedonia|Former Yugoslav Republic of Macedonia
MM Burma
MO Macau|Macau SAR|Macao SAR|Macao SAR China|Macau SAR China|Macau China
MX United Mexican States
MY Malaya|Federation of Malaysia
NL Netherlands|Holland|Kingdom of the Netherlands
NR Nauru
NZ Aotearoa|Aotearoa New Zealand
PN Pitcairn Islands|Pitcairn Island
PS Palestine|Palestinian Territory|Palestinian Territories|Occupied Palestinian Territory|West Bank|Gaza
PT Madeira|Azores
RE La Reunion
RU Russia
SA KSA|Kingdom of Saudi Arabia|Saudi
SG Republic of Singapore
SH Saint Helena|Ascension Island|Ascension|Tristan da Cunha
SK Slovak Republic
SS S Sudan
ST Sao Tome
SX Sint Maarten|Saint Maarten
SY Syria
SZ Swaziland
TC Turks and Caicos
TF French Southern and Antarctic Lands
TH Siam
TL East Timor|Timor
TR Turkey
TT Trinidad|Tobago
TW Taiwan|Taiwan ROC|Republic of China|Taiwan Republic of China|Chinese Taipei|Formosa
TZ Tanzania|United Republic of Tanzania
US USA|US|United States|United States of America USA|America|US of A
VA Vatican|Vatican City|Vatican City State|Holy See Vatican City State|Holy See Vatican City
VC Saint Vincent
VE Venezuela
VG British Virgin Islands|BVI
VI US Virgin Islands|United States Virgin Islands|USVI
VN Vietnam|Socialist Republic of Vietnam
WS Western Samoa
XK XKX|Kosovo
ZA RSA
ZW Rhodesia
"""

# Countries whose addresses have no postcode: those for which Google's libaddressinput (the address data of Chrome and
# Android, 2024) has none in its format, which is drawn from the Universal Postal Union's POST*CODE database.
_WITHOUT_POSTCODES: Final = frozenset(
    """
    AE AG AO AQ AW BF BI BJ BO BQ BS BV BW BZ CD CF CG CI CK CM CW DJ DM ER FJ GA GD GH GM GQ GY HK JM KI KM KN LC LY
    ML MO MR MS MW NR NU PA PS QA RW SB SC SL SR SS ST SX SY TD TF TG TK TL TO TT TV UG VU WS YE ZW
    """.split()  # noqa: SIM905 easier to check than a list of quoted codes
)

_UNSEEN: Final = re.compile(r"[.'`\u2018\u2019\u02bc\u02bb]")
_WORD: Final = re.compile(r"[^\W_]+")
# Letters of one abbreviation: U.S.A., U S A; but n/a tells that nobody knows.
_LETTERS: Final = re.compile(r"[^\W\d_](?:[. ]+[^\W\d_])+\.?")
# As spreadsheets write them, 36 or 36.0; other numbers with a point are none.
_NUMERIC: Final = re.compile(r"([0-9]{1,3})(?:\.0+)?", re.ASCII)
_UNKNOWN: Final = frozenset({"na", "notapplicable", "none", "null", "unknown"})
_SMALL_WORDS: Final = frozenset({"the", "of", "and"})
# Only beside other words: alone, `is` and `st` are codes.
_LONG_FORMS: Final = {"st": "saint", "rep": "republic", "dem": "democratic", "is": "islands", "isl": "islands"}


@lru_cache(maxsize=1)
def iso_countries() -> tuple[IsoCountry, ...]:
    """Return all countries of ISO 3166, by code."""
    return tuple(IsoCountry(*line.split(" ", 3)) for line in _ISO_3166.strip().splitlines())


@lru_cache(maxsize=4096)
def country_code(text: str) -> str | None:
    """Return the two letters of the country that a code or an English name means, `None` where none is known.

    Case, accents, dots, apostrophes, the order of the words, `the`, `of`, `&` and "Republic of" make no difference.
    What stands in brackets behind a name may say the same once more: United States (USA). NA is Namibia, but n/a and
    N.A. are nothing.
    """
    return _code_of(text) or _said_twice(text)


def _said_twice(text: str) -> str | None:
    """Return the country that both a name and what stands in brackets behind it mean."""
    name, bracket, twice = text.rstrip().removesuffix(")").partition("(")
    if not bracket or not text.rstrip().endswith(")"):
        return None
    code = _code_of(name)
    return code if code is not None and code == _code_of(twice) else None


def _code_of(text: str) -> str | None:
    known = _known()
    if number := _NUMERIC.fullmatch(text.strip()):
        return known.get(number[1].zfill(3))
    words = _words(text)
    if any(word.isdecimal() for word in words):
        return None
    if text.strip().lower() not in {"na", "nam"} and "".join(words) in _UNKNOWN:
        return None
    return known.get(_key(words)) or known.get(_key([word for word in words if word != "republic"]))


def has_postcodes(text: str) -> bool:
    """Whether addresses in the country need a postcode; of a country nobody knows, nobody can ask for one."""
    code = country_code(text)
    return code is not None and code not in _WITHOUT_POSTCODES


def _words(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    if _LETTERS.fullmatch(plain.strip()):
        return ["".join(_WORD.findall(plain))]
    words = _WORD.findall(_UNSEEN.sub("", plain))
    return [_LONG_FORMS.get(word, word) for word in words] if len(words) > 1 else words


def _key(words: list[str]) -> str:
    if len(words) > 1:  # alone, `and` is Andorra
        words = sorted(word for word in words if word not in _SMALL_WORDS)
    return " ".join(words)


@lru_cache(maxsize=1)
def _known() -> dict[str, str]:
    """Return the code of everything a country is called."""
    known: dict[str, str] = {}
    shared: dict[str, set[str]] = {}
    for code, name in _names():
        known[_key(_words(name))] = code
    for country in iso_countries():  # `Bahamas (The)` is the Bahamas, but `Korea (the Republic of)` not the one Korea
        bare = re.sub(r"\(.*\)|,.*", "", country.name)
        shared.setdefault(_key(_words(bare)), set()).add(country.iso_2)
    for name, codes in shared.items():
        if len(codes) == 1:
            known.setdefault(name, *codes)
    known.pop("", None)
    return known


def _names() -> Iterator[tuple[str, str]]:
    for line in _OTHER_NAMES.strip().splitlines():
        code, _, names = line.partition(" ")
        for name in (code, *names.split("|")):
            yield code, name
    for country in iso_countries():
        for name in country:
            yield country.iso_2, name
