"""Characters that texts must not hold, by the names people know them by: a sentence may say them, a value never."""

import re
import unicodedata
from typing import Final

_KNOWN: Final = {
    "\n": "a line break",
    "\r": "a line break",
    "\v": "a line break (U+000B)",
    "\f": "a page break",
    "\x85": "a line break (U+0085)",
    "\u2028": "a line break (U+2028)",
    "\u2029": "a line break (U+2029)",
    "\t": "a tab",
    "\x00": "a NUL character (U+0000)",
    "\ufeff": "a byte order mark (U+FEFF)",
}
_KINDS: Final = {
    "Cc": "a control character",
    "Cf": "an invisible character",
    "Cs": "half of a surrogate pair",
    "Cn": "a character that does not exist",
    "Co": "a private character",
    "Zs": "a blank",
}
_SEEN: Final = re.compile("[\x21-\x7e]*", re.ASCII)


def name_of(character: str) -> str:
    """Return what to call the character in a sentence."""
    if character in _KNOWN:
        return _KNOWN[character]
    if character == " ":
        return "a space"
    if "!" <= character <= "~":
        return f"the character {character}"
    return f"{_KINDS.get(unicodedata.category(character), 'a character')} (U+{ord(character):04X})"


def first_unseen(text: str) -> str:
    """Return the first character of the text that nobody can see, blanks apart; empty where there is none."""
    if _SEEN.fullmatch(text):
        return ""
    return next((c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}), "")
