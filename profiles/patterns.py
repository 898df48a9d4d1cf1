r"""Patterns of texts that operators write: `*`, `?` and classes, and nothing that could take long (rules 1.14).

Whether a pattern is taken follows from its form alone. It becomes a regular expression in which each part between two
stars is looked for once, from where the last one was found: atomic groups never go back, so that the steps are at most
the length of the text times that of the pattern.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from profiles.keys import InvalidValueError, text

PATTERN_LENGTH: Final = 100
_ANY: Final = "*"
_ONE: Final = "?"
# What regular expressions are written with, and patterns are not: whoever writes it means something else.
_FOREIGN: Final = frozenset("(){}|^$]")
_UNCLOSED: Final = "The pattern has a [ without a ] behind it; a bracket that is meant itself is written \\[."


@lru_cache(maxsize=1024)
def compiled(pattern: str, *, passed_over: str = "") -> re.Pattern[str]:
    r"""Return what matches whole texts by the pattern; `passed_over` are signs that do not count in it.

    `*` stands for any characters, none too; `?` for one; `[a-f7]` for one of those, `[!a-f7]` for one of all others; a
    `\` takes the sign behind it as it is. Raises `InvalidValueError`, by the form of the pattern alone.
    """
    parts: list[list[str]] = [[]]
    is_bare = True
    for sign in _signs(text(pattern, length=PATTERN_LENGTH)):
        if sign == _ANY:
            parts.append([])
        elif sign not in passed_over:
            is_bare = is_bare and sign == _ONE
            parts[-1].append("." if sign == _ONE else sign if len(sign) > 1 else re.escape(sign))
    if is_bare:
        raise InvalidValueError("The pattern must hold something beside * and ?, else it stands for everything.")
    first, *others = ("".join(part) for part in parts)
    if not others:
        return re.compile(first, re.DOTALL)
    *between, last = others
    return re.compile(first + "".join(f"(?>.*?{part})" for part in between) + f".*{last}", re.DOTALL)


def _signs(pattern: str) -> Iterator[str]:
    """Yield `*`, `?`, single characters, and classes and escaped signs as regular expressions write them."""
    index = 0
    before = ""
    while index < len(pattern):
        sign = pattern[index]
        if sign in _FOREIGN:
            message = f"A pattern has no {sign}: there are only *, ? and [a-z]. Write \\{sign} if you mean the sign."
            raise InvalidValueError(message)
        if sign == before == _ANY:
            raise InvalidValueError("The pattern has two * in a row; one stands for any characters already.")
        before = sign
        if sign == "\\":
            sign, index = _escaped(pattern, index)
        elif sign == "[":
            sign, index = _class(pattern, index)
        index += 1
        yield sign


def _escaped(pattern: str, index: int) -> tuple[str, int]:
    """Return the sign behind the backslash as a regular expression writes it, and its place."""
    if index + 1 == len(pattern) or pattern[index + 1].isalnum():
        raise InvalidValueError("A backslash in a pattern stands before a sign that is meant itself, such as \\*.")
    return f"[{_in_class(pattern[index + 1])}]", index + 1


def _class(pattern: str, index: int) -> tuple[str, int]:
    """Return the class as a regular expression writes it, and the place of its end."""
    end = index + 1
    is_other = pattern[end : end + 1] == "!"
    end += is_other
    members: list[str] = []
    while pattern[end : end + 1] != "]":
        first, end = _member(pattern, end)
        if pattern[end : end + 1] != "-":
            members.append(_in_class(first))
            continue
        last, end = _member(pattern, end + 1)
        if last < first:
            raise InvalidValueError("The pattern has a class whose range runs backwards, such as [z-a].")
        members.append(f"{_in_class(first)}-{_in_class(last)}")
    if not members:
        raise InvalidValueError("The pattern has an empty class, [].")
    return f"[{'^' if is_other else ''}{''.join(members)}]", end


def _member(pattern: str, index: int) -> tuple[str, int]:
    """Return one character of a class, and the place behind it."""
    character = pattern[index : index + 1]
    if character == "\\":
        index += 1
        character = pattern[index : index + 1]
    elif character in {"[", "]", "-"}:
        needed = f"The pattern has a {character} where a class needs a character"
        raise InvalidValueError(f"{needed}; one that is meant is written \\{character}.")
    if not character:
        raise InvalidValueError(_UNCLOSED)
    return character, index + 1


def _in_class(character: str) -> str:
    return f"\\{character}" if character in r"\^-[]&~|" else character
