"""Consent never loosens by accident (design 3.5).

A flag is tight where it keeps us from sending: promo false, optout true, bounced true. Anything else, null among
it, is loose.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from profiles import shape
from profiles.reconcile.difference import State, same
from profiles.values import CauseKind, ErrorCode, ProfileDraft, RecordError, RecordWarning, WarningCode

TIGHT: Final = {"promo": False, "optout": True, "bounced": True}
CLOCK_TOLERANCE: Final = dt.timedelta(minutes=5)
# The channels whose decisions bear a time; the others have none to compare.
_TIMED: Final = ("email", "sms")
_FLAGS: Final = {f"comms/{channel}_{flag}": (channel, flag) for channel in shape.CHANNELS for flag in TIGHT}
_TIMES: Final = {f"comms/{channel}_consent_updated_at": channel for channel in _TIMED}


@dataclass(slots=True)
class CommsDecision:
    """What of the comms sent is to be set, and what is not."""

    fields: dict[str, Any] = field(default_factory=dict)
    errors: list[RecordError] = field(default_factory=list)
    warnings: list[RecordWarning] = field(default_factory=list)


def is_tight(flag: str, value: bool | None) -> bool:  # noqa: FBT001 a stored flag, not a switch
    """Whether the flag (`promo`, `optout` or `bounced`) with this value keeps us from sending."""
    return value is TIGHT[flag]


def decide_comms(
    before: State | None, sent: Mapping[str, Any], *, draft: ProfileDraft, now: dt.datetime
) -> CommsDecision:
    """Return which of the comms fields sent apply to a profile; `before` is `None` for a new one."""
    decision = CommsDecision()
    stored: Mapping[str, Any] = {} if before is None else before.fields
    times = {channel: _moment(sent.get(name)) for name, channel in _TIMES.items()}
    stored_times = {channel: _moment(stored.get(name)) for name, channel in _TIMES.items()}
    for name, value in sent.items():
        if name in _TIMES:
            channel = _TIMES[name]
            _decide_time(decision, name, value, place=_place(draft, name), stored=stored_times[channel], now=now)
        elif same(stored.get(name), value):
            continue
        elif name not in _FLAGS or before is None:
            decision.fields[name] = value
        else:
            channel, flag = _FLAGS[name]
            warning = _objection(
                channel,
                loosens=is_tight(flag, stored.get(name)) and not is_tight(flag, value),
                time=times.get(channel),
                stored_time=stored_times.get(channel),
                cause=draft.cause.kind,
            )
            if warning is None:
                decision.fields[name] = value
            else:
                decision.warnings.append(RecordWarning(warning[0], _place(draft, name), warning[1]))
    return decision


def _place(draft: ProfileDraft, name: str) -> str:
    member = name.removeprefix("comms/")
    return draft.places.get(("comms", (member,)), f"/comms_attributes/{member}")


def _decide_time(  # noqa: PLR0913 all of it is one comparison
    decision: CommsDecision,
    name: str,
    value: str | None,
    *,
    place: str,
    stored: dt.datetime | None,
    now: dt.datetime,
) -> None:
    """Null never clears a time, an older one never replaces a newer one, and none lies ahead."""
    time = _moment(value)
    if time is None:
        return
    if time > now + CLOCK_TOLERANCE:
        decision.errors.append(RecordError(ErrorCode.INVALID, place, "The time of consent lies in the future."))
    elif stored is None or time > stored:
        decision.fields[name] = value
    elif time < stored:
        message = "A newer decision is stored; the older time was ignored."
        decision.warnings.append(RecordWarning(WarningCode.CONSENT_OLDER, place, message))


def _objection(
    channel: str,
    *,
    loosens: bool,
    time: dt.datetime | None,
    stored_time: dt.datetime | None,
    cause: CauseKind,
) -> tuple[WarningCode, str] | None:
    """Return why the flag may not be moved, `None` where it may."""
    if channel not in _TIMED:
        if loosens and cause not in {CauseKind.API, CauseKind.ADMIN}:
            return WarningCode.CONSENT_NOT_LOOSENED, "Only the API and staff may loosen consent for this channel."
        return None
    if loosens and (time is None or (stored_time is not None and time <= stored_time)):
        return WarningCode.CONSENT_NOT_LOOSENED, "Loosening consent needs a consent time newer than the stored one."
    if time is not None and stored_time is not None and time < stored_time:
        return WarningCode.CONSENT_OLDER, "A newer decision is stored; the older one was ignored."
    return None


def _moment(value: str | None) -> dt.datetime | None:
    return None if value is None else dt.datetime.fromisoformat(value)
