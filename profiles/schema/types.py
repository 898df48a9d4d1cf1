"""Types of single values: how the values of each kind of field are read, one table for all of them.

Each kind gives the normal form or refuses with a sentence. Fields differ in their kind and in whether they can be
null, in nothing else: what is blank is null where the field can be null, and refused like null where it cannot.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from profiles import keys, readings
from profiles.currencies import ISO_4217
from profiles.times import as_utc, utc_text

_DATE: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """How the values of a kind of field are read, and what the OpenAPI document says of them."""

    name: str
    read: Callable[[Any], Any]
    document: Mapping[str, Any]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Have the value read by this kind alone: pydantic's own readings and sentences take no part."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return what the document says."""
        return dict(self.document)


def _filled(value: str) -> str:
    if not value:
        raise keys.InvalidValueError(readings.EMPTY)
    return value


def _text_of(value: object, sentence: str) -> str:
    """Return what must be written as text because no number means the same."""
    if isinstance(value, str) and not readings.is_blank(value):
        return value
    raise keys.InvalidValueError(readings.EMPTY if readings.is_blank(value) else sentence)


# --- Texts -------------------------------------------------------------------------------------------------------


def _text(value: object) -> str:
    if text := keys.text(value if isinstance(value, str) else readings.text(value)):
        return text
    raise keys.InvalidValueError(readings.EMPTY)


def _notes(value: object) -> str:
    return _filled(keys.text(readings.text(value), length=keys.NOTES_LENGTH, notes=True))


def _name(value: object) -> str:
    if name := keys.text(value if isinstance(value, str) else readings.name(value)):
        return name if name.isascii() else keys.seen(name)
    raise keys.InvalidValueError(readings.EMPTY)


def _identifier(value: object) -> str:
    return keys.identifier(_name(value))


def _attribute_name(value: object) -> str:
    if ":" in (name := _name(value)):
        raise keys.InvalidValueError("The text must not hold a colon.")
    return name


def _tag(value: object) -> str | None:
    return None if readings.is_blank(value) else keys.tag(readings.name(value))


def _status(value: object) -> str | None:
    return None if readings.is_blank(value) else _name(value)


def _postcode(value: object) -> str:
    """Read a postcode; empty where there is none, as the country may have none."""
    return "" if readings.is_blank(value) else _text(value)


def _url(value: object) -> str:
    sentence = "The URL must begin with http:// or https://, and hold no blanks."
    url = keys.text(_text_of(value, sentence), length=keys.URL_LENGTH)
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = None
    if parts is None or parts.scheme.lower() not in {"http", "https"} or not parts.netloc or " " in url:
        raise keys.InvalidValueError(sentence)
    return url


def _email(value: object) -> str:
    return keys.email(_text_of(value, "The email must be text."))


def _phone(value: object) -> str:
    return keys.phone(_filled(readings.name(value).strip(" ")), default_country=settings.PHONE_DEFAULT_COUNTRY)


def _currency(value: object) -> str:
    sentence = "The currency must be an ISO 4217 code that the hub knows, such as AUD."
    code = keys.text(_text_of(value, sentence)).upper()
    if code not in (settings.CURRENCIES or ISO_4217):
        raise keys.InvalidValueError(sentence)
    return code


def _profile_id(value: object) -> str:
    sentence = "The value must be the id of a profile."
    try:
        return str(UUID(_text_of(value, sentence).strip()))
    except keys.InvalidValueError:
        raise
    except ValueError as error:
        raise keys.InvalidValueError(sentence) from error


def one_of(choices: type[StrEnum]) -> Any:
    """Return the type of an enumeration's texts: accepted in any case, kept in lower case (rules 1.6)."""
    known = {choice.value: choice.value for choice in choices}
    sentence = f"The value must be one of {', '.join(choices)}."

    def choose(value: object) -> str:
        found = known.get(value) if isinstance(value, str) else None
        found = found or known.get(_text_of(value, sentence).strip().lower())
        if found is None:
            raise keys.InvalidValueError(sentence)
        return found

    return Annotated[str, Kind(f"one of {choices.__name__}", choose, {"type": "string", "enum": list(choices)})]


# --- Numbers, truths and times -----------------------------------------------------------------------------------


def whole_number(low: int, high: int) -> Any:
    """Return the type of whole numbers from `low` to `high`."""

    def read(value: object) -> int:
        number = value if type(value) is int else readings.whole_number(value)
        if not low <= number <= high:
            raise keys.InvalidValueError(f"The value must be a whole number from {low} to {high}.")
        return number

    document = {"type": "integer", "minimum": low, "maximum": high}
    return Annotated[int, Kind(f"whole number from {low} to {high}", read, document)]


def _truth(value: object) -> bool:
    return value if isinstance(value, bool) else readings.truth(value)


def _time(value: object) -> str:
    """Read ISO 8601, with `T` or a space; without a zone it is UTC (rules 8.13)."""
    sentence = "The time must be ISO 8601, such as 2020-05-05T15:20:32Z."
    text = keys.text(_text_of(value, sentence))
    try:
        moment = dt.datetime.fromisoformat(text)
        return utc_text(as_utc(moment))
    except OverflowError as error:
        raise keys.InvalidValueError("The time must lie in the years 1 to 9999 of UTC.") from error
    except ValueError as error:
        raise keys.InvalidValueError(sentence) from error


def _date(value: object) -> str:
    sentence = "The date must be a day of the calendar, such as 2020-05-05."
    text = _text_of(value, sentence).strip()
    try:
        if not _DATE.fullmatch(text):
            raise ValueError  # noqa: TRY301 the other ISO 8601 spellings are not the contract's
        return dt.date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise keys.InvalidValueError(sentence) from error


# --- The kinds ---------------------------------------------------------------------------------------------------

_TEXT: Final = {"type": "string"}

Text = Annotated[str, Kind("text", _text, _TEXT)]
Notes = Annotated[str, Kind("notes", _notes, _TEXT)]
Name = Annotated[str, Kind("name", _name, _TEXT)]
Identifier = Annotated[str, Kind("identifier", _identifier, _TEXT)]
AttributeName = Annotated[str, Kind("attribute name", _attribute_name, _TEXT)]
Postcode = Annotated[str, Kind("postcode", _postcode, {"type": ["string", "null"]})]
Email = Annotated[str, Kind("email", _email, {"type": "string", "format": "email"})]
Phone = Annotated[str, Kind("phone", _phone, _TEXT)]
Url = Annotated[str, Kind("URL", _url, {"type": "string", "format": "uri"})]
Currency = Annotated[str, Kind("currency", _currency, _TEXT)]
Time = Annotated[str, Kind("time", _time, {"type": "string", "format": "date-time"})]
Date = Annotated[str, Kind("date", _date, {"type": "string", "format": "date"})]
Truth = Annotated[bool, Kind("truth", _truth, {"type": "boolean"})]
ProfileId = Annotated[str, Kind("profile id", _profile_id, {"type": "string", "format": "uuid"})]
RowId = whole_number(1, readings.INT64_HIGH)
# Entries of lists; those that are blank are null, and skipped.
TagHandle = Annotated[str | None, Kind("tag", _tag, _TEXT)]
StatusHandle = Annotated[str | None, Kind("status", _status, _TEXT)]

# --- What may be left empty --------------------------------------------------------------------------------------

_Value = TypeVar("_Value")


def _blank_entry_as_null(value: object) -> object:
    return None if readings.is_blank_entry(value) else value


def _empty_list_as_object(value: object) -> object:
    """PHP writes an empty object as an empty list."""
    return {} if value == [] else value


Nullable = Annotated[_Value | None, BeforeValidator(readings.unless_blank)]
Entry = Annotated[_Value | None, BeforeValidator(_blank_entry_as_null)]
EmptyListAsObject = BeforeValidator(_empty_list_as_object)
