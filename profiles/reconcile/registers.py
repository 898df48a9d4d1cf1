"""What a row of the ledger wrote, register by register (rules 10.2).

A register is what only makes sense together: a field or some of them, a row of a collection being there, a member of
such a row, which row bears the flag. It is named by a pointer: the field's or the member's, of several the first
one's; the row's; the collection's, for the flag.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from profiles import shape
from profiles.reconcile.difference import State, row_pointer
from profiles.values import ChangeAction, LedgerRow, Origin, Row, RowKey, SourceWord

Place = tuple[str, RowKey]
"""Where a row of a collection stands: the collection's name and the row's key."""

SPOKEN: Final = frozenset(
    {
        ChangeAction.CREATED,
        ChangeAction.UPDATED,
        ChangeAction.DELETED,
        ChangeAction.RESTORED,
        ChangeAction.MERGED,
    },
)
"""Rows that say something themselves; what the others changed follows from these.

A merge says what one profile took from the other, or gave to it: that holds as long as nothing before it is taken
back.
"""

_TOGETHER: Final = {name: names for names in shape.FIELDS_TOGETHER for name in names}
_EFFECTIVE: Final = "/effective"
_SOURCE: Final = "/source/"


def fields_of(name: str) -> tuple[str, ...]:
    """Return the fields of the register that the field belongs to."""
    return _TOGETHER.get(name, (name,))


def members_of(collection: shape.Collection, name: str) -> tuple[str, ...]:
    """Return the members of the register that the row's member belongs to."""
    return collection.together if name in collection.together else (name,)


def flag_register(name: str) -> str:
    """Return the register of which row of the collection bears the flag."""
    return f"/{name}"


def place_register(place: Place) -> str:
    """Return the register of whether the row is there."""
    name, key = place
    return row_pointer(shape.COLLECTIONS[name], key)


@dataclass(frozen=True, slots=True)
class MemberWrite:
    """Members of a row that is there already, as they were set."""

    place: Place
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowWrite:
    """A row that was made, or removed (`None`)."""

    place: Place
    row: Row | None
    origin: Origin | None = None
    """Which stored row it became, as far as that is known."""


@dataclass(frozen=True, slots=True)
class Writes:
    """What one row of the ledger wrote, by register, as it was after it."""

    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rows: Mapping[str, RowWrite] = field(default_factory=dict)
    members: Mapping[str, MemberWrite] = field(default_factory=dict)
    flags: Mapping[str, RowKey | None] = field(default_factory=dict)
    """By the collection's name."""
    times: Mapping[str, Any] = field(default_factory=dict)
    """By the pointer of the ledger; of a source's, `SourceWord`."""

    @property
    def registers(self) -> list[str]:
        """Every register that was written, but for the times."""
        return [*self.fields, *self.rows, *self.members, *map(flag_register, self.flags)]


@dataclass(frozen=True, slots=True)
class Start:
    """What some registers held before the oldest row of the ledger that is looked at."""

    fields: Mapping[str, Mapping[str, Any]]
    rows: Mapping[Place, Row | None]
    origins: Mapping[Place, Origin]
    flags: Mapping[str, RowKey | None]
    times: Mapping[str, Any]
    moved: Mapping[int, Mapping[str, Any]]
    """The times that were moved by records which left no row, by the version of the first row that knows of it."""


def read_back(rows: Sequence[LedgerRow], present: State) -> tuple[Start, dict[int, Writes]]:
    """Go back from the present through the rows, oldest first; return where that leads, and what each one wrote.

    By its version; rows that only draw consequences of others are gone through, and wrote nothing.
    """
    reading = _Reading(present, next_version=rows[-1].version + 1 if rows else 0)
    writes = {}
    for row in reversed(rows):
        told = Told(row)
        if row.action in SPOKEN:
            writes[row.version] = reading.writes_of(row, told)
        reading.rewind(row, told)
    return reading.start(), writes


class Told:
    """The changes of one row of the ledger, sorted by what they are about."""

    def __init__(self, row: LedgerRow) -> None:
        self.fields: dict[str, Mapping[str, Any]] = {}
        self.made: dict[Place, dict[str, Any]] = {}
        self.removed: dict[Place, dict[str, Any]] = {}
        self.changed: dict[Place, dict[str, Mapping[str, Any]]] = {}
        for pointer, sides in row.changes.items():
            name, *parts = _parts(pointer)
            collection = shape.COLLECTIONS.get(name)
            if collection is None:
                self.fields["/".join((name, *parts))] = sides
                continue
            width = len(collection.key)
            place, member = (name, tuple(parts[:width])), "".join(parts[width:])
            if "to" not in sides:
                self.removed.setdefault(place, {})[member] = sides["from"]
            elif "from" not in sides:
                self.made.setdefault(place, {})[member] = sides["to"]
            else:
                self.changed.setdefault(place, {})[member] = sides

    def flag_of(self, name: str, *, side: str) -> RowKey | None:
        """Return the row that the changes say bears the flag, before or after them."""
        flag = shape.COLLECTIONS[name].flag
        whole = self.made if side == "to" else self.removed
        for place, members in whole.items():
            if place[0] == name and members.get(flag):
                return place[1]
        for place, changed in self.changed.items():
            if place[0] == name and flag in changed and changed[flag][side]:
                return place[1]
        return None

    @property
    def flagged(self) -> set[str]:
        """The collections in which the flag moved."""
        return {
            name
            for name, collection in shape.COLLECTIONS.items()
            if collection.flag and any(self._moves_flag(name, collection.flag))
        }

    def _moves_flag(self, name: str, flag: str) -> Iterator[bool]:
        yield from (flag in members for place, members in self.changed.items() if place[0] == name)
        for whole in (self.made, self.removed):
            yield from (members.get(flag) is True for place, members in whole.items() if place[0] == name)


def _flag(place: Place) -> str | None:
    return shape.COLLECTIONS[place[0]].flag or None


class _Reading:
    """The state as it was while the ledger is gone through backwards, as far as the ledger's rows touch it."""

    def __init__(self, present: State, *, next_version: int) -> None:
        self._present = present
        self._next_version = next_version
        self._fields: dict[str, Any] = {}
        self._rows: dict[Place, dict[str, Any] | None] = {}
        self._origins: dict[Place, Origin | None] = {}
        self._flags: dict[str, RowKey | None] = {}
        self._times: dict[str, Any] = {}
        # Which row says so; in the beginning the one that is to come.
        self._said_by: dict[str, int] = {}
        self._moved: dict[int, dict[str, Any]] = {}

    def writes_of(self, row: LedgerRow, told: Told) -> Writes:
        """Return what the row wrote; the state is the one after it."""
        fields: dict[str, dict[str, Any]] = {}
        for name in told.fields:
            names = fields_of(name)
            fields[f"/{names[0]}"] = {
                one: told.fields[one].get("to") if one in told.fields else self._field(one) for one in names
            }
        rows: dict[str, RowWrite] = {}
        for place, made in told.made.items():
            whole = without_flag(place, {**dict.fromkeys(shape.COLLECTIONS[place[0]].fields), **made})
            rows[place_register(place)] = RowWrite(place, whole, self._origin(place))
        for place in told.removed:
            rows[place_register(place)] = RowWrite(place, None)
        members: dict[str, MemberWrite] = {}
        for place, changed in told.changed.items():
            collection = shape.COLLECTIONS[place[0]]
            stored = self._row(place) or {}
            for name in changed.keys() - {collection.flag}:
                names = members_of(collection, name)
                register = row_pointer(collection, place[1], names[0])
                members[register] = MemberWrite(
                    place, {one: changed[one]["to"] if one in changed else stored.get(one) for one in names}
                )
        flags = {name: told.flag_of(name, side="to") for name in told.flagged}
        times = {pointer: self._said(row, pointer, sides) for pointer, sides in row.times.items()}
        return Writes(fields, rows, members, flags, times)

    def rewind(self, row: LedgerRow, told: Told) -> None:
        """Go back before the row."""
        for name in told.flagged:
            before, after = told.flag_of(name, side="from"), told.flag_of(name, side="to")
            if before is not None or self._flag(name) == after:
                self._flags[name] = before
        for name, sides in told.fields.items():
            for one in fields_of(name):
                self._fields.setdefault(one, self._present.fields.get(one))
            self._fields[name] = sides.get("from")
        for place in told.made:
            self._rows[place] = None
            # What came back was there before; only what a record made was not.
            self._origins[place] = None if row.action in SPOKEN else self._origin(place)
            self._note_flag(place[0])
        for place, members in told.removed.items():
            stored = {**dict.fromkeys(shape.COLLECTIONS[place[0]].fields), **members}
            row_id, since = (stored.pop(name, None) for name in shape.ORIGIN_MEMBERS)
            stored.pop("", None)
            self._rows[place] = without_flag(place, stored)
            self._origins[place] = self._origin(place) if row_id is None else Origin(row_id, since)
            self._note_flag(place[0])
        for place, changed in told.changed.items():
            froms = {name: sides["from"] for name, sides in changed.items()}
            self._rows[place] = without_flag(place, {**(self._row(place) or {}), **froms})
        for pointer, sides in row.times.items():
            self._rewind_time(row, pointer, sides)

    def start(self) -> Start:
        """Return what the registers gone through hold now."""
        fields: dict[str, dict[str, Any]] = {}
        for name in self._fields:
            names = fields_of(name)
            fields[f"/{names[0]}"] = {one: self._fields[one] for one in names}
        origins = {place: origin for place in self._rows if (origin := self._origin(place)) is not None}
        return Start(fields, self._rows, origins, self._flags, self._times, self._moved)

    def _rewind_time(self, row: LedgerRow, pointer: str, sides: Mapping[str, Any]) -> None:
        """Go back before the row; what came after it is not what it said, where a record moved it that left no row."""
        after, said = self._time(pointer), self._said(row, pointer, sides)
        if after != said:
            self._moved.setdefault(self._said_by.get(pointer, self._next_version), {})[pointer] = after
        self._times[pointer] = _earlier_word(pointer, sides.get("from"))
        self._said_by[pointer] = row.version

    def _said(self, row: LedgerRow, pointer: str, sides: Mapping[str, Any]) -> Any:
        """Return the time that the row tells; one that came from elsewhere is of the record that said it there."""
        after, said = self._time(pointer), _word(row, pointer, sides.get("to"))
        came = row.action is ChangeAction.MERGED or row.action not in SPOKEN
        if came and isinstance(after, SourceWord) and isinstance(said, SourceWord):
            return said._replace(batch_id=after.batch_id, position=after.position)
        return said

    def _time(self, pointer: str) -> Any:
        return self._times[pointer] if pointer in self._times else time_in(self._present, pointer)

    def _field(self, name: str) -> Any:
        return self._fields[name] if name in self._fields else self._present.fields.get(name)

    def _row(self, place: Place) -> dict[str, Any] | None:
        if place not in self._rows:
            stored = self._present.collections.get(place[0], {}).get(place[1])
            self._rows[place] = None if stored is None else without_flag(place, stored)
            self._note_flag(place[0])
        return self._rows[place]

    def _origin(self, place: Place) -> Origin | None:
        if place not in self._origins:
            self._origins[place] = self._present.origins.get(place[0], {}).get(place[1])
        return self._origins[place]

    def _note_flag(self, name: str) -> None:
        if shape.COLLECTIONS[name].flag:
            self._flags.setdefault(name, flag_in(self._present, name))

    def _flag(self, name: str) -> RowKey | None:
        self._note_flag(name)
        return self._flags[name]


def learn(start: Start, writes: Writes, present: State) -> Start:
    """Return the start with the registers that a row would have written, of which no row that is there tells.

    They hold what they hold at present.
    """
    fields, rows, origins = dict(start.fields), dict(start.rows), dict(start.origins)
    flags, times = dict(start.flags), dict(start.times)
    for register, values in writes.fields.items():
        fields.setdefault(register, {name: present.fields.get(name) for name in values})
    places = {one.place for one in writes.rows.values()} | {one.place for one in writes.members.values()}
    for place in sorted(places):
        name, key = place
        if place not in rows:
            stored = present.collections.get(name, {}).get(key)
            rows[place] = None if stored is None else without_flag(place, stored)
            if (origin := present.origins.get(name, {}).get(key)) is not None:
                origins[place] = origin
        if shape.COLLECTIONS[name].flag:
            flags.setdefault(name, flag_in(present, name))
    for name in writes.flags:
        flags.setdefault(name, flag_in(present, name))
    for pointer in writes.times:
        times.setdefault(pointer, time_in(present, pointer))
    return Start(fields, rows, origins, flags, times, start.moved)


def flag_in(state: State, name: str) -> RowKey | None:
    """Return the row of the collection that bears its flag."""
    flag = shape.COLLECTIONS[name].flag
    return next((key for key, row in state.collections.get(name, {}).items() if row[flag]), None)


def without_flag(place: Place, row: Row) -> dict[str, Any]:
    """Return the row's members, but for which row of its collection bears the flag."""
    flag = _flag(place)
    return {name: value for name, value in row.items() if name not in {flag, ""}}


def _parts(pointer: str) -> list[str]:
    parts = pointer[1:].split("/")
    return [part.replace("~1", "/").replace("~0", "~") for part in parts] if "~" in pointer else parts


# --- Times -------------------------------------------------------------------------------------------------------


def _word(row: LedgerRow, pointer: str, time: Any) -> Any:
    """Return a time as a state has it; what a source spoke of is of the record that the row is of."""
    if time is None or not pointer.startswith(_SOURCE):
        return time
    return SourceWord(time, row.cause.batch_id, row.cause.position)


def _earlier_word(pointer: str, told: Any) -> Any:
    """Return a time as a state had it before the row, which tells the record of what a source had spoken of."""
    if told is None or not pointer.startswith(_SOURCE):
        return told
    time, batch_id, position = told
    return SourceWord(time, None if batch_id is None else UUID(batch_id), position)


def time_in(state: State, pointer: str) -> Any:
    """Return the time as the state has it."""
    if not pointer.startswith(_SOURCE):
        return state.effective_times.get(pointer.removeprefix(_EFFECTIVE)[1:])
    source, _, path = pointer.removeprefix(_SOURCE).partition("/")
    return state.source_times.get(source, {}).get(f"/{path}")


def time_register(pointer: str) -> str:
    """Return the register that the time tells of: `/comms/email_promo` of `/effective/comms/email_promo`."""
    if pointer.startswith(_SOURCE):
        return "/" + pointer.removeprefix(_SOURCE).partition("/")[2]
    return pointer.removeprefix(_EFFECTIVE)
