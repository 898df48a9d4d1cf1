"""What the types of a record find faulty: told as errors, and taken out, so that the rest can be read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from profiles.readings import JSON
from profiles.schema.findings import pointer_to
from profiles.schema.record import ENTRIES, MOST_ENTRIES, RECORD, Record
from profiles.values import ErrorCode, Finding

_SENTENCES: Final[Mapping[str, str]] = {
    "list_type": "The value must be a list.",
    "dict_type": "The value must be an object.",
    "missing": "The value is required.",
}


def check_record(
    raw: Mapping[str, JSON], *, flaws: Sequence[Finding] = ()
) -> tuple[Record, Mapping[str, Sequence[int]], list[Finding]]:
    """Return what is sound of a record, in normal form, and all its errors.

    `flaws` are those found before: what one of them took out is not missed as well. Where a collection lost entries,
    the mapping has the indexes of those that stayed.
    """
    try:
        return RECORD.validate_python(raw, strict=True), {}, [*flaws]
    except ValidationError as failure:
        faults = _faults(failure)
    told = {flaw.pointer for flaw in flaws}
    errors = [*flaws, *(error for error in map(_error, faults) if error.pointer not in told)]
    sound = _pruned(raw, _members(faults))
    try:
        return RECORD.validate_python(sound, strict=True), {}, errors
    except ValidationError as failure:
        left, indexes = _without_entries(sound, _paths(_faults(failure)))
    return RECORD.validate_python(left, strict=True), indexes, errors


def check_entry(collection: str, raw: object) -> tuple[Mapping[str, Any] | None, list[Finding]]:
    """Return what is sound of one entry by itself, and its errors; `None` where it cannot be without the rest."""
    adapter = ENTRIES[collection]
    try:
        return adapter.validate_python(raw, strict=True), []
    except ValidationError as failure:
        faults = _faults(failure)
    errors = [_error(fault) for fault in faults]
    try:
        return adapter.validate_python(_pruned(raw, _members(faults)), strict=True), errors
    except ValidationError:
        return None, errors


def _faults(failure: ValidationError) -> list[ErrorDetails]:
    return failure.errors(include_url=False, include_input=False, include_context=False)


def _paths(faults: Iterable[ErrorDetails]) -> list[tuple[int | str, ...]]:
    return [fault["loc"] for fault in faults]


def _members(faults: Iterable[ErrorDetails]) -> list[tuple[int | str, ...]]:
    """Return the paths of those that are members of an object: they can be taken out by themselves."""
    return [path for path in _paths(faults) if path and isinstance(path[-1], str)]


def _error(fault: ErrorDetails) -> Finding:
    kind, path = fault["type"], fault["loc"]
    if kind == "too_long":
        most = MOST_ENTRIES[str(path[-1])]
        code, message = ErrorCode.TOO_MANY, f"The list must not have more than {most:,} entries."
    else:
        code = ErrorCode.INVALID
        message = _SENTENCES.get(kind) or fault["msg"].removeprefix("Value error, ")
    return Finding(code, pointer_to(*path), message)


def _without_entries(
    sound: Mapping[str, Any], faults: Iterable[tuple[int | str, ...]]
) -> tuple[Mapping[str, Any], Mapping[str, Sequence[int]]]:
    """Take out the whole entry, or field, that cannot be without its faulty member.

    Returns what is left and, for each collection that lost entries, the indexes of those that stayed.
    """
    fields: set[str] = set()
    entries: dict[str, set[int]] = {}
    for path in faults:
        name = str(path[0])
        if len(path) > 1 and isinstance(path[1], int):
            entries.setdefault(name, set()).add(path[1])
        else:
            fields.add(name)
    left = {name: value for name, value in sound.items() if name not in fields}
    indexes: dict[str, Sequence[int]] = {}
    for name in entries.keys() - fields:
        indexes[name] = [index for index in range(len(sound[name])) if index not in entries[name]]
        left[name] = [sound[name][index] for index in indexes[name]]
    return left, indexes


def _pruned(value: Any, paths: Iterable[Sequence[int | str]]) -> Any:
    """Return a copy of the value without the members at the paths, each of which ends in a name.

    Whatever holds one of them is copied once, however many there are.
    """
    if not isinstance(value, dict | list):
        return value
    below: dict[Any, list[Sequence[int | str]]] = {}
    for head, *rest in paths:
        below.setdefault(head, []).append(rest)
    copy: Any = value.copy()
    for head, rests in below.items():
        if isinstance(copy, dict) and [] in rests:
            copy.pop(head, None)
        elif head in copy if isinstance(copy, dict) else isinstance(head, int):
            copy[head] = _pruned(copy[head], rests)
    return copy
