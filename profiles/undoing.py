"""Taking back what was done to people: a change, a batch or some of its records, an undo (rules 10)."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol
from uuid import UUID

from profiles import shape
from profiles.conducting import conduct
from profiles.db.ids import new_id
from profiles.directory import ProfilesMovedError, Scope
from profiles.directory.families import find_families
from profiles.directory.ledgers import find_links, load_reverts, load_rows
from profiles.keys import MatchKey
from profiles.models import ProfileChange
from profiles.reconcile.families import LiveMerge, ids_of, merges_across
from profiles.reconcile.keeping import Kept, RecordSince
from profiles.reconcile.replaying import floor_of
from profiles.reconcile.returning import may_come_back
from profiles.reverting import (
    NO_OPTIONS,
    Ledger,
    Reversal,
    ReversalPlan,
    Target,
    UndoOptions,
    plan_reversals,
    stored_in,
)
from profiles.values import Cause, ChangeAction, Directory, ReferenceName
from profiles.writing import OutcomeStore, store_no_outcomes

__all__ = [
    "Kept",
    "RecordSince",
    "Reversal",
    "Target",
    "UndoOptions",
    "take_back",
    "target_of_change",
    "targets_of_batch",
    "targets_of_operation",
]

# --- What is taken back ------------------------------------------------------------------------------------------


def targets_of_batch(
    batch_id: UUID, *, positions: Collection[int] | None = None, unchanged: Mapping[int, UUID] | None = None
) -> list[Target]:
    """Return what a batch did, or the records of it at some positions, in the order in which it is taken back.

    `unchanged` has the batch's records that changed nothing, by position, and the profile each of them meant. An undo
    that was worked as a batch is taken back by that batch. Queries.
    """
    rows = ProfileChange.objects.filter(batch_id=batch_id).order_by("-position", "-version", "-id")
    if positions is not None:
        rows = rows.filter(position__among=positions)
    found = [
        (position, Target(profile_id, version))
        for position, profile_id, version in rows.values_list("position", "profile_id", "version")
    ]
    found += [
        (position, Target(profile_id, None))
        for position, profile_id in (unchanged or {}).items()
        if positions is None or position in positions
    ]
    return [target for _, target in sorted(found, key=lambda one: -(one[0] or 0))]


def target_of_change(profile_id: UUID, version: int) -> Target | None:
    """Return one change of a profile to be taken back; `None` where there is none of that version. Queries."""
    is_there = ProfileChange.objects.filter(profile_id=profile_id, version=version).exists()
    return Target(profile_id, version) if is_there else None


def targets_of_operation(operation_id: UUID) -> list[Target]:
    """Return the rows of one undo, in the order in which they are taken back. Queries."""
    rows = ProfileChange.objects.filter(operation_id=operation_id).order_by("-id")
    return [Target(*row) for row in rows.values_list("profile_id", "version")]


# --- Taking it back ----------------------------------------------------------------------------------------------


class RecordsSince(Protocol):
    """Knows the records of which the ledger does not tell all."""

    def __call__(self, profiles: Mapping[UUID, int], *, read: bool) -> Iterable[RecordSince]:
        """Return the records that have meant these profiles, from a version of each on, in their order.

        But for those that are taken back themselves, now or before. With what they asked for where they are to be
        `read`: it is called so before the profiles are locked, and once more when they are, to see whether those are
        all.
        """


def no_records(profiles: Mapping[UUID, int], *, read: bool) -> Iterable[RecordSince]:
    """Know of no records: what is taken back by the ledger alone."""
    return ()


def take_back(
    targets: Sequence[Target],
    *,
    cause: Cause,
    now: dt.datetime,
    options: UndoOptions = NO_OPTIONS,
    note: str = "",
    records_since: RecordsSince = no_records,
    store_outcomes: OutcomeStore = store_no_outcomes,
    first_position: int = 0,
    write: bool = True,
) -> list[Reversal]:
    """Take the targets back, newest first as the functions above give them; return what became of each.

    What was taken back already is `unchanged`. All rows of one profile become one write, with a row in its ledger for
    each, which bears the cause (of a batch, the target's place as position), `note` and an operation of its own; `now`
    is their time, `first_position` the place of the first in its batch. Without `write` it is only told what would
    become of them, by the same decisions and under the same locks. `records_since` knows the records of which the
    ledger does not tell all. For the rest see `conduct`. Runs inside the caller's transaction.
    """
    operation_ids = [new_id() for _ in targets]
    reading = _Reading(targets, partial(records_since, read=not options.by_ledger_alone))

    def decide(directory: Directory) -> ReversalPlan:
        reading.check(directory)
        if reading.versions:
            reading.check_records(records_since(reading.versions, read=False))
        return plan_reversals(
            targets,
            directory,
            reading.ledgers,
            options=options,
            cause=cause,
            operation_ids=operation_ids,
            note=note,
            records=reading.records,
            links=find_links(reading.may_end),
            families=reading.families,
            first_position=first_position,
        )

    decided = conduct(reading.scope, decide, now=now, store_outcomes=store_outcomes, write=write)
    return list(decided.reversals)


class _Reading:
    """What is read of the ledger before the profiles are locked, anew in each attempt."""

    versions: dict[UUID, int]
    """The oldest version of each profile that is to be taken back."""

    records: list[RecordSince]
    """Those that have meant these profiles since."""

    def __init__(
        self, targets: Sequence[Target], records_since: Callable[[Mapping[UUID, int]], Iterable[RecordSince]]
    ) -> None:
        self.versions = {}
        self.records = []
        self._records_since = records_since
        self._profiles = list(dict.fromkeys(target.profile_id for target in targets))
        for target in targets:
            if target.version is not None:
                oldest = self.versions.get(target.profile_id, target.version)
                self.versions[target.profile_id] = min(oldest, target.version)
        self.ledgers: dict[UUID, Ledger] = {}
        self.families: list[list[LiveMerge]] = []
        """The merges from before which something is taken back."""
        self._has_families = False

    def scope(self) -> Scope:
        """Read the ledgers; return what is to be locked and known to take the targets back.

        Raises `ProfilesMovedError` where a ledger was added to between two looks at it.
        """
        families = find_families(self.versions)
        reverts = load_reverts({*self.versions, *(one for merges in families for one in ids_of(merges))})
        floors = {
            profile_id: floor_of(reverts.get(profile_id, {}), oldest=oldest)
            for profile_id, oldest in self.versions.items()
        }
        self._has_families = bool(families)
        self.families = [found for merges in families if (found := merges_across(merges, floors, reverts))]
        rows = load_rows(floors)
        self.ledgers = {}
        for profile_id, floor in floors.items():
            some = rows.get(profile_id, [])
            # Read a moment later than the others, so that they may tell of more.
            taken = reverts.get(profile_id, {}) | {row.version: row.reverts for row in some if row.reverts is not None}
            if floor_of(taken, oldest=floor) < floor:
                raise ProfilesMovedError({profile_id})
            self.ledgers[profile_id] = Ledger(some, taken)
        keys: set[MatchKey] = set()
        names: set[ReferenceName] = set()
        for ledger in self.ledgers.values():
            some_keys, some_names = may_come_back(ledger.rows)
            keys |= some_keys
            names |= some_names
        self.records = list(self._records_since(self.versions)) if self.versions else []
        for record in self.records:
            if record.draft is not None:
                keys.update(record.draft.pointers)
                names.update(record.draft.reference_names)
        return Scope(
            keys=sorted(keys),
            targets=list(dict.fromkeys((*self._profiles, *self.ledgers))),
            collections=self._collections(),
            references=names,
            with_merged=self._has_families,
        )

    @property
    def may_end(self) -> list[UUID]:
        """The profiles whose creation is among what may be dead."""
        return [
            profile_id
            for profile_id, ledger in self.ledgers.items()
            if any(row.action is ChangeAction.CREATED for row in ledger.rows)
        ]

    def check(self, directory: Directory) -> None:
        """Raise `ProfilesMovedError` where somebody has changed a profile since its ledger was read."""
        moved = {
            profile_id
            for profile_id, ledger in self.ledgers.items()
            if (stored := stored_in(directory, profile_id)) is not None
            and ledger.rows  # else there is no such version yet
            and stored.version != ledger.rows[-1].version
        }
        if moved:
            raise ProfilesMovedError(moved)

    def check_records(self, records: Iterable[RecordSince]) -> None:
        """Raise `ProfilesMovedError` where more records have meant a profile since they were read."""
        known = {(one.batch_id, one.position) for one in self.records}
        if moved := {one.profile_id for one in records if (one.batch_id, one.position) not in known}:
            raise ProfilesMovedError(moved)

    def _collections(self) -> list[str]:
        """Return the collections that the rows touch; where a profile may end or come back, all of them.

        And where records are read again, which may speak of any.
        """
        if self.may_end or self.families or any(record.draft is not None for record in self.records):
            return list(shape.COLLECTIONS)
        rows = (row for ledger in self.ledgers.values() for row in ledger.rows)
        touched = {pointer.split("/", 2)[1] for row in rows for pointer in row.changes}
        return [name for name in shape.COLLECTIONS if name in touched]
