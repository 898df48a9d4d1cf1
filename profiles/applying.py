"""Drafts become profiles: the one way in for batches, API, admin and imports. One profile's write is a list of one."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from django.conf import settings

from profiles import shape
from profiles.conducting import conduct
from profiles.criteria import Criteria
from profiles.db.ids import derived_ids, new_id
from profiles.directory import Scope, load_key_rules
from profiles.history import contacts_of
from profiles.matching import plan
from profiles.overmerging import alarms_of, long_lived
from profiles.values import Cause, Change, MobileClash, NewId, Outcome, Plan, ProfileDraft
from profiles.writing import OutcomeStore, store_no_outcomes


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
) -> list[Outcome]:
    """Match, decide and write the drafts as if one by one in their order; return one outcome for each.

    `criteria` are tried in order; `now` is the time the changes bear, `received_at` when the drafts came in, if that
    was before: what they refuse without a time was refused then. `mobile_clash` says what becomes of numbers that
    others have; `identity_limits` are the hub's, looked up here where the caller has not. For the rest see `conduct`.
    Runs inside the caller's transaction.
    """
    decided = _conducted(
        drafts,
        criteria=criteria,
        now=now,
        received_at=received_at,
        mobile_clash=mobile_clash,
        identity_limits=identity_limits,
        store_outcomes=store_outcomes,
        write=write,
    )
    return list(decided.outcomes)


def explain_draft(
    draft: ProfileDraft,
    *,
    criteria: Criteria,
    now: dt.datetime,
    mobile_clash: MobileClash = MobileClash.REJECT,
    identity_limits: Mapping[str, int] | None = None,
) -> tuple[Outcome, Change | None]:
    """Return what would become of the draft now, with the rules that were tried, and the change it would make.

    Decided by the same code under the same locks as if it were applied; nothing is written. Runs inside the caller's
    transaction.
    """
    decided = _conducted(
        [draft],
        criteria=criteria,
        now=now,
        mobile_clash=mobile_clash,
        identity_limits=identity_limits,
        is_traced=True,
        write=False,
    )
    (outcome,) = decided.outcomes
    return outcome, next(iter(decided.changes), None)


def _conducted(
    drafts: Sequence[ProfileDraft],
    *,
    criteria: Criteria,
    now: dt.datetime,
    received_at: dt.datetime | None = None,
    mobile_clash: MobileClash,
    identity_limits: Mapping[str, int] | None,
    is_traced: bool = False,
    store_outcomes: OutcomeStore = store_no_outcomes,
    write: bool,
) -> Plan:
    scope = Scope(
        keys=list({key: None for draft in drafts for key in draft.pointers}),
        targets=[draft.target for draft in drafts if draft.target is not None],
        collections=sorted({name for draft in drafts for name in draft.touched}),
        references={name for draft in drafts for name in draft.reference_names},
    )
    if identity_limits is None:
        has_identities = any(shape.IDENTITIES.name in draft.collections for draft in drafts)
        identity_limits = load_key_rules().identity_limits if has_identities else {}
    decide = partial(
        plan,
        drafts,
        criteria=criteria,
        now=now,
        new_ids=partial(_new_ids, received_at=received_at or now),
        received_at=received_at,
        mobile_clash=mobile_clash,
        identity_limits=identity_limits,
        is_traced=is_traced,
    )
    return conduct(scope, decide, now=now, look_back=_with_alarms, store_outcomes=store_outcomes, write=write)


def _with_alarms(decided: Plan) -> Plan:
    """Return the plan with the alarms its records raise; queries where a profile may have had many contacts."""
    looked_up = long_lived(decided.changes)
    contacts = contacts_of(looked_up) if looked_up else {}
    return replace(decided, alarms=alarms_of(decided, most_identities=settings.OVERMERGE_ALARM, contacts=contacts))


def _new_ids(cause: Cause, *, received_at: dt.datetime) -> NewId:
    """Return what names the things a draft makes: those of a batch the same in each attempt."""
    if cause.batch_id is None or cause.position is None:
        return lambda _: new_id()
    return partial(derived_ids(cause.batch_id, at=received_at), cause.position)
