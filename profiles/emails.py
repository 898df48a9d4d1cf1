"""What is wrong with an email that is none, in a sentence that never repeats it."""

import re
from typing import Final

from email_validator import EmailNotValidError, validate_email

from profiles.characters import first_unseen, name_of

# Between two @ without a third: what it takes stays in proportion to the text.
_BETWEEN_ADDRESSES: Final = re.compile(r"\S@[^\s@]+?(?:\s*[,;/|&\\]\s*|\s+(?:[^\s@]+\s+)?)[^\s@]+@\S")
_LOCAL_SIGNS: Final = frozenset("!#$%&'*+-/=?^_`{|}~.")


def fault_of(text: str) -> str:
    """Return a sentence about a text that email-validator has refused, trimmed and in NFC."""
    for says in (_empty, _unseen, _two, _framed, _at, _dots, _space, _domain, _local_part):
        if sentence := says(text):
            return sentence
    return "The email must be a valid email address: its name or its domain is not one."


def _empty(text: str) -> str:
    return "" if text else "The email must not be empty."


def _unseen(text: str) -> str:
    unseen = first_unseen(text)
    return f"The email must not hold {name_of(unseen)}." if unseen else ""


def _two(text: str) -> str:
    is_two = text.count("@") > 1 and _BETWEEN_ADDRESSES.search(text)
    return "The email must be one address; this looks like two." if is_two else ""


def _framed(text: str) -> str:
    if text.lower().startswith("mailto:"):
        return "The email must be the address alone, without mailto:."
    if set(text) & set('<>"'):
        return "The email must be the address alone, without a name, quotes or angle brackets."
    return ""


def _at(text: str) -> str:
    if text.count("@") != 1:
        return f"The email must have one @; this has {'none' if '@' not in text else 'more'}."
    if text.startswith("@"):
        return "The email has nothing before its @."
    return "The email has nothing after its @." if text.endswith("@") else ""


def _dots(text: str) -> str:
    if text.endswith("."):
        return "The email must not end with a dot."
    if text.endswith((",", ";")):
        return f"The email must not end with {name_of(text[-1])}."
    if text.startswith("."):
        return "The email must not begin with a dot."
    if ".." in text:
        return "The email must not have two dots in a row."
    return "The email must not have a dot beside its @." if ".@" in text or "@." in text else ""


def _space(text: str) -> str:
    blank = next((c for c in text if c.isspace()), "")
    return f"The email must not hold {name_of(blank)}." if blank else ""


def _domain(text: str) -> str:
    domain = text.partition("@")[2]
    if strange := next((c for c in domain if c.isascii() and not c.isalnum() and c not in "-."), ""):
        return f"The email must not hold {name_of(strange)} after its @."
    if "." not in domain:
        return "The email's domain must have a dot, such as example.com."
    try:
        validate_email(f"a@{domain}", check_deliverability=False, test_environment=True)
    except (EmailNotValidError, UnicodeError):
        return "The email's domain, the part after its @, is no domain name."
    return ""


def _local_part(text: str) -> str:
    local_part = text.partition("@")[0]
    strange = next((c for c in local_part if c.isascii() and not c.isalnum() and c not in _LOCAL_SIGNS), "")
    return f"The email must not hold {name_of(strange)} before its @." if strange else ""
