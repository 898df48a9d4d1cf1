"""Phone numbers in E.164: checked, never extracted.

What is written beside a number, or in place of one, is not left out: somebody else's number might remain. Only signs
that everybody sets between groups of digits are.
"""

import re
import unicodedata
from typing import Final

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, CountryCodeSource, PhoneMetadata, ValidationResult

from profiles.characters import DIRECTION_MARKS, first_unseen, name_of

MOST_DIGITS: Final = 15  # E.164's own bound
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_DIRECTION_MARKS: Final = re.compile(f"[{DIRECTION_MARKS}]")
# What spreadsheets are given, so that they take a number for a text.
_ARMOUR: Final = re.compile(r"""='?"(.*)"|'(.*?)'?|"(.*)\"""", re.DOTALL)
# Signs that are one of ours in another script.
_SIGNS: Final = {ord(c): "-" for c in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"} | {
    ord("\uff0b"): "+",
    ord("\uff08"): "(",
    ord("\uff09"): ")",
    ord("\uff0e"): ".",
    ord("\uff0f"): "/",
}
BETWEEN: Final = re.compile(r"[-.()/\s]")
"""What stands between groups of digits and says nothing."""
# Groups of digits, whole ones in brackets, with at most one sign between two of them.
_GROUPS: Final = re.compile(
    r"(?:\+\s*+)?(?:\(\s*+\+?\s*+[0-9]++\s*+\)|[0-9]++)(?:\s*+[-./]?\s*+(?:\(\s*+[0-9]++\s*+\)|[0-9]++))*+"
)
# What may stand behind a number to tell it from others: (2), -1.
_LAST_GROUP: Final = re.compile(r"^(.*[^0-9])[(]?\s*[0-9]{1,3}\s*[)]?$", re.DOTALL)
_SCIENTIFIC: Final = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?e[+-]?[0-9]+", re.IGNORECASE)
_DECIMAL: Final = re.compile(r"\+?[0-9]{5,}\.0+|[^.]*\.00?")
_EXTENSION: Final = re.compile(r"[0-9)]\s*[;,]?\s*(?:ext|x|#)", re.IGNORECASE)
# A slash stands between an area code and a number; elsewhere it offers a second one: 0404123123/4.
_LONGEST_AREA: Final = {"": 6, "+": 9}
_SHORTEST_AFTER_SLASH: Final = 4

_REASONS: Final = {
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "The phone number lacks its area code.",
    ValidationResult.TOO_SHORT: "The phone number has too few digits for its country.",
    ValidationResult.TOO_LONG: "The phone number has too many digits for its country; it may be two numbers in one.",
    ValidationResult.INVALID_LENGTH: "The phone number has a number of digits that no number of its country has.",
}
_UNREADABLE: Final = {
    phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD: _REASONS[ValidationResult.TOO_SHORT],
    phonenumbers.NumberParseException.TOO_SHORT_NSN: _REASONS[ValidationResult.TOO_SHORT],
    phonenumbers.NumberParseException.TOO_LONG: _REASONS[ValidationResult.TOO_LONG],
}
_INTERNATIONAL: Final = "The phone number must begin with a plus and the country code, such as +61404123123."
_PREFIX_TWICE: Final = "The phone number has the prefix of its country more than once."
_TWO: Final = "The phone number must be one number; this looks like two."
_BESIDE: Final = "The phone number must stand alone; there are digits beside it."
_ASTRAY: Final = "The phone number has signs that do not stand between groups of digits."
_CHANGED: Final = "The phone number has digits that do not belong to it, such as a prefix behind the country code."
_NO_COUNTRY: Final = "The phone number begins with a country code that no country has."


class PhoneError(ValueError):
    """The text is no phone number; the message is a sentence for its sender."""


def e164(text: str, *, default_country: str = "") -> str:
    """Return the number in E.164; one without a country code is read as one of `default_country`, or refused.

    `text` is in NFC. Full-width digits and those of other scripts are digits, their dashes are hyphens; `00` and the
    like are international prefixes where the default country has them so. Raises `PhoneError`.
    """
    if is_e164(text):
        return text
    plain = _plain(text)
    digits = BETWEEN.sub("", plain)
    try:
        number = phonenumbers.parse(digits, default_country or None)
    except phonenumbers.NumberParseException as error:
        raise PhoneError(_why_unreadable(error, digits)) from error
    if digits.startswith("00") and not _is_prefixed(digits, default_country):
        raise PhoneError(_INTERNATIONAL)
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != ValidationResult.IS_POSSIBLE:
        raise PhoneError(_REASONS.get(reason, _INTERNATIONAL))
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if len(written) > MOST_DIGITS + 1:
        raise PhoneError(_REASONS[ValidationResult.TOO_LONG])
    if not is_e164(written) and not _is_settled(written):
        raise PhoneError(_PREFIX_TWICE)
    if digits.startswith("+") and not _is_same(digits[1:], number, written[1:]):
        raise PhoneError(_CHANGED)
    if not phonenumbers.is_valid_number(number) and _is_number_with_more(plain, default_country):
        raise PhoneError(_BESIDE)
    return written


def _why_unreadable(error: phonenumbers.NumberParseException, digits: str) -> str:
    if sentence := _UNREADABLE.get(error.error_type):
        return sentence
    if not digits.startswith("+"):
        return _INTERNATIONAL
    return _NO_COUNTRY


def _is_same(given: str, number: phonenumbers.PhoneNumber, written: str) -> bool:
    """Whether nothing was changed but the zero or one that is dialled within the country, as in +61 (0)404."""
    code = str(number.country_code)
    return given == written or (
        given[: len(code) + 1] in {f"{code}0", f"{code}1"} and given[: len(code)] + given[len(code) + 1 :] == written
    )


def _is_number_with_more(plain: str, default_country: str) -> bool:
    """Whether a short group stands behind a number that is one without it."""
    behind = _LAST_GROUP.match(plain)
    if behind is None:
        return False
    try:
        number = phonenumbers.parse(BETWEEN.sub("", behind[1]), default_country or None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)


def is_e164(text: str) -> bool:
    """Whether the text is a possible number in E.164 as it stands, which most are; parsing takes ten times as long.

    False says nothing: only parsing knows which leading digits are a prefix to drop. Lengths that suffice within an
    area only are no lengths here.
    """
    if not _E164.fullmatch(text):
        return False
    for end in (2, 3, 4):
        code, national = int(text[1:end]), text[end:]
        if code in COUNTRY_CODE_TO_REGION_CODE:
            break
    else:
        return False
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, COUNTRY_CODE_TO_REGION_CODE[code][0])
    if metadata is None or metadata.general_desc is None or national.startswith("0"):
        return False
    prefix = metadata.national_prefix_for_parsing
    if prefix and re.match(prefix, national):
        return False
    return len(national) in metadata.general_desc.possible_length


def _is_settled(written: str) -> bool:
    """Whether the number is read as itself: of +27 00 00000, for one, each reading would take a zero for a prefix."""
    try:
        number = phonenumbers.parse(written)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == written


def _is_prefixed(digits: str, default_country: str) -> bool:
    """Whether the zeros are the international prefix of that country, and not the beginning of a number there."""
    number = phonenumbers.parse(digits, default_country, keep_raw_input=True)
    return bool(number.country_code_source != CountryCodeSource.FROM_DEFAULT_COUNTRY)


def _plain(text: str) -> str:
    """Return the number in ASCII without armour and marks; refuse everything that is more than a number."""
    text = in_ascii(text)
    if fault := _fault(text):
        raise PhoneError(fault)
    return text


def in_ascii(text: str) -> str:
    """Return the text without armour and marks of writing direction, its signs and digits in ASCII; all else stays."""
    text = _DIRECTION_MARKS.sub("", text).strip()
    if armoured := _ARMOUR.fullmatch(text):
        text = next(part for part in armoured.groups() if part is not None).strip()
    text = text.translate(_SIGNS)
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
    return text


def _fault(text: str) -> str:
    """Return a sentence about what there is beside one number's digits and the signs between them."""
    for says in (_damaged, _not_one, _strange, _astray, _slashed):
        if sentence := says(text):
            return sentence
    return ""


def _damaged(text: str) -> str:
    """Return what spreadsheets and copying have made of the number."""
    if not text:
        return "The phone number must not be empty."
    if _SCIENTIFIC.fullmatch(text):
        return "The phone number is in scientific notation, as spreadsheets write it: digits of it are lost."
    if _DECIMAL.fullmatch(text):
        return "The phone number ends in .0: it was taken for a decimal number on its way."
    unseen = first_unseen(text)
    return f"The phone number must not hold {name_of(unseen)}." if unseen else ""


def _not_one(text: str) -> str:
    """Return what stands beside the number, or is a second one."""
    if _EXTENSION.search(text):
        return "The phone number must not have an extension."
    if any(c.isalpha() for c in text):
        return "The phone number must not hold letters."
    bare = BETWEEN.sub("", text)
    return _TWO if len(re.findall(r"[0-9]{6,}", bare)) > 1 or bare.count("+") > 1 else ""


def _strange(text: str) -> str:
    bare = BETWEEN.sub("", text)
    if strange := bare.replace("+", "").strip("0123456789"):
        return f"The phone number must not hold {name_of(strange[0])}."
    if not bare.strip("+"):
        return "The phone number must have digits."
    return "" if "+" not in bare[1:] else "The plus must be the first sign of a phone number."


def _astray(text: str) -> str:
    return "" if _GROUPS.fullmatch(text) else _ASTRAY


def _slashed(text: str) -> str:
    if "/" not in text:
        return ""
    area, *rest = (BETWEEN.sub("", part) for part in text.split("/"))
    longest = _LONGEST_AREA["+" if area.startswith(("+", "00")) else ""]
    if len(rest) > 1 or len(area.removeprefix("+")) > longest or len(rest[0]) < _SHORTEST_AFTER_SLASH:
        return _TWO
    return ""
