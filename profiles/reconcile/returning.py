"""What a profile may get back when rows of its ledger are taken back: by the rows alone, before it is read.

Pure. Keys that come back are locked, and what is referred to is looked up; a key that goes is guarded by the lock of
the profile that has it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from profiles.keys import MatchKey, identity_match_key
from profiles.reconcile.keeping import keys_of_field, references_of_fields, references_of_row
from profiles.reconcile.registers import Place, Told
from profiles.values import LedgerRow, ReferenceName


def may_come_back(rows: Iterable[LedgerRow]) -> tuple[set[MatchKey], set[ReferenceName]]:
    """Return the keys that these rows had and that are gone by the end of them, and all that they refer to."""
    had: set[MatchKey] = set()
    has: dict[str | Place, MatchKey] = {}
    names: set[ReferenceName] = set()
    for row in rows:
        told = Told(row)
        for name, sides in told.fields.items():
            for value in sides.values():
                names.update(references_of_fields({name: value}))
                had.update(keys_of_field(name, value))
            has.pop(name, None)
            has.update((name, key) for key in keys_of_field(name, sides.get("to")))
        for place, values in _rows_of(told):
            names.update(references_of_row(place, values))
        for place in (*told.removed, *told.made):
            if place[0] == "identities":
                had.add(identity_match_key(*place[1]))
                has.pop(place, None)
        has |= {place: identity_match_key(*place[1]) for place in told.made if place[0] == "identities"}
    return had - {*has.values()}, names


def _rows_of(told: Told) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """Yield what the changes say of rows, before and after them."""
    yield from (*told.made.items(), *told.removed.items())
    for place, changed in told.changed.items():
        for side in ("from", "to"):
            yield place, {name: sides[side] for name, sides in changed.items()}
