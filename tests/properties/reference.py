"""Handling records singly and in order, spelled out: the slow, obvious twin of the hub's set-based path.

The world is a list of people in memory, found by walking through it; every record is decided and put down
before the next one is looked at. Nothing here is shared with the real decisions but the parsed draft and the
normal forms, so that the two can disagree.
"""

import copy
import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from profiles import keys
from profiles.countries import country_code
from profiles.keys import MatchKey
from profiles.shape import ADDRESS_LINES, COLLECTIONS, PROFILE_FIELDS
from profiles.values import (
    CauseKind,
    ChangeAction,
    ErrorCode,
    MatchRule,
    OutcomeKind,
    ProfileDraft,
    ReferenceName,
    WarningCode,
)

OTHER_COLLECTIONS = tuple(name for name in COLLECTIONS if name not in {"identities", "tags"})
# The reference data of `profiles.reference_data.example_data`, as far as records name it.
REGIONS = ("new-south-wales", "victoria", "north-island")
STATUSES = {"gold": 365, "silver": 365, "trial": 30}  # days, where the years are not leap years


def id_of(label: int) -> UUID:
    """Return the id under which the person of that number is stored, if they are there before all batches."""
    return UUID(int=(0x0190_0000_0000_7000_8000 << 48) + label)


@dataclass
class Person:
    """One profile. People are numbered in the order of their ids, the stored ones first."""

    label: int
    fields: dict[str, Any]
    identities: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    rows: dict[str, dict[tuple[str, ...], dict[str, Any]]] = field(
        default_factory=lambda: {name: {} for name in OTHER_COLLECTIONS}
    )
    """The other collections; addresses are numbered in the order of their making."""
    merged_into: int | None = None
    version: int = 0
    times: dict[str, str] = field(default_factory=dict)
    """When flags of consent are taken to have been decided, by field."""
    is_stored: bool = False
    """Whether they were there before all batches: records can name these by id."""

    def holds(self, key: MatchKey) -> bool:
        """Whether the key is on this very person, merged or not."""
        if key.kind == "email":
            email = self.fields["email"]
            return email is not None and keys.email_key(email) == key.value
        if key.kind == "mobile":
            return bool(self.fields["mobile_phone"] == key.value)
        return (key.handle, key.value) in self.identities


@dataclass(frozen=True)
class LedgerRow:
    """One change of one person by one record."""

    label: int
    version: int
    action: str
    changes: Mapping[str, Mapping[str, Any]]
    position: int | None
    times: Mapping[str, Mapping[str, str]]


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
            before.times = after.times  # beside everything that counts as a change
            return OutcomeKind.UNCHANGED
        old_times = {} if before is None else before.times
        times = {
            f"/effective/{name}": ({"from": old_times[name]} if name in old_times else {})
            | ({"to": after.times[name]} if name in after.times else {})
            for name in old_times.keys() | after.times.keys()
            if old_times.get(name) != after.times.get(name)
        }
        after.version += 1
        if before is None:
            self.people.append(after)
        else:
            self.people[after.label] = after
        action = action_of(before, after).value
        self.ledger.append(LedgerRow(after.label, after.version, action, changes, position, times))
        return OutcomeKind.CREATED if before is None else OutcomeKind.UPDATED


def apply_one_by_one(
    world: World, drafts: Sequence[ProfileDraft], criteria: str, *, now: dt.datetime
) -> list[Decision]:
    """Handle the records one after another, changing `world`."""
    return [apply_one(world, draft, criteria, now=now) for draft in drafts]


def apply_one(  # noqa: C901, PLR0912, PLR0915 the whole rule in one piece, top to bottom
    world: World, draft: ProfileDraft, criteria: str, *, now: dt.datetime
) -> Decision:
    """Handle one record: who is meant, what speaks against it, and only if nothing does, the change."""
    errors = {(error.code.value, place(error.pointer)) for error in draft.errors}
    warnings = {(warning.code.value, warning.pointer) for warning in draft.warnings}
    ignored: set[tuple[str, str]] = set()
    look_up(draft, Told(errors, warnings), world)
    position = draft.cause.position

    def refuse(code: ErrorCode, pointer: str) -> None:
        errors.add((code.value, place(pointer)))

    def rejected(*, rule: MatchRule | None, key: MatchKey | None, considered: Iterable[Person]) -> Decision:
        return Decision(
            kind=OutcomeKind.REJECTED.value,
            label=None,
            rule=None if rule is None else rule.value,
            key=key,
            considered=frozenset(person.label for person in considered),
            errors=frozenset(errors),
            warnings=frozenset(warnings),
        )

    # Who is meant: by the criterion; if that finds nobody, by any of the identities.
    rule: MatchRule | None = MatchRule.CRITERION
    tried = criterion_keys(draft, criteria)
    hits = world.meant_by(tried)
    if not hits:
        rule = MatchRule.ROUTED
        tried = identity_keys(draft)
        hits = world.meant_by(tried)
    if len(hits) > 1:
        refuse(ErrorCode.AMBIGUOUS, "")
        lowest = min(hits, key=lambda person: person.label)
        for other in hits:
            if other is not lowest:
                world.note_pair(lowest, other, reason=ErrorCode.AMBIGUOUS, position=position)
        return rejected(rule=rule, key=None, considered=hits)

    person = hits[0] if hits else None
    key = next((key for key in tried if world.holder(key) is not None), None)
    if person is None:
        rule = None
        home = "/email" if criteria == "email" else "/identities"
        if not criterion_keys(draft, criteria) and not any(pointer.startswith(home) for _, pointer in errors):
            refuse(ErrorCode.NO_MATCH_VALUE, home)
    elif person.fields["profile_type"] == "deleted" and "profile_type" not in draft.fields:
        refuse(ErrorCode.DELETED_PROFILE, "")

    # Whose are the other keys: this person's, one's who was merged into this person, or somebody else's.
    aliases = set()
    considered = list(hits)
    for one in tuple(draft.pointers):
        holder = world.holder(one)
        if holder is None or holder is person:
            continue
        other = world.survivor(holder)
        if other is person:
            aliases.add(one)
            ignored.add((WarningCode.ALIAS_KEY.value, draft.pointers[one]))
        else:
            considered.append(other)
            refuse(ErrorCode.CLAIMED_ELSEWHERE, draft.pointers[one])
            if person is not None:
                world.note_pair(person, other, reason=ErrorCode.CLAIMED_ELSEWHERE, position=position)

    after = newcomer(world) if person is None else copy.deepcopy(person)
    set_fields(after, draft, aliases)
    set_identities(after, draft, aliases)
    set_tags(after, draft)
    told = Told(errors, ignored)
    set_addresses(after, draft, told)
    if person is not None:
        forget_old_addresses(person, after)
    set_comms(after, draft, told, now=now)
    set_custom_attributes(after, draft, told)
    set_dates(after, draft, told)
    set_links(after, draft, world)
    set_locations(after, draft)
    set_statuses(after, draft, now=now)
    set_regions(after, draft, told)
    set_organisations(after, draft)
    if person is not None and "joined_at" in draft.fields and draft.fields["joined_at"] != after.fields["joined_at"]:
        ignored.add((WarningCode.JOINED_AT_KEPT.value, "/joined_at"))
    if not is_birthday_sound(after):
        refuse(ErrorCode.INVALID, "/birth_day")

    if errors:
        return rejected(rule=rule, key=key, considered=considered)
    return Decision(
        kind=world.put_down(person, after, position=position).value,
        label=after.label,
        rule=(rule or MatchRule.NEW).value,
        key=key or criterion_keys(draft, criteria)[0],
        considered=frozenset(),
        errors=frozenset(),
        warnings=frozenset(warnings | ignored),
    )


def criterion_keys(draft: ProfileDraft, criteria: str) -> list[MatchKey]:
    """Return what the record gives for the criterion: its email, or all its identities of that handle."""
    if criteria == "email":
        return [key for key in tuple(draft.pointers) if key.kind == "email"]
    return [key for key in identity_keys(draft) if key.handle == criteria]


def identity_keys(draft: ProfileDraft) -> list[MatchKey]:
    """Return the record's identities."""
    return [key for key in tuple(draft.pointers) if key.kind == "identity"]


def newcomer(world: World) -> Person:
    """Return somebody about whom nothing is known yet."""
    fields = {name: None for name in PROFILE_FIELDS if name != "merged_into"}
    return Person(
        label=len(world.people),
        fields=fields | {"first_name": "Unknown", "last_name": "Unknown", "profile_type": "active"},
    )


def set_fields(person: Person, draft: ProfileDraft, aliases: set[MatchKey]) -> None:
    """Set what the record sent; what it did not send stays."""
    for name, value in draft.fields.items():
        if name.startswith("comms/"):
            continue
        stored = person.fields[name]
        if name == "email":
            key = keys.email_match_key(keys.email_key(value))
            same_email = stored is not None and keys.email_key(stored) == key.value
            if key in aliases or (same_email and draft.cause.kind is not CauseKind.ADMIN):
                continue
        if name == "mobile_phone" and value is not None and keys.mobile_match_key(value) in aliases:
            continue
        if name == "joined_at" and stored is not None:
            continue
        person.fields[name] = value


def set_identities(person: Person, draft: ProfileDraft, aliases: set[MatchKey]) -> None:
    """Add the identities the person lacks; of the others set only whether they are active, if the record says."""
    for (handle, identifier), row in draft.collections.get("identities", {}).items():
        if keys.identity_match_key(handle, identifier) in aliases:
            continue
        fresh = {"is_primary": False, "is_active": True, "merged_from": None}
        person.identities[handle, identifier] = person.identities.get((handle, identifier), fresh) | dict(row)


def set_tags(person: Person, draft: ProfileDraft) -> None:
    """Replace the tags, if the record has any say about them."""
    if "tags" in draft.collections:
        person.tags = {tag for (tag,) in draft.collections["tags"]}


# --- The other collections ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """Where the rules put what they find."""

    errors: set[tuple[str, str]]
    warnings: set[tuple[str, str]]

    def refuse(self, code: ErrorCode, pointer: str) -> None:
        if not any(known.startswith(pointer) for _, known in self.errors):
            self.errors.add((code.value, pointer))

    def warn(self, code: WarningCode, pointer: str) -> None:
        self.warnings.add((code.value, pointer))


def look_up(draft: ProfileDraft, told: Told, world: "World") -> None:
    """Tell of everything the record names that is not there, or that it names twice."""
    alone = [*draft.locations.values(), *([] if draft.default_region is None else [draft.default_region])]
    for name, referrals in [*draft.referrals.items(), ("", tuple(alone))]:
        seen = set()
        for one in referrals:
            meanings: list[object] = []
            for reference, pointer in one.names:
                meaning = meaning_of(reference, world)
                if meaning is None and reference.kind == "status":
                    told.warn(WarningCode.UNKNOWN_STATUS, pointer)
                elif meaning is None:
                    told.errors.add((ErrorCode.UNKNOWN_REFERENCE.value, pointer))
                elif name in {"regions", "organisations", "date_links"} and (one.key, meaning) in seen:
                    told.warn(WarningCode.DUPLICATE_ENTRY, one.pointer)
                elif meanings and meaning != meanings[0]:
                    told.errors.add((ErrorCode.CONFLICT.value, pointer))
                if meaning is not None:
                    meanings.append(meaning)
                    seen.add((one.key, meaning))


def meaning_of(name: ReferenceName, world: "World") -> object:
    """Return what the name means, `None` where it means nothing."""
    if name.kind == "status":
        return name.value if name.value in STATUSES else None
    if name.kind == "region":
        return name.value if name.value in REGIONS else None
    if name.kind == "location":
        return location_of(name)
    if name.kind == "profile":
        return world.by_id(name.value)
    return {"organisation": ORGANISATIONS, "role": ROLES}[name.kind].get(int(name.value))


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
    """Of two decisions the later one stands, of two as late the tighter one (design 3.5)."""
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


def set_addresses(person: Person, draft: ProfileDraft, told: Told) -> None:
    """Find each address by its external_id, and after those the others by text, else add it; keep one default."""
    rows = person.rows["addresses"]
    sent = draft.collections.get("addresses", {})
    known = [row["external_id"] for row in rows.values() if row["external_id"] is not None]
    not_default = {}
    for place_key in sorted(sent, key=lambda one: sent[one].get("external_id") not in known):
        pointer = draft.places["addresses", place_key]
        key, new = address_after(rows, sent[place_key])
        for part in ("address_line_1", "city", "country"):
            if new[part] is None:
                told.refuse(ErrorCode.INVALID, f"{pointer}/{part}")
        if new["postcode"] == "" and new["country"] in {"AU", "NZ"}:
            told.refuse(ErrorCode.INVALID, f"{pointer}/postcode")
        is_default = not rows or rows.get(key, {}).get("is_default") is True
        if is_default and sent[place_key].get("is_default") is False:
            not_default[key] = pointer
        if sent[place_key].get("is_default"):
            is_default = True
            for row in rows.values():
                row["is_default"] = False
        rows[key] = {**new, "is_default": is_default}
    for key, pointer in not_default.items():
        if rows[key]["is_default"]:
            told.warn(WarningCode.DEFAULT_ADDRESS_KEPT, f"{pointer}/is_default")


def address_after(
    rows: Mapping[tuple[str, ...], dict[str, Any]], sent: Mapping[str, Any]
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return which address is meant and what becomes of it."""
    name = sent.get("external_id")
    for key, row in rows.items():
        if name is not None and row["external_id"] == name:
            return key, {**row, **sent}
    alike = [key for key, row in rows.items() if address_text(row) == address_text(sent)]
    nameless = [key for key in alike if rows[key]["external_id"] is None]
    if nameless and name is not None:
        return min(nameless), {**rows[min(nameless)], **sent}
    if alike and name is None:
        key = min(nameless or alike)
        kept = {part: value for part, value in sent.items() if part not in {*ADDRESS_LINES, "external_id"}}
        code = country_code(rows[key]["country"])
        return key, {**rows[key], **kept, "country": rows[key]["country"] if code is None else code}
    return (str(len(rows)),), {**dict.fromkeys(COLLECTIONS["addresses"].fields), "postcode": "", **sent}


def address_text(row: Mapping[str, Any]) -> list[str]:
    """Return the lines as they are compared, the country by its code."""
    lines = [" ".join((row.get(name) or "").split()).lower() for name in ADDRESS_LINES[:-1]]
    country = row.get("country") or ""
    return [*lines, country_code(country) or country.lower()]


def set_custom_attributes(person: Person, draft: ProfileDraft, told: Told) -> None:
    """Set each by its name; a value that is not sent stays, if there is one and it fits."""
    rows = person.rows["custom_attributes"]
    for key, sent in draft.collections.get("custom_attributes", {}).items():
        pointer = draft.places["custom_attributes", key]
        if "value" in sent:
            rows[key] = dict(sent)
        elif key not in rows:
            told.refuse(ErrorCode.INVALID, f"{pointer}/value")
        elif sent["type"] == "string" and type(rows[key]["value"]) is int:
            rows[key] = {"type": "string", "value": str(rows[key]["value"])}
        elif rows[key]["type"] == sent["type"] or rows[key]["value"] is None:
            rows[key] = {"type": sent["type"], "value": rows[key]["value"]}
        elif sent["type"] == "integer" and str(rows[key]["value"]).isdigit():
            rows[key] = {"type": "integer", "value": int(rows[key]["value"])}
        else:
            told.refuse(ErrorCode.INVALID, f"{pointer}/type")


def set_dates(person: Person, draft: ProfileDraft, told: Told) -> None:
    """Set each by handle and relationship."""
    rows = person.rows["dates"]
    for key, sent in draft.collections.get("dates", {}).items():
        if key not in rows:
            for part in ("date", "name"):
                if part not in sent:
                    told.refuse(ErrorCode.INVALID, f"{draft.places['dates', key]}/{part}")
            rows[key] = {**dict.fromkeys(COLLECTIONS["dates"].fields), "is_recurring": False}
        rows[key] = {**rows[key], **sent}


def set_links(person: Person, draft: ProfileDraft, world: "World") -> None:
    """Replace the links of each date that the record gives links for."""
    rows = person.rows["date_links"]
    for key in [key for key in rows if key[:2] in draft.replaced_links]:
        del rows[key]
    for one in draft.referrals.get("date_links", ()):
        linked = world.by_id(one.names[0][0].value)
        if linked is not None:
            rows[*one.key, linked] = {**rows.get((*one.key, linked), {}), **one.row}


def set_locations(person: Person, draft: ProfileDraft) -> None:
    """Set the locations the record names."""
    for name in ("joined_location_id", "preferred_location_id"):
        if (one := draft.locations.get(name)) is not None:
            person.fields[name] = location_of(one.names[0][0])


def location_of(name: ReferenceName) -> int | None:
    """Return the id of the location that the name means."""
    return next((id_ for id_, names in LOCATIONS.items() if names[name.by] == name.value), None)


def set_statuses(person: Person, draft: ProfileDraft, *, now: dt.datetime) -> None:
    """Replace the set by those of the handles that are known; none known of some: leave it."""
    if "statuses" not in draft.referrals:
        return
    handles = [one.names[0][0].value for one in draft.referrals["statuses"]]
    known = [handle for handle in handles if handle in STATUSES]
    if handles and not known:
        return
    old = person.rows["statuses"]
    person.rows["statuses"] = {}
    for handle in known:
        row = old.get((handle,))
        is_held = row is not None and row["is_active"] and dt.datetime.fromisoformat(row["expires_at"]) > now
        end = (now + dt.timedelta(days=STATUSES[handle])).replace(tzinfo=None).isoformat() + "Z"
        person.rows["statuses"][handle,] = (
            row if is_held and row is not None else {"expires_at": end, "is_active": True}
        )


def set_regions(person: Person, draft: ProfileDraft, told: Told) -> None:  # noqa: C901 likewise
    """Set memberships; `region` says which is the default, `region_country` and `region_state` describe that."""
    rows = person.rows["regions"]
    new = {"country": None, "state": None, "is_active": True, "is_default": False}
    sent: dict[str, dict[str, Any]] = {}
    for one in draft.referrals.get("regions", ()):
        handle = one.names[0][0].value
        if handle not in REGIONS:
            continue
        sent[handle] = {**sent.get(handle, {}), **one.row}
    for handle, row in sent.items():
        rows[handle,] = {**rows.get((handle,), new), **row}
    if (described := draft.default_region) is not None:
        for name, _ in described.names:
            if name.value not in REGIONS:
                continue
            rows.setdefault((name.value,), dict(new))
            for key, row in rows.items():
                row["is_default"] = key == (name.value,)
        default = next((key for key, row in rows.items() if row["is_default"]), None)
        for part, value in described.row.items():
            if default is None:
                if value is not None:
                    told.warn(WarningCode.NO_DEFAULT_REGION, f"/region_{part}")
            elif sent.get(default[0], {}).get(part, value) != value:
                told.refuse(ErrorCode.CONFLICT, f"/region_{part}")
            else:
                rows[default][part] = value


def set_organisations(person: Person, draft: ProfileDraft) -> None:
    """Set memberships; what is not sent stays."""
    rows = person.rows["organisations"]
    for one in draft.referrals.get("organisations", ()):
        handle = ORGANISATIONS.get(int(one.names[0][0].value))
        if handle is None:
            continue
        row = dict(one.row)
        if row.get("role") is not None:
            row["role"] = ROLES[int(row["role"].value)]
        old = rows.get((handle,), {"role": None, "expires_at": None, "is_active": True})
        rows[handle,] = {**old, **row}


# Id -> handle, as the database has them; filled by the fixture that loads the reference data.
ORGANISATIONS: dict[int, str] = {}
ROLES: dict[int, str] = {}
LOCATIONS: dict[int, dict[str, str]] = {}
"""Id -> what else the location is named by, its id among it."""


def is_birthday_sound(person: Person) -> bool:
    """Whether day and month are there together, the year only with them, and the date is one of the calendar."""
    day, month, year = (person.fields[name] for name in ("birth_day", "birth_month", "birth_year"))
    if day is None or month is None:
        return day is None and month is None and year is None
    a_leap_year = 2000
    try:
        dt.date(year or a_leap_year, month, day)
    except ValueError:
        return False
    return True


def place(pointer: str) -> str:
    """Return where an error is; a birthday is wrong as a whole, whichever part of it the hub points at."""
    return "/birthday" if pointer.startswith("/birth_") else pointer


def difference(before: Person | None, after: Person) -> dict[str, dict[str, Any]]:
    """Return what is different, pointer by pointer; nothing is known about somebody new."""
    old = {} if before is None else facts(before)
    new = facts(after)
    if before is None:
        new = {pointer: value for pointer, value in new.items() if value is not None}
    changes: dict[str, dict[str, Any]] = {}
    for pointer in sorted(old.keys() | new.keys()):
        if is_row(before, pointer) and is_row(after, pointer):
            continue  # that it is there is told when it comes and when it goes
        if pointer not in old:
            changes[pointer] = {"from": None, "to": new[pointer]} if has_row(before, pointer) else {"to": new[pointer]}
        elif pointer not in new:
            changes[pointer] = (
                {"from": old[pointer], "to": None} if has_row(after, pointer) else {"from": old[pointer]}
            )
        elif json.dumps(old[pointer]) != json.dumps(new[pointer]):
            changes[pointer] = {"from": old[pointer], "to": new[pointer]}
    return changes


def has_row(person: Person | None, pointer: str) -> bool:
    """Whether the person has the row that the pointer leads into: what is missing there is null, not absent."""
    collection, *parts = (part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))
    return person is not None and tuple(parts[:-1]) in person.rows.get(collection, {})


def is_row(person: Person | None, pointer: str) -> bool:
    """Whether the pointer is that of one of the person's rows itself."""
    collection, *parts = (part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))
    return person is not None and tuple(parts) in person.rows.get(collection, {})


def facts(person: Person) -> dict[str, Any]:
    """Return everything about the person as pointers and plain values."""
    known = {f"/{name}": value for name, value in person.fields.items()}
    for (handle, identifier), row in person.identities.items():
        for name, value in row.items():
            if name != "merged_from" or value is not None:
                known[f"/identities/{escaped(handle)}/{escaped(identifier)}/{name}"] = value
    for tag in person.tags:
        known[f"/tags/{escaped(tag)}"] = True
    for collection, rows in person.rows.items():
        for key, row in rows.items():
            place = "/" + "/".join(escaped(part) for part in (collection, *key))
            values = {f"{place}/{name}": value for name, value in row.items() if value is not None}
            known |= values or {place: True}
    return known


def escaped(part: str) -> str:
    """Return one part of a JSON pointer (RFC 6901)."""
    return part.replace("~", "~0").replace("/", "~1")


def action_of(before: Person | None, after: Person) -> ChangeAction:
    """Return what the change is called: crossing the border to deleted has a name of its own."""
    if before is None:
        return ChangeAction.CREATED
    was_deleted = before.fields["profile_type"] == "deleted"
    is_deleted = after.fields["profile_type"] == "deleted"
    if is_deleted and not was_deleted:
        return ChangeAction.DELETED
    if was_deleted and not is_deleted:
        return ChangeAction.RESTORED
    return ChangeAction.UPDATED
