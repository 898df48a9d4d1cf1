"""Whom a draft means by its keys, and whose its other keys are (rules 2.1 to 2.4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from profiles.criteria import EMAIL, Criteria
from profiles.keys import MatchKey, email_match_key, identity_match_key, mobile_match_key
from profiles.reconcile import State
from profiles.tracing import Trace
from profiles.values import Candidate, MatchRule, ProfileDraft


@dataclass(frozen=True, slots=True)
class Match:
    """Whom a draft means, as far as the keys tell."""

    profile_id: UUID | None
    rule: MatchRule
    key: MatchKey | None
    candidates: tuple[Candidate, ...]
    tried: tuple[Candidate, ...] = ()
    """Where there are several criteria, those that found nobody."""

    @property
    def is_ambiguous(self) -> bool:
        """Whether it means more than one."""
        return len(self.candidates) > 1


class Finder:
    """Who holds which key, as one draft after another is decided."""

    def __init__(
        self, holders: Mapping[MatchKey, UUID], survivors: Mapping[UUID, UUID], *, criteria: Criteria
    ) -> None:
        self.criteria = criteria
        self.trace: Trace | None = None
        """Where the steps are noted, if they are."""
        self._holders = dict(holders)
        self._survivors = survivors

    def match(self, draft: ProfileDraft) -> Match:
        """Try the criteria in their order, then all identities (rules 2.1, 2.2 and 2.4)."""
        if self.trace is not None:
            self.trace.blocked(draft)
        if draft.target is not None:
            return Match(self._survivors.get(draft.target, draft.target), MatchRule.TARGET, None, ())
        if draft.is_new:
            return Match(None, MatchRule.NEW, next(iter(draft.pointers), None), ())
        tried: list[Candidate] = []
        for place, criterion in enumerate(self.criteria, start=1):
            keys = criterion_keys(draft, criterion)
            found = self._candidates(keys, MatchRule.CRITERION)
            if self.trace is not None:
                self.trace.criterion(criterion, keys, found, later=self.criteria[place:])
            if found:
                return _found(found, MatchRule.CRITERION, tried)
            tried.append(Candidate(None, MatchRule.CRITERION, keys[0] if keys else None, criterion))
        value = next((one.key for one in tried if one.key is not None), None)
        if len(tried) == 1:
            tried = []  # of one alone that is said by the rule that decided
        keys = [key for key in draft.pointers if key.kind == "identity"]
        found = self._candidates(keys, MatchRule.ROUTED)
        if self.trace is not None:
            self.trace.routing(keys, found)
        if found:
            return _found(found, MatchRule.ROUTED, tried)
        return Match(None, MatchRule.NEW, value, (), tuple(tried))

    def match_value(self, draft: ProfileDraft, match: Match) -> str:
        """Return the value for the criterion that decided, else for the first that the record has one for."""
        criteria = self.criteria
        if len(criteria) > 1 and match.rule is MatchRule.CRITERION:
            criteria = criteria[len(match.tried) :]
        return next((keys[0].value for one in criteria if (keys := criterion_keys(draft, one))), "")

    def claims(self, draft: ProfileDraft, profile_id: UUID | None) -> tuple[list[MatchKey], list[Candidate]]:
        """Return the draft's keys that are aliases of its profile, and the other profiles that hold its keys."""
        aliases: list[MatchKey] = []
        holders: list[Candidate] = []
        for key in draft.pointers:
            holder = self._holders.get(key)
            if holder is None or holder == profile_id:
                continue
            meant = self._meant(key, holder)
            if meant == profile_id:
                aliases.append(key)
            else:
                holders.append(Candidate(meant, "holder", key))
        return aliases, holders

    def move_keys(self, profile_id: UUID, before: State, after: State) -> None:
        """Free the keys the profile gives up and note those it takes, for the drafts that follow."""
        given_up, taken = _field_keys(before), _field_keys(after)
        if given_up != taken:
            for key in given_up:
                self._holders.pop(key, None)
            for key in taken:
                self._holders[key] = profile_id
        held = before.collections.get("identities", {})
        for row_key in after.collections.get("identities", {}):
            if row_key not in held:
                self._holders[identity_match_key(*row_key)] = profile_id

    def _candidates(self, keys: Iterable[MatchKey], rule: MatchRule) -> tuple[Candidate, ...]:
        """Return each profile that one of the keys means, once; a merged profile's keys mean its survivor."""
        found: dict[UUID, Candidate] = {}
        for key in keys:
            holder = self._holders.get(key)
            if holder is not None:
                meant = self._meant(key, holder)
                found.setdefault(meant, Candidate(meant, rule, key))
        return tuple(found.values())

    def _meant(self, key: MatchKey, holder: UUID) -> UUID:
        """Return whom a key means that the holder has: the holder, or in whom that was merged (rules 2.3)."""
        meant = self._survivors.get(holder, holder)
        if self.trace is not None and meant != holder:
            self.trace.alias(key, holder, meant)
        return meant


def criterion_keys(draft: ProfileDraft, criterion: str) -> list[MatchKey]:
    """Return what the draft gives for the criterion: its email, or all its identities of that handle."""
    if criterion == EMAIL:
        return [] if draft.email_key is None else [email_match_key(draft.email_key)]
    return [key for key in draft.pointers if key.handle == criterion]


def _found(found: tuple[Candidate, ...], rule: MatchRule, tried: Sequence[Candidate]) -> Match:
    if len(found) > 1:
        return Match(None, rule, None, found, tuple(tried))
    return Match(found[0].profile_id, rule, found[0].key, found, tuple(tried))


def _field_keys(state: State) -> set[MatchKey]:
    """Return the keys that stand in the profile's own fields."""
    found = set()
    if state.email_key is not None:
        found.add(email_match_key(state.email_key))
    if (mobile := state.fields.get("mobile_phone")) is not None:
        found.add(mobile_match_key(mobile))
    return found
