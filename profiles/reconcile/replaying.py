"""A profile's state by the rows of its ledger that are live (rules 10.1 to 10.4).

Pure. Taking rows back removes nothing: they are dead then, path by path, and what shows is what the newest live row
wrote, register by register. So undo, redo and the undo of an undo are one thing, and their order does not matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from profiles.reconcile.consent import is_tight
from profiles.reconcile.difference import State
from profiles.reconcile.registers import (
    SPOKEN,
    MemberWrite,
    Place,
    RowWrite,
    Start,
    Writes,
    flag_register,
    learn,
    place_register,
    read_back,
    time_register,
)
from profiles.values import ChangeAction, LedgerRow, Origin, RowKey, TakenBack


@dataclass(frozen=True, slots=True)
class Life:
    """Whether a row is live, and the registers of which the opposite is true."""

    is_live: bool = True
    but: frozenset[str] = frozenset()

    def of(self, register: str) -> bool:
        """Whether the row is live there."""
        return self.is_live is not (register in self.but)


_LIVE = Life()


def lives_of(reverts: Mapping[int, TakenBack]) -> dict[int, Life]:
    """Return the lives of the rows that any row takes back, or that take rows back themselves, by version.

    `reverts` are the rows that take others back, which are older. A row is dead where a live one takes it back.
    """
    takers: dict[int, list[tuple[int, frozenset[str]]]] = {}
    for version, taken in reverts.items():
        for target in taken.versions:
            takers.setdefault(target, []).append((version, frozenset(taken.excepted)))
    lives: dict[int, Life] = {}
    for version in sorted({*takers, *reverts}, reverse=True):
        taking = [(lives[taker], excepted) for taker, excepted in takers.get(version, ())]
        special = frozenset[str]().union(*(life.but | excepted for life, excepted in taking))
        is_live = not any(life.is_live for life, _ in taking)
        but = frozenset(
            register
            for register in special
            if any(life.of(register) and register not in excepted for life, excepted in taking) is is_live
        )
        lives[version] = Life(is_live, but)
    return lives


def floor_of(reverts: Mapping[int, TakenBack], *, oldest: int) -> int:
    """Return the oldest version that is dead, or may become so from `oldest` on: all before it shows as it is told."""
    return min((oldest, *(version for taken in reverts.values() for version in taken.versions)))


@dataclass(slots=True)
class Shown:
    """What the registers that a history touches hold, by its live rows."""

    has_ended: bool = False
    fields: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    rows: dict[Place, Mapping[str, Any] | None] = field(default_factory=dict)
    origins: dict[Place, Origin | None] = field(default_factory=dict)
    made: dict[Place, int] = field(default_factory=dict)
    """Since which version each row is there, where it was not there before all of them."""
    flags: dict[str, RowKey | None] = field(default_factory=dict)
    times: dict[str, Any] = field(default_factory=dict)
    writers: dict[str, LedgerRow] = field(default_factory=dict)
    """Of each register, the newest live row that wrote it."""
    users: dict[str, LedgerRow] = field(default_factory=dict)
    """The rows without which something that was taken back would not show; of the profile itself, under no name."""


class History:
    """A profile's ledger from some version on, and what it held before that.

    `rows` are all of them from that version to the newest, in order, and `reverts` all that take others back.
    """

    def __init__(self, rows: Sequence[LedgerRow], present: State) -> None:
        self.rows = {row.version: row for row in rows}
        self._present = present
        self.start, self.writes = read_back(rows, present)
        self.spoken = [row for row in rows if row.action in SPOKEN]
        self._creations = [row for row in rows if row.action is ChangeAction.CREATED]
        # Of several creations the newest counts: each after the first has made anew what was taken back.
        self._own = {row.cause.batch_id for row in self._creations[-1:]} - {None}

    def replay(
        self,
        reverts: Mapping[int, TakenBack],
        *,
        forced: bool = False,
        stands: bool = False,
        again: Mapping[int, Writes] | None = None,
    ) -> Shown:
        """Return what shows where these rows take others back; `forced`: whoever uses the profile.

        `stands`: it is used by what is not among the rows. `again` is what rows of merges are to have written.
        """
        lives = lives_of(reverts)
        user = None
        if self._creations and not any(lives.get(row.version, _LIVE).is_live for row in self._creations):
            user = None if forced else self._user(lives)
            if user is None and not stands:
                return Shown(has_ended=True)
            lives |= {row.version: _LIVE for row in self._creations[-1:]}
        writes = self.writes
        for version, written in (again or {}).items():
            self.start = learn(self.start, written, self._present)
            writes = {**writes, version: written}
        shown = _Replaying(self.start, lives).replay(self.spoken, writes, self.start.moved)
        if user is not None:
            shown.users[""] = user
        for name in shown.flags:
            shown.flags[name] = self._flagged(name, shown, lives, writes)
        return shown

    def life(self, version: int, reverts: Mapping[int, TakenBack]) -> Life:
        """Return whether the row is live."""
        return lives_of(reverts).get(version, _LIVE)

    def is_live(self, version: int, reverts: Mapping[int, TakenBack]) -> bool:
        """Whether the row is live anywhere."""
        life = self.life(version, reverts)
        return life.is_live or bool(life.but)

    def merges(self, reverts: Mapping[int, TakenBack]) -> list[LedgerRow]:
        """Return the merges that have not been taken apart again."""
        return [row for row in self.spoken if row.action is ChangeAction.MERGED and self.is_live(row.version, reverts)]

    def is_own(self, row: LedgerRow) -> bool:
        """Whether the row is the profile's creation, or of the batch that created it."""
        return row.action is ChangeAction.CREATED or row.cause.batch_id in self._own

    def covered(self, version: int, reverts: Mapping[int, TakenBack]) -> list[LedgerRow]:
        """Return the rows that live or die with a row: itself, or those that it takes back."""
        found: set[int] = set()
        waiting = {version}
        while waiting:
            found |= waiting
            waiting = {one for taker in waiting & reverts.keys() for one in reverts[taker].versions} - found
        return [self.rows[one] for one in sorted(found & self.writes.keys())]

    # --- What a creation that was taken back shows for -----------------------------------------------------------

    def _user(self, lives: Mapping[int, Life]) -> LedgerRow | None:
        """Return the newest row of somebody else that stands on the profile, whose creation was taken back."""
        return next((row for row in reversed(self.spoken) if self._uses(row, lives)), None)

    def _uses(self, row: LedgerRow, lives: Mapping[int, Life]) -> bool:
        """Whether the row speaks about the profile as somebody who is there.

        What is left of a row of the creation's own cause, and deleting the profile, do not; but an opt-out does.
        """
        life = lives.get(row.version, _LIVE)
        if row.action is ChangeAction.MERGED:
            return life.is_live and "/merged_into" not in self.writes[row.version].fields  # another one lives on in it
        if row.action is ChangeAction.CREATED:
            return False
        if not life.is_live:
            return not self.is_own(row) and any(map(life.of, self.writes[row.version].registers))
        return row.action is not ChangeAction.DELETED or self.tightens(row)

    def tightens(self, row: LedgerRow) -> bool:
        """Whether the row sets any flag of consent to what keeps us from sending."""
        return any(
            is_tight(name, value)
            for values in self.writes[row.version].fields.values()
            for name, value in values.items()
        )

    # --- Which row bears the flag --------------------------------------------------------------------------------

    def _flagged(
        self, name: str, shown: Shown, lives: Mapping[int, Life], writes: Mapping[int, Writes]
    ) -> RowKey | None:
        """Return the row that was last said to bear the flag, of those there are; of addresses one always does."""
        present = self._present.collections.get(name, {})
        untouched = (key for key in present if (name, key) not in self.start.rows)
        there = [*untouched, *(key for (one, key), row in shown.rows.items() if one == name and row)]
        register = flag_register(name)
        said = [
            (row, flags[name])
            for row in reversed(self.spoken)
            if name in (flags := writes[row.version].flags) and lives.get(row.version, _LIVE).of(register)
        ]
        for row, key in said:
            # A row that was made anew since is another one than was meant.
            if key is None or (key in there and shown.made.get((name, key), 0) <= row.version):
                shown.writers[register] = row
                if key is not None:
                    return key
                break
        else:
            if (key := self.start.flags[name]) in there and (name, key) not in shown.made:
                return key
        # The keys of addresses are in the order in which they were received.
        return min(there, default=None) if name == "addresses" else None


def show(row: LedgerRow, writes: Writes, before: Shown) -> Shown:
    """Return what shows once a row has written this."""
    shown = _Replaying(before, {}).replay([row], {row.version: writes}, {})
    for name, key in writes.flags.items():
        if key is None or shown.rows.get((name, key)) is not None:
            shown.flags[name] = key
    return shown


class _Replaying:
    """The live rows of a history, applied one after another."""

    def __init__(self, start: Start | Shown, lives: Mapping[int, Life]) -> None:
        self._lives = lives
        self._shown = Shown(
            fields=dict(start.fields),
            rows=dict(start.rows),
            origins=dict(start.origins),
            flags=dict(start.flags),
            times=dict(start.times),
        )
        self._gone: dict[Place, tuple[RowWrite, int]] = {}
        """Rows that are not there, as they would be if somebody spoke about them as if they were."""

    def replay(
        self, rows: Sequence[LedgerRow], writes: Mapping[int, Writes], moved: Mapping[int, Mapping[str, Any]]
    ) -> Shown:
        """Apply them, oldest first, and the times that were moved between them."""
        waiting = sorted(moved, reverse=True)
        for row in rows:
            while waiting and waiting[-1] <= row.version:
                self._shown.times |= moved[waiting.pop()]
            life = self._lives.get(row.version, _LIVE)
            if life.is_live or life.but:
                self._apply(row, life, writes[row.version])
            else:
                for made in writes[row.version].rows.values():
                    self._pass_over(row, made)
        for version in reversed(waiting):
            self._shown.times |= moved[version]
        return self._shown

    def _apply(self, row: LedgerRow, life: Life, writes: Writes) -> None:
        shown = self._shown
        for register, values in writes.fields.items():
            if life.of(register):
                shown.fields[register] = values
                shown.writers[register] = row
        for register, made in writes.rows.items():
            if life.of(register):
                self._set_row(row, register, made)
            else:
                self._pass_over(row, made)
        for register, member in writes.members.items():
            if life.of(register):
                self._set_members(row, register, member)
        for pointer, time in writes.times.items():
            if life.of(time_register(pointer)):
                shown.times[pointer] = time

    def _pass_over(self, row: LedgerRow, made: RowWrite) -> None:
        """Note a row that would be there; one that came by a merge has gone back to whose it was (rules 11.2)."""
        if row.action is not ChangeAction.MERGED and made.row is not None and self._shown.rows[made.place] is None:
            self._gone[made.place] = made, row.version

    def _set_row(self, row: LedgerRow, register: str, made: RowWrite) -> None:
        shown, place = self._shown, made.place
        if made.row is None and (stored := shown.rows[place]) is not None:
            self._gone[place] = RowWrite(place, stored, shown.origins.get(place)), shown.made.get(place, 0)
        shown.rows[place] = made.row
        shown.origins[place] = made.origin
        shown.made[place] = row.version
        shown.writers[register] = row
        shown.users.pop(register, None)
        if made.row is not None and place[0] == "date_links":
            self._use(row, ("dates", place[1][:2]))

    def _set_members(self, row: LedgerRow, register: str, member: MemberWrite) -> None:
        shown = self._shown
        self._use(row, member.place)
        if (stored := shown.rows[member.place]) is not None:
            shown.rows[member.place] = {**stored, **member.values}
            shown.writers[register] = row

    def _use(self, row: LedgerRow, place: Place) -> None:
        """Have a row that was taken back show, since somebody changed it later as if it were there."""
        if (gone := self._gone.get(place)) is not None and self._shown.rows.get(place) is None:
            made, version = gone
            self._shown.rows[place] = made.row
            self._shown.origins[place] = made.origin
            self._shown.made[place] = version
            self._shown.users[place_register(place)] = row
