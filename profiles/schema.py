"""The document of a profile as senders write it, and how one becomes a draft (contract section 7.5).

One schema serves batches, the API, imports, staff edits and the OpenAPI document. Parsing needs no query, raises
nothing for bad input and finds all errors at once; what was right beside an error is kept in the draft, so that
matching can add what it finds.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails

from profiles import keys
from profiles.currencies import ISO_4217
from profiles.shape import utc_text
from profiles.values import (
    Cause,
    ErrorCode,
    Gender,
    ProfileDraft,
    ProfileType,
    RecordError,
    RecordWarning,
    Row,
    RowKey,
    WarningCode,
)

MAX_IDENTITIES: Final = 100
MAX_TAGS: Final = 200
MAX_UNKNOWN_FIELDS_TOLD: Final = 20
_LONGEST_POINTER_PART: Final = 100

# --- Types of single values: each gives the normal form or refuses ---------------------------------------------


def _one_of(choices: type[StrEnum]) -> Any:  # noqa: ANN401 an annotation, not a value
    """Texts of an enumeration: accepted in any case, kept in lower case (contract S32)."""

    def choose(value: str) -> str:
        try:
            return choices(value.strip().lower()).value
        except ValueError as error:
            message = f"The value must be one of {', '.join(choices)}."
            raise keys.InvalidValueError(message) from error

    return Annotated[str, AfterValidator(choose), WithJsonSchema({"type": "string", "enum": list(choices)})]


def _number_as_text(value: object) -> object:
    """JSON integers become text; booleans and floats stay what they are and are refused."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _digits_as_number(value: object) -> object:
    """Text of a few digits is read as the number it is: spreadsheets and older clients send birthdays so."""
    if isinstance(value, str) and len(value) <= 4 and value.isascii() and value.isdigit():  # noqa: PLR2004 a year
        return int(value)
    return value


def _url(value: str) -> str:
    value = keys.text(value, length=keys.URL_LENGTH)
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = None
    if parts is None or parts.scheme.lower() not in {"http", "https"} or not parts.netloc or " " in value:
        message = "The URL must begin with http:// or https://."
        raise keys.InvalidValueError(message)
    return value


def _currency(value: str) -> str:
    value = keys.text(value).upper()
    if value not in (settings.CURRENCIES or ISO_4217):
        message = "The currency must be an ISO 4217 code that the hub knows, such as AUD."
        raise keys.InvalidValueError(message)
    return value


def _phone(value: str) -> str:
    return keys.phone(value, default_country=settings.PHONE_DEFAULT_COUNTRY)


def _time(value: str) -> str:
    """Times are ISO 8601, with `T` or a space; without a zone they are UTC (contract section 2)."""
    try:
        moment = dt.datetime.fromisoformat(keys.text(value))
        return utc_text(moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))
    except (ValueError, OverflowError) as error:
        message = "The time must be ISO 8601, such as 2020-05-05T15:20:32Z."
        raise keys.InvalidValueError(message) from error


Text = Annotated[str, AfterValidator(keys.text)]
Name = Annotated[str, BeforeValidator(_number_as_text), AfterValidator(keys.name)]
Email = Annotated[str, AfterValidator(keys.email), WithJsonSchema({"type": "string", "format": "email"})]
Phone = Annotated[str, AfterValidator(_phone)]
Url = Annotated[str, AfterValidator(_url), WithJsonSchema({"type": "string", "format": "uri"})]
Currency = Annotated[str, AfterValidator(_currency)]
Time = Annotated[str, AfterValidator(_time), WithJsonSchema({"type": "string", "format": "date-time"})]
TagHandle = Annotated[str, AfterValidator(keys.tag)]


def _whole(low: int, high: int) -> Any:  # noqa: ANN401 an annotation, not a value
    return Annotated[int, BeforeValidator(_digits_as_number), Field(ge=low, le=high)]


# --- The document -----------------------------------------------------------------------------------------------


class _Entry(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", protected_namespaces=())


class IdentityEntry(_Entry):
    """Another system's name for the person (contract section 9)."""

    handle: Name
    identifier: Name
    is_active: bool = True


class Record(_Entry):
    """One customer record: everything is optional, what is absent stays as it is."""

    reference: Name | None = Field(None, description="The sender's own name for the record; kept and echoed.")
    email: Email = ""
    title: Text | None = None
    first_name: Text = ""
    last_name: Text = ""
    gender: _one_of(Gender) | None = None  # type: ignore[valid-type]
    currency: Currency | None = None
    profile_type: _one_of(ProfileType) = ProfileType.ACTIVE.value  # type: ignore[valid-type]
    joined_at: Time | None = None
    mobile_phone: Phone | None = None
    secondary_phone: Phone | None = None
    birth_day: _whole(1, 31) | None = None  # type: ignore[valid-type]
    birth_month: _whole(1, 12) | None = None  # type: ignore[valid-type]
    birth_year: _whole(1000, 9999) | None = None  # type: ignore[valid-type]
    company: Text | None = None
    occupation: Text | None = None
    avatar_url: Url | None = None
    identities: Annotated[list[IdentityEntry], Field(max_length=MAX_IDENTITIES)] | None = None
    tags: Annotated[list[TagHandle], Field(max_length=MAX_TAGS)] | None = None


_KNOWN: Final = frozenset(Record.model_fields)
_NOT_YET: Final = frozenset({
    "custom_attributes", "dates_attributes", "statuses", "addresses", "comms_attributes", "attributes",
    "region_id", "region", "region_country", "region_state", "regions", "organisations",
    "joined_location_id", "joined_location_external_id", "joined_location_external_code",
    "preferred_location_id", "preferred_location_external_id", "preferred_location_external_code",
})  # fmt: skip
_READ_ONLY: Final = frozenset({
    "id", "external_id", "full_name", "mobile_phone_country", "mobile_phone_national",
    "mobile_phone_national_prefix", "mobile_phone_e164", "birth_date", "birth_days", "birth_days_past",
    "next_birthday", "is_completed", "created_at", "updated_at", "created_by",
})  # fmt: skip
_COLLECTIONS: Final = frozenset({"identities", "tags"})
_IDENTITY_KEYS: Final = frozenset(IdentityEntry.model_fields)

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
    indexes: dict[str, list[int]] = {}
    try:
        record = Record.model_validate(raw)
    except ValidationError as failure:
        details = failure.errors(include_url=False, include_input=False, include_context=False)
        errors += [_record_error(detail) for detail in details]
        record, indexes = _without_faults(raw, [detail["loc"] for detail in details])
    return _Parsing(raw, record, indexes, errors).draft(cause=cause, target=target)


def _without_faults(raw: Mapping[str, Any], faults: Iterable[tuple[int | str, ...]]) -> tuple[Record, dict[str, Any]]:
    """Parse what is left when the faulty fields and entries are taken out.

    Returns the record and, for each collection that lost entries, the indexes of those that stayed.
    """
    fields: set[str] = set()
    entries: dict[str, set[int]] = {}
    for loc in faults:
        name = str(loc[0])
        if len(loc) > 1 and isinstance(loc[1], int):
            entries.setdefault(name, set()).add(loc[1])
        else:
            fields.add(name)
    sound = {name: value for name, value in raw.items() if name not in fields}
    indexes: dict[str, Any] = {}
    for name in entries.keys() - fields:
        indexes[name] = [index for index in range(len(raw[name])) if index not in entries[name]]
        sound[name] = [raw[name][index] for index in indexes[name]]
    return Record.model_validate(sound), indexes


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

    def draft(self, *, cause: Cause, target: UUID | None) -> ProfileDraft:
        record = self.record
        sent = record.model_fields_set
        values = record.__dict__
        fields = {name: values[name] for name in sent if name not in _COLLECTIONS and name != "reference"}
        self._check_birthday()
        if len(self.raw) != len(sent):
            self._warn_of_unknown()
        email_key = None
        if "email" in fields:
            email_key = keys.email_key(fields["email"])
            self.pointers[keys.email_match_key(email_key)] = "/email"
        if fields.get("mobile_phone"):
            self.pointers[keys.mobile_match_key(fields["mobile_phone"])] = "/mobile_phone"
        collections: dict[str, Mapping[RowKey, Row]] = {}
        if record.identities is not None:
            collections["identities"] = self._identities(record.identities)
        if record.tags is not None:
            collections["tags"] = {(tag,): {} for tag in record.tags}
        return ProfileDraft(
            cause=cause,
            target=target,
            fields=fields,
            collections=collections,
            reference=record.reference or "",
            email_key=email_key,
            pointers=self.pointers,
            errors=tuple(self.errors),
            warnings=tuple(self.warnings),
        )

    def _identities(self, entries: Sequence[IdentityEntry]) -> Mapping[RowKey, Row]:
        """Each identity once; of two that disagree the last wins (contract S27)."""
        rows: dict[RowKey, dict[str, Any]] = {}
        for index, entry in zip(self.indexes.get("identities", range(len(entries))), entries, strict=True):
            key = (entry.handle, entry.identifier)
            pointer = f"/identities/{index}"
            row = {"is_active": entry.is_active} if "is_active" in entry.model_fields_set else {}
            if key in rows:
                self._warn(WarningCode.DUPLICATE_ENTRY, pointer, "The identity stands twice; the last one counts.")
                row = rows[key] | row
            rows[key] = row
            self.pointers.setdefault(keys.identity_match_key(*key), pointer)
            raw = self.raw["identities"][index]
            for name in raw.keys() - _IDENTITY_KEYS:
                self._warn_of_key(name, pointer, read_only=name in {"id", "is_primary", "profile_id", "merged_from"})
        return rows

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
            if name in _NOT_YET:
                self._warn(WarningCode.NOT_YET, pointer_to(name), "The hub does not keep this field yet.")
            else:
                self._warn_of_key(name, "", read_only=name in _READ_ONLY)
        if len(unknown) > MAX_UNKNOWN_FIELDS_TOLD:
            more = len(unknown) - MAX_UNKNOWN_FIELDS_TOLD
            self._warn(WarningCode.UNKNOWN_FIELD, "", f"{more} more unknown fields were ignored.")

    def _warn_of_key(self, name: str, parent: str, *, read_only: bool) -> None:
        if read_only:
            self._warn(WarningCode.READ_ONLY, parent + pointer_to(name), "The field cannot be set by a record.")
        else:
            self._warn(WarningCode.UNKNOWN_FIELD, parent + pointer_to(name), "The field is unknown and was ignored.")

    def _warn(self, code: WarningCode, pointer: str, message: str) -> None:
        self.warnings.append(RecordWarning(code, pointer, message))


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


