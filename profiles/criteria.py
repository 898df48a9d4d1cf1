"""What a sender matches by: `email` or an identity's handle, or several of them in order (rules 2.1).

A text without a comma is one criterion, one with commas is the list of its trimmed parts; a handle that holds a comma
can be named in a list only.
"""

from collections.abc import Sequence
from typing import Final

import orjson

from profiles.keys import NAME_LENGTH, InvalidValueError, name

EMAIL: Final = "email"  # the one reserved criterion; any other text is an identity handle
MOST_CRITERIA: Final = 5
LONGEST_LIST: Final = MOST_CRITERIA * (NAME_LENGTH + len(", "))
"""Of a text that names several, in characters."""
LONGEST_TEXT: Final = MOST_CRITERIA * (2 * NAME_LENGTH + len('"",'))
"""Of criteria as `criteria_text` writes them: each character may need a backslash."""

NOT_CRITERIA: Final = "The match_criteria must be email, an identity handle, or a list of them."

Criteria = tuple[str, ...]
"""In the order in which they are tried; at least one, none twice."""


class CriteriaError(InvalidValueError):
    """The criteria cannot be matched by; the message is a sentence for their sender."""

    def __init__(self, message: str, index: int | None = None) -> None:
        super().__init__(message)
        self.index = index
        """Which entry of a list is wrong; `None` where it is no list, or all of it is."""


def read_criteria(value: object) -> Criteria:
    """Return the criteria that a value of JSON names, a text or a list; raises `CriteriaError`."""
    if isinstance(value, str):
        return _of_text(value)
    if not isinstance(value, list):
        raise CriteriaError(NOT_CRITERIA)
    if not 1 <= len(value) <= MOST_CRITERIA:
        raise CriteriaError(f"The match_criteria must name between 1 and {MOST_CRITERIA} criteria.")
    criteria: list[str] = []
    for index, entry in enumerate(value):
        if not isinstance(entry, str):
            raise CriteriaError("The entry must be text: email, or an identity handle.", index)
        try:
            criterion = name(entry)
        except InvalidValueError as error:
            raise CriteriaError(str(error), index) from error
        if criterion in criteria:
            raise CriteriaError("The criterion stands twice.", index)
        criteria.append(criterion)
    return tuple(criteria)


def _of_text(text: str) -> Criteria:
    if "," not in text:
        return (name(text),)
    if len(text) > LONGEST_LIST:
        raise CriteriaError(f"The text must not be longer than {LONGEST_LIST:,} characters.")
    parts = text.split(",")
    if not all(part.strip() for part in parts):
        raise CriteriaError("Between two commas, before and after them, there must be a criterion.")
    try:
        return read_criteria(parts)
    except CriteriaError as error:
        raise CriteriaError(str(error)) from error


def typed_criteria(text: str) -> Criteria:
    """Return the criteria that somebody typed, or that `criteria_text` wrote: also a list in JSON.

    Raises `CriteriaError`, and `InvalidValueError` for a single one that is no handle.
    """
    if text.startswith("[") and len(text) <= LONGEST_TEXT:
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            value = None
        if isinstance(value, list):
            return read_criteria(value)
    return _of_text(text)


def criteria_text(criteria: Sequence[str]) -> str:
    """Return the criteria as they are kept and shown: `shop,email`; a list in JSON where a text would not do."""
    if is_plain(criteria):
        return ",".join(criteria)
    return orjson.dumps(criteria).decode()


def wire_criteria(criteria: Sequence[str]) -> str | list[str]:
    """Return the criteria as an envelope names them: a text, which every client knows, wherever one will do."""
    return ",".join(criteria) if is_plain(criteria) else list(criteria)


def looks_like_email(handle: str) -> bool:
    """Whether a handle is likely a slip for the criterion `email`: by its case, or by its letters' order."""
    return sorted(handle.lower()) == sorted(EMAIL)


def is_plain(criteria: Sequence[str]) -> bool:
    """Whether a text that lists them says what they are."""
    return not any("," in criterion for criterion in criteria) and not criteria[0].startswith("[")
