"""What a hub lays down about keys: texts that are none, and how many of a handle a profile may hold (rules 1.13).

A placeholder such as 000-000-0000 stands for nobody: taken for a key, it would make one person of two strangers.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from profiles import keys, patterns, phones

# The kinds of keys, in the words of `keys.MatchKey`.
EMAIL: Final = "email"
MOBILE: Final = "mobile"
IDENTITY: Final = "identity"
KINDS: Final = (EMAIL, MOBILE, IDENTITY)

MOST_ENTRIES: Final = 1_000
MOST_PATTERNS: Final = 100

_BETWEEN: Final = r"[\s+\-.()/]*+"
_FEWEST_DIGITS: Final = 7
# As a whole one digit, so many times or more, or all of them in their order on a keyboard.
_PLACEHOLDER: Final = re.compile(
    f"{_BETWEEN}(?:{_BETWEEN.join('1234567890')}|([0-9])(?:{_BETWEEN}\\1){{{_FEWEST_DIGITS - 1},}}+){_BETWEEN}"
)
_NOBODYS_EMAIL: Final = re.compile(r"\s*(?:noemail|test)@[^@]*", re.IGNORECASE | re.ASCII)
_NOT_COUNTED: Final = " -.()/"


@dataclass(frozen=True, slots=True)
class BlockedEntry:
    """One entry of a hub's own list: a text as a whole, or a pattern, for one handle or (empty) any."""

    kind: str
    handle: str = ""
    exact: str = ""
    pattern: str = ""


class Blocked:
    """The texts that are never a key: those built in, and a hub's own.

    Texts are compared in their normal form as texts: what stands for nobody need be no phone number or email. Making
    it raises `InvalidValueError` for what is no pattern.
    """

    def __init__(self, entries: Iterable[BlockedEntry] = ()) -> None:
        self._exact: dict[tuple[str, str], set[str]] = {}
        self._patterns: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
        for entry in entries:
            if entry.pattern:
                one = (entry.handle, compiled_for(entry.kind, entry.pattern))
                self._patterns.setdefault(entry.kind, []).append(one)
            for form in forms_of(entry):
                self._exact.setdefault((entry.kind, form), set()).add(entry.handle)
        self._kinds = {kind for kind, _ in self._exact} | self._patterns.keys()

    def has(self, kind: str, text: str, handle: str = "") -> bool:
        """Whether the text is blocked as a key of that kind; blanks at its ends do not matter."""
        is_nobodys = _NOBODYS_EMAIL.fullmatch(text) is not None if kind == EMAIL else is_placeholder(text)
        return is_nobodys or (kind in self._kinds and self._has_own(kind, text, handle))

    def _has_own(self, kind: str, text: str, handle: str) -> bool:
        form = _form(kind, text.strip())
        handles = self._exact.get((kind, form), ())
        return (
            "" in handles
            or handle in handles
            or any(pattern.fullmatch(form) for only, pattern in self._patterns.get(kind, ()) if only in {"", handle})
        )


BUILT_IN: Final = Blocked()


@dataclass(frozen=True, slots=True)
class KeyRules:
    """What one hub lays down about keys."""

    blocked: Blocked = BUILT_IN
    identity_limits: Mapping[str, int] = field(default_factory=dict)
    """How many identities of a handle one profile may hold; a handle that is missing has no such bound."""


def is_placeholder(text: str) -> bool:
    """Whether the text, as a phone or identifier, is blocked everywhere."""
    last = text[-1:]
    if last.isalnum() and last != "0" and text.count(last) < _FEWEST_DIGITS:
        return False  # nearly all of them, at a third of the cost
    if not text.isascii() or text[:1] in {"=", "'", '"'}:
        text = phones.in_ascii(text)
    return _PLACEHOLDER.fullmatch(text) is not None


def compiled_for(kind: str, pattern: str) -> re.Pattern[str]:
    """Return what matches texts of the kind, as they are compared, by a pattern; raises `InvalidValueError`."""
    if kind == EMAIL:
        pattern = pattern.lower()
    return patterns.compiled(pattern, passed_over=_NOT_COUNTED if kind == MOBILE else "")


def forms_of(entry: BlockedEntry) -> set[str]:
    """Return how the entry's text, if it has one, may come: as it is written, and as the key that is made of it."""
    if not entry.exact:
        return set()
    forms = {_form(entry.kind, entry.exact)}
    try:
        if entry.kind == EMAIL:
            forms.add(keys.email_key(entry.exact))
        elif entry.kind == MOBILE:
            forms.add(keys.phone(entry.exact))
    except keys.InvalidValueError:
        pass  # it is no key: only the text itself can come
    return forms


def _form(kind: str, text: str) -> str:
    """Return the text as it is compared with a hub's own list."""
    if kind == EMAIL:
        return text.lower()
    if kind == MOBILE:
        return phones.BETWEEN.sub("", phones.in_ascii(text))
    return keys.unarmoured(text)
