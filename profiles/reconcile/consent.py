"""Consent never loosens by accident (rules 5).

A flag is tight where it keeps us from sending: promo false, optout true, bounced true. Anything else, null among
it, is loose. For email and sms the decision with the latest effective time stands, of two as late the tighter one.
That time is the consent time sent with it. Without one, what tightens and what somebody does to this one person by
hand is of the time it was received; an untimed consent has no time at all, so that any tightening, whatever its date,
comes after it. The other channels have no times: they tighten, and loosen by such explicit acts only.

Effective times are kept beside the profile (`State.effective_times`), by field. They lie outside the ledger's fold.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from profiles import shape
from profiles.reconcile.addresses import address_text
from profiles.reconcile.difference import State, same
from profiles.times import CLOCK_TOLERANCE, utc_text
from profiles.values import ErrorCode, Finding, ProfileDraft, Row, WarningCode

TIGHT: Final = {"promo": False, "optout": True, "bounced": True}
# The channels whose decisions bear a time; the others have none to compare.
_TIMED: Final = ("email", "sms")
_FLAGS: Final = {f"comms/{channel}_{flag}": (channel, flag) for channel in shape.CHANNELS for flag in TIGHT}
_CONSENT_TIMES: Final = {channel: f"comms/{channel}_consent_updated_at" for channel in _TIMED}
_TIME_FIELDS: Final = frozenset(_CONSENT_TIMES.values())
# What tells of the address a channel leads to, not of the person's will. There is none of a device for push.
_TOLD_OF_ADDRESS: Final = {
    channel: (f"comms/{channel}_bounced", f"comms/{channel}_verification") for channel in shape.VERIFIED_CHANNELS
}
_CHANNEL_TOLD_OF: Final = {name: channel for channel, names in _TOLD_OF_ADDRESS.items() for name in names}
_UNITED: Final = tuple(dict.fromkeys((*_FLAGS, *_TIME_FIELDS, *_CHANNEL_TOLD_OF)))


def is_tight(field: str, value: object) -> bool:
    """Whether the field is a flag of consent, and says that nothing may be sent."""
    return field in _FLAGS and value is TIGHT[_FLAGS[field][1]]


def channel_of_flag(field: str) -> str:
    """Return the channel that the flag of consent is of."""
    return _FLAGS[field][0]


def consent_time_of(channel: str) -> str | None:
    """Return the field of the channel's consent time; `None` where it has none."""
    return _CONSENT_TIMES.get(channel)


def has_own_time(field: str) -> bool:
    """Whether the field is a decision whose time is told by the consent itself, or that time."""
    return field in _FLAGS or field in _TIME_FIELDS


@dataclass(slots=True)
class CommsDecision:
    """What of the comms sent is to be set, and what is not."""

    fields: dict[str, Any] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)
    """The effective times that move, by field."""
    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)


class _Word(NamedTuple):
    """What was decided about a flag, and when that is taken to have been."""

    flag: str
    value: bool | None
    time: dt.datetime | None
    """`None` of an untimed consent, and where nothing was decided."""

    @property
    def is_tight(self) -> bool:
        return self.value is TIGHT[self.flag]

    @property
    def weight(self) -> int:
        """Tell which of two words of one time counts: the tighter, and a word rather than none."""
        return 2 if self.is_tight else int(self.value is not None)


# --- A record into a profile -------------------------------------------------------------------------------------


def decide_comms(
    stored: Mapping[str, Any],
    stored_times: Mapping[str, str],
    sent: Mapping[str, Any],
    *,
    draft: ProfileDraft,
    received_at: dt.datetime,
) -> CommsDecision:
    """Return which of the comms fields sent apply to a profile with these fields and effective times."""
    decision = CommsDecision()
    sent_times = {channel: _moment(sent.get(name)) for channel, name in _CONSENT_TIMES.items()}
    heard: dict[str, bool] = {}  # the channels of which flags were sent: whether any of them counts
    for name, value in sent.items():
        if name in _FLAGS:
            channel, flag = _FLAGS[name]
            said = _Word(flag, value, sent_times.get(channel))
            held = _Word(flag, stored.get(name), _moment(stored_times.get(name)))
            counts = _decide_flag(decision, name, said, held, draft=draft, received_at=received_at)
            heard[channel] = heard.get(channel, False) or counts
        elif name not in _TIME_FIELDS and not same(stored.get(name), value):
            decision.fields[name] = value
    for channel, time in sent_times.items():
        if time is None:
            continue  # null never clears a time
        name = _CONSENT_TIMES[channel]
        held_time = _moment(stored.get(name))
        if time > received_at + CLOCK_TOLERANCE:
            message = "The time of consent lies in the future."
            decision.errors.append(Finding(ErrorCode.INVALID, place_of_comms(draft, name), message))
        elif (held_time is not None and time < held_time) or not heard.get(channel, True):
            _warn(decision, draft, name, WarningCode.CONSENT_OLDER)
        elif time != held_time:
            decision.fields[name] = sent[name]
    return decision


def _decide_flag(
    decision: CommsDecision, name: str, said: _Word, held: _Word, *, draft: ProfileDraft, received_at: dt.datetime
) -> bool:
    """Set the flag and its effective time, or warn; tell whether the word counts, be it that it says nothing new."""
    if _FLAGS[name][0] in _TIMED:
        time = _effective_time(said, held, received_at=received_at, is_explicit=draft.is_explicit)
        comes_after = _comes_after(said, held, time)
    else:
        time = None
        comes_after = draft.is_explicit or said.is_tight or not held.is_tight
    if comes_after:
        if said.value is not held.value:
            decision.fields[name] = said.value
        if time is not None and time != held.time:
            decision.times[name] = utc_text(time)
    elif said.value is not held.value:
        loosens = held.is_tight and not said.is_tight
        _warn(decision, draft, name, WarningCode.CONSENT_NOT_LOOSENED if loosens else WarningCode.CONSENT_OLDER)
    return comes_after or said.value is held.value


def _effective_time(said: _Word, held: _Word, *, received_at: dt.datetime, is_explicit: bool) -> dt.datetime | None:
    """Return when what is said is taken to have been decided; `None` of an untimed consent."""
    if said.time is not None:
        return said.time
    if not (said.is_tight or is_explicit):
        return None
    if held.time is not None and received_at < held.time <= received_at + CLOCK_TOLERANCE:
        return held.time  # by a clock ahead of ours: it does not outlive what was received after it
    return received_at


def _comes_after(said: _Word, held: _Word, time: dt.datetime | None) -> bool:
    if time is None:
        return not held.is_tight
    if held.time is None or time > held.time:
        return True
    return time == held.time and (said.time is None or said.weight > held.weight)


_SENTENCES: Final = {
    WarningCode.CONSENT_NOT_LOOSENED: "Loosening consent needs a consent time newer than the refusal stored "
    "(email and sms), or an act on this one person; it stays refused.",
    WarningCode.CONSENT_OLDER: "A decision no older than this one is stored; this one was ignored.",
}


def _warn(decision: CommsDecision, draft: ProfileDraft, name: str, code: WarningCode) -> None:
    decision.warnings.append(Finding(code, place_of_comms(draft, name), _SENTENCES[code]))


def place_of_comms(draft: ProfileDraft, name: str) -> str:
    """Return where in the record a field of consent stands."""
    member = name.removeprefix("comms/")
    return draft.places.get(("comms", (member,)), f"/comms_attributes/{member}")


def _moment(value: str | None) -> dt.datetime | None:
    return None if value is None else dt.datetime.fromisoformat(value)


# --- What tells of an address ------------------------------------------------------------------------------------


def told_of_old_addresses(before: State, after: State) -> list[str]:
    """Return the fields with a value that tell of an address which gave way to a new one: that starts afresh.

    Nearly always none of the addresses moved.
    """
    moved: list[str] = []
    if before.email_key != after.email_key:
        moved.append("email")
    if before.fields.get("mobile_phone") is not after.fields.get("mobile_phone"):
        moved += ("sms", "phone")
    if before.collections.get("addresses") is not after.collections.get("addresses"):
        moved.append("post")
    return [
        name
        for channel in moved
        for name in _TOLD_OF_ADDRESS[channel]
        if after.fields.get(name) is not None and _leads_elsewhere(channel, before, after)
    ]


def _leads_elsewhere(channel: str, before: State, after: State) -> bool:
    """Whether the second state has an address for the channel, and the first one none or another."""
    if channel == "post":
        home, new_home = _default_address(before), _default_address(after)
        return new_home is not None and (home is None or address_text(home) != address_text(new_home))
    if channel == "email":
        return after.email_key is not None and before.email_key != after.email_key
    mobile = after.fields.get("mobile_phone")
    return mobile is not None and before.fields.get("mobile_phone") != mobile


def _default_address(state: State) -> Row | None:
    """Return the address letters go to."""
    return next((row for row in state.collections.get("addresses", {}).values() if row["is_default"]), None)


# --- A profile into a profile ------------------------------------------------------------------------------------


def unite_comms(merged: State, survivor: State) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the survivor's consent after a merge, and its effective times: the tighter flag, the newest time.

    What tells of an address goes with the one the survivor ends up with.
    """
    fields: dict[str, Any] = {}
    times: dict[str, str] = {}
    for name in _UNITED:
        sides = _sides(name, merged, survivor)
        values = [value for side in sides if (value := side.fields.get(name)) is not None]
        if name in _TIME_FIELDS:
            fields[name] = max(values, key=dt.datetime.fromisoformat, default=None)
        else:
            tight = TIGHT.get(_FLAGS[name][1]) if name in _FLAGS else None
            fields[name] = tight if tight in values else next(iter(values), None)
        known = [time for side in sides if (time := side.effective_times.get(name)) is not None]
        if known:
            times[name] = max(known, key=dt.datetime.fromisoformat)
    return fields, times


def _sides(name: str, merged: State, survivor: State) -> tuple[State, ...]:
    """Return who of the two has a say in the field, the survivor first."""
    channel = _CHANNEL_TOLD_OF.get(name)
    if channel is None or not _leads_elsewhere(channel, survivor, merged):
        return (survivor, merged)
    return (survivor,) if _leads_elsewhere(channel, merged, survivor) else (merged,)
