"""Which parameters of a list would narrow or order it for somebody who thinks it knows them.

They are refused: a list that passes over `?email=` answers with everybody. What is no such word, a cache buster or a
campaign's mark, is nobody's matter and passed over.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Final

from django.apps import apps

_learnt: Final[set[str]] = set()
# What clients of other systems narrow lists by, beside the fields of what the hub has.
_NARROWING: Final = frozenset(
    {
        "address", "after", "age", "attribute", "before", "begin", "between",
        "birthday", "cell", "column", "contain", "cursor", "customer", "date", "day", "deleted",
        "dob", "domain", "end", "equal", "except", "exclude", "exist", "field", "filter", "find", "first",
        "forename", "from", "fullname", "given", "group", "gt", "gte", "handle", "id",
        "identifier", "identity", "interval", "keyword", "last", "like", "limit", "lookup", "lt", "lte",
        "mail", "match", "max", "maximum", "member", "min", "minimum", "mobile", "month", "name", "ne", "not", "null",
        "offset", "omit", "only", "perpage", "person", "phone", "prefix", "q", "query", "range",
        "regex", "row", "scope", "search", "select", "since", "size", "skip", "start", "state", "status", "store",
        "suffix", "surname", "take", "telephone", "term", "to", "top", "trashed", "type",
        "until", "username", "uuid", "value", "week", "where", "with", "without", "year", "zip",
    }
)  # fmt: skip
_ORDERING: Final = frozenset({"asc", "desc", "direction", "order", "orderby", "ordering", "sort", "sortby", "sorting"})
# Those with such a word in them that every client may send.
_HARMLESS: Final = re.compile(
    r"utm_\w+|api[-_]?version|client[-_]?version|sdk[-_]?version|(?:trace|correlation|span)[-_]?id|cache[-_]?key",
    re.ASCII | re.IGNORECASE,
)
# A word begins after a sign, and with a capital after a small letter.
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+")
_MOST_WORDS: Final = 4


def learn(*names: Iterable[str]) -> None:
    """Take in names of fields that are not columns of any model."""
    _learnt.update(*names)


def folded(name: str) -> str:
    """Return a name as it is compared: without case, signs, and the plural's s."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).lower())).rstrip("s")


def refusal(parameter: str) -> str:
    """Return why a parameter that no list has is refused; nothing for one that would narrow none."""
    if _HARMLESS.fullmatch(parameter):
        return ""
    names = {folded(parameter), *_runs(_WORD.findall(unicodedata.normalize("NFKC", parameter)))}
    if not names.isdisjoint(_ORDERING):
        return "This list cannot be ordered by that."
    if "[" in parameter or not names.isdisjoint(_narrowing()):
        return "This list cannot be narrowed by that."
    return ""


def _runs(words: list[str]) -> set[str]:
    """Return each few successive words as one name: `created_after` holds `created`, `after` and both."""
    return {
        folded("".join(words[start : start + length]))
        for start in range(len(words))
        for length in range(1, _MOST_WORDS + 1)
    }


@cache
def _narrowing() -> frozenset[str]:
    """Return the words of other systems and every field the hub stores."""
    fields = (field.name for model in apps.get_models() for field in model._meta.get_fields())
    return frozenset(filter(None, map(folded, (*_NARROWING, *_learnt, *fields))))
