"""What "the same" means, once: the normal forms of texts, emails, phones, handles and identifiers (rules 1).

Used by batches, API, imports, search, admin and constraints alike. Each function returns the normal form or
raises `InvalidValueError` with a sentence for the sender; none of them ever repeats the value in it.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

from email_validator import EmailNotValidError, validate_email

from profiles import phones
from profiles.characters import name_of, trimmed, unseen_within
from profiles.emails import fault_of

NAME_LENGTH: Final = 255
EMAIL_LENGTH: Final = 254
URL_LENGTH: Final = 2_048
NOTES_LENGTH: Final = 10_000
# More combining marks in a row stand in no language (UAX 15 calls other texts stream-safe), and ordering them takes
# time in proportion to the square of their number.
MOST_MARKS_IN_A_ROW: Final = 30
# Of how many characters NFC may make one (U+1F82, for one, is a letter and three marks).
_MOST_COMPOSED: Final = 4

# Control characters, NUL among them, and the halves of surrogate pairs: no database or client agrees on them.
_REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_REFUSED_IN_NOTES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_ARMOUR: Final = re.compile(r"""="(.*)"|'(.*?)'?""", re.DOTALL)
# What spreadsheets leave of a long number, and tables of floats of any: no identifier is written so. Without a point
# and a sign it may be a code, such as 12E5.
_RUINED_NUMBER: Final = re.compile(
    r"[+-]?[0-9]+(?:[.,][0-9]+E[+-]?|E[+-])[0-9]+|[0-9]+[.,]0+", re.ASCII | re.IGNORECASE
)
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
    """Return `value` in NFC, trimmed of white space and unseen characters; notes may hold line breaks and tabs.

    The length is that of the normal form; what is far too long for it is refused before anything else is done.
    """
    if len(value) > length and len(value := trimmed(value)) > _MOST_COMPOSED * length:
        raise _too_long(length)
    if not value.isascii():
        if len(value) > MOST_MARKS_IN_A_ROW and _has_too_many_marks(value):
            raise InvalidValueError(
                f"The text must not hold more than {MOST_MARKS_IN_A_ROW} combining marks in a row."
            )
        value = unicodedata.normalize("NFC", value)
    value = trimmed(value)
    if not value.isprintable() and (found := (_REFUSED_IN_NOTES if notes else _REFUSED).search(value)):
        raise InvalidValueError(f"The text must not hold {name_of(found[0])}.")
    if len(value) > length:
        raise _too_long(length)
    return value


def _too_long(length: int) -> InvalidValueError:
    return InvalidValueError(f"The text must not be longer than {length:,} characters.")


def _has_too_many_marks(value: str) -> bool:
    marks = 0
    for character in value:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > MOST_MARKS_IN_A_ROW:
            return True
    return False


def name(value: str) -> str:
    """Return a handle or identifier in normal form: a text of 1 to 255 characters, all of them seen, case kept."""
    return seen(text(value))


def seen(value: str) -> str:
    """Return a text in normal form, if it has something and all of it is seen."""
    if not value:
        raise InvalidValueError("The text must not be empty.")
    if found := unseen_within(value):
        raise InvalidValueError(f"The text must not hold {name_of(found)}.")
    return value


def identifier(name: str) -> str:
    """Return the name, in normal form, as an identifier, without armour; no spreadsheet has made a number of it."""
    name = unarmoured(name)
    if not name:
        raise InvalidValueError("The text must not be empty.")
    if not name[0].isalpha() and _RUINED_NUMBER.fullmatch(name):
        raise InvalidValueError(
            "The identifier is what a spreadsheet made of a number; format its column as text and export it again."
        )
    return name


def unarmoured(text: str) -> str:
    """Return a text without what makes spreadsheets take a number for one: ="0012" and '0012 are 0012."""
    if text[:1] not in ("=", "'") or not (armoured := _ARMOUR.fullmatch(text)):
        return text
    return next(part for part in armoured.groups() if part is not None).strip()


def tag(value: str) -> str:
    """Return a tag's handle: its spaces are hyphens, its case is kept (rules 4.5)."""
    return seen(re.sub(r"\s+", "-", text(value)))


def email(value: str) -> str:
    """Return an email as it is kept: trimmed, NFC, its spelling left alone. Raises for wrong syntax.

    A spreadsheet's armour (="ann@example.com") is taken off; an apostrophe in front may be the address' own.
    """
    value = text(value, length=EMAIL_LENGTH)
    if value.startswith("="):
        value = unarmoured(value)
    _email_key(value)
    return value


def email_key(value: str) -> str:
    """Return the normal form by which an email is compared: lower case, the domain in IDNA.

    No folding beyond `lower`, no rules about dots or plus signs: two spellings a mail server may tell apart
    stay apart. Special-use domains are accepted and no DNS is asked.
    """
    return _email_key(text(value, length=EMAIL_LENGTH))


@lru_cache(maxsize=4096)  # of texts that have been measured: what is kept must not be large
def _email_key(value: str) -> str:
    if _PLAIN_EMAIL.fullmatch(value) and len(value.partition("@")[0]) <= 64:  # noqa: PLR2004 RFC 5321
        return value.lower()
    try:
        parts = validate_email(value, check_deliverability=False, test_environment=True)
    except (EmailNotValidError, UnicodeError) as error:
        raise InvalidValueError(fault_of(value)) from error
    key = unicodedata.normalize("NFC", f"{parts.local_part}@{parts.ascii_domain}".lower())
    if len(key) > EMAIL_LENGTH:
        raise InvalidValueError(f"The email must not be longer than {EMAIL_LENGTH} characters.")
    return key


def phone(value: str, *, default_country: str = "") -> str:
    """Return a phone number in E.164.

    A number without a country code is read as one of `default_country` (ISO 3166), or refused without one.
    """
    return _phone(value if len(value) <= phones.MOST_DIGITS + 1 else text(value), default_country)


@lru_cache(maxsize=4096)  # likewise
def _phone(value: str, default_country: str) -> str:
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
    """Return the names as they are searched: their letters and digits only, without case and accents.

    Apostrophes, hyphens, blanks and full stops are left out, so that O'Brien, O Brien and obrien are one.
    Cut at 255 characters, as folding may lengthen. What holds no letter folds to nothing.
    """
    joined = "".join(part for part in parts if part)
    if joined.isascii():
        return joined.lower().translate(_NO_ASCII_SIGNS)[:NAME_LENGTH]
    return "".join(map(_searched, joined))[:NAME_LENGTH]


def name_words(*names: str | None) -> list[str]:
    """Return the words of names as they are searched; apostrophes, hyphens and other signs end one like blanks do."""
    joined = " ".join(name for name in names if name)
    if joined.isascii():
        return joined.lower().translate(_ASCII_SIGNS_AS_BLANKS).split()
    return "".join(map(_searched_or_blank, joined)).split()


def middle_names(first_name: str | None, last_name: str | None) -> list[str]:
    """Return the whole name from each of its words on, but for the first ones of the first and of the last name.

    `["janewatson"]` of Mary Jane Watson: with `search_name` of the name and of the last name, a person is found by the
    beginning of any word and of any words that follow each other. Of a name of very many words the first ones count.
    """
    if first_name and last_name and (both := first_name + last_name).isascii() and both.isalnum():
        return []
    firsts = name_words(first_name)
    words = firsts + name_words(last_name)
    middles = [place for place in range(1, len(words)) if place != len(firsts)]
    return list(dict.fromkeys("".join(words[place:])[:NAME_LENGTH] for place in middles[:MOST_MIDDLE_NAMES]))


MOST_MIDDLE_NAMES: Final = 20
_NO_ASCII_SIGNS = {code: None for code in range(128) if not chr(code).isalnum()}
_ASCII_SIGNS_AS_BLANKS = dict.fromkeys(_NO_ASCII_SIGNS, " ")
# Letters that Unicode does not take apart into a letter and an accent, as people without them on their keyboard type.
_PLAIN_LETTERS = str.maketrans(
    {
        "\u00e6": "ae", "\u0153": "oe", "\u00f8": "o", "\u0142": "l", "\u0111": "d", "\u00f0": "d", "\u00fe": "th",
        "\u0131": "i", "\u0127": "h", "\u0167": "t", "\u014b": "n", "\u0138": "k", "\u0259": "e", "\u0180": "b",
        "\u0268": "i", "\u0256": "d", "\u01e5": "g",
    }
)  # fmt: skip
# Punctuation, separators, control characters, signs; and what Unicode's book has for letters, but stands for
# apostrophes.
_UNSEARCHED = ("P", "Z", "C", "Sk", "Sm", "Sc")
_APOSTROPHES = frozenset("\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\ua78b\ua78c")


@lru_cache(maxsize=4096)
def _searched(character: str) -> str:
    """Return what is searched of one character."""
    lower = unicodedata.normalize("NFKD", character).casefold()
    return "".join(
        one
        for one in unicodedata.normalize("NFKD", lower).translate(_PLAIN_LETTERS)
        if not unicodedata.combining(one)
        and not unicodedata.category(one).startswith(_UNSEARCHED)
        and one not in _APOSTROPHES
    )


def _searched_or_blank(character: str) -> str:
    return _searched(character) or ("" if unicodedata.combining(character) else " ")
