"""The collections of a record, entry by entry: each becomes a row, or a referral that is looked up later.

What a reader is given has been checked: it turns entries of one collection into rows by their natural keys, and
tells what stands twice. A record gives it all of them, a single entry is a list of one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from profiles import keys, shape
from profiles.attributes import json_faults, typed_value
from profiles.countries import country_code
from profiles.readings import JSON, free_json, is_blank, is_blank_entry
from profiles.schema.findings import Findings, pointer_to
from profiles.schema.record import (
    MEMBERS,
    AddressEntry,
    CustomAttributeEntry,
    DateEntry,
    DateLinkEntry,
    IdentityEntry,
    OrganisationEntry,
    RegionEntry,
)
from profiles.values import Cause, ProfileDraft, ReferenceName, Referral, Row, RowKey, WarningCode

_MAX_FAULTS_TOLD: Final = 20
_TWICE: Final = "The entry stands twice; the last one counts."

_Entry = TypeVar("_Entry")


@dataclass(slots=True)
class Sent(Generic[_Entry]):
    """One entry of a collection as it was sent."""

    entry: _Entry
    """In normal form."""
    raw: Any
    index: int
    """Among the entries as the record has them."""
    pointer: str


@dataclass(slots=True)
class Reading:
    """What has been read of a record: a draft in the making."""

    findings: Findings
    fields: dict[str, Any] = field(default_factory=dict)
    collections: dict[str, dict[RowKey, Row]] = field(default_factory=dict)
    referrals: dict[str, list[Referral]] = field(default_factory=dict)
    locations: dict[str, Referral] = field(default_factory=dict)
    default_region: Referral | None = None
    replaced_links: frozenset[RowKey] = frozenset()
    places: dict[tuple[str, RowKey], str] = field(default_factory=dict)
    pointers: dict[keys.MatchKey, str] = field(default_factory=dict)
    reference: str = ""
    source_updated_at: str | None = None
    email_key: str | None = None

    def draft(self, *, cause: Cause, target: UUID | None) -> ProfileDraft:
        """Return what was read, and what was found on the way."""
        return ProfileDraft(
            cause=cause,
            target=target,
            fields=self.fields,
            collections=self.collections,
            referrals={name: tuple(referrals) for name, referrals in self.referrals.items()},
            locations=self.locations,
            default_region=self.default_region,
            replaced_links=self.replaced_links,
            places=self.places,
            reference=self.reference,
            source_updated_at=self.source_updated_at,
            email_key=self.email_key,
            pointers=self.pointers,
            errors=self.findings.told_errors(),
            warnings=tuple(self.findings.warnings),
        )

    def add_row(self, name: str, key: RowKey, row: dict[str, Any], pointer: str) -> None:
        """Keep each row once; of two with one key the last wins, member by member (rules 4.9)."""
        rows = self.collections.setdefault(name, {})
        if key in rows:
            self.findings.warn(WarningCode.DUPLICATE_ENTRY, pointer, _TWICE)
            row = {**rows[key], **row}
        rows[key] = row
        self.places[name, key] = pointer


def sent_entries(
    name: str,
    entries: Sequence[_Entry | None],
    raws: Sequence[Any],
    findings: Findings,
    *,
    at: str,
    indexes: Sequence[int] | None = None,
) -> list[Sent[_Entry]]:
    """Return the entries that say something, warning of blank ones and of what is unknown in the others.

    `raws` are those of the record, of which `indexes` are left.
    """
    known = MEMBERS.get(name)
    sent = []
    for index, entry in enumerate(entries) if indexes is None else zip(indexes, entries, strict=True):
        pointer, raw = f"{at}/{index}", raws[index]
        if entry is None:
            if is_blank_entry(raw):  # else its only member was at fault, or it was blocked, and that is told
                findings.warn_of_blank(pointer)
            continue
        if known and not raw.keys() <= known:
            findings.warn_of_members(pointer, raw, known)
        sent.append(Sent(entry, raw, index, pointer))
    return sent


# --- Rows --------------------------------------------------------------------------------------------------------


def _read_identities(sent: Sequence[Sent[IdentityEntry]], reading: Reading) -> None:
    reading.collections["identities"] = {}
    for one in sent:
        entry, pointer = one.entry, one.pointer
        key = (entry["handle"], entry["identifier"])
        reading.add_row("identities", key, _picked(entry, "is_active"), pointer)
        reading.pointers.setdefault(keys.identity_match_key(*key), pointer)


def _read_tags(sent: Sequence[Sent[str]], reading: Reading) -> None:
    """Replace the set; an empty list clears it."""
    reading.collections["tags"] = {(one.entry,): {} for one in sent}


def _read_addresses(sent: Sequence[Sent[AddressEntry]], reading: Reading) -> None:
    """Keep them by their index: deciding finds the stored address that each of them means."""
    findings = reading.findings
    rows = reading.collections["addresses"] = {}
    by_external_id: dict[str, RowKey] = {}
    default: RowKey | None = None
    for one in sent:
        entry, pointer = one.entry, one.pointer
        row: dict[str, Any] = {**entry}
        key = (str(one.index),)
        if (external_id := entry.get("external_id")) is not None:
            if external_id in by_external_id:
                message = "The external_id stands twice; the last one counts."
                findings.warn(WarningCode.DUPLICATE_ENTRY, pointer, message)
                del rows[by_external_id[external_id]]
            by_external_id[external_id] = key
        if entry.get("is_default"):
            if default in rows:
                message = "Only one address is the default; the last one counts."
                findings.warn(WarningCode.DUPLICATE_ENTRY, f"{pointer}/is_default", message)
                rows[default] = {name: value for name, value in rows[default].items() if name != "is_default"}
            default = key
        if "country" in row:
            row["country"] = country_of(row["country"], f"{pointer}/country", findings)
        if "meta" in row:
            row["meta"] = _free_json(row["meta"], f"{pointer}/meta", findings)
        rows[key] = row
        reading.places["addresses", key] = pointer


def country_of(value: str | None, pointer: str, findings: Findings) -> str | None:
    """Return the country's code; what is none is kept as sent, with a warning (rules 1.5)."""
    if value is None:
        return None
    code = country_code(value)
    if code is None:
        message = "The country is not one of ISO 3166; it is kept as sent."
        findings.warn(WarningCode.UNKNOWN_COUNTRY, pointer, message)
    return code or value


def _read_custom_attributes(sent: Sequence[Sent[CustomAttributeEntry]], reading: Reading) -> None:
    reading.collections["custom_attributes"] = {}
    for one in sent:
        entry, pointer = one.entry, one.pointer
        row: dict[str, Any] = {"type": entry["type"]}
        if "value" in entry:
            place = f"{pointer}/value"
            is_sound = _is_sound_json(entry["value"], place, reading.findings)
            try:
                row["value"] = typed_value(entry["type"], entry["value"]) if is_sound else None
            except keys.InvalidValueError as error:
                reading.findings.refuse(place, str(error))
        reading.add_row("custom_attributes", (entry["namespace"], entry["handle"]), row, pointer)


def _read_dates(sent: Sequence[Sent[DateEntry]], reading: Reading) -> None:
    reading.collections["dates"] = {}
    linked: dict[RowKey, list[Referral]] = {}
    for one in sent:
        entry, pointer = one.entry, one.pointer
        key = (entry["handle"], entry.get("relationship") or "")
        row = _picked(entry, *shape.DATES.fields)
        if "meta" in row:
            row["meta"] = _free_json(row["meta"], f"{pointer}/meta", reading.findings)
        reading.add_row("dates", key, row, pointer)
        if entry.get("links") is not None and (referrals := _linked(one, key, reading.findings)) is not None:
            linked[key] = referrals
    if linked:
        reading.replaced_links = frozenset(linked)
        reading.referrals["date_links"] = [referral for referrals in linked.values() for referral in referrals]


def _linked(date: Sent[DateEntry], key: RowKey, findings: Findings) -> list[Referral] | None:
    """Return the links that replace those of the date; `None` where a list of blanks only says nothing."""
    links: Sequence[DateLinkEntry | None] = date.entry["links"] or ()
    referrals = []
    for one in sent_entries("links", links, date.raw["links"], findings, at=f"{date.pointer}/links"):
        entry, pointer = one.entry, one.pointer
        name = ReferenceName("profile", "id", entry["profile_id"])
        row = {"link_relationship": entry.get("relationship"), "link_role": entry.get("role")}
        referrals.append(Referral(pointer, ((name, f"{pointer}/profile_id"),), row, key))
    return referrals if referrals or not links else None


# --- What names reference data -----------------------------------------------------------------------------------


def _read_statuses(sent: Sequence[Sent[str]], reading: Reading) -> None:
    """Replace the set; an empty list clears it."""
    reading.referrals["statuses"] = [
        Referral(one.pointer, ((ReferenceName("status", "handle", one.entry), one.pointer),)) for one in sent
    ]


def _read_regions(sent: Sequence[Sent[RegionEntry]], reading: Reading) -> None:
    referrals = reading.referrals["regions"] = []
    for one in sent:
        entry, pointer = one.entry, one.pointer
        names = []
        if (region_id := entry.get("region_id")) is not None:
            names.append((ReferenceName("region", "id", str(region_id)), f"{pointer}/region_id"))
        if (handle := entry.get("handle")) is not None:
            names.append((ReferenceName("region", "handle", handle), f"{pointer}/handle"))
        if not names:
            reading.findings.refuse(pointer, "region_id or handle is required.")
            continue
        row = _picked(entry, "country", "state", "is_active")
        if "country" in row:
            row["country"] = country_of(row["country"], f"{pointer}/country", reading.findings)
        referrals.append(Referral(pointer, tuple(names), row))


def _read_organisations(sent: Sequence[Sent[OrganisationEntry]], reading: Reading) -> None:
    referrals = reading.referrals["organisations"] = []
    for one in sent:
        entry, pointer = one.entry, one.pointer
        row = _picked(entry, "expires_at", "is_active")
        if "role_definition_id" in entry:
            role = entry["role_definition_id"]
            row["role"] = None if role is None else ReferenceName("role", "id", str(role))
        name = ReferenceName("organisation", "id", str(entry["id"]))
        referrals.append(Referral(pointer, ((name, f"{pointer}/id"),), row))


READERS: Final[Mapping[str, Callable[[Sequence[Sent[Any]], Reading], None]]] = {
    "identities": _read_identities,
    "tags": _read_tags,
    "addresses": _read_addresses,
    "custom_attributes": _read_custom_attributes,
    "dates_attributes": _read_dates,
    "statuses": _read_statuses,
    "regions": _read_regions,
    "organisations": _read_organisations,
}
"""By the name the collection has in a record."""


# --- Members -----------------------------------------------------------------------------------------------------


def _picked(entry: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: entry[name] for name in names if name in entry}


def _free_json(value: JSON, pointer: str, findings: Findings) -> JSON:
    if is_blank(value):
        return None
    if not isinstance(value, dict | list):
        findings.refuse(pointer, "The value must be an object or a list.")
    elif _is_sound_json(value, pointer, findings):
        return free_json(value)
    return None


def _is_sound_json(value: JSON, pointer: str, findings: Findings) -> bool:
    """Whether a database can keep the JSON as it is; the first of its faults are told."""
    if value is None or isinstance(value, int):
        return True
    faults = list(islice(json_faults(value), _MAX_FAULTS_TOLD))
    for path, message in faults:
        findings.refuse(pointer + pointer_to(*path), message)
    return not faults
