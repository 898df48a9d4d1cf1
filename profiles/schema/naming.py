"""What a sender may have meant by a name that the hub does not know."""

import difflib
from functools import lru_cache
from typing import Final

_LONGEST: Final = 60
_LIKE_ENOUGH: Final = 0.8


def did_you_mean(name: str, known: frozenset[str]) -> str:
    """Return the question, such as `did you mean first_name?`; empty where no name is near."""
    return "" if len(name) > _LONGEST else _question(name, known)


@lru_cache(maxsize=1024)
def _question(name: str, known: frozenset[str]) -> str:
    meant = _without_case(known).get(_bare(name)) or _like(name, known)
    return f"did you mean {meant}?" if meant else ""


def _like(name: str, known: frozenset[str]) -> str:
    like = difflib.get_close_matches(name.lower(), sorted(known), n=1, cutoff=_LIKE_ENOUGH)
    return like[0] if like else ""


@lru_cache(maxsize=64)
def _without_case(known: frozenset[str]) -> dict[str, str]:
    """Return the names as they look to somebody who pays no heed to case, blanks, hyphens and underscores."""
    return {_bare(name): name for name in known}


def _bare(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
