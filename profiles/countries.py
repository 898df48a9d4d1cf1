"""The countries of the world by code and English name (ISO 3166)."""

from functools import lru_cache
from typing import NamedTuple

from django.utils import translation
from django_countries.base import CountriesBase
from django_countries.data import ALT_CODES, COUNTRIES


class IsoCountry(NamedTuple):
    """One country of ISO 3166."""

    iso_2: str
    iso_3: str
    iso_numeric: str
    name: str


@lru_cache(maxsize=1)
def iso_countries() -> tuple[IsoCountry, ...]:
    """Return all countries of ISO 3166, by code."""
    with translation.override("en"):
        return tuple(
            IsoCountry(code, ALT_CODES[code][0], f"{int(ALT_CODES[code][1]):03}", str(COUNTRIES[code]))
            for code in sorted(COUNTRIES)
        )


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    with translation.override("en"):
        codes = {str(name).lower(): code for code, name in CountriesBase.COMMON_NAMES.items()}
    for country in iso_countries():
        for name in country:
            codes[name.lower()] = country.iso_2
    return {name: code for name, code in codes.items() if not name.isdigit()} | {"usa": "US", "uk": "GB"}


def country_code(text: str) -> str | None:
    """Return the two letters of the country that a code or an English name means, `None` where none is known."""
    return _codes().get(text.lower())
