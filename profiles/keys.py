"""What "the same" means, once: the normal forms of texts, emails, phones, handles and identifiers (design 3.1).

Used by batches, API, imports, search, admin and constraints alike. Each function returns the normal form or
raises `InvalidValueError` with a sentence for the sender; none of them ever repeats the value in it.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

from email_validator import EmailNotValidError, validate_email

from profiles import phones
from profiles.characters import name_of
from profiles.emails import fault_of

NAME_LENGTH: Final = 255
EMAIL_LENGTH: Final = 254
URL_LENGTH: Final = 2_048
NOTES_LENGTH: Final = 10_000

# Control characters, NUL among them, and the halves of surrogate pairs: no database or client agrees on them.
_REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_REFUSED_IN_NOTES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_PLAIN_EMAIL = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:(?:[a-z0-9]|-(?!-)){0,61}[a-z0-9])?\.)+[a-z]{2,24}",
    re.ASCII | re.IGNORECASE,
)


class InvalidValueError(ValueError):
    """The value has no normal form; the message is a sentence for its sender."""


class MatchKey(NamedTuple):
    """One key in normal form by which a profile can be found: an email, a mobile phone or an identity."""

    kind: str  # "email", "mobile" or "identity"
    value: str  # email key, E.164 number or identifier
    handle: str = ""  # of an identity

    def as_json(self) -> dict[str, str]:
        """Return the key as the wire and the stored explanation say it."""
        if self.kind == "identity":
            return {"handle": self.handle, "identifier": self.value}
        return {"email" if self.kind == "email" else "mobile_phone": self.value}


def email_match_key(email_key: str) -> MatchKey:
    """Return the key of an email in normal form."""
    return MatchKey("email", email_key)


def mobile_match_key(number: str) -> MatchKey:
    """Return the key of a mobile number in E.164."""
    return MatchKey("mobile", number)


def identity_match_key(handle: str, identifier: str) -> MatchKey:
    """Return the key of an identity, both parts in normal form."""
    return MatchKey("identity", identifier, handle)


def text(value: str, *, length: int = NAME_LENGTH, notes: bool = False) -> str:
    """Return `value` in NFC without surrounding white space; line breaks and tabs are allowed in notes only."""
    if not value.isascii():
        value = unicodedata.normalize("NFC", value)
    value = value.strip()
    if not value.isprintable() and (found := (_REFUSED_IN_NOTES if notes else _REFUSED).search(value)):
        message = f"The text must not hold {name_of(found[0])}."
        raise InvalidValueError(message)
    if len(value) > length:
        message = f"The text must not be longer than {length:,} characters."
        raise InvalidValueError(message)
    return value


def name(value: str) -> str:
    """Return a handle or identifier in normal form: a text of 1 to 255 characters, case kept."""
    value = text(value)
    if not value:
        message = "The text must not be empty."
        raise InvalidValueError(message)
    return value


def tag(value: str) -> str:
    """Return a tag's handle: its spaces are hyphens, its case is kept (contract section 16)."""
    return name(re.sub(r"\s+", "-", text(value)))


@lru_cache(maxsize=4096)
def email(value: str) -> str:
    """Return an email as it is kept: trimmed, NFC, its spelling left alone. Raises for wrong syntax."""
    value = text(value, length=EMAIL_LENGTH)
    email_key(value)
    return value


@lru_cache(maxsize=4096)
def email_key(value: str) -> str:
    """Return the normal form by which an email is compared: lower case, the domain in IDNA.

    No folding beyond `lower`, no rules about dots or plus signs: two spellings a mail server may tell apart
    stay apart. Special-use domains are accepted and no DNS is asked.
    """
    value = text(value, length=EMAIL_LENGTH)
    if _PLAIN_EMAIL.fullmatch(value) and len(value.partition("@")[0]) <= 64:  # noqa: PLR2004 RFC 5321
        return value.lower()
    try:
        parts = validate_email(value, check_deliverability=False, test_environment=True)
    except (EmailNotValidError, UnicodeError) as error:
        raise InvalidValueError(fault_of(value)) from error
    key = unicodedata.normalize("NFC", f"{parts.local_part}@{parts.ascii_domain}".lower())
    if len(key) > EMAIL_LENGTH:
        message = f"The email must not be longer than {EMAIL_LENGTH} characters."
        raise InvalidValueError(message)
    return key


@lru_cache(maxsize=4096)
def phone(value: str, *, default_country: str = "") -> str:
    """Return a phone number in E.164.

    A number without a country code is read as one of `default_country` (ISO 3166), or refused without one.
    """
    if phones.is_e164(value):
        return value
    try:
        return phones.e164(text(value), default_country=default_country)
    except phones.PhoneError as error:
        raise InvalidValueError(str(error)) from error


def folded(value: str) -> str:
    """Return a text as addresses are compared: NFC, blanks collapsed, lower case."""
    if not value.isascii():
        value = unicodedata.normalize("NFC", value)
    return " ".join(value.split()).lower()


def search_name(*parts: str | None) -> str:
    """Return the names folded for searching: no accents, no case; cut at 255 characters, as folding may lengthen."""
    joined = " ".join(part for part in parts if part)
    if joined.isascii():
        return joined.lower()[:NAME_LENGTH]
    decomposed = unicodedata.normalize("NFKD", joined)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()[:NAME_LENGTH]
