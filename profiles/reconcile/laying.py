"""What moves between two replays of a ledger, and the present with that laid on it (rules 10.3).

Pure. Only what moves is touched: what a newer version of the software would show otherwise, or what a hand in the
database changed, does not leak into it.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from profiles import shape
from profiles.keys import email_key
from profiles.reconcile.difference import State, row_pointer, same
from profiles.reconcile.registers import (
    Place,
    fields_of,
    flag_in,
    flag_register,
    members_of,
    place_register,
    read_back,
    time_in,
    without_flag,
)
from profiles.reconcile.replaying import Shown
from profiles.values import Ended, LedgerRow, Origin, ProfileType, RowKey, Rows

_SOURCE = "/source/"
_EFFECTIVE = "/effective/"


class Sides(NamedTuple):
    """What a register holds by one replay and by the other."""

    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Moves:
    """The registers that two replays differ in."""

    fields: Mapping[str, Sides]
    """By register; the sides are the values of its fields."""
    rows: Mapping[Place, Sides]
    """Rows that come or go; the sides are the row without the collection's flag, or null."""
    members: Mapping[tuple[Place, str], Sides]
    """Of rows that stay, by the row and the register's first member; the sides are the values of its members."""
    flags: Mapping[str, Sides]
    """By collection; the sides are keys of rows."""
    times: Mapping[str, Sides]
    origins: Mapping[Place, Origin | None]
    """Of the rows that come."""


def moves_between(old: Shown, new: Shown) -> Moves:
    """Return what moves from the one replay to the other; an ended profile held nothing."""
    rows: dict[Place, Sides] = {}
    members: dict[tuple[Place, str], Sides] = {}
    for place, row in new.rows.items():
        before = old.rows.get(place)
        if row is None or before is None:
            if row is not before:
                rows[place] = Sides(before, row)
            continue
        for name in _firsts(place[0]) if row is not before else ():
            names = members_of(shape.COLLECTIONS[place[0]], name)
            sides = Sides({one: before[one] for one in names}, {one: row[one] for one in names})
            if not _alike(*sides):
                members[place, name] = sides
    return Moves(
        fields={
            register: Sides(old.fields.get(register, dict.fromkeys(values)), values)
            for register, values in new.fields.items()
            if not _alike(old.fields.get(register, dict.fromkeys(values)), values)
        },
        rows=rows,
        members=members,
        flags={name: Sides(old.flags.get(name), key) for name, key in new.flags.items() if old.flags.get(name) != key},
        times={
            pointer: Sides(old.times.get(pointer), time)
            for pointer, time in new.times.items()
            if old.times.get(pointer) != time
        },
        origins={place: new.origins.get(place) for place, sides in rows.items() if sides.new is not None},
    )


def moves_of(old: State, new: State) -> Moves:
    """Return what moves from the one state to the other."""
    fields = old.fields.keys() | new.fields.keys()
    rows = {
        (name, key)
        for state in (old, new)
        for name, of_rows in state.collections.items()
        for key in of_rows
        if old.collections.get(name) is not new.collections.get(name)
    }
    times = {pointer for state in (old, new) for pointer in _times_of(state)}
    return moves_between(_all_shown(old, fields, rows, times), _all_shown(new, fields, rows, times))


def _all_shown(state: State, fields: Iterable[str], rows: Iterable[Place], times: Iterable[str]) -> Shown:
    registers = {fields_of(name) for name in fields}
    return Shown(
        fields={f"/{names[0]}": {name: state.fields.get(name) for name in names} for names in registers},
        rows={
            place: None if (stored := _stored(state, place)) is None else without_flag(place, stored) for place in rows
        },
        flags={name: flag_in(state, name) for name, collection in shape.COLLECTIONS.items() if collection.flag},
        times={pointer: time_in(state, pointer) for pointer in times},
    )


def rewound(present: State, rows: Sequence[LedgerRow]) -> State:
    """Return the profile as it was before these rows of its ledger, its newest."""
    start, _ = read_back(rows, present)
    then = Shown(
        fields=dict(start.fields),
        rows=dict(start.rows),
        origins=dict(start.origins),
        flags=dict(start.flags),
        times=dict(start.times),
    )
    names = [name for values in start.fields.values() for name in values]
    return laid_on(present, moves_between(_all_shown(present, names, start.rows, start.times), then))


def _times_of(state: State) -> Iterator[str]:
    yield from (f"{_EFFECTIVE}{name}" for name in state.effective_times)
    yield from (f"{_SOURCE}{source}{path}" for source, words in state.source_times.items() for path in words)


def _firsts(name: str) -> Iterator[str]:
    collection = shape.COLLECTIONS[name]
    for member in collection.fields:
        if member != collection.flag and members_of(collection, member)[0] == member:
            yield member


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(same(one[name], other[name]) for name in other)


def member_register(place: Place, member: str) -> str:
    """Return the register of a row's member."""
    return row_pointer(shape.COLLECTIONS[place[0]], place[1], member)


def unclear_registers(present: State, moves: Moves) -> Iterator[str]:
    """Yield the registers that move, but do not hold what the ledger says they do."""
    for register, sides in moves.fields.items():
        if not all(same(present.fields.get(name), value) for name, value in sides.old.items()):
            yield register
    for place, sides in moves.rows.items():
        stored = _stored(present, place)
        if (stored is None) is not (sides.old is None) or (stored is not None and not _alike(stored, sides.old)):
            yield place_register(place)
    for (place, name), sides in moves.members.items():
        stored = _stored(present, place)
        if stored is None or not _alike(stored, sides.old):
            yield member_register(place, name)
    for name, sides in moves.flags.items():
        if flag_in(present, name) != sides.old:
            yield flag_register(name)


def _stored(present: State, place: Place) -> Mapping[str, Any] | None:
    return present.collections.get(place[0], {}).get(place[1])


# --- The present with it -----------------------------------------------------------------------------------------


def ended(present: State, *, how: Ended = Ended.UNDONE) -> State:
    """Return a profile whose time has ended: nothing is left of it but what says so (rules 10.6, 13)."""
    kept = {"merged_into": present.fields.get("merged_into")}
    said = {"first_name": "", "last_name": "", "profile_type": ProfileType.DELETED, "ended": how}
    return State(
        fields={**dict.fromkeys(shape.COLUMNS), **kept, **{name: str(value) for name, value in said.items()}},
        collections={name: {} for name in present.collections},
        origins=present.origins,
    )


def laid_on(present: State, moves: Moves, *, but: Container[str] = ()) -> State:
    """Return the present with what moves, but for some registers."""
    fields = dict(present.fields)
    for register, sides in moves.fields.items():
        if register not in but:
            fields |= sides.new
    if present.fields.get("ended") is not None:
        fields["ended"] = None
    key = present.email_key
    if fields.get("email") != present.fields.get("email"):
        key = None if fields["email"] is None else email_key(fields["email"])
    rows = _Rows(present)
    rows.lay(moves, but)
    effective = dict(present.effective_times)
    sources = {source: dict(words) for source, words in present.source_times.items()}
    for pointer, sides in moves.times.items():
        if pointer.startswith(_EFFECTIVE):
            _lay_time(effective, pointer.removeprefix(_EFFECTIVE), sides)
        else:
            source, _, path = pointer.removeprefix(_SOURCE).partition("/")
            _lay_time(sources.setdefault(source, {}), f"/{path}", sides)
    sources = {source: words for source, words in sources.items() if words}
    return State(
        fields,
        rows.collections,
        effective if effective != present.effective_times else present.effective_times,
        rows.origins,
        sources if sources != present.source_times else present.source_times,
        key,
    )


def _lay_time(times: dict[str, Any], name: str, sides: Sides) -> None:
    """Set the time, unless a record that changed nothing has moved it meanwhile."""
    if times.get(name) != sides.old:
        return
    if sides.new is None:
        times.pop(name, None)
    else:
        times[name] = sides.new


class _Rows:
    """The collections of a profile while what moves is laid on them."""

    def __init__(self, present: State) -> None:
        self._present = present
        self._changed: dict[str, dict[RowKey, Any]] = {}
        self._origins: dict[str, dict[RowKey, Origin]] = {}

    def lay(self, moves: Moves, but: Container[str]) -> None:
        """Lay it on them."""
        for place, sides in moves.rows.items():
            if place_register(place) not in but:
                self._lay_row(place, sides, moves.origins.get(place))
        for (place, member), sides in moves.members.items():
            if member_register(place, member) not in but:
                rows = self._of(place[0])
                rows[place[1]] = {**rows[place[1]], **sides.new}
        for name, sides in moves.flags.items():
            if flag_register(name) not in but:
                self._lay_flag(name, sides.new)

    @property
    def collections(self) -> dict[str, Rows]:
        """The collections as they are then."""
        return {**self._present.collections, **self._changed}

    @property
    def origins(self) -> dict[str, Mapping[RowKey, Origin]]:
        """Where their rows come from, those among them that come back."""
        return {**self._present.origins, **self._origins}

    def _of(self, name: str) -> dict[RowKey, Any]:
        if name not in self._changed:
            self._changed[name] = dict(self._present.collections.get(name, {}))
        return self._changed[name]

    def _lay_row(self, place: Place, sides: Sides, origin: Origin | None) -> None:
        name, key = place
        if sides.new is None:
            self._of(name).pop(key, None)
            return
        flag = shape.COLLECTIONS[name].flag
        self._of(name)[key] = {**sides.new, flag: False} if flag else sides.new
        if origin is not None:
            self._origins.setdefault(name, dict(self._present.origins.get(name, {})))[key] = origin

    def _lay_flag(self, name: str, flagged: RowKey | None) -> None:
        flag = shape.COLLECTIONS[name].flag
        rows = self._of(name)
        for key, row in rows.items():
            if row[flag] is not (key == flagged):
                rows[key] = {**row, flag: key == flagged}
