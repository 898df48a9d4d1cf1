"""Drafts become profiles: the one way in for batches, API, admin and imports. One profile's write is a list of one.

Or they are only told what they would come to, by the same decisions (way 4).
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from django.conf import settings

from profiles import digests, shape
from profiles.conducting import conduct
from profiles.criteria import Criteria
from profiles.db.ids import derived_ids, new_id
from profiles.directory import Scope, load_key_rules, open_directory
from profiles.history import contacts_of
from profiles.matching import plan
from profiles.overlay import Overlay
from profiles.overmerging import alarms_of, long_lived
from profiles.sentences import ToldError
from profiles.values import (
    Cause,
    Change,
    Decision,
    Directory,
    MobileClash,
    NewId,
    Outcome,
    Pins,
    Plan,
    ProfileDraft,
    Shown,
)
from profiles.writing import OutcomeStore, store_no_outcomes


@dataclass(frozen=True, slots=True)
class Held:
    """That drafts are held to what was shown of them (way 4)."""

    preview: UUID
    """Whose ids the new profiles and addresses get, as they were shown."""
    shown: Mapping[int, Shown]
    """By position, of all records of the batch."""
    afresh: UUID | None = None
    """Where one record that comes to something else stops them all: the preview that is made instead."""


class StaleDraftsError(ToldError):
    """Some drafts would come to something else than was shown, and that stops them all."""

    def __init__(self, outcomes: Sequence[Outcome], preview_id: UUID, afresh: Sequence[Decision]) -> None:
        super().__init__()
        self.preview_id = preview_id
        self.outcomes = outcomes
        """What would become of each were it not for the others; those to blame know what they would come to."""
        self.afresh = afresh
        """What all of them would come to now."""


def apply_drafts(
    drafts: Sequence[ProfileDraft],
    *,
    criteria: Criteria,
    now: dt.datetime,
    received_at: dt.datetime | None = None,
    mobile_clash: MobileClash = MobileClash.REJECT,
    identity_limits: Mapping[str, int] | None = None,
    store_outcomes: OutcomeStore = store_no_outcomes,
    write: bool = True,
    held: Held | None = None,
) -> list[Outcome]:
    """Match, decide and write the drafts as if one by one in their order; return one outcome for each.

    `criteria` are tried in order; `now` is the time the changes bear, `received_at` when the drafts came in, if that
    was before: what they refuse without a time was refused then. `mobile_clash` says what becomes of numbers that
    others have; `identity_limits` are the hub's, looked up here where the caller has not. For the rest see `conduct`.
    Where they are `held` to what was shown, others are refused, or raise `StaleDraftsError` before anything is
    written. Runs inside the caller's transaction.
    """
    if identity_limits is None:
        has_identities = any(shape.IDENTITIES.name in draft.collections for draft in drafts)
        identity_limits = load_key_rules().identity_limits if has_identities else {}
    deciding = _Deciding(drafts, criteria, now, received_at, mobile_clash, identity_limits)
    decide = deciding.decide if held is None else partial(_decide_held, deciding, held)
    decided = conduct(
        deciding.scope, decide, now=now, look_back=_with_alarms, store_outcomes=store_outcomes, write=write
    )
    return list(decided.outcomes)


def explain_draft(
    draft: ProfileDraft,
    *,
    criteria: Criteria,
    now: dt.datetime,
    mobile_clash: MobileClash = MobileClash.REJECT,
    identity_limits: Mapping[str, int],
) -> tuple[Outcome, Change | None]:
    """Return what would become of the draft now, with the rules that were tried, and the change it would make.

    Nothing is locked and nothing written. Queries; the caller has them see one moment.
    """
    deciding = _Deciding([draft], criteria, now, None, mobile_clash, identity_limits)
    decided = deciding.decide(open_directory(deciding.scope, lock=False), is_traced=True)
    (outcome,) = decided.outcomes
    return outcome, next(iter(decided.changes), None)


def foretell_drafts(
    drafts: Sequence[ProfileDraft],
    *,
    criteria: Criteria,
    now: dt.datetime,
    received_at: dt.datetime,
    mobile_clash: MobileClash,
    identity_limits: Mapping[str, int],
    source: UUID,
    overlay: Overlay | None = None,
) -> list[Decision]:
    """Return what the drafts would come to if they were applied now; nothing is locked and nothing written.

    `source` is what names the things they would make, `overlay` what drafts before them would have made, to which
    these are added; for the rest see `apply_drafts`. Queries; the caller has them see one moment.
    """
    deciding = _Deciding(drafts, criteria, now, received_at, mobile_clash, identity_limits)
    if overlay is None:
        return deciding.foretell(open_directory(deciding.scope, lock=False), source=source, at=received_at)
    scope = overlay.widened(deciding.scope)
    directory = overlay.over(open_directory(scope, lock=False), scope)
    decided = deciding.decide(directory, source=source, named_at=received_at, received_at=received_at)
    overlay.take(decided.results)
    return deciding.told(decided, directory, source=source, at=received_at)


@dataclass(frozen=True, slots=True)
class _Deciding:
    """Drafts and the terms on which they are decided."""

    drafts: Sequence[ProfileDraft]
    criteria: Criteria
    now: dt.datetime
    received_at: dt.datetime | None
    mobile_clash: MobileClash
    identity_limits: Mapping[str, int]

    @property
    def scope(self) -> Scope:
        """What they are about."""
        drafts = self.drafts
        return Scope(
            keys=list({key: None for draft in drafts for key in draft.pointers}),
            targets=[draft.target for draft in drafts if draft.target is not None],
            collections=sorted({name for draft in drafts for name in draft.touched}),
            references={name for draft in drafts for name in draft.reference_names},
        )

    def decide(
        self,
        directory: Directory,
        *,
        source: UUID | None = None,
        named_at: dt.datetime | None = None,
        received_at: dt.datetime | None = None,
        pins: Pins | None = None,
        is_traced: bool = False,
    ) -> Plan:
        """Return the plan by what is known; pure."""
        return plan(
            self.drafts,
            directory,
            criteria=self.criteria,
            now=self.now,
            new_ids=partial(_new_ids, source=source, at=named_at or self.received_at or self.now),
            received_at=received_at or self.received_at,
            mobile_clash=self.mobile_clash,
            identity_limits=self.identity_limits,
            pins=pins,
            is_traced=is_traced,
        )

    def foretell(self, directory: Directory, *, source: UUID, at: dt.datetime) -> list[Decision]:
        """Return what they would come to by what is known, had they come in at that time; pure."""
        decided = self.decide(directory, source=source, named_at=at, received_at=at)
        return self.told(decided, directory, source=source, at=at)

    def told(self, decided: Plan, directory: Directory, *, source: UUID, at: dt.datetime) -> list[Decision]:
        """Return what was decided of each, as it is shown."""
        return digests.decided(
            decided.outcomes,
            {change.cause.position: change.changes for change in decided.changes},
            new=_new_profiles(source, at, [draft.cause.position for draft in self.drafts]),
            given=digests.given_statuses(directory.references, now=self.now),
        )


def _decide_held(deciding: _Deciding, held: Held, directory: Directory) -> Plan:
    """Return the plan of drafts that are held to what was shown; raises `StaleDraftsError`."""
    at = deciding.received_at or deciding.now
    pins = Pins(held.shown, _new_profiles(held.preview, at, held.shown))
    decided = deciding.decide(directory, source=held.preview, pins=pins)
    if held.afresh is not None and any(outcome.instead for outcome in decided.outcomes):
        afresh = deciding.foretell(directory, source=held.afresh, at=deciding.now)
        raise StaleDraftsError(decided.outcomes, held.afresh, afresh)
    return decided


def _with_alarms(decided: Plan) -> Plan:
    """Return the plan with the alarms its records raise; queries where a profile may have had many contacts."""
    looked_up = long_lived(decided.changes)
    contacts = contacts_of(looked_up) if looked_up else {}
    return replace(decided, alarms=alarms_of(decided, most_identities=settings.OVERMERGE_ALARM, contacts=contacts))


def _new_ids(cause: Cause, *, source: UUID | None, at: dt.datetime) -> NewId:
    """Return what names the things a draft makes: those of a batch the same in each attempt."""
    source = source or cause.batch_id
    if source is None or cause.position is None:
        return lambda _: new_id()
    return partial(derived_ids(source, at=at), cause.position)


def _new_profiles(source: UUID, at: dt.datetime, positions: Iterable[int | None]) -> dict[UUID, int]:
    """Return how the profile would be named that each record may make."""
    name = derived_ids(source, at=at)
    return {name(position, 0): position for position in positions if position is not None}
