"""What rows of one profile's ledger wrote, said of another profile (rules 11.3).

Pure. The other profile's state and what was written in, its state afterwards out.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from profiles.keys import MatchKey
from profiles.reconcile.difference import State
from profiles.reconcile.keeping import keys_that_come, names_taken
from profiles.reconcile.laying import laid_on, moves_between
from profiles.reconcile.registers import Place, Writes, fields_of, flag_in, time_in
from profiles.reconcile.replaying import Shown, show
from profiles.values import LedgerRow


@dataclass(frozen=True, slots=True)
class Said:
    """A profile after something was said of it."""

    after: State
    left_out: tuple[tuple[str, UUID | None], ...] = ()
    """The registers that would take a key of somebody else's, and whose; or a name twice within the profile."""


def say(state: State, row: LedgerRow, writes: Writes, *, holder_of: Callable[[MatchKey], UUID | None]) -> Said:
    """Return the profile as it is once this was said of it; a key that somebody has is left out."""
    before = _shown(state, writes)
    after = show(row, writes, before)
    moves = moves_between(before, after)
    taken: dict[str, UUID | None] = dict.fromkeys(names_taken(state, moves))
    for register, key in keys_that_come(moves):
        if (holder := holder_of(key)) is not None:
            taken[register] = holder
    return Said(laid_on(state, moves, but=taken), tuple(taken.items()))


def part_of(writes: Writes, *, places: Collection[Place], fields: Collection[str]) -> Writes:
    """Return what was written of members of some rows, and of some fields, by their registers."""
    return Writes(
        fields={register: values for register, values in writes.fields.items() if register in fields},
        members={register: one for register, one in writes.members.items() if one.place in places},
    )


def _shown(state: State, writes: Writes) -> Shown:
    """Return what the state holds of what is written."""
    rows: dict[Place, Mapping[str, object] | None] = {}
    made = [one.place for one in writes.rows.values()]
    changed = [one.place for one in writes.members.values()]
    flagged = [(name, key) for name, key in writes.flags.items() if key is not None]
    for place in (*made, *changed, *flagged):
        rows[place] = state.collections.get(place[0], {}).get(place[1])
    return Shown(
        fields={
            register: {name: state.fields.get(name) for name in fields_of(register[1:])} for register in writes.fields
        },
        rows=rows,
        origins={},
        flags={name: flag_in(state, name) for name in writes.flags},
        times={pointer: time_in(state, pointer) for pointer in writes.times},
    )
