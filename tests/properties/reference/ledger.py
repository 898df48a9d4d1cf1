"""What the ledger says of a change."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from profiles.values import ChangeAction
from tests.properties.reference.people import Person


@dataclass(frozen=True)
class LedgerRow:
    """One change of one person by one record."""

    label: int
    version: int
    action: str
    changes: Mapping[str, Mapping[str, Any]]
    position: int | None
    times: Mapping[str, Mapping[str, str]]


def difference(before: Person | None, after: Person) -> dict[str, dict[str, Any]]:
    """Return what is different, pointer by pointer; nothing is known about somebody new."""
    old = {} if before is None else facts(before)
    new = facts(after)
    if before is None:
        new = {pointer: value for pointer, value in new.items() if value is not None}
    changes: dict[str, dict[str, Any]] = {}
    for pointer in sorted(old.keys() | new.keys()):
        if is_row(before, pointer) and is_row(after, pointer):
            continue  # that it is there is told when it comes and when it goes
        if pointer not in old:
            changes[pointer] = {"from": None, "to": new[pointer]} if has_row(before, pointer) else {"to": new[pointer]}
        elif pointer not in new:
            changes[pointer] = (
                {"from": old[pointer], "to": None} if has_row(after, pointer) else {"from": old[pointer]}
            )
        elif json.dumps(old[pointer]) != json.dumps(new[pointer]):
            changes[pointer] = {"from": old[pointer], "to": new[pointer]}
    return changes


def moved_times(before: Person | None, after: Person) -> dict[str, dict[str, str]]:
    """Return what is different of the times, which stand beside the changes."""
    old, new = ({} if before is None else all_times(before)), all_times(after)
    moved = {}
    for pointer in old.keys() | new.keys():
        if old.get(pointer) != new.get(pointer):
            sides = {"from": old.get(pointer), "to": new.get(pointer)}
            moved[pointer] = {side: time for side, time in sides.items() if time is not None}
    return moved


def all_times(person: Person) -> dict[str, str]:
    """Return when consent was decided and when the sources spoke, as pointers."""
    times = {f"/effective/{name}": time for name, time in person.times.items()}
    for source, said in person.source_times.items():
        times |= {f"/source/{source}{path}": time for path, time in said.items()}
    return times


def has_row(person: Person | None, pointer: str) -> bool:
    """Whether the person has the row that the pointer leads into: what is missing there is null, not absent."""
    collection, *parts = (part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))
    return person is not None and tuple(parts[:-1]) in person.rows.get(collection, {})


def is_row(person: Person | None, pointer: str) -> bool:
    """Whether the pointer is that of one of the person's rows itself."""
    collection, *parts = (part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))
    return person is not None and tuple(parts) in person.rows.get(collection, {})


def facts(person: Person) -> dict[str, Any]:
    """Return everything about the person as pointers and plain values."""
    known = {f"/{name}": value for name, value in person.fields.items()}
    for (handle, identifier), row in person.identities.items():
        for name, value in row.items():
            if name != "merged_from" or value is not None:
                known[f"/identities/{escaped(handle)}/{escaped(identifier)}/{name}"] = value
    for tag in person.tags:
        known[f"/tags/{escaped(tag)}"] = True
    for collection, rows in person.rows.items():
        for key, row in rows.items():
            place = "/" + "/".join(escaped(part) for part in (collection, *key))
            values = {f"{place}/{name}": value for name, value in row.items() if value is not None}
            known |= values or {place: True}
    return known


def escaped(part: str) -> str:
    """Return one part of a JSON pointer (RFC 6901)."""
    return part.replace("~", "~0").replace("/", "~1")


def action_of(before: Person | None, after: Person) -> ChangeAction:
    """Return what the change is called: crossing the border to deleted has a name of its own."""
    if before is None:
        return ChangeAction.CREATED
    was_deleted = before.fields["profile_type"] == "deleted"
    is_deleted = after.fields["profile_type"] == "deleted"
    if is_deleted and not was_deleted:
        return ChangeAction.DELETED
    if was_deleted and not is_deleted:
        return ChangeAction.RESTORED
    return ChangeAction.UPDATED
