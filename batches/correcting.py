"""Putting a rejected record right: its values by their places, and sent again as a batch of one (way 5.7).

What was received stays as it came; the corrected record names the one that it corrects.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from django.utils import timezone

from batches.bodies import find_record, record_texts
from batches.explaining import Explanation, explain_record
from batches.intake import submit_batch
from batches.models import BatchBody, BatchRecord
from batches.resending import ResendingError
from batches.values import BatchSource, Receipt
from profiles.criteria import wire_criteria
from profiles.readings import JSON
from profiles.values import MobileClash, OutcomeKind

MOST_VALUES: Final = 200
Path = tuple[str | int, ...]


class CorrectingError(ResendingError):
    """The record cannot be put right here."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a record, and where it stands."""

    pointer: str
    text: str
    """As it is typed: a text as it is, anything else as JSON."""
    is_text: bool


def record_to_correct(record: BatchRecord) -> dict[str, Any]:
    """Return what was received, sound as it can be read; raises `CorrectingError`. One query."""
    if record.outcome != OutcomeKind.REJECTED:
        raise CorrectingError("The record was not rejected.")
    if record.batch.source == BatchSource.UNDO:
        raise CorrectingError("An undo is not corrected; take the batch back once more.")
    content = BatchBody.objects.filter(batch=record.batch_id).values_list("content", flat=True).first()
    raw = None if content is None else find_record(bytes(content), record.position)
    if raw is None:
        raise CorrectingError("The batch's body is no longer kept.")
    return dict(raw.value)


# --- Values by their places --------------------------------------------------------------------------------------


def values_of(record: Mapping[str, JSON]) -> list[Value]:
    """Return the record's values in order, each with its pointer; raises `CorrectingError` for too many."""
    found: list[Value] = []
    for name, value in record.items():
        _collect((name,), value, found)
    if len(found) > MOST_VALUES:
        raise CorrectingError(f"The record has more than {MOST_VALUES} values; send it again as a file.")
    return found


def _collect(path: Path, value: JSON, found: list[Value]) -> None:
    if isinstance(value, dict) and value:
        for name, one in value.items():
            _collect((*path, name), one, found)
    elif isinstance(value, list) and value:
        for index, one in enumerate(value):
            _collect((*path, index), one, found)
    else:
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        found.append(Value(pointer_of(path), text, is_text=isinstance(value, str)))


def pointer_of(path: Path) -> str:
    """Return the JSON pointer of a place."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def with_values(record: Mapping[str, JSON], typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the record with what was typed at its pointers; what was emptied is left out.

    A text stays one; what was something else is read as JSON where it can be, else it is a text. A pointer that the
    record does not have is added.
    """
    known = {value.pointer: value for value in values_of(record)}
    corrected: dict[str, Any] = {}
    for pointer in [*known, *(one for one in typed if one not in known)]:
        text = typed.get(pointer, known[pointer].text if pointer in known else "")
        if not text.strip():
            continue
        is_text = known[pointer].is_text if pointer in known else True
        _put(corrected, _path(pointer), text if is_text else _read(text))
    return {name: _packed(value) for name, value in corrected.items()}


def _path(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]


def _read(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _put(holder: dict[str, Any], path: list[str], value: object) -> None:
    """Put the value where it stands; lists are made of objects by their indexes for now."""
    *parts, last = path
    for part in parts:
        inner = holder.setdefault(part, {})
        if not isinstance(inner, dict):
            inner = holder[part] = {}
        holder = inner
    holder[last] = value


def _packed(value: Any) -> Any:
    """Return the value with objects whose names are all indexes as lists, in their order."""
    if not isinstance(value, dict):
        return value
    packed = {name: _packed(one) for name, one in value.items()}
    if packed and all(name.isascii() and name.isdigit() for name in packed):
        return [packed[name] for name in sorted(packed, key=int)]
    return packed


# --- Looked at, and sent -----------------------------------------------------------------------------------------


def look_at(record: BatchRecord, corrected: Mapping[str, JSON]) -> Explanation:
    """Return what would become of the corrected record now; nothing is written. Queries."""
    batch = record.batch
    return explain_record(
        orjson.dumps(corrected).decode(),
        criteria=batch.criteria,
        mobile_clash=MobileClash(batch.mobile_clash),
        now=timezone.now(),
        on_behalf_of=batch.submitted_by,
    )


def send_corrected(record: BatchRecord, corrected: Mapping[str, JSON], *, request_id: str = "") -> Receipt:
    """Submit the corrected record as a batch of one on its sender's behalf; raises what `submit_batch` raises."""
    batch = record.batch
    return submit_batch(
        body=orjson.dumps(
            {
                "match_criteria": wire_criteria(batch.criteria),
                "mobile_clash": batch.mobile_clash,
                "profiles": [corrected],
            }
        ),
        source=BatchSource.ADMIN,
        submitted_by=batch.submitted_by,
        label=batch.label,
        corrects=(batch.id, record.position),
        request_id=request_id,
    )


# --- Of one batch, by cause --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    """Records of a batch that were rejected for the same reason."""

    code: str
    field: str
    """Which field, or collection; empty: the record as a whole."""
    message: str
    """What the first of them was told."""
    positions: Sequence[int]


def rejected_by_cause(batch_id: UUID) -> list[Group]:
    """Return the rejected records of a batch by code and field of their first error, most first; one query."""
    rows = BatchRecord.objects.filter(batch=batch_id, outcome=OutcomeKind.REJECTED).order_by("position")
    groups: dict[tuple[str, str], Group] = {}
    for position, errors in rows.values_list("position", "errors"):
        first = errors[0] if errors else {"code": "internal", "pointer": "", "message": ""}
        field = _field(first["pointer"])
        group = groups.setdefault((first["code"], field), Group(first["code"], field, first["message"], []))
        group.positions.append(position)  # type: ignore[attr-defined]  # it is in the making
    return sorted(groups.values(), key=lambda group: -len(group.positions))


def _field(pointer: str) -> str:
    """Return the field that a pointer names, without the places in lists."""
    parts = [part for part in pointer.split("/")[1:] if not part.isdigit()]
    return ".".join(part.replace("~1", "/").replace("~0", "~") for part in parts)


def rejected_texts(batch_id: UUID) -> list[str]:
    """Return the rejected records of a batch in order, each in one line as JSON Lines want it; two queries."""
    rejected = BatchRecord.objects.filter(batch=batch_id, outcome=OutcomeKind.REJECTED)
    positions = set(rejected.values_list("position", flat=True))
    content = BatchBody.objects.filter(batch=batch_id).values_list("content", flat=True).first()
    if content is None:
        return []
    # Blanks between tokens may hold line ends; within texts JSON has none.
    texts = record_texts(bytes(content))
    return [" ".join(text.splitlines()) for position, text in enumerate(texts) if position in positions]
