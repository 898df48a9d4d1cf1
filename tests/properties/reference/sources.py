"""What of a late record counts, and what its source has spoken about by then (rules 3.7)."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from profiles import keys
from profiles.values import CauseKind, ErrorCode, ProfileDraft, ReferenceName, Referral, WarningCode
from tests.properties.reference.addresses import address_text
from tests.properties.reference.consent import moment
from tests.properties.reference.ledger import escaped
from tests.properties.reference.names import ORGANISATIONS, REGIONS, ROLES, STATUSES, location_of
from tests.properties.reference.people import Person
from tests.properties.reference.told import Told
from tests.properties.reference.world import World

Key = tuple[str, ...]
CONSENT = ("_promo", "_optout", "_bounced", "_consent_updated_at")
LINES = {"address_line_1", "address_line_2", "address_line_3", "city", "postcode", "state", "country"}


@dataclass
class Source:
    """The submitting user, as one of its records speaks about somebody."""

    time: str | None
    """When the record says that it was so."""
    said: dict[str, str]
    """When the source last spoke about each thing, before this record."""
    speaks: set[str]
    """What the record speaks about."""

    def is_late(self, *paths: str) -> bool:
        """Whether the source has spoken about any of them with a later time; the record speaks about them now."""
        self.speaks.update(paths)
        time = moment(self.time)
        said = [dt.datetime.fromisoformat(self.said[path]) for path in paths if path in self.said]
        return time is not None and any(one > time for one in said)

    def has_said(self) -> dict[str, str]:
        """Return when the source last spoke about each thing, after this record."""
        said = dict(self.said)
        for path in self.speaks:
            if self.time is None:
                said.pop(path, None)
            elif not self.is_late(path):
                said[path] = self.time
        return said


def hear(
    person: Person, after: Person, draft: ProfileDraft, told: Told, world: World, *, now: dt.datetime
) -> ProfileDraft:
    """Return the record without what its source has spoken about later; `after` learns what it speaks about."""
    time = moment(draft.source_updated_at)
    if time is not None and time > now + dt.timedelta(minutes=5):
        told.errors.add((ErrorCode.INVALID.value, "/source_updated_at"))
        return draft
    user = str(draft.cause.actor_id or 0)
    source = Source(draft.source_updated_at, person.source_times.get(user, {}), set())
    draft = hear_fields(person, draft, source, told)
    draft = hear_sets(person, draft, source, told, now=now)
    draft = hear_rows(person, draft, source, told)
    draft = hear_links(person, draft, source, told, world)
    draft = hear_regions(person, draft, source, told)
    draft = hear_organisations(person, draft, source, told)
    times = {**person.source_times, user: source.has_said()}
    after.source_times = {name: said for name, said in times.items() if said}
    return draft


def hear_fields(person: Person, draft: ProfileDraft, source: Source, told: Told) -> ProfileDraft:
    """Leave out each field that is late and would be another; a birthday is one thing, consent has its own times."""
    fields, locations = dict(draft.fields), dict(draft.locations)
    for name in draft.fields:
        if name.startswith("comms/") and name.endswith(CONSENT):
            continue
        path = "/birthday" if name in {"birth_day", "birth_month", "birth_year"} else f"/{name}"
        if source.is_late(path) and is_other_field(person, draft, name):
            del fields[name]
            pointer = f"/{name}"
            if name.startswith("comms/"):
                pointer = draft.places["comms", (name[6:],)]
            elif name.startswith("appearance/"):
                pointer = f"/attributes/{name}"
            told.warn(WarningCode.OLDER_THAN_STORED, pointer)
    for name, one in draft.locations.items():
        if source.is_late(f"/{name}") and person.fields[name] != location_of(one.names[0][0]):
            del locations[name]
            told.warn(WarningCode.OLDER_THAN_STORED, f"/{name}")
    return replace(draft, fields=fields, locations=locations)


def is_other_field(person: Person, draft: ProfileDraft, name: str) -> bool:
    """Whether the record says something else; an email that is only spelt otherwise counts by staff alone."""
    stored, value = person.fields[name], draft.fields[name]
    if name == "email" and stored is not None and draft.cause.kind is not CauseKind.ADMIN:
        return keys.email_key(stored) != keys.email_key(value)
    return is_other(stored, value)


def hear_sets(person: Person, draft: ProfileDraft, source: Source, told: Told, *, now: dt.datetime) -> ProfileDraft:
    """Leave out tags and statuses that are late; one that is not held any more would begin anew."""
    collections, referrals = dict(draft.collections), dict(draft.referrals)
    if "tags" in collections and source.is_late("/tags"):
        tags = {tag for (tag,) in collections.pop("tags")}
        if tags != person.tags:
            told.warn(WarningCode.OLDER_THAN_STORED, "/tags")
    handles = [one.names[0][0].value for one in draft.referrals.get("statuses", ())]
    known = {(handle,) for handle in handles if handle in STATUSES}
    if "statuses" in referrals and (known or not handles) and source.is_late("/statuses"):
        del referrals["statuses"]
        rows = person.rows["statuses"]
        held = {key for key, row in rows.items() if is_held(row, now=now)}
        if known != rows.keys() or known != held:
            told.warn(WarningCode.OLDER_THAN_STORED, "/statuses")
    return replace(draft, collections=collections, referrals=referrals)


def is_held(status: Mapping[str, Any], *, now: dt.datetime) -> bool:
    """Whether the status has not come to its end."""
    return status["is_active"] and dt.datetime.fromisoformat(status["expires_at"]) > now


def hear_rows(person: Person, draft: ProfileDraft, source: Source, told: Told) -> ProfileDraft:
    """Leave out what is late of identities, addresses, custom attributes and dates."""
    collections: dict[str, Any] = dict(draft.collections)
    stored_rows: dict[str, Any] = {**person.rows, "identities": person.identities}
    for name in ("identities", "addresses", "custom_attributes", "dates"):
        if name not in collections:
            continue
        collections[name] = {}
        for key, row in draft.collections[name].items():
            named, stored = key, stored_rows[name].get(key)
            if name == "addresses":
                named, stored = name_of_address(row), address_meant(person, row)
            left = hear_row(name, named, row, stored, source)
            if left is not None:
                collections[name][key] = left
            if is_told(row, stored, left):
                told.warn(WarningCode.OLDER_THAN_STORED, draft.places[name, key])
    return replace(draft, collections=collections)


def hear_row(
    name: str, key: Key, row: Mapping[str, Any], stored: Mapping[str, Any] | None, source: Source
) -> dict[str, Any] | None:
    """Return what of the row counts, `None` if nothing does.

    A row that is gone stays gone where anything of it is late; that another row bears the flag is nothing of it.
    """
    place = "/" + "/".join(escaped(part) for part in (name, *key))
    if name == "custom_attributes":
        return None if source.is_late(place) else dict(row)
    members = set(row)
    if name == "addresses":
        members -= {"external_id"} if row.get("external_id") is not None else {"external_id", *LINES}
    late = {member for member in members - {"is_default"} if source.is_late(f"{place}/{member}")}
    if (source.is_late(place) or late) and stored is None:
        source.is_late(*[f"/{name}"] * ("is_default" in members))
        return None
    if "is_default" in members and source.is_late(f"/{name}"):
        late.add("is_default")
    return {member: value for member, value in row.items() if member not in late}


def is_told(row: Mapping[str, Any], stored: Mapping[str, Any] | None, left: Mapping[str, Any] | None) -> bool:
    """Whether anything is left out that would be another; what is not there yet bears no flag."""
    if left is None and stored is None:
        return True
    known = {"is_default": False} if stored is None else stored
    return any(is_other(known.get(member), row[member]) for member in row.keys() - (left or {}).keys())


def name_of_address(row: Mapping[str, Any]) -> Key:
    """Return the name that the record gives the address: its external_id, else its text, of which a digest is kept."""
    if row.get("external_id") is not None:
        return (row["external_id"],)
    return ("", hashlib.blake2b("\0".join(address_text(row)).encode(), digest_size=8).hexdigest())


def address_meant(person: Person, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the address that is there by the name, or by the text, one without a name first."""
    rows = person.rows["addresses"]
    if row.get("external_id") is not None:
        return next((one for one in rows.values() if one["external_id"] == row["external_id"]), None)
    alike = [one for _, one in sorted(rows.items()) if address_text(one) == address_text(row)]
    return min(alike, key=lambda one: one["external_id"] is not None, default=None)


def hear_links(person: Person, draft: ProfileDraft, source: Source, told: Told, world: World) -> ProfileDraft:
    """Leave out the links of a date as a whole; where the date itself stays gone, there is nothing to link."""
    replaced = set()
    for date in draft.replaced_links:
        if date not in draft.collections["dates"]:
            continue
        place = "/" + "/".join(escaped(part) for part in ("date_links", *date))
        sent: dict[str | None, dict[str, Any]] = {}
        for one in draft.referrals.get("date_links", ()):
            if one.key == date:
                linked = world.by_id(one.names[0][0].value)
                sent[linked] = {**sent.get(linked, {}), **one.row}
        stored = {key[2]: row for key, row in person.rows["date_links"].items() if key[:2] == date}
        if not source.is_late(place) or sent == stored:
            replaced.add(date)
        else:
            told.warn(WarningCode.OLDER_THAN_STORED, f"{draft.places['dates', date]}/links")
    links = tuple(one for one in draft.referrals.get("date_links", ()) if one.key in replaced)
    return replace(draft, replaced_links=frozenset(replaced), referrals={**draft.referrals, "date_links": links})


def hear_regions(  # noqa: C901 the rule as it is told
    person: Person, draft: ProfileDraft, source: Source, told: Told
) -> ProfileDraft:
    """Leave out what is late of regions; what describes one that does not become the default stays with that one."""
    if "regions" not in draft.referrals and draft.default_region is None:
        return draft
    described = draft.default_region or Referral("", ())
    chosen = next((name.value for name, _ in described.names), None)
    sent: dict[str, dict[str, Any]] = {}
    for one in draft.referrals.get("regions", ()):
        handle = one.names[0][0].value
        sent[handle] = {**sent.get(handle, {}), **one.row}
    if chosen is not None:
        sent[chosen] = {**sent.get(chosen, {}), "is_default": True}
    heard: dict[str, dict[str, Any]] = {}
    for handle in sent.keys() & set(REGIONS):
        stored = person.rows["regions"].get((handle,))
        left = hear_row("regions", (handle,), sent[handle], stored, source)
        if is_told(sent[handle], stored, left):
            told.warn(WarningCode.OLDER_THAN_STORED, "/regions")
        if left is not None:
            heard[handle] = left
    description = {}
    for part, value in described.row.items():
        if not source.is_late(f"/region_{part}"):
            description[part] = value
            continue
        rows = person.rows["regions"].items()
        meant = [row for (handle,), row in rows if (row["is_default"] if chosen is None else handle == chosen)]
        if (meant[0][part] if meant else None) != value:
            told.warn(WarningCode.OLDER_THAN_STORED, f"/region_{part}")
    is_default = chosen is not None and heard.get(chosen, {}).pop("is_default", False)
    if chosen is not None and not is_default:
        if chosen in heard:
            heard[chosen] = {**description, **heard[chosen]}
        described = Referral("", ())
    else:
        described = replace(described, row=description)
    regions = tuple(
        Referral("", ((ReferenceName("region", "handle", handle), ""),), row) for handle, row in heard.items()
    )
    return replace(draft, default_region=described, referrals={**draft.referrals, "regions": regions})


def hear_organisations(person: Person, draft: ProfileDraft, source: Source, told: Told) -> ProfileDraft:
    """Leave out what is late of organisations."""
    sent: dict[ReferenceName, dict[str, Any]] = {}
    for one in draft.referrals.get("organisations", ()):
        name = one.names[0][0]
        sent[name] = {**sent.get(name, {}), **one.row}
    heard = []
    for name, row in sent.items():
        handle = ORGANISATIONS.get(int(name.value))
        if handle is None:
            continue
        known = {part: ROLES[int(value.value)] if part == "role" and value else value for part, value in row.items()}
        stored = person.rows["organisations"].get((handle,))
        left = hear_row("organisations", (handle,), known, stored, source)
        if is_told(known, stored, left):
            told.warn(WarningCode.OLDER_THAN_STORED, "/organisations")
        if left is not None:
            heard.append(Referral("", ((name, ""),), {part: row[part] for part in left}))
    return replace(draft, referrals={**draft.referrals, "organisations": tuple(heard)})


def is_other(stored: object, value: object) -> bool:
    """Whether two values are not the same JSON."""
    return json.dumps(stored, sort_keys=True) != json.dumps(value, sort_keys=True)
