"""A record into a profile: who wins per field, and what changes by it (rules 3 and 4).

Pure: a state and a draft in, the next state and the difference out.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from profiles import shape
from profiles.keys import MatchKey
from profiles.reconcile.case import Case
from profiles.reconcile.consent import decide_comms, told_of_old_addresses
from profiles.reconcile.difference import (
    Changes,
    State,
    difference,
    moved_times,
    row_pointer,
    same,
    same_row,
    state_of,
)
from profiles.reconcile.rows import RECONCILE_ROWS, without
from profiles.values import (
    CauseKind,
    ErrorCode,
    Finding,
    NewId,
    Origins,
    ProfileDraft,
    ProfileType,
    RowKey,
    Rows,
    SourceTimes,
    WarningCode,
)

__all__ = [
    "Changes",
    "Reconciliation",
    "State",
    "difference",
    "moved_times",
    "reconcile",
    "row_pointer",
    "same",
    "same_row",
    "state_of",
]

UNKNOWN_NAME: Final = "Unknown"
_MOST: Final = {name: collection.most_of_profile for name, collection in shape.COLLECTIONS.items()}
_MEMBERS: Final = {"dates": "dates_attributes", "date_links": "dates_attributes"}
"""Where a record holds a collection, if not under its own name."""
LEAP_YEAR: Final = 2000  # where the year is not known, 29 February may be


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What a draft makes of a profile."""

    after: State
    changes: Changes
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    times: Changes = field(default_factory=dict)
    """The times that moved; where nothing else did, they are stored all the same."""


def reconcile(
    before: State | None,
    draft: ProfileDraft,
    *,
    now: dt.datetime,
    new_id: NewId,
    aliases: Collection[MatchKey] = (),
    received_at: dt.datetime | None = None,
    source_times: SourceTimes | None = None,
    identity_limits: Mapping[str, int] | None = None,
) -> Reconciliation:
    """Return the profile's next state and the difference; `before` is `None` for a new profile.

    What the draft names by reference has been looked up (see `referrals`). `aliases` are keys of the draft that a
    profile merged into this one still holds: what equals them is left as it is. `new_id` names new addresses.
    `received_at` is when the draft came in, if that was before now. `source_times` are the profile's with this draft,
    of which only what counts is left (see `sources`); `identity_limits` say how many identities of a handle the
    profile may hold.
    """
    errors: list[Finding] = []
    warnings = [
        Finding(
            WarningCode.ALIAS_KEY, draft.pointers[key], "A profile merged into this one had the value; it stays there."
        )
        for key in aliases
    ]
    left_alone = {"identity": "", "email": "email", "mobile": "mobile_phone"}
    skipped = {left_alone[key.kind] for key in aliases}
    start = State() if before is None else before

    fields = dict(start.fields)
    if before is None:
        fields |= {"first_name": UNKNOWN_NAME, "last_name": UNKNOWN_NAME, "profile_type": ProfileType.ACTIVE.value}
    comms: dict[str, Any] = {}
    for name, value in draft.fields.items():
        if name.startswith("comms/"):
            comms[name] = value
        elif (
            name in skipped
            or same(fields.get(name), value)
            or (name == "email" and _keeps_spelling(start.email_key, draft))
        ):
            continue
        elif name == "joined_at" and fields.get("joined_at") is not None:
            warnings.append(
                Finding(WarningCode.JOINED_AT_KEPT, "/joined_at", "joined_at is set once; it stays as it is.")
            )
        else:
            fields[name] = value
    email_key = start.email_key if fields.get("email") is start.fields.get("email") else draft.email_key
    errors += _birthday_errors(fields)

    case = Case(
        draft=draft,
        now=now,
        new_id=new_id,
        aliases=aliases,
        errors=errors,
        warnings=warnings,
        identity_limits=identity_limits or {},
    )
    collections = _collections(start, case)
    times = start.effective_times
    if before is not None and (
        forgotten := told_of_old_addresses(before, State(fields, collections, times, email_key=email_key))
    ):
        fields |= dict.fromkeys(forgotten)
        times = {name: time for name, time in times.items() if name not in forgotten}
    if comms:
        decision = decide_comms(fields, times, comms, draft=draft, received_at=received_at or now)
        fields |= decision.fields
        times = {**times, **decision.times} if decision.times else times
        errors += decision.errors
        warnings += decision.warnings

    sources = start.source_times if source_times is None else source_times
    state = State(fields, collections, times, _renamed(start, draft, collections), sources, email_key)
    changes = difference(start, state)
    return Reconciliation(state, changes, tuple(errors), tuple(warnings), moved_times(start, state))


def _collections(before: State, case: Case) -> dict[str, Rows]:
    """Return the collections as they are after the record."""
    collections = dict(before.collections)
    for name, rows in case.draft.collections.items():
        stored = before.collections.get(name, {})
        collections[name] = after = RECONCILE_ROWS[name](stored, rows, case)
        if len(after) > _MOST[name] and len(after) > len(stored):
            case.errors.append(_too_many(name))
    for name, gone in _removed(case.draft, before).items():
        collections[name] = without(name, collections.get(name, {}), gone)
    return collections


def _removed(draft: ProfileDraft, before: State) -> dict[str, set[RowKey]]:
    """Return the rows that go, by collection: a date takes its links along."""
    gone: dict[str, set[RowKey]] = {}
    for name, key in draft.removals:
        gone.setdefault(name, set()).add(key)
    if dates := gone.get("dates"):
        links = before.collections.get("date_links", {})
        gone.setdefault("date_links", set()).update(key for key in links if key[:2] in dates)
    return gone


def _renamed(before: State, draft: ProfileDraft, collections: Mapping[str, Rows]) -> Origins:
    """Return where rows come from: an identity that got another identifier goes on as the row it was."""
    renamed = {
        key: before.origins[name][stored]
        for (name, key), stored in draft.meant.items()
        if key != stored and stored in before.origins.get(name, {}) and key in collections.get(name, {})
    }
    if not renamed:
        return before.origins
    name = "identities"
    return {**before.origins, name: {**before.origins[name], **renamed}}


def _too_many(name: str) -> Finding:
    """Say that the profile has no room; one that has more than it should from before may still change and shrink."""
    most = shape.COLLECTIONS[name].most_of_profile
    message = (
        f"The profile would have more than {most:,} {name.replace('_', ' ')}, which is the most a profile may have."
    )
    return Finding(ErrorCode.TOO_MANY, f"/{_MEMBERS.get(name, name)}", message)


def _keeps_spelling(stored_key: str | None, draft: ProfileDraft) -> bool:
    """Tell whether the key is the one stored: only staff may then correct the spelling."""
    return stored_key is not None and stored_key == draft.email_key and draft.cause.kind is not CauseKind.ADMIN


def _birthday_errors(fields: Mapping[str, Any]) -> list[Finding]:
    day, month, year = fields.get("birth_day"), fields.get("birth_month"), fields.get("birth_year")
    if day is None or month is None:
        if year is None:
            return []
        return [Finding(ErrorCode.INVALID, "/birth_year", "birth_year needs birth_day and birth_month.")]
    try:
        dt.date(LEAP_YEAR if year is None else year, month, day)
    except ValueError:
        return [Finding(ErrorCode.INVALID, "/birth_day", "The birthday is not a date of the calendar.")]
    return []
