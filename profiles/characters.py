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
DIRECTION_MARKS: Final = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Ranges of the marks that tell a program which way to write: they come along when text is copied from a page."""
# What nobody sees (Unicode's Default_Ignorable_Code_Point), as ranges. Of some two that look the same would differ,
# and copying leaves them at the ends: soft hyphens, zero-width spaces, word joiners, byte order marks.
_UNSEEN: Final = (
    f"\xad{DIRECTION_MARKS}\u200b\u2060-\u206f\ufeff\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e001f\U000e0080-\U000e00ff\U000e01f0-\U000e0fff"
)
# The others shape the letter beside them, or count as one: joiners, variation selectors, fillers, the tags of flags.
_SHAPING: Final = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0020-\U000e007f\U000e0100-\U000e01ef"
)
_UNSEEN_WITHIN: Final = re.compile(f"[{_UNSEEN}]")
# Nobody sees a text of these alone; the blank of Braille is none of Unicode's.
_NOTHING: Final = re.compile(rf"[\s{_UNSEEN}{_SHAPING}\u2800]*")


def _all_of(ranges: str) -> str:
    """Return the characters that ranges such as `a-f` stand for."""
    return re.sub("(.)-(.)", lambda ends: "".join(map(chr, range(ord(ends[1]), ord(ends[2]) + 1))), ranges)


_EDGES: Final = _all_of(_UNSEEN) + "".join(one for one in map(chr, range(0x3001)) if one.isspace())
_ARE_EDGES: Final = frozenset(_EDGES)
_MAY_BE_NOTHING: Final = frozenset(f"{_all_of(_SHAPING)}\u2800")
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
    if text[0] in _ARE_EDGES or text[-1] in _ARE_EDGES or text[0] in _MAY_BE_NOTHING:
        return "" if is_unseen(text) else text.strip(_EDGES)
    return text


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
