"""Everybody the hub knows, found by walking through them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from profiles.keys import MatchKey
from profiles.shape import PROFILE_FIELDS
from profiles.values import ErrorCode, OutcomeKind
from tests.properties.reference.ledger import LedgerRow, action_of, difference, moved_times
from tests.properties.reference.people import Person, id_of


@dataclass(frozen=True)
class Decision:
    """What became of one record."""

    kind: str
    label: int | None
    rule: str | None
    key: MatchKey | None
    """The first of the record's keys by which the rule found the profile, or by which it will be found again."""
    considered: frozenset[int]
    """Who stood in the way of a rejected record, and whom it would have changed."""
    nobody: frozenset[str]
    """Of several criteria, those that found nobody."""
    errors: frozenset[tuple[str, str]]
    warnings: frozenset[tuple[str, str]]


@dataclass
class World:
    """Everybody the hub knows, all that ever changed, and who might be the same person."""

    people: list[Person] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)
    pairs: dict[tuple[int, int], tuple[str, int | None]] = field(default_factory=dict)
    """Lower label, higher label -> why and at which position the pair was first seen."""

    def holder(self, key: MatchKey) -> Person | None:
        """Return the person the key is on, merged or not."""
        for person in self.people:
            if person.holds(key):
                return person
        return None

    def survivor(self, person: Person) -> Person:
        """Return the person this one lives on in: itself, unless it was merged."""
        while person.merged_into is not None:
            person = self.people[person.merged_into]
        return person

    def by_id(self, profile_id: str) -> str | None:
        """Return the id of the profile that the id means, `None` where there is none."""
        for person in self.people:
            if person.is_stored and str(id_of(person.label)) == profile_id:
                return str(id_of(self.survivor(person).label))
        return None

    def meant_by(self, some_keys: Iterable[MatchKey]) -> list[Person]:
        """Return everybody who is meant by one of the keys, each once, merged people's survivors in their place."""
        found: list[Person] = []
        for key in some_keys:
            holder = self.holder(key)
            if holder is not None and self.survivor(holder) not in found:
                found.append(self.survivor(holder))
        return found

    def note_pair(self, one: Person, other: Person, *, reason: ErrorCode, position: int | None) -> None:
        """Remember that two people may be the same; the first sight of a pair is the one kept."""
        low, high = sorted((one.label, other.label))
        self.pairs.setdefault((low, high), (reason.value, position))

    def put_down(self, before: Person | None, after: Person, *, position: int | None) -> OutcomeKind:
        """Replace or add the person, with a row in the ledger if anything is different."""
        changes = difference(before, after)
        if before is not None and not changes:
            # Beside everything that counts as a change.
            before.times, before.source_times = after.times, after.source_times
            return OutcomeKind.UNCHANGED
        after.version += 1
        if before is None:
            self.people.append(after)
        else:
            self.people[after.label] = after
        action = action_of(before, after).value
        self.ledger.append(
            LedgerRow(after.label, after.version, action, changes, position, moved_times(before, after))
        )
        return OutcomeKind.CREATED if before is None else OutcomeKind.UPDATED


def newcomer(world: World) -> Person:
    """Return somebody about whom nothing is known yet."""
    fields = {name: None for name in PROFILE_FIELDS if name != "merged_into"}
    return Person(
        label=len(world.people),
        fields=fields | {"first_name": "Unknown", "last_name": "Unknown", "profile_type": "active"},
    )
