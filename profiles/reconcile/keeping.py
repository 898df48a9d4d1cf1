"""What taking a row back must leave as it is, and why (rules 10.5).

Pure. What is left stays the row's own, register by register, and can be taken back later, once the reason is gone.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from profiles import shape
from profiles.keys import MatchKey, email_key, email_match_key, identity_match_key, mobile_match_key
from profiles.reconcile.consent import channel_of_flag, consent_time_of, is_tight
from profiles.reconcile.difference import State
from profiles.reconcile.laying import Moves, member_register, moves_between, unclear_registers
from profiles.reconcile.registers import Place, Writes, place_register
from profiles.reconcile.replaying import History, Shown
from profiles.values import (
    LedgerRow,
    NewId,
    ProfileDraft,
    ProfileSnapshot,
    ReferenceName,
    References,
    TakenBack,
    WarningCode,
)


@dataclass(frozen=True, slots=True)
class RecordSince:
    """A record that has meant a profile since."""

    profile_id: UUID
    profile_version: int
    """The version it made, or of one that changed nothing that it found: it places it among the rows of the ledger."""
    batch_id: UUID
    position: int
    at: str
    actor_label: str = ""
    is_changing: bool = False
    """Whether the ledger has a row of it."""
    draft: ProfileDraft | None = None
    """What it asked for, where that is kept and can be read again (rules 10.11)."""
    received_at: dt.datetime | None = None
    new_id: NewId | None = None
    """Names the addresses that it makes."""


class Kept(NamedTuple):
    """Something that a row wrote and that stays as it is, why, and what stands there."""

    code: WarningCode
    pointer: str
    """The register (rules 10.2); of the profile itself, empty."""
    row: LedgerRow | None = None
    """The row of the profile's ledger that stands there."""
    holder: UUID | None = None
    """The profile that has the key, or a date of which concerns this one."""
    record: RecordSince | None = None
    """The record that stands there, although it changed nothing."""


class MergesAgain(Protocol):
    """Knows what rows of merges would have written by what shows of the profiles."""

    @property
    def ids(self) -> list[UUID]:
        """All profiles of the merges."""

    def writes_of(self, profile_id: UUID, reverts: Mapping[int, TakenBack]) -> Mapping[int, Writes]:
        """Return what those of one profile would have written, where these rows of its own take others back."""


@dataclass(slots=True)
class Subject:
    """A profile as it is while rows of its ledger are taken back one after another."""

    id: UUID
    version: int
    state: State
    history: History
    reverts: dict[int, TakenBack]
    """What takes rows back, by version; more are added."""
    will_end: bool = False
    """Whether it ends by all that is to be taken back: then none of it is kept on the way."""
    family: "MergesAgain | None" = None
    """Of a profile that became one with others: knows what the merges come to by what shows of them (rules 10.9)."""

    def replay(self, reverts: Mapping[int, TakenBack], *, forced: bool = False) -> Shown:
        """Return what shows of it where these rows take others back; `forced`: whoever uses the profile.

        Raises `MergeError` where it could not have become one with the others then.
        """
        again = None if self.family is None else self.family.writes_of(self.id, reverts)
        return self.history.replay(reverts, forced=forced, again=again)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known beside the profile."""

    holder_of: Callable[[MatchKey], UUID | None]
    references: References
    users: Collection[Kept] = ()
    """What stands on the profile without having changed it."""


class Keeping:
    """What stays when some rows are taken back."""

    def __init__(
        self, subject: Subject, covered: Sequence[LedgerRow], around: Surroundings, *, loosen_consent: bool
    ) -> None:
        self._subject = subject
        self._covered = covered
        self._around = around
        self._loosen_consent = loosen_consent

    def excepted(self, old: Shown, new: Shown) -> dict[str, Kept]:
        """Return what has to stay as it is of what moves between the two, by register."""
        if new.has_ended:
            return {} if old.has_ended or self._loosen_consent else dict(self._opt_outs_of_others())
        moves = moves_between(old, new)
        present = self._subject.state
        reasons: dict[str, Kept] = {}
        if not old.has_ended:
            for register in unclear_registers(present, moves):
                reasons[register] = Kept(WarningCode.KEPT_UNCLEAR, register, old.writers.get(register))
            if not self._loosen_consent:
                for register in loosened(present, moves):
                    reasons[register] = Kept(WarningCode.KEPT_CONSENT, register, old.writers.get(register))
            for register, holder in self._taken(moves):
                reasons[register] = Kept(WarningCode.KEPT_KEY_TAKEN, register, old.writers.get(register), holder)
        for register in self._lost(moves):
            reasons[register] = Kept(WarningCode.KEPT_REFERENCE_GONE, register, old.writers.get(register))
        return reasons

    def _opt_outs_of_others(self) -> Iterator[tuple[str, Kept]]:
        """Yield the opt-outs that would be lost with the profile, of rows with another cause than its creation."""
        history, present = self._subject.history, self._subject.state
        for row in self._covered:
            if not history.is_own(row):
                for register, values in history.writes[row.version].fields.items():
                    if any(is_tight(name, value) for name, value in values.items()) and any(
                        is_tight(name, present.fields.get(name)) for name in values
                    ):
                        yield register, Kept(WarningCode.KEPT_CONSENT, register, row)

    def _taken(self, moves: Moves) -> Iterator[tuple[str, UUID]]:
        """Yield the registers that would bring back a key that somebody else has, and who."""
        for register, key in keys_that_come(moves):
            if (holder := self._around.holder_of(key)) not in {None, self._subject.id} and holder is not None:
                yield register, holder
        yield from ((register, self._subject.id) for register in names_taken(self._subject.state, moves))

    def _lost(self, moves: Moves) -> Iterator[str]:
        """Yield the registers that would refer to what is gone."""
        known = self._around.references
        for register, sides in moves.fields.items():
            if any(name not in known for name in references_of_fields(sides.new)):
                yield register
        for place, sides in moves.rows.items():
            if sides.new is not None and any(name not in known for name in references_of_row(place, sides.new)):
                yield place_register(place)
        for (place, member), sides in moves.members.items():
            if any(name not in known for name in references_of_members(place[0], sides.new)):
                yield member_register(place, member)


# --- Consent -----------------------------------------------------------------------------------------------------


def loosened(present: State, moves: Moves) -> Iterator[str]:
    """Yield the flags that would loosen, and the consent times that belong to them (rules 10.5)."""
    channels = set()
    for register, sides in moves.fields.items():
        for name, value in sides.new.items():
            if is_tight(name, present.fields.get(name)) and not is_tight(name, value):
                channels.add(channel_of_flag(name))
                yield register
    times = {f"/{consent_time_of(channel)}" for channel in channels}
    yield from (register for register in moves.fields if register in times)


# --- Keys --------------------------------------------------------------------------------------------------------


def keys_of(state: State | ProfileSnapshot) -> Iterator[MatchKey]:
    """Yield every key that the profile holds."""
    if state.email_key is not None:
        yield email_match_key(state.email_key)
    if (mobile := state.fields.get("mobile_phone")) is not None:
        yield mobile_match_key(mobile)
    for row_key in state.collections.get("identities", {}):
        yield identity_match_key(*row_key)


def keys_of_field(name: str, value: Any) -> Iterator[MatchKey]:
    """Yield the key that the field's value is, if it is one."""
    if name == "email" and value is not None:
        yield email_match_key(email_key(value))
    elif name == "mobile_phone" and value is not None:
        yield mobile_match_key(value)


def keys_that_come(moves: Moves) -> Iterator[tuple[str, MatchKey]]:
    """Yield each register that moves to a key, and the key."""
    for register, sides in moves.fields.items():
        for name, value in sides.new.items():
            yield from ((register, key) for key in keys_of_field(name, value))
    for place, sides in moves.rows.items():
        if place[0] == "identities" and sides.new is not None:
            yield place_register(place), identity_match_key(*place[1])


def keys_that_go(moves: Moves) -> Iterator[MatchKey]:
    """Yield each key that is given up."""
    for sides in moves.fields.values():
        for name, value in sides.old.items():
            yield from keys_of_field(name, value)
    for place, sides in moves.rows.items():
        if place[0] == "identities" and sides.new is None:
            yield identity_match_key(*place[1])


def claimed_keys(profile_id: UUID, new: Shown, holder_of: Callable[[MatchKey], UUID | None]) -> dict[MatchKey, UUID]:
    """Return the keys that a profile would come back with and that somebody else has, and who."""
    keys = (key for _, key in keys_that_come(moves_between(Shown(has_ended=True), new)))
    held = {key: holder_of(key) for key in keys}
    return {key: holder for key, holder in held.items() if holder is not None and holder != profile_id}


def names_taken(present: State, moves: Moves) -> Iterator[str]:
    """Yield the registers that would give an address a name that another one of the profile has."""
    going = {place[1] for place, sides in moves.rows.items() if place[0] == "addresses" and sides.new is None}
    moving = {place[1]: sides for (place, name), sides in moves.members.items() if name == "external_id"}
    names = {
        row["external_id"]
        for key, row in present.collections.get("addresses", {}).items()
        if key not in going and key not in moving
    } - {None}
    for place, sides in moves.rows.items():
        if place[0] == "addresses" and sides.new is not None and sides.new["external_id"] in names:
            yield place_register(place)
    for (place, name), sides in moves.members.items():
        if place[0] == "addresses" and name == "external_id" and sides.new[name] in names:
            yield member_register(place, name)


# --- References --------------------------------------------------------------------------------------------------

_LOCATIONS: Final = frozenset(shape.LOCATION_FIELDS.values())
_KEYS: Final = {"statuses": ("status", "handle"), "regions": ("region", "handle")} | {
    "organisations": ("organisation", "handle"),
    "date_links": ("profile", "id"),
}
"""The collections whose rows refer to something by the last part of their key."""
_ROLE: Final = "role"


def references_of_fields(values: Mapping[str, Any]) -> Iterator[ReferenceName]:
    """Yield what the fields' values refer to."""
    for name, value in values.items():
        if name in _LOCATIONS and value is not None:
            yield ReferenceName("location", "id", str(value))


def references_of_row(place: Place, row: Mapping[str, Any]) -> Iterator[ReferenceName]:
    """Yield what the row refers to."""
    if place[0] in _KEYS:
        yield ReferenceName(*_KEYS[place[0]], place[1][-1])
    yield from references_of_members(place[0], row)


def references_of_members(name: str, values: Mapping[str, Any]) -> Iterator[ReferenceName]:
    """Yield what the members of a row of the collection refer to."""
    if name == "organisations" and values.get(_ROLE) is not None:
        yield ReferenceName("role", "handle", values[_ROLE])
