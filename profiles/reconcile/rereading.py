"""Later records read again, once something before them was taken back (rules 10.11).

The ledger tells what a record changed, not what it said: what was so already is in no row. So each later record is
decided once more for its profile, in its place among the rows, with and without what is taken back; what the two
differ in, the record has said. Pure.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from profiles.keys import MatchKey
from profiles.reconcile import reconcile
from profiles.reconcile.consent import is_tight
from profiles.reconcile.difference import State
from profiles.reconcile.keeping import (
    RecordSince,
    Subject,
    Surroundings,
    keys_of,
    keys_that_come,
    loosened,
    names_taken,
)
from profiles.reconcile.laying import Moves, laid_on, member_register, moves_between, moves_of
from profiles.reconcile.referrals import resolve
from profiles.reconcile.registers import Place, Writes, flag_register, place_register, time_register
from profiles.reconcile.replaying import Life, Shown, lives_of
from profiles.reconcile.sources import hear
from profiles.reconcile.speaking import say
from profiles.values import Cause, ChangeAction, LedgerRow, ProfileDraft, ProfileType, References, TakenBack


@dataclass(frozen=True, slots=True)
class Word:
    """What a later record or row said of a profile, in its place."""

    cause: Cause
    is_record: bool
    after: State


Aliases = Callable[[ProfileDraft], list[MatchKey]]
"""Returns the keys of a draft that a profile merged into this one still holds."""


@dataclass(frozen=True, slots=True)
class Rereading:
    """The records since that can be read again, among the rows of a profile's ledger."""

    subject: Subject
    records: Sequence[RecordSince]
    """Those with a draft, in their order."""
    references: References
    aliases_of: Aliases

    def floor(self) -> State | None:
        """Return the profile as it was before the oldest row of the ledger that is looked at; `None`: nobody yet."""
        history, reverts = self.subject.history, self.subject.reverts
        start = history.start
        before = Shown(
            fields=dict(start.fields),
            rows=dict(start.rows),
            origins=dict(start.origins),
            flags=dict(start.flags),
            times=dict(start.times),
        )
        found = laid_on(self.subject.state, moves_between(history.replay(reverts), before))
        return None if found.fields.get("profile_type") is None else found

    def walk(self, start: State | None, reverts: Mapping[int, TakenBack]) -> list[Word]:
        """Return what each row and record says in turn, where these rows take others back; `None`: nobody yet.

        Ends where nobody is there to say something of: what is not a record cannot make a profile.
        """
        lives = lives_of(reverts)
        state, words = start, list[Word]()
        for event in self._events(lives):
            if isinstance(event, RecordSince):
                after, cause = self._read(event, state), _cause_of(event)
            elif state is not None or event.action is ChangeAction.CREATED:
                writes = self.subject.history.writes[event.version]
                after, cause = _said(state or State(), event, writes, lives.get(event.version, Life())), event.cause
            else:
                return []
            if after is None:
                return []
            words.append(Word(cause, isinstance(event, RecordSince), after))
            state = after
        return words

    def _events(self, lives: Mapping[int, Life]) -> Iterator[LedgerRow | RecordSince]:
        """Yield what is live, in order: a record that changed something in the place of its row."""
        changing = {one.profile_version: one for one in self.records if one.is_changing}
        silent = [one for one in self.records if not one.is_changing]
        for row in self.subject.history.spoken:
            while silent and silent[0].profile_version < row.version:
                yield silent.pop(0)
            life = lives.get(row.version, Life())
            if life.is_live and not life.but and (record := changing.get(row.version)) is not None:
                yield record
            elif life.is_live or life.but:
                yield row
        yield from silent

    def _read(self, record: RecordSince, before: State | None) -> State | None:
        """Return the profile after the record; as it was, where the record would be refused by now."""
        if record.draft is None:
            return before
        now = dt.datetime.fromisoformat(record.at)
        draft = resolve(record.draft, self.references, now=now)
        heard = hear(draft, before, received_at=record.received_at or now)
        decided = reconcile(
            before,
            heard.draft,
            now=now,
            new_id=record.new_id or _no_id,
            aliases=self.aliases_of(draft),
            received_at=record.received_at,
            source_times=heard.times,
        )
        return before if (*draft.errors, *heard.errors, *decided.errors) else decided.after


def _no_id(place: int) -> UUID:
    raise LookupError(f"nothing names what the record makes at {place}")


def _said(state: State, row: LedgerRow, writes: Writes, life: Life) -> State:
    """Return the profile after the row said what is live of it."""
    living = Writes(
        fields={register: one for register, one in writes.fields.items() if life.of(register)},
        rows={register: one for register, one in writes.rows.items() if life.of(register)},
        members={register: one for register, one in writes.members.items() if life.of(register)},
        flags={name: key for name, key in writes.flags.items() if life.of(flag_register(name))},
        times={pointer: time for pointer, time in writes.times.items() if life.of(time_register(pointer))},
    )
    return say(state, row, living, holder_of=lambda _: None).after


def _cause_of(record: RecordSince) -> Cause:
    if record.draft is None:
        raise LookupError("a record that cannot be read has no draft")
    return record.draft.cause


# --- What comes of it --------------------------------------------------------------------------------------------


def said_again(
    words: Sequence[Word],
    reread: Sequence[Word],
    *,
    start: State | None,
    present: State,
    before: State,
    around: Surroundings,
    profile_id: UUID,
    loosen_consent: bool,
    but: Collection[str] = (),
) -> list[tuple[Cause, State]]:
    """Return what later records have said and what the ledger alone would have lost, each with the profile after it.

    `words` go from `start` to what shows without what is taken back, `reread` to what shows with everything.
    `present` is the profile by the ledger alone, `before` as it was until now: where that is not what everything read
    again comes to, nobody knows why, and it stays. `but` names what was left as it is.
    """
    nobody = State() if start is None else start
    if not words or not reread:
        return []
    final = words[-1].after
    moves = moves_of(present, final)
    kept = {*but, *_unclear(moves, before, reread[-1].after)}
    if not loosen_consent:
        kept.update(loosened(before, moves))
    wanted = _registers(moves) - kept
    places = {place for place in moves.rows if place_register(place) in wanted}
    while taken := {*_others(_narrowed(moves, wanted, places, present), present, around, profile_id)}:
        wanted -= taken
        places = {place for place in places if place_register(place) in wanted}
    found, state, last = list[tuple[Cause, State]](), present, nobody
    for word in words:
        some = _narrowed(moves_of(last, word.after), wanted, places, state)
        last = word.after
        if _registers(some):
            state = laid_on(state, some)
            found.append((word.cause, state))
    # What shows without it since before all of them, as far as a row of theirs speaks for more than they said.
    for cause, registers in _spoken_for(reread, nobody).items():
        spoken_for = {
            one for one in wanted if one in registers or any(one.startswith(f"{name}/") for name in registers)
        }
        some = _narrowed(moves_of(state, final), spoken_for, places, state)
        if _registers(some):
            state = laid_on(state, some)
            found.append((cause, state))
    return found


def _spoken_for(words: Sequence[Word], start: State) -> dict[Cause, set[str]]:
    """Return the registers that each record was the last to move."""
    owners: dict[str, Cause] = {}
    last = start
    for word in words:
        if word.is_record:
            owners |= dict.fromkeys(_registers(moves_of(last, word.after)), word.cause)
        last = word.after
    found: dict[Cause, set[str]] = {}
    for register, cause in owners.items():
        found.setdefault(cause, set()).add(register)
    return found


def made_anew(
    words: Sequence[Word],
    *,
    present: State,
    before: State,
    around: Surroundings,
    profile_id: UUID,
    loosen_consent: bool,
) -> list[tuple[Cause, State]]:
    """Return a profile that ended as the later records make it, each with the profile after it; none if they do not.

    The first of them must be a record that brings a key, and no refusal of consent may be lost.
    """
    if not words or not words[0].is_record or not any(True for _ in keys_of(words[0].after)):
        return []
    final = words[-1].after
    if final.fields.get("profile_type") == ProfileType.DELETED:
        return []  # who deletes it does not stand on it
    lost = any(
        is_tight(name, value) and not is_tight(name, final.fields.get(name)) for name, value in before.fields.items()
    )
    if lost and not loosen_consent:
        return []
    nobody = State()
    taken = set(_others(moves_of(nobody, final), nobody, around, profile_id))
    found, state, last = list[tuple[Cause, State]](), present, nobody
    for word in words:
        moves = moves_of(last, word.after)
        some = _narrowed(moves, _registers(moves) - taken, set(moves.rows), state)
        after, last = laid_on(state, some), word.after
        if _registers(some):
            found.append((word.cause, after))
            state = after
    return found


def _registers(moves: Moves) -> set[str]:
    return {
        *moves.fields,
        *map(place_register, moves.rows),
        *(member_register(place, name) for place, name in moves.members),
        *map(flag_register, moves.flags),
    }


def _unclear(moves: Moves, before: State, reread: State) -> Iterator[str]:
    """Yield the registers that reading everything again does not come to as they were; and rows that are to stay."""
    yield from _registers(moves_of(before, reread))
    for place, sides in moves.rows.items():
        if sides.new is None and place[1] in before.collections.get(place[0], {}):
            yield place_register(place)


def _others(moves: Moves, present: State, around: Surroundings, profile_id: UUID) -> Iterator[str]:
    """Yield the registers that would take somebody else's key, or a name twice."""
    for register, key in keys_that_come(moves):
        if around.holder_of(key) not in {None, profile_id}:
            yield register
    yield from names_taken(present, moves)


def _narrowed(moves: Moves, wanted: Collection[str], places: Collection[Place], state: State) -> Moves:
    """Return of what moves that which is wanted, as far as the state has the rows for it."""
    rows = {place: sides for place, sides in moves.rows.items() if place_register(place) in wanted}
    there = {(name, key) for name, of_rows in state.collections.items() for key in of_rows}
    there = {place for place in there if place not in rows or rows[place].new is not None} | {
        place for place, sides in rows.items() if sides.new is not None
    }
    fields = {register: sides for register, sides in moves.fields.items() if register in wanted}
    members = {
        (place, name): sides
        for (place, name), sides in moves.members.items()
        if place in there and (place in places or member_register(place, name) in wanted)
    }
    flags = {
        name: sides
        for name, sides in moves.flags.items()
        if flag_register(name) in wanted
        and ((name, sides.new) in there or (sides.new is None and name != "addresses"))
    }
    narrowed = dataclasses.replace(moves, fields=fields, rows=rows, members=members, flags=flags, times={}, origins={})
    said = _registers(narrowed)
    times = {pointer: sides for pointer, sides in moves.times.items() if time_register(pointer) in said}
    return dataclasses.replace(narrowed, times=times)
