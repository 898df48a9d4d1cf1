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
# What copying from pages and files leaves at the ends: soft hyphen, zero-width space, direction marks, word joiner,
# byte order mark. The joiners U+200C and U+200D are not here: they shape the letter before them.
_UNSEEN: Final = "\xad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_EDGES: Final = _UNSEEN + "".join(one for one in map(chr, range(0x3001)) if one.isspace())  # there is none beyond
_UNSEEN_WITHIN: Final = re.compile(f"[{_UNSEEN}]")
# Joiners, variation selectors and blanks that count as letters: nobody sees a text of these alone.
_NOTHING: Final = re.compile(rf"[\s{_UNSEEN}\u034f\u115f\u1160\u200c\u200d\u2800\u3164\ufe00-\ufe0f\uffa0]*")
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


def shown(text: str) -> str:
    """Return the text as an answer may repeat it: a question mark for what cannot be printed."""
    return "".join(c if c.isprintable() else "?" for c in text)


def trimmed(text: str) -> str:
    """Return the text without the white space and the invisible characters at its ends; nothing where none is seen."""
    if text.isascii():
        return text.strip()
    return "" if is_unseen(text) else text.strip(_EDGES)


def is_unseen(text: str) -> bool:
    """Whether there is nothing in the text that anybody sees."""
    return _NOTHING.fullmatch(text) is not None


def unseen_within(text: str) -> str:
    """Return the first invisible character of a trimmed text, by which two that look the same would differ."""
    return "" if text.isascii() or not (found := _UNSEEN_WITHIN.search(text)) else found[0]


def first_unseen(text: str) -> str:
    """Return the first character of the text that nobody can see, blanks apart; empty where there is none."""
    if _SEEN.fullmatch(text):
        return ""
    return next((c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}), "")
