"""From a record as JSON gave it to a draft: normal forms, every error with its place, every warning."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from profiles import keys, shape
from profiles.keyrules import BUILT_IN, Blocked
from profiles.readings import JSON, is_blank
from profiles.schema.entries import READERS, Reading, Sent, country_of, sent_entries
from profiles.schema.faults import check_entry, check_record
from profiles.schema.findings import Findings
from profiles.schema.record import MEMBERS, RECORD_FIELDS, AttributesEntry, Record
from profiles.schema.screening import drop_blocked_keys, is_blocked_identity, warn_of_blocked, without_blocked
from profiles.values import Cause, ErrorCode, Finding, ProfileDraft, ReferenceName, Referral, WarningCode

_PLAIN: Final = frozenset(shape.PLAIN_FIELDS) - frozenset(shape.LOCATION_FIELDS.values())
_APPEARANCE: Final = frozenset(shape.APPEARANCE_MEMBERS)
_LOCATION_NAMES: Final = ("id", "external_id", "external_code")
_LOCATION_FIELDS: Final = frozenset(
    f"{which}_location_{by}" for which in shape.LOCATION_FIELDS for by in _LOCATION_NAMES
)
_REGION_FIELDS: Final = frozenset({"region_id", "region", "region_country", "region_state"})


def parse_record(
    raw: object,
    *,
    cause: Cause,
    target: UUID | None = None,
    flaws: Sequence[Finding] = (),
    blocked: Blocked = BUILT_IN,
) -> ProfileDraft:
    """Return what the record asks for, in normal form, with all that is wrong with it.

    `raw` is the record as JSON gave it; `flaws` are what reading its bytes already found wrong. `target` names the
    profile where the doorway knows it, `blocked` is what the hub takes for no key.
    """
    if not isinstance(raw, dict):
        error = Finding(ErrorCode.INVALID, "", "A record must be an object.")
        return ProfileDraft(cause=cause, target=target, errors=(error,))
    sound, blocked_places = without_blocked(raw, blocked)
    record, indexes, errors = check_record(sound, flaws=flaws)
    blocked_places += drop_blocked_keys(record, raw, blocked)
    reading = Reading(Findings(errors))
    warn_of_blocked(blocked_places, reading.findings)
    _read_fields(record, raw, reading)
    for name, read in READERS.items():
        entries: Sequence[Any] | None = record.get(name)  # type: ignore[assignment]
        if entries is not None:
            sent = sent_entries(name, entries, raw[name], reading.findings, at=f"/{name}", indexes=indexes.get(name))
            if sent or not entries:  # a list of blanks only says nothing, an empty one that there are none
                read(sent, reading)
    if not record.keys().isdisjoint(_LOCATION_FIELDS):
        for which, field in shape.LOCATION_FIELDS.items():
            _refer_to_location(which, field, record, reading)
    if not record.keys().isdisjoint(_REGION_FIELDS):
        _refer_to_default_region(record, reading)
    _read_comms_and_appearance(record, raw, reading)
    return reading.draft(cause=cause, target=target)


def parse_entry(
    collection: str, raw: object, *, cause: Cause, target: UUID | None = None, blocked: Blocked = BUILT_IN
) -> ProfileDraft:
    """Return what one entry of a collection asks for by itself; its pointers begin at the entry.

    The collection has the name that a record has for it. Those that are replaced as a set have no such entries.
    """
    is_blocked = collection == shape.IDENTITIES.name and is_blocked_identity(raw, blocked)
    entry, errors = (None, []) if is_blocked else check_entry(collection, raw)
    reading = Reading(Findings(errors))
    warn_of_blocked([""] if is_blocked else [], reading.findings)
    if entry is not None:
        reading.findings.warn_of_members("", raw, MEMBERS[collection])
        READERS[collection]([Sent(entry, raw, index=0, pointer="")], reading)
    return reading.draft(cause=cause, target=target)


# --- Fields ------------------------------------------------------------------------------------------------------


def _read_fields(record: Record, raw: Mapping[str, JSON], reading: Reading) -> None:
    reading.reference = record.get("reference") or ""
    reading.source_updated_at = record.get("source_updated_at")
    reading.fields = {name: value for name, value in record.items() if name in _PLAIN}
    _check_birthday(raw, reading.findings)
    if not raw.keys() <= RECORD_FIELDS:
        reading.findings.warn_of_fields(raw, RECORD_FIELDS)
    if "email" in record:
        reading.email_key = keys.email_key(record["email"])
        reading.pointers[keys.email_match_key(reading.email_key)] = "/email"
    if (mobile := record.get("mobile_phone")) is not None:
        reading.pointers[keys.mobile_match_key(mobile)] = "/mobile_phone"


def _check_birthday(raw: Mapping[str, JSON], findings: Findings) -> None:
    """Day and month come together (rules 3.3)."""
    for name, partner in (("birth_day", "birth_month"), ("birth_month", "birth_day")):
        if name in raw and (partner not in raw or is_blank(raw[name]) is not is_blank(raw[partner])):
            if is_blank(raw[name]) and partner in raw:
                continue  # told at the partner that has a value
            if any(error.pointer == f"/{partner}" for error in findings.errors):
                continue  # it was there, and wrong
            findings.refuse(f"/{partner}", f"{name} and {partner} come together.")


def _refer_to_location(which: str, field: str, record: Mapping[str, Any], reading: Reading) -> None:
    """Find the location by id, external id or code: all that are sent must mean the same one; null clears."""
    sent = [by for by in _LOCATION_NAMES if f"{which}_location_{by}" in record]
    names = tuple(
        (ReferenceName("location", by, str(value)), f"/{which}_location_{by}")
        for by in sent
        if (value := record[f"{which}_location_{by}"]) is not None
    )
    if names:
        reading.locations[field] = Referral(names[0][1], names)
    elif sent:
        reading.fields[field] = None


def _refer_to_default_region(record: Record, reading: Reading) -> None:
    """`region_id` and `region` choose the default region, `region_country` and `region_state` write to it."""
    names = []
    if "region_id" in record:
        names.append((ReferenceName("region", "id", str(record["region_id"])), "/region_id"))
    if "region" in record:
        names.append((ReferenceName("region", "handle", record["region"]), "/region"))
    row: dict[str, Any] = {}
    if "region_country" in record:
        row["country"] = country_of(record["region_country"], "/region_country", reading.findings)
    if "region_state" in record:
        row["state"] = record["region_state"]
    # Without a name it means the default region the profile has.
    reading.default_region = Referral(names[0][1] if names else "", tuple(names), row)


# --- Comms and appearance ----------------------------------------------------------------------------------------


def _read_comms_and_appearance(record: Record, raw: Mapping[str, Any], reading: Reading) -> None:
    attributes: AttributesEntry = record.get("attributes") or {}
    raw_attributes: Any = raw.get("attributes")
    if raw_attributes is not None:
        reading.findings.warn_of_members("/attributes", raw_attributes, MEMBERS["attributes"])
    comms: dict[str, Any] = {}
    if (entry := attributes.get("comms")) is not None:
        _unite_comms(comms, entry, raw_attributes["comms"], "/attributes/comms", reading)
    if (entry := record.get("comms_attributes")) is not None:
        _unite_comms(comms, entry, raw["comms_attributes"], "/comms_attributes", reading)
    for name, value in comms.items():
        reading.fields[f"comms/{name}"] = value
    if (appearance := attributes.get("appearance")) is not None:
        reading.findings.refuse_looks("/attributes/appearance", raw_attributes["appearance"], _APPEARANCE)
        for name, value in appearance.items():
            reading.fields[f"appearance/{name}"] = value


def _unite_comms(comms: dict[str, Any], entry: Mapping[str, Any], raw: object, pointer: str, reading: Reading) -> None:
    """Unite both places of consent, `comms_attributes`, which comes second, winning (rules 5.2)."""
    reading.findings.warn_of_members(pointer, raw, MEMBERS["comms"])
    for name, value in entry.items():
        if value is None and name in shape.CONSENT_TIMES:
            continue  # it never clears one, nor takes away the time that the other place gives
        if name in comms and comms[name] != value:
            message = "attributes.comms says otherwise; comms_attributes counts."
            reading.findings.warn(WarningCode.COMMS_DISAGREE, f"{pointer}/{name}", message)
        comms[name] = value
        reading.places["comms", (name,)] = f"{pointer}/{name}"
