"""The document of one customer record (contract sections 7.5 and 9 to 16)."""

from typing import TYPE_CHECKING, Annotated, Any, Final, Required

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict  # pydantic cannot use that of typing before Python 3.12

from profiles import shape
from profiles.schema.types import (
    AttributeName,
    Currency,
    Date,
    Email,
    EmptyListAsObject,
    Name,
    Notes,
    NumberedText,
    Phone,
    ProfileId,
    RowId,
    Size,
    TagHandle,
    Text,
    Time,
    Url,
    one_of,
    whole_number,
)
from profiles.values import AttributeType, Gender, ProfileType, Verification

MAX_IDENTITIES: Final = 100
MAX_ATTRIBUTES: Final = 100
MAX_ADDRESSES: Final = 50
MAX_DATES: Final = 50
MAX_LINKS: Final = 50
MAX_TAGS: Final = 200
MAX_REFERRALS: Final = 50  # of statuses, regions and organisations, each


class IdentityEntry(TypedDict, total=False):
    """Another system's name for the person (contract section 9)."""

    handle: Required[Name]
    identifier: Required[Name]
    is_active: bool


class AddressEntry(TypedDict, total=False):
    """A full postal address (contract section 13); the lines are needed where the address is new."""

    external_id: Name | None
    is_default: bool
    company: Text | None
    address_line_1: Name
    address_line_2: Text | None
    address_line_3: Text | None
    city: Name
    postcode: Name
    state: Text | None
    country: Annotated[Name, Field(description="ISO 3166 code or English name.")]
    notes: Notes | None
    meta: Any
    iso: Text | None
    iso_state: Text | None


class CustomAttributeEntry(TypedDict, total=False):
    """A named, typed value (contract section 10)."""

    namespace: Required[AttributeName]
    handle: Required[AttributeName]
    type: Required[one_of(AttributeType)]  # type: ignore[valid-type]
    value: Any


class DateLinkEntry(TypedDict, total=False):
    """Another profile that a date concerns (contract section 12)."""

    profile_id: Required[ProfileId]
    relationship: Text | None
    role: Text | None


class DateEntry(TypedDict, total=False):
    """A day that matters (contract section 12); `date` and `name` are needed where it is new."""

    handle: Required[Name]
    relationship: Text | None
    date: Date
    name: Name
    is_recurring: bool
    recurring_schedule: Text | None
    role: Text | None
    description: Notes | None
    note: Notes | None
    meta: Any
    links: Annotated[list[DateLinkEntry], Field(max_length=MAX_LINKS)] | None


class RegionEntry(TypedDict, total=False):
    """A region the person belongs to, by id or handle (contract section 14)."""

    region_id: RowId
    handle: Name
    country: Text | None
    state: Text | None
    is_active: bool


class OrganisationEntry(TypedDict, total=False):
    """An organisation the person is a member of (contract section 15)."""

    id: Required[RowId]
    role_definition_id: RowId | None
    expires_at: Time | None
    is_active: bool


def _comms_type(name: str) -> Any:  # noqa: ANN401 an annotation, not a value
    if name in shape.VERIFICATION_MEMBERS:
        return one_of(Verification) | None
    if name == "terms_accepted_version":
        return NumberedText | None
    if name == "terms_accepted_at" or name in shape.CONSENT_TIMES:
        return Time | None
    return bool | None


if TYPE_CHECKING:

    class CommsEntry(TypedDict, total=False):
        """What the person agreed to be sent (contract section 11)."""

    class AppearanceEntry(TypedDict, total=False):
        """Looks, sizes and measurements (contract section 11)."""

else:
    CommsEntry = TypedDict("CommsEntry", {name: _comms_type(name) for name in shape.COMMS_MEMBERS}, total=False)
    CommsEntry.__doc__ = "What the person agreed to be sent (contract section 11)."
    AppearanceEntry = TypedDict("AppearanceEntry", dict.fromkeys(shape.APPEARANCE_MEMBERS, Size | None), total=False)
    AppearanceEntry.__doc__ = "Looks, sizes and measurements (contract section 11)."


class AttributesEntry(TypedDict, total=False):
    """The `attributes` of a record: consent once more, and appearance."""

    comms: Annotated[CommsEntry, EmptyListAsObject] | None
    appearance: Annotated[AppearanceEntry, EmptyListAsObject] | None


class Record(TypedDict, total=False):
    """One customer record: everything is optional, what is absent stays as it is."""

    reference: Annotated[Name | None, Field(description="The sender's own name for the record; kept and echoed.")]
    email: Email
    title: Text | None
    first_name: Text
    last_name: Text
    gender: one_of(Gender) | None  # type: ignore[valid-type]
    currency: Currency | None
    profile_type: one_of(ProfileType)  # type: ignore[valid-type]
    joined_at: Time | None
    mobile_phone: Phone | None
    secondary_phone: Phone | None
    birth_day: whole_number(1, 31) | None  # type: ignore[valid-type]
    birth_month: whole_number(1, 12) | None  # type: ignore[valid-type]
    birth_year: whole_number(1000, 9999) | None  # type: ignore[valid-type]
    company: Text | None
    occupation: Text | None
    avatar_url: Url | None
    joined_location_id: RowId | None
    joined_location_external_id: Name
    joined_location_external_code: Name
    preferred_location_id: RowId | None
    preferred_location_external_id: Name | None
    preferred_location_external_code: Name | None
    tags: Annotated[list[TagHandle], Field(max_length=MAX_TAGS)] | None
    identities: Annotated[list[IdentityEntry], Field(max_length=MAX_IDENTITIES)] | None
    custom_attributes: Annotated[list[CustomAttributeEntry], Field(max_length=MAX_ATTRIBUTES)] | None
    dates_attributes: Annotated[list[DateEntry], Field(max_length=MAX_DATES)] | None
    statuses: Annotated[list[Name], Field(max_length=MAX_REFERRALS)] | None
    addresses: Annotated[list[AddressEntry], Field(max_length=MAX_ADDRESSES)] | None
    comms_attributes: Annotated[CommsEntry, EmptyListAsObject] | None
    region_id: RowId
    region: Name
    region_country: Text | None
    region_state: Text | None
    regions: Annotated[list[RegionEntry], Field(max_length=MAX_REFERRALS)] | None
    organisations: Annotated[list[OrganisationEntry], Field(max_length=MAX_REFERRALS)] | None
    attributes: Annotated[AttributesEntry, EmptyListAsObject] | None


RECORD_FIELDS: Final = frozenset(Record.__annotations__)
RECORD: Final = TypeAdapter(Record)
"""Checks records; what comes out is a plain dict of what was sent, in normal form."""
