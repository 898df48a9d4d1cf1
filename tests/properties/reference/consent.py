"""What may be sent to a person, and since when that is so."""

import datetime as dt

from profiles import keys
from profiles.values import ErrorCode, ProfileDraft, WarningCode
from tests.properties.reference.addresses import address_text
from tests.properties.reference.people import Person
from tests.properties.reference.told import Told


def forget_old_addresses(before: Person, after: Person) -> None:
    """Forget what was told of an email, mobile or postal address that gave way to another one."""
    homes = {
        "email": lambda person: person.fields["email"] and keys.email_key(person.fields["email"]),
        "sms": lambda person: person.fields["mobile_phone"],
        "phone": lambda person: person.fields["mobile_phone"],
        "post": lambda person: [address_text(row) for row in person.rows["addresses"].values() if row["is_default"]],
    }
    for channel, home in homes.items():
        if home(after) and home(after) != home(before):
            after.fields |= {f"comms/{channel}_bounced": None, f"comms/{channel}_verification": None}
            after.times.pop(f"comms/{channel}_bounced", None)


def set_comms(  # noqa: C901, PLR0912 the rule as it is told
    person: Person, draft: ProfileDraft, told: Told, *, now: dt.datetime
) -> None:
    """Of two decisions the later one stands, of two as late the tighter one (rules 5.5)."""
    sent = {name: value for name, value in draft.fields.items() if name.startswith("comms/")}
    ignored: dict[str, list[bool]] = {"email": [], "sms": []}
    for name, value in sent.items():
        channel, _, flag = name.removeprefix("comms/").partition("_")
        if flag == "consent_updated_at":
            continue
        if flag not in {"promo", "optout", "bounced"}:
            person.fields[name] = value
            continue
        stored, tight = person.fields[name], flag != "promo"
        if channel not in ignored:
            if stored is not tight or value is tight or draft.is_explicit:
                person.fields[name] = value
            else:
                told.warn(WarningCode.CONSENT_NOT_LOOSENED, draft.places["comms", (name[6:],)])
            continue
        time = moment(sent.get(f"comms/{channel}_consent_updated_at"))
        stored_time = moment(person.times.get(name))
        if time is not None:
            stands = stored_time is None or (time, strength(value, tight)) > (stored_time, strength(stored, tight))
        elif value is tight or draft.is_explicit:  # as of now, and after all that is known
            stands, time = True, max(now, stored_time or now)
        else:
            stands = stored is not tight
        if stands:
            person.fields[name] = value
            if time is not None:
                person.times[name] = written(time)
        elif value is not stored:
            code = WarningCode.CONSENT_OLDER
            if stored is tight and value is not tight:
                code = WarningCode.CONSENT_NOT_LOOSENED
            told.warn(code, draft.places["comms", (name[6:],)])
        ignored[channel].append(not stands and value is not stored)
    for channel, flags in ignored.items():
        name = f"comms/{channel}_consent_updated_at"
        if sent.get(name) is None:
            continue
        stored, value = person.fields[name], sent[name]
        if dt.datetime.fromisoformat(value) > now + dt.timedelta(minutes=5):
            told.refuse(ErrorCode.INVALID, draft.places["comms", (name[6:],)])
        elif (flags and all(flags)) or (
            stored and dt.datetime.fromisoformat(value) < dt.datetime.fromisoformat(stored)
        ):
            told.warn(WarningCode.CONSENT_OLDER, draft.places["comms", (name[6:],)])
        else:
            person.fields[name] = value


def strength(value: bool | None, tight: bool) -> int:  # noqa: FBT001 flags, not switches
    """Return which of two words as late stands: the tighter, and any rather than none."""
    return 0 if value is None else 2 if value is tight else 1


def moment(text: str | None) -> dt.datetime | None:
    """Return the time the text means."""
    return None if text is None else dt.datetime.fromisoformat(text)


def written(time: dt.datetime) -> str:
    """Return the time as states write it."""
    return time.astimezone(dt.UTC).replace(tzinfo=None).isoformat() + "Z"
