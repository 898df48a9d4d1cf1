"""From a record as JSON gave it to a draft: normal forms, every error with its place, every warning."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from profiles import keys, shape
from profiles.attributes import json_faults, typed_value
from profiles.countries import country_code
from profiles.readings import free_json, is_blank
from profiles.schema.naming import did_you_mean
from profiles.schema.record import (
    MOST_ENTRIES,
    RECORD,
    RECORD_FIELDS,
    AddressEntry,
    AppearanceEntry,
    AttributesEntry,
    CommsEntry,
    CustomAttributeEntry,
    DateEntry,
    DateLinkEntry,
    IdentityEntry,
    OrganisationEntry,
    Record,
    RegionEntry,
)
from profiles.values import (
    Cause,
    ErrorCode,
    Finding,
    ProfileDraft,
    ReferenceName,
    Referral,
    Row,
    RowKey,
    WarningCode,
)

MAX_UNKNOWN_FIELDS_TOLD: Final = 20
_MAX_FAULTS_TOLD: Final = 20
_LONGEST_POINTER_PART: Final = 100

_MEMBERS: Final = {
    "identities": frozenset(IdentityEntry.__annotations__),
    "addresses": frozenset(AddressEntry.__annotations__),
    "custom_attributes": frozenset(CustomAttributeEntry.__annotations__),
    "dates_attributes": frozenset(DateEntry.__annotations__),
    "links": frozenset(DateLinkEntry.__annotations__),
    "regions": frozenset(RegionEntry.__annotations__),
    "organisations": frozenset(OrganisationEntry.__annotations__),
    "comms": frozenset(CommsEntry.__annotations__),
    "attributes": frozenset(AttributesEntry.__annotations__),
}
_PLAIN: Final = frozenset(shape.PLAIN_FIELDS) - {"joined_location_id", "preferred_location_id"}
_APPEARANCE: Final = frozenset(shape.APPEARANCE_MEMBERS)
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
    "list_type": "The value must be a list.",
    "dict_type": "The value must be an object.",
    "missing": "The value is required.",
}

_UNKNOWN: Final = "The field is unknown and was ignored."
_NO_LOOK: Final = "The hub has no such field of appearance."

_Entry = TypeVar("_Entry")


def parse_record(
    raw: object, *, cause: Cause, target: UUID | None = None, flaws: Sequence[Finding] = ()
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
        record = RECORD.validate_python(raw, strict=True)
    except ValidationError as failure:
        details = failure.errors(include_url=False, include_input=False, include_context=False)
        told = {flaw.pointer for flaw in flaws}
        found = [_record_error(detail) for detail in details]
        errors += [error for error in found if error.pointer not in told]  # what a flaw took out is not missed as well
        record, indexes = _without_faults(raw, [detail["loc"] for detail in details])
    return _Parsing(raw, record, indexes, errors).draft(cause=cause, target=target)


def _without_faults(
    raw: Mapping[str, Any], faults: Sequence[tuple[int | str, ...]]
) -> tuple[Record, dict[str, Sequence[int]]]:
    """Parse what is left when the faulty members are taken out, or the whole entry where it cannot be without one.

    Returns the record and, for each collection that lost entries, the indexes of those that stayed.
    """
    sound = _pruned(raw, [path for path in faults if isinstance(path[-1], str)])
    try:
        return RECORD.validate_python(sound, strict=True), {}
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
    return RECORD.validate_python(left, strict=True), indexes


def _pruned(value: Any, paths: Iterable[Sequence[int | str]]) -> Any:
    """Return a copy of the value without the members at the paths, each of which ends in a name.

    Whatever holds one of them is copied once, however many there are.
    """
    if not isinstance(value, dict | list):
        return value
    below: dict[Any, list[Sequence[int | str]]] = {}
    for head, *rest in paths:
        below.setdefault(head, []).append(rest)
    copy: Any = value.copy()
    for head, rests in below.items():
        if isinstance(copy, dict) and [] in rests:
            copy.pop(head, None)
        elif head in copy if isinstance(copy, dict) else isinstance(head, int):
            copy[head] = _pruned(copy[head], rests)
    return copy


class _Parsing:
    """One record on its way to a draft."""

    def __init__(
        self, raw: dict[str, Any], record: Record, indexes: Mapping[str, Sequence[int]], errors: list[Finding]
    ) -> None:
        self.raw = raw
        self.record = record
        self.indexes = indexes
        self.errors = errors
        self.warnings: list[Finding] = []
        self.pointers: dict[keys.MatchKey, str] = {}
        self.fields: dict[str, Any] = {}
        self.collections: dict[str, dict[RowKey, Row]] = {}
        self.referrals: dict[str, list[Referral]] = {}
        self.places: dict[tuple[str, RowKey], str] = {}

    def draft(self, *, cause: Cause, target: UUID | None) -> ProfileDraft:
        record: Mapping[str, Any] = self.record
        self.fields = {name: value for name, value in record.items() if name in _PLAIN}
        self._check_birthday()
        if not self.raw.keys() <= RECORD_FIELDS:
            self._warn_of_unknown()
        email_key = None
        if "email" in record:
            email_key = keys.email_key(record["email"])
            self.pointers[keys.email_match_key(email_key)] = "/email"
        if (mobile := record.get("mobile_phone")) is not None:
            self.pointers[keys.mobile_match_key(mobile)] = "/mobile_phone"
        for name, read in _READERS.items():
            if (entries := record.get(name)) is not None:
                read(self, entries)
        if not record.keys().isdisjoint(_LOCATION_FIELDS):
            self._refer_to_location("joined")
            self._refer_to_location("preferred")
        if not record.keys().isdisjoint(_REGION_FIELDS):
            self._refer_to_default_region()
        self._read_comms()
        return ProfileDraft(
            cause=cause,
            target=target,
            fields=self.fields,
            collections=self.collections,
            referrals={name: tuple(referrals) for name, referrals in self.referrals.items()},
            places=self.places,
            reference=record.get("reference") or "",
            email_key=email_key,
            pointers=self.pointers,
            errors=tuple(self.errors),
            warnings=tuple(self.warnings),
        )

    # --- Collections ---------------------------------------------------------------------------------------------

    def _entries(self, name: str, entries: Sequence[_Entry | None]) -> Iterator[tuple[str, _Entry]]:
        """Yield each entry with its pointer, warning of blank ones and of what is unknown in the others."""
        raws = self.raw[name]
        known = _MEMBERS.get(name)
        for index, entry in zip(self.indexes.get(name, range(len(entries))), entries, strict=True):
            pointer = f"/{name}/{index}"
            if entry is None:
                self._warn_of_blank(pointer)
                continue
            if known is not None and not raws[index].keys() <= known:
                self._warn_of_members(pointer, raws[index], known)
            yield pointer, entry

    def _add_row(self, name: str, key: RowKey, row: dict[str, Any], pointer: str) -> None:
        """Keep each row once; of two with one key the last wins, member by member (contract S27)."""
        rows = self.collections.setdefault(name, {})
        if key in rows:
            self._warn(WarningCode.DUPLICATE_ENTRY, pointer, "The entry stands twice; the last one counts.")
            row = {**rows[key], **row}
        rows[key] = row
        self.places[name, key] = pointer

    def _read_identities(self, entries: Sequence[IdentityEntry | None]) -> None:
        self.collections["identities"] = {}
        for pointer, entry in self._entries("identities", entries):
            key = (entry["handle"], entry["identifier"])
            self._add_row("identities", key, _picked(entry, "is_active"), pointer)
            self.pointers.setdefault(keys.identity_match_key(*key), pointer)

    def _read_tags(self, tags: Sequence[str | None]) -> None:
        """Replace the set; an empty list clears it, a list of blanks only leaves it alone."""
        if None in tags:
            tags = [tag for _, tag in self._entries("tags", tags)]
            if not tags:
                return
        self.collections["tags"] = {(tag,): {} for tag in tags if tag is not None}

    def _read_addresses(self, entries: Sequence[AddressEntry | None]) -> None:
        rows: dict[RowKey, Row] = self.collections.setdefault("addresses", {})
        by_external_id: dict[str, RowKey] = {}
        default: RowKey | None = None
        for pointer, entry in self._entries("addresses", entries):
            row: dict[str, Any] = {**entry}
            key = (pointer.rpartition("/")[2],)  # deciding finds the stored address it means
            if (external_id := entry.get("external_id")) is not None:
                if external_id in by_external_id:
                    message = "The external_id stands twice; the last one counts."
                    self._warn(WarningCode.DUPLICATE_ENTRY, pointer, message)
                    del rows[by_external_id[external_id]]
                by_external_id[external_id] = key
            if entry.get("is_default"):
                if default in rows:
                    message = "Only one address is the default; the last one counts."
                    self._warn(WarningCode.DUPLICATE_ENTRY, f"{pointer}/is_default", message)
                    rows[default] = {name: value for name, value in rows[default].items() if name != "is_default"}
                default = key
            if "country" in row:
                row["country"] = self._country(row["country"], pointer)
            if "meta" in row:
                row["meta"] = self._free_json(row["meta"], f"{pointer}/meta")
            rows[key] = row
            self.places["addresses", key] = pointer

    def _country(self, value: str, pointer: str) -> str:
        code = country_code(value)
        if code is None:
            message = "The country is not one of ISO 3166; it is kept as sent."
            self._warn(WarningCode.UNKNOWN_COUNTRY, f"{pointer}/country", message)
        return code or value

    def _read_custom_attributes(self, entries: Sequence[CustomAttributeEntry | None]) -> None:
        self.collections["custom_attributes"] = {}
        for pointer, entry in self._entries("custom_attributes", entries):
            row = {"type": entry["type"]}
            if "value" in entry:
                faults = self._json_errors(entry["value"], f"{pointer}/value")
                try:
                    row["value"] = None if faults else typed_value(entry["type"], entry["value"])
                except keys.InvalidValueError as error:
                    self.errors.append(_invalid(f"{pointer}/value", str(error)))
            self._add_row("custom_attributes", (entry["namespace"], entry["handle"]), row, pointer)

    def _read_dates(self, entries: Sequence[DateEntry | None]) -> None:
        self.collections["dates"] = {}
        linked: dict[RowKey, list[Referral]] = {}
        for pointer, entry in self._entries("dates_attributes", entries):
            key = (entry["handle"], entry.get("relationship") or "")
            row = _picked(entry, *shape.DATES.fields)
            if "meta" in row:
                row["meta"] = self._free_json(row["meta"], f"{pointer}/meta")
            self._add_row("dates", key, row, pointer)
            if (referrals := self._refer_to_linked(key, pointer, entry)) is not None:
                linked[key] = referrals
        if linked:
            self.referrals["date_links"] = [referral for referrals in linked.values() for referral in referrals]

    def _refer_to_linked(self, key: RowKey, pointer: str, entry: DateEntry) -> list[Referral] | None:
        """Return the links that replace those of the date: the first referral, which names nobody, says so.

        `None` where there is nothing to replace them by: no list, or one of blanks only.
        """
        links = entry.get("links")
        if links is None:
            return None
        raw = self.raw["dates_attributes"][int(pointer.rpartition("/")[2])]["links"]
        referrals = [Referral(pointer, (), key=key)]
        for index, link in enumerate(links):
            place = f"{pointer}/links/{index}"
            if link is None:
                self._warn_of_blank(place)
                continue
            self._warn_of_members(place, raw[index], _MEMBERS["links"])
            name = ReferenceName("profile", "id", link["profile_id"])
            row = {"link_relationship": link.get("relationship"), "link_role": link.get("role")}
            referrals.append(Referral(place, ((name, f"{place}/profile_id"),), row, key))
        return referrals if len(referrals) > 1 or not links else None

    # --- What names reference data -------------------------------------------------------------------------------

    def _read_statuses(self, handles: Sequence[str | None]) -> None:
        """Replace the set; an empty list clears it, a list of blanks only leaves it alone."""
        referrals = [
            Referral(pointer, ((ReferenceName("status", "handle", handle), pointer),))
            for pointer, handle in self._entries("statuses", handles)
        ]
        if referrals or not handles:
            self.referrals["statuses"] = referrals

    def _read_regions(self, entries: Sequence[RegionEntry | None]) -> None:
        referrals = self.referrals.setdefault("regions", [])
        for pointer, entry in self._entries("regions", entries):
            names = []
            if (region_id := entry.get("region_id")) is not None:
                names.append((ReferenceName("region", "id", str(region_id)), f"{pointer}/region_id"))
            if (handle := entry.get("handle")) is not None:
                names.append((ReferenceName("region", "handle", handle), f"{pointer}/handle"))
            if not names:
                self.errors.append(_invalid(pointer, "region_id or handle is required."))
                continue
            row = _picked(entry, "country", "state", "is_active")
            referrals.append(Referral(pointer, tuple(names), row))

    def _read_organisations(self, entries: Sequence[OrganisationEntry | None]) -> None:
        referrals = self.referrals.setdefault("organisations", [])
        for pointer, entry in self._entries("organisations", entries):
            row = _picked(entry, "expires_at", "is_active")
            if "role_definition_id" in entry:
                role = entry["role_definition_id"]
                row["role"] = None if role is None else ReferenceName("role", "id", str(role))
            name = ReferenceName("organisation", "id", str(entry["id"]))
            referrals.append(Referral(pointer, ((name, f"{pointer}/id"),), row))

    def _refer_to_location(self, which: str) -> None:
        """Find the location by id, external id or code: all that are sent must mean the same one; null clears."""
        values: Mapping[str, Any] = self.record
        sent = [by for by in _LOCATION_NAMES if f"{which}_location_{by}" in values]
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
        record = self.record
        names = []
        if "region_id" in record:
            names.append((ReferenceName("region", "id", str(record["region_id"])), "/region_id"))
        if "region" in record:
            names.append((ReferenceName("region", "handle", record["region"]), "/region"))
        row = {
            name.removeprefix("region_"): value
            for name, value in record.items()
            if name in {"region_country", "region_state"}
        }
        # Without a name it means the default region the profile has.
        self.referrals["default_region"] = [Referral(names[0][1] if names else "", tuple(names), row)]

    # --- Comms and appearance ------------------------------------------------------------------------------------

    def _read_comms(self) -> None:
        """Unite both places of consent, `comms_attributes` winning (contract S19)."""
        attributes = self.record.get("attributes") or {}
        if attributes:
            self._warn_of_members("/attributes", self.raw["attributes"], _MEMBERS["attributes"])
        comms: dict[str, Any] = {}
        for pointer, entry in (
            ("/attributes/comms", attributes.get("comms")),
            ("/comms_attributes", self.record.get("comms_attributes")),
        ):
            if entry is None:
                continue
            self._warn_of_members(pointer, self._raw_at(pointer), _MEMBERS["comms"])
            for name, value in entry.items():
                if value is None and name in shape.CONSENT_TIMES:
                    continue  # it never clears one, nor takes away the time that the other place gives
                if name in comms and comms[name] != value:
                    message = "attributes.comms says otherwise; comms_attributes counts."
                    self._warn(WarningCode.COMMS_DISAGREE, f"{pointer}/{name}", message)
                comms[name] = value
                self.places["comms", (name,)] = f"{pointer}/{name}"
        for name, value in comms.items():
            self.fields[f"comms/{name}"] = value
        if (appearance := attributes.get("appearance")) is not None:
            self._read_appearance(appearance)

    def _read_appearance(self, appearance: AppearanceEntry) -> None:
        raw = self._raw_at("/attributes/appearance")
        for name in [name for name in raw if name not in _APPEARANCE][:MAX_UNKNOWN_FIELDS_TOLD]:
            pointer = f"/attributes/appearance{pointer_to(name)}"
            if name in _READ_ONLY_IN_ENTRIES:
                self._warn(WarningCode.READ_ONLY, pointer, "The field cannot be set by a record.")
            else:
                meant = did_you_mean(name, _APPEARANCE)
                message = f"The hub has no such field of appearance; {meant}" if meant else _NO_LOOK
                self.errors.append(_invalid(pointer, message))
        for name, value in appearance.items():
            self.fields[f"appearance/{name}"] = value

    def _raw_at(self, pointer: str) -> dict[str, Any]:
        value: Any = self.raw
        for part in pointer[1:].split("/"):
            value = value[part]
        return value if isinstance(value, dict) else {}

    # --- Errors and warnings -------------------------------------------------------------------------------------

    def _free_json(self, value: object, pointer: str) -> Any:
        if is_blank(value):
            return None
        if not isinstance(value, dict | list):
            self.errors.append(_invalid(pointer, "The value must be an object or a list."))
        elif not self._json_errors(value, pointer):
            return free_json(value)
        return None

    def _json_errors(self, value: object, pointer: str) -> bool:
        if value is None or isinstance(value, int):
            return False
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
                partner not in self.raw or is_blank(self.raw[name]) is not is_blank(self.raw[partner])
            ):
                if is_blank(self.raw[name]) and partner in self.raw:
                    continue  # told at the partner that has a value
                if any(error.pointer == f"/{partner}" for error in self.errors):
                    continue  # it was there, and wrong
                self.errors.append(_invalid(f"/{partner}", f"{name} and {partner} come together."))

    def _warn_of_unknown(self) -> None:
        unknown = [name for name in self.raw if name not in RECORD_FIELDS]
        for name in unknown[:MAX_UNKNOWN_FIELDS_TOLD]:
            self._warn_of_member(name, pointer_to(name), known=RECORD_FIELDS, read_only=name in _READ_ONLY)
        if len(unknown) > MAX_UNKNOWN_FIELDS_TOLD:
            more = len(unknown) - MAX_UNKNOWN_FIELDS_TOLD
            self._warn(WarningCode.UNKNOWN_FIELD, "", f"{more} more unknown fields were ignored.")

    def _warn_of_members(self, pointer: str, raw: object, known: frozenset[str]) -> None:
        if not isinstance(raw, dict) or raw.keys() <= known:
            return
        for name in sorted(raw.keys() - known)[:MAX_UNKNOWN_FIELDS_TOLD]:
            read_only = name in _READ_ONLY_IN_ENTRIES or name.endswith("_raw")
            self._warn_of_member(name, pointer + pointer_to(name), known=known, read_only=read_only)

    def _warn_of_member(self, name: str, pointer: str, *, known: frozenset[str], read_only: bool) -> None:
        if read_only:
            self._warn(WarningCode.READ_ONLY, pointer, "The field cannot be set by a record.")
        else:
            meant = did_you_mean(name, known)
            message = f"The field is unknown and was ignored; {meant}" if meant else _UNKNOWN
            self._warn(WarningCode.UNKNOWN_FIELD, pointer, message)

    def _warn_of_blank(self, pointer: str) -> None:
        self._warn(WarningCode.BLANK_ENTRY, pointer, "The entry is blank; it was skipped.")

    def _warn(self, code: WarningCode, pointer: str, message: str) -> None:
        self.warnings.append(Finding(code, pointer, message))


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


def _picked(entry: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: entry[name] for name in names if name in entry}


def pointer_to(*parts: int | str) -> str:
    """Return the JSON pointer (RFC 6901) to a place in a record; parts no database could store are escaped."""
    return "".join(f"/{_pointer_part(part)}" for part in parts)


def _pointer_part(part: int | str) -> str:
    text = str(part)
    if not text.isprintable():
        text = text.encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00")
        text = "".join(c if c.isprintable() else "?" for c in text)
    return text[:_LONGEST_POINTER_PART].replace("~", "~0").replace("/", "~1")


def _invalid(pointer: str, message: str) -> Finding:
    return Finding(ErrorCode.INVALID, pointer, message)


def _record_error(detail: ErrorDetails) -> Finding:
    kind, path = detail["type"], detail["loc"]
    if kind == "too_long":
        most = MOST_ENTRIES[str(path[-1])]
        code, message = ErrorCode.TOO_MANY, f"The list must not have more than {most:,} entries."
    else:
        code = ErrorCode.INVALID
        message = _SENTENCES.get(kind) or detail["msg"].removeprefix("Value error, ")
    return Finding(code, pointer_to(*path), message)
