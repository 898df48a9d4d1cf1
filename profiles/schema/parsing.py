"""From a record as JSON gave it to a draft: normal forms, every error with its place, every warning."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from profiles import keys, shape
from profiles.attributes import json_faults, plain_json, typed_value
from profiles.countries import country_code
from profiles.schema.record import (
    AddressEntry,
    AttributesEntry,
    CustomAttributeEntry,
    DateEntry,
    IdentityEntry,
    OrganisationEntry,
    Record,
    RegionEntry,
)
from profiles.values import (
    Cause,
    ErrorCode,
    ProfileDraft,
    RecordError,
    RecordWarning,
    ReferenceName,
    Referral,
    Row,
    RowKey,
    WarningCode,
)

MAX_UNKNOWN_FIELDS_TOLD: Final = 20
_MAX_FAULTS_TOLD: Final = 20
_LONGEST_POINTER_PART: Final = 100

_KNOWN: Final = frozenset(Record.model_fields)
_PLAIN: Final = frozenset(shape.PLAIN_FIELDS) - {"joined_location_id", "preferred_location_id"}
_READ_ONLY: Final = frozenset({
    "id", "external_id", "full_name", "mobile_phone_country", "mobile_phone_national",
    "mobile_phone_national_prefix", "mobile_phone_e164", "birth_date", "birth_days", "birth_days_past",
    "next_birthday", "is_completed", "created_at", "updated_at", "created_by", "joined_location",
    "preferred_location", "address", "statuses_original", "tier", "tier_handle",
})  # fmt: skip
_READ_ONLY_IN_ENTRIES: Final = frozenset({
    "id", "is_primary", "is_default", "profile_id", "merged_from", "created_at", "updated_at", "latitude",
    "longitude", "attributes_date_id", "dates",
})  # fmt: skip

_SENTENCES: Final[Mapping[str, str]] = {
    "string_type": "The value must be text.",
    "int_type": "The value must be a whole number.",
    "int_from_float": "The value must be a whole number.",
    "bool_type": "The value must be true or false.",
    "list_type": "The value must be a list.",
    "dict_type": "The value must be an object.",
    "model_type": "The value must be an object.",
    "model_attributes_type": "The value must be an object.",
    "missing": "The value is required.",
}


def parse_record(
    raw: object, *, cause: Cause, target: UUID | None = None, flaws: Sequence[RecordError] = ()
) -> ProfileDraft:
    """Return what the record asks for, in normal form, with all that is wrong with it.

    `raw` is the record as JSON gave it; `flaws` are what reading its bytes already found wrong. `target` names the
    profile where the doorway knows it.
    """
    if not isinstance(raw, dict):
        return ProfileDraft(cause=cause, target=target, errors=(_invalid("", "A record must be an object."),))
    errors = list(flaws)
    indexes: dict[str, Sequence[int]] = {}
    try:
        record = Record.model_validate(raw)
    except ValidationError as failure:
        details = failure.errors(include_url=False, include_input=False, include_context=False)
        errors += [_record_error(detail) for detail in details]
        record, indexes = _without_faults(raw, [detail["loc"] for detail in details])
    return _Parsing(raw, record, indexes, errors).draft(cause=cause, target=target)


def _without_faults(
    raw: Mapping[str, Any], faults: Sequence[tuple[int | str, ...]]
) -> tuple[Record, dict[str, Sequence[int]]]:
    """Parse what is left when the faulty members are taken out, or the whole entry where it cannot be without one.

    Returns the record and, for each collection that lost entries, the indexes of those that stayed.
    """
    sound: Any = raw
    for path in faults:
        if isinstance(path[-1], str):
            sound = _pruned(sound, path)
    try:
        return Record.model_validate(sound), {}
    except ValidationError as failure:
        faults = [detail["loc"] for detail in failure.errors(include_url=False, include_input=False)]
    fields: set[str] = set()
    entries: dict[str, set[int]] = {}
    for path in faults:
        name = str(path[0])
        if len(path) > 1 and isinstance(path[1], int):
            entries.setdefault(name, set()).add(path[1])
        else:
            fields.add(name)
    left = {name: value for name, value in sound.items() if name not in fields}
    indexes: dict[str, Sequence[int]] = {}
    for name in entries.keys() - fields:
        indexes[name] = [index for index in range(len(raw[name])) if index not in entries[name]]
        left[name] = [sound[name][index] for index in indexes[name]]
    return Record.model_validate(left), indexes


def _pruned(value: Any, path: tuple[int | str, ...]) -> Any:  # noqa: ANN401 any JSON
    """Return a copy of the value without the member at the path, which ends in a name."""
    head, *rest = path
    if isinstance(value, list):
        return [_pruned(item, tuple(rest)) if index == head else item for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if not rest:
        return {name: member for name, member in value.items() if name != head}
    return {name: _pruned(member, tuple(rest)) if name == head else member for name, member in value.items()}


class _Parsing:
    """One record on its way to a draft."""

    def __init__(
        self, raw: dict[str, Any], record: Record, indexes: Mapping[str, Sequence[int]], errors: list[RecordError]
    ) -> None:
        self.raw = raw
        self.record = record
        self.indexes = indexes
        self.errors = errors
        self.warnings: list[RecordWarning] = []
        self.pointers: dict[keys.MatchKey, str] = {}
        self.fields: dict[str, Any] = {}
        self.collections: dict[str, dict[RowKey, Row]] = {}
        self.referrals: dict[str, list[Referral]] = {}
        self.places: dict[tuple[str, RowKey], str] = {}

    def draft(self, *, cause: Cause, target: UUID | None) -> ProfileDraft:
        record = self.record
        sent = record.model_fields_set
        values = record.__dict__
        self.fields = {name: values[name] for name in sent & _PLAIN}
        self._check_birthday()
        if any(name not in _KNOWN for name in self.raw):
            self._warn_of_unknown()
        email_key = None
        if "email" in sent:
            email_key = keys.email_key(record.email)
            self.pointers[keys.email_match_key(email_key)] = "/email"
        if record.mobile_phone is not None:
            self.pointers[keys.mobile_match_key(record.mobile_phone)] = "/mobile_phone"
        for name, read in _READERS.items():
            if name in sent and values[name] is not None:
                read(self, values[name])
        if not sent.isdisjoint(_LOCATION_FIELDS):
            self._refer_to_location("joined")
            self._refer_to_location("preferred")
        if not sent.isdisjoint(_REGION_FIELDS):
            self._refer_to_default_region()
        if record.comms_attributes is not None or record.attributes is not None:
            self._read_comms()
        return ProfileDraft(
            cause=cause,
            target=target,
            fields=self.fields,
            collections=self.collections,
            referrals={name: tuple(referrals) for name, referrals in self.referrals.items()},
            places=self.places,
            reference=record.reference or "",
            email_key=email_key,
            pointers=self.pointers,
            errors=tuple(self.errors),
            warnings=tuple(self.warnings),
        )

    # --- Collections ---------------------------------------------------------------------------------------------

    def _entries(self, name: str, entries: Sequence[Any]) -> Iterable[tuple[str, Any, dict[str, Any]]]:
        """Yield each entry's pointer, the entry and what of it was sent, warning of what it does not know."""
        for index, entry in zip(self.indexes.get(name, range(len(entries))), entries, strict=True):
            pointer = f"/{name}/{index}"
            self._warn_of_members(pointer, self.raw[name][index], type(entry))
            sent = entry.model_fields_set
            yield pointer, entry, {name: value for name, value in entry.__dict__.items() if name in sent}

    def _add_row(self, name: str, key: RowKey, row: dict[str, Any], pointer: str) -> None:
        """Keep each row once; of two with one key the last wins, member by member (contract S27)."""
        rows = self.collections.setdefault(name, {})
        if key in rows:
            self._warn(WarningCode.DUPLICATE_ENTRY, pointer, "The entry stands twice; the last one counts.")
            row = {**rows[key], **row}
        rows[key] = row
        self.places[name, key] = pointer

    def _read_identities(self, entries: Sequence[IdentityEntry]) -> None:
        self.collections["identities"] = {}
        for pointer, entry, sent in self._entries("identities", entries):
            key = (entry.handle, entry.identifier)
            row = {"is_active": sent["is_active"]} if "is_active" in sent else {}
            self._add_row("identities", key, row, pointer)
            self.pointers.setdefault(keys.identity_match_key(*key), pointer)

    def _read_tags(self, tags: Sequence[str]) -> None:
        self.collections["tags"] = {(tag,): {} for tag in tags}

    def _read_addresses(self, entries: Sequence[AddressEntry]) -> None:
        rows: dict[RowKey, Row] = self.collections.setdefault("addresses", {})
        by_external_id: dict[str, RowKey] = {}
        default: RowKey | None = None
        for pointer, entry, sent in self._entries("addresses", entries):
            key = (pointer.rpartition("/")[2],)  # deciding finds the stored address it means
            if entry.external_id is not None:
                if entry.external_id in by_external_id:
                    message = "The external_id stands twice; the last one counts."
                    self._warn(WarningCode.DUPLICATE_ENTRY, pointer, message)
                    del rows[by_external_id[entry.external_id]]
                by_external_id[entry.external_id] = key
            if entry.is_default and "is_default" in sent:
                if default in rows:
                    message = "Only one address is the default; the last one counts."
                    self._warn(WarningCode.DUPLICATE_ENTRY, f"{pointer}/is_default", message)
                    rows[default] = {name: value for name, value in rows[default].items() if name != "is_default"}
                default = key
            if "country" in sent:
                sent["country"] = self._country(sent["country"], pointer)
            if "meta" in sent:
                sent["meta"] = self._free_json(sent["meta"], f"{pointer}/meta")
            rows[key] = sent
            self.places["addresses", key] = pointer

    def _country(self, value: str, pointer: str) -> str:
        code = country_code(value)
        if code is None:
            message = "The country is not one of ISO 3166; it is kept as sent."
            self._warn(WarningCode.UNKNOWN_COUNTRY, f"{pointer}/country", message)
        return code or value

    def _read_custom_attributes(self, entries: Sequence[CustomAttributeEntry]) -> None:
        self.collections["custom_attributes"] = {}
        for pointer, entry, sent in self._entries("custom_attributes", entries):
            row = {"type": entry.type}
            if "value" in sent:
                faults = self._json_errors(entry.value, f"{pointer}/value")
                try:
                    row["value"] = None if faults else plain_json(typed_value(entry.type, entry.value))
                except keys.InvalidValueError as error:
                    self.errors.append(_invalid(f"{pointer}/value", str(error)))
            self._add_row("custom_attributes", (entry.namespace, entry.handle), row, pointer)

    def _read_dates(self, entries: Sequence[DateEntry]) -> None:
        self.collections["dates"] = {}
        for pointer, entry, sent in self._entries("dates_attributes", entries):
            key = (entry.handle, entry.relationship or "")
            row = {name: sent[name] for name in shape.DATES.fields if name in sent}
            if "meta" in sent:
                row["meta"] = self._free_json(sent["meta"], f"{pointer}/meta")
            self._add_row("dates", key, row, pointer)
            if entry.links is not None:
                self._refer_to_linked(key, pointer, entry)

    def _refer_to_linked(self, key: RowKey, pointer: str, entry: DateEntry) -> None:
        """Replace the links of the date as a whole: the first referral, which names nobody, says so."""
        referrals = self.referrals.setdefault("date_links", [])
        referrals[:] = [referral for referral in referrals if referral.key != key]
        referrals.append(Referral(pointer, (), key=key))
        raw = self.raw["dates_attributes"][int(pointer.rpartition("/")[2])]["links"]
        for index, link in enumerate(entry.links or ()):
            place = f"{pointer}/links/{index}"
            self._warn_of_members(place, raw[index], type(link))
            name = ReferenceName("profile", "id", link.profile_id)
            row = {"link_relationship": link.relationship, "link_role": link.role}
            referrals.append(Referral(place, ((name, f"{place}/profile_id"),), row, key))

    # --- What names reference data -------------------------------------------------------------------------------

    def _read_statuses(self, handles: Sequence[str]) -> None:
        indexes = self.indexes.get("statuses", range(len(handles)))
        self.referrals["statuses"] = [
            Referral(pointer := f"/statuses/{index}", ((ReferenceName("status", "handle", handle), pointer),))
            for index, handle in zip(indexes, handles, strict=True)
        ]

    def _read_regions(self, entries: Sequence[RegionEntry]) -> None:
        referrals = self.referrals.setdefault("regions", [])
        for pointer, entry, sent in self._entries("regions", entries):
            names = []
            if "region_id" in sent:
                names.append((ReferenceName("region", "id", str(entry.region_id)), f"{pointer}/region_id"))
            if "handle" in sent:
                names.append((ReferenceName("region", "handle", entry.handle), f"{pointer}/handle"))
            if not names:
                self.errors.append(_invalid(pointer, "region_id or handle is required."))
                continue
            row = _picked(sent, "country", "state", "is_active")
            referrals.append(Referral(pointer, tuple(names), row))

    def _read_organisations(self, entries: Sequence[OrganisationEntry]) -> None:
        referrals = self.referrals.setdefault("organisations", [])
        for pointer, entry, sent in self._entries("organisations", entries):
            row = _picked(sent, "expires_at", "is_active")
            if "role_definition_id" in sent:
                role = entry.role_definition_id
                row["role"] = None if role is None else ReferenceName("role", "id", str(role))
            name = ReferenceName("organisation", "id", str(entry.id))
            referrals.append(Referral(pointer, ((name, f"{pointer}/id"),), row))

    def _refer_to_location(self, which: str) -> None:
        """Find the location by id, external id or code: all that are sent must mean the same one; null clears."""
        values = self.record.__dict__
        sent = [by for by in _LOCATION_NAMES if f"{which}_location_{by}" in self.record.model_fields_set]
        names = tuple(
            (ReferenceName("location", by, str(value)), f"/{which}_location_{by}")
            for by in sent
            if (value := values[f"{which}_location_{by}"]) is not None
        )
        if names:
            self.referrals[f"{which}_location_id"] = [Referral(names[0][1], names)]
        elif sent:
            self.fields[f"{which}_location_id"] = None

    def _refer_to_default_region(self) -> None:
        """`region_id` and `region` choose the default region, `region_country` and `region_state` write to it."""
        sent = self.record.model_fields_set
        names = []
        if "region_id" in sent:
            names.append((ReferenceName("region", "id", str(self.record.region_id)), "/region_id"))
        if "region" in sent:
            names.append((ReferenceName("region", "handle", self.record.region), "/region"))
        row = {
            member: getattr(self.record, f"region_{member}")
            for member in ("country", "state")
            if f"region_{member}" in sent
        }
        # Without a name it means the default region the profile has.
        self.referrals["default_region"] = [Referral(names[0][1] if names else "", tuple(names), row)]

    # --- Comms and appearance ------------------------------------------------------------------------------------

    def _read_comms(self) -> None:
        """Unite both places of consent, `comms_attributes` winning (contract S19)."""
        record = self.record
        attributes = record.attributes or AttributesEntry()
        if record.attributes is not None:
            self._warn_of_members("/attributes", self.raw["attributes"], type(attributes))
        united: dict[str, Any] = {}
        for pointer, entry in (
            ("/attributes/comms", attributes.comms),
            ("/comms_attributes", record.comms_attributes),
        ):
            if entry is None:
                continue
            self._warn_of_members(pointer, self._raw_at(pointer), type(entry))
            for name in entry.model_fields_set:
                value = entry.__dict__[name]
                if name in united and united[name] != value:
                    message = "attributes.comms says otherwise; comms_attributes counts."
                    self._warn(WarningCode.COMMS_DISAGREE, f"{pointer}/{name}", message)
                united[name] = value
                self.places["comms", (name,)] = f"{pointer}/{name}"
        self.fields |= {f"comms/{name}": value for name, value in united.items()}
        if attributes.appearance is not None:
            self._read_appearance(attributes.appearance)

    def _read_appearance(self, appearance: BaseModel) -> None:
        known = set(shape.APPEARANCE_MEMBERS)
        raw = self._raw_at("/attributes/appearance")
        for name in [name for name in raw if name not in known][:MAX_UNKNOWN_FIELDS_TOLD]:
            pointer = f"/attributes/appearance{pointer_to(name)}"
            if name in _READ_ONLY_IN_ENTRIES:
                self._warn(WarningCode.READ_ONLY, pointer, "The field cannot be set by a record.")
            else:
                self.errors.append(_invalid(pointer, "The hub has no such field of appearance."))
        for name in appearance.model_fields_set:
            self.fields[f"appearance/{name}"] = appearance.__dict__[name]

    def _raw_at(self, pointer: str) -> dict[str, Any]:
        value: Any = self.raw
        for part in pointer[1:].split("/"):
            value = value[part]
        return value if isinstance(value, dict) else {}

    # --- Errors and warnings -------------------------------------------------------------------------------------

    def _free_json(self, value: object, pointer: str) -> Any:  # noqa: ANN401 any JSON
        if value is not None and not isinstance(value, dict | list):
            self.errors.append(_invalid(pointer, "The value must be an object or a list."))
        elif not self._json_errors(value, pointer):
            return plain_json(value)
        return None

    def _json_errors(self, value: object, pointer: str) -> bool:
        faults = []
        for path, message in json_faults(value):
            faults.append(_invalid(pointer + pointer_to(*path), message))
            if len(faults) == _MAX_FAULTS_TOLD:
                break
        self.errors += faults
        return bool(faults)

    def _check_birthday(self) -> None:
        """Day and month come together (contract section 8)."""
        for name, partner in (("birth_day", "birth_month"), ("birth_month", "birth_day")):
            if name in self.raw and (
                partner not in self.raw or (self.raw[name] is None) is not (self.raw[partner] is None)
            ):
                if self.raw[name] is None and partner in self.raw:
                    continue  # told at the partner that has a value
                self.errors.append(_invalid(f"/{partner}", f"{name} and {partner} come together."))

    def _warn_of_unknown(self) -> None:
        unknown = [name for name in self.raw if name not in _KNOWN]
        for name in unknown[:MAX_UNKNOWN_FIELDS_TOLD]:
            self._warn_of_member(pointer_to(name), read_only=name in _READ_ONLY)
        if len(unknown) > MAX_UNKNOWN_FIELDS_TOLD:
            more = len(unknown) - MAX_UNKNOWN_FIELDS_TOLD
            self._warn(WarningCode.UNKNOWN_FIELD, "", f"{more} more unknown fields were ignored.")

    def _warn_of_members(self, pointer: str, raw: object, entry: type[BaseModel]) -> None:
        known = _members_of(entry)
        if not isinstance(raw, dict) or raw.keys() <= known:
            return
        for name in sorted(raw.keys() - known)[:MAX_UNKNOWN_FIELDS_TOLD]:
            read_only = name in _READ_ONLY_IN_ENTRIES or name.endswith("_raw")
            self._warn_of_member(pointer + pointer_to(name), read_only=read_only)

    def _warn_of_member(self, pointer: str, *, read_only: bool) -> None:
        if read_only:
            self._warn(WarningCode.READ_ONLY, pointer, "The field cannot be set by a record.")
        else:
            self._warn(WarningCode.UNKNOWN_FIELD, pointer, "The field is unknown and was ignored.")

    def _warn(self, code: WarningCode, pointer: str, message: str) -> None:
        self.warnings.append(RecordWarning(code, pointer, message))


_LOCATION_NAMES: Final = ("id", "external_id", "external_code")
_LOCATION_FIELDS: Final = frozenset(
    f"{which}_location_{by}" for which in ("joined", "preferred") for by in _LOCATION_NAMES
)
_REGION_FIELDS: Final = frozenset({"region_id", "region", "region_country", "region_state"})
_READERS: Final[Mapping[str, Any]] = {
    "identities": _Parsing._read_identities,  # noqa: SLF001 the class's own
    "tags": _Parsing._read_tags,  # noqa: SLF001 likewise
    "addresses": _Parsing._read_addresses,  # noqa: SLF001 likewise
    "custom_attributes": _Parsing._read_custom_attributes,  # noqa: SLF001 likewise
    "dates_attributes": _Parsing._read_dates,  # noqa: SLF001 likewise
    "statuses": _Parsing._read_statuses,  # noqa: SLF001 likewise
    "regions": _Parsing._read_regions,  # noqa: SLF001 likewise
    "organisations": _Parsing._read_organisations,  # noqa: SLF001 likewise
}


def _picked(sent: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: sent[name] for name in names if name in sent}


@lru_cache(maxsize=32)
def _members_of(entry: type[BaseModel]) -> frozenset[str]:
    return frozenset(entry.model_fields)


def pointer_to(*parts: int | str) -> str:
    """Return the JSON pointer (RFC 6901) to a place in a record; parts no database could store are escaped."""
    return "".join(f"/{_pointer_part(part)}" for part in parts)


def _pointer_part(part: int | str) -> str:
    text = str(part)
    if not text.isprintable():
        text = text.encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00")
        text = "".join(c if c.isprintable() else "?" for c in text)
    return text[:_LONGEST_POINTER_PART].replace("~", "~0").replace("/", "~1")


def _invalid(pointer: str, message: str) -> RecordError:
    return RecordError(ErrorCode.INVALID, pointer, message)


def _record_error(detail: ErrorDetails) -> RecordError:
    kind = detail["type"]
    if kind == "too_long":
        code, message = ErrorCode.TOO_MANY, "The list has too many entries."
    else:
        code = ErrorCode.INVALID
        message = _SENTENCES.get(kind) or detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        if message[0].islower() or message[0] == "'":
            message = f"The value must be {message}."
    return RecordError(code, pointer_to(*(part for part in detail["loc"])), message)
