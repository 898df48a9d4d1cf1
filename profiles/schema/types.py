"""Types of single values: each gives the normal form or refuses with a sentence."""

import datetime as dt
import re
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from profiles import keys
from profiles.currencies import ISO_4217
from profiles.shape import utc_text

_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def one_of(choices: type[StrEnum]) -> Any:  # noqa: ANN401 an annotation, not a value
    """Return the type of an enumeration's texts: accepted in any case, kept in lower case (contract S32)."""

    def choose(value: str) -> str:
        try:
            return choices(value.strip().lower()).value
        except ValueError as error:
            message = f"The value must be one of {', '.join(choices)}."
            raise keys.InvalidValueError(message) from error

    return Annotated[str, AfterValidator(choose), WithJsonSchema({"type": "string", "enum": list(choices)})]


def whole_number(low: int, high: int) -> Any:  # noqa: ANN401 an annotation, not a value
    """Return the type of whole numbers from `low` to `high`."""
    return Annotated[int, BeforeValidator(_digits_as_number), Field(ge=low, le=high)]


def _digits_as_number(value: object) -> object:
    """Text of digits is read as the number it is: spreadsheets and older clients send birthdays and ids so."""
    if isinstance(value, str) and 0 < len(value) < 19 and value.isascii() and value.isdigit():  # noqa: PLR2004 64 bits
        return int(value)
    return value


def _number_as_text(value: object) -> object:
    """JSON integers become text; booleans and floats stay what they are and are refused."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _size_as_text(value: object) -> object:
    """Sizes and measurements are texts, but a half shoe size is often sent as a number."""
    return repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _empty_list_as_object(value: object) -> object:
    """PHP writes an empty object as an empty list."""
    return {} if value == [] else value


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
    """Read ISO 8601, with `T` or a space; without a zone it is UTC (contract section 2)."""
    try:
        moment = dt.datetime.fromisoformat(keys.text(value))
        return utc_text(moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))
    except (ValueError, OverflowError) as error:
        message = "The time must be ISO 8601, such as 2020-05-05T15:20:32Z."
        raise keys.InvalidValueError(message) from error


def _date(value: str) -> str:
    try:
        if not _DATE.fullmatch(value := value.strip()):
            raise ValueError  # noqa: TRY301 the other ISO 8601 spellings are not the contract's
        return dt.date.fromisoformat(value).isoformat()
    except ValueError as error:
        message = "The date must be a day of the calendar, such as 2020-05-05."
        raise keys.InvalidValueError(message) from error


def _notes(value: str) -> str:
    return keys.text(value, length=keys.NOTES_LENGTH, notes=True)


def _attribute_name(value: str) -> str:
    if ":" in (value := keys.name(value)):
        message = "The text must not hold a colon."
        raise keys.InvalidValueError(message)
    return value


def _uuid(value: str) -> str:
    try:
        return str(UUID(value.strip()))
    except ValueError as error:
        message = "The value must be the id of a profile."
        raise keys.InvalidValueError(message) from error


Text = Annotated[str, AfterValidator(keys.text)]
Notes = Annotated[str, AfterValidator(_notes)]
Name = Annotated[str, BeforeValidator(_number_as_text), AfterValidator(keys.name)]
AttributeName = Annotated[str, BeforeValidator(_number_as_text), AfterValidator(_attribute_name)]
NumberedText = Annotated[str, BeforeValidator(_number_as_text), AfterValidator(keys.text)]
Size = Annotated[str, BeforeValidator(_size_as_text), AfterValidator(keys.text)]
Email = Annotated[str, AfterValidator(keys.email), WithJsonSchema({"type": "string", "format": "email"})]
Phone = Annotated[str, AfterValidator(_phone)]
Url = Annotated[str, AfterValidator(_url), WithJsonSchema({"type": "string", "format": "uri"})]
Currency = Annotated[str, AfterValidator(_currency)]
Time = Annotated[str, AfterValidator(_time), WithJsonSchema({"type": "string", "format": "date-time"})]
Date = Annotated[str, AfterValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
TagHandle = Annotated[str, AfterValidator(keys.tag)]
ProfileId = Annotated[str, AfterValidator(_uuid), WithJsonSchema({"type": "string", "format": "uuid"})]
RowId = whole_number(1, 2**63 - 1)
EmptyListAsObject = BeforeValidator(_empty_list_as_object)
