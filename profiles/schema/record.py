"""The document of one customer record (contract sections 7.5 and 9 to 16)."""

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, create_model

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


class Entry(BaseModel):
    """An object of a record; everything not required may be absent."""

    model_config = ConfigDict(strict=True, extra="ignore", protected_namespaces=())


class IdentityEntry(Entry):
    """Another system's name for the person (contract section 9)."""

    handle: Name
    identifier: Name
    is_active: bool = True


class AddressEntry(Entry):
    """A full postal address (contract section 13); the lines are needed where the address is new."""

    external_id: Name | None = None
    is_default: bool = False
    company: Text | None = None
    address_line_1: Name = ""
    address_line_2: Text | None = None
    address_line_3: Text | None = None
    city: Name = ""
    postcode: Name = ""
    state: Text | None = None
    country: Name = Field("", description="ISO 3166 code or English name.")
    notes: Notes | None = None
    meta: Any = None
    iso: Text | None = None
    iso_state: Text | None = None


class CustomAttributeEntry(Entry):
    """A named, typed value (contract section 10)."""

    namespace: AttributeName
    handle: AttributeName
    type: one_of(AttributeType)  # type: ignore[valid-type]
    value: Any = None


class DateLinkEntry(Entry):
    """Another profile that a date concerns (contract section 12)."""

    profile_id: ProfileId
    relationship: Text | None = None
    role: Text | None = None


class DateEntry(Entry):
    """A day that matters (contract section 12); `date` and `name` are needed where it is new."""

    handle: Name
    relationship: Text | None = None
    date: Date = ""
    name: Name = ""
    is_recurring: bool = False
    recurring_schedule: Text | None = None
    role: Text | None = None
    description: Notes | None = None
    note: Notes | None = None
    meta: Any = None
    links: Annotated[list[DateLinkEntry], Field(max_length=MAX_LINKS)] | None = None


class RegionEntry(Entry):
    """A region the person belongs to, by id or handle (contract section 14)."""

    region_id: RowId = 0
    handle: Name = ""
    country: Text | None = None
    state: Text | None = None
    is_active: bool = True


class OrganisationEntry(Entry):
    """An organisation the person is a member of (contract section 15)."""

    id: RowId
    role_definition_id: RowId | None = None
    expires_at: Time | None = None
    is_active: bool = True


def _comms_type(name: str) -> Any:  # noqa: ANN401 an annotation, not a value
    if name in shape.VERIFICATION_MEMBERS:
        return one_of(Verification) | None
    if name == "terms_accepted_version":
        return NumberedText | None
    if name == "terms_accepted_at" or name in shape.CONSENT_TIMES:
        return Time | None
    return bool | None


if TYPE_CHECKING:

    class CommsEntry(Entry):
        """What the person agreed to be sent (contract section 11)."""

    class AppearanceEntry(Entry):
        """Looks, sizes and measurements (contract section 11)."""

else:
    CommsEntry = create_model(
        "CommsEntry",
        __base__=Entry,
        __doc__="What the person agreed to be sent (contract section 11).",
        **{name: (_comms_type(name), None) for name in shape.COMMS_MEMBERS},
    )
    AppearanceEntry = create_model(
        "AppearanceEntry",
        __base__=Entry,
        __doc__="Looks, sizes and measurements (contract section 11).",
        **dict.fromkeys(shape.APPEARANCE_MEMBERS, (Size | None, None)),
    )


class AttributesEntry(Entry):
    """The `attributes` of a record: consent once more, and appearance."""

    comms: Annotated[CommsEntry, EmptyListAsObject] | None = None
    appearance: Annotated[AppearanceEntry, EmptyListAsObject] | None = None


class Record(Entry):
    """One customer record: everything is optional, what is absent stays as it is."""

    reference: Name | None = Field(None, description="The sender's own name for the record; kept and echoed.")
    email: Email = ""
    title: Text | None = None
    first_name: Text = ""
    last_name: Text = ""
    gender: one_of(Gender) | None = None  # type: ignore[valid-type]
    currency: Currency | None = None
    profile_type: one_of(ProfileType) = ProfileType.ACTIVE.value  # type: ignore[valid-type]
    joined_at: Time | None = None
    mobile_phone: Phone | None = None
    secondary_phone: Phone | None = None
    birth_day: whole_number(1, 31) | None = None  # type: ignore[valid-type]
    birth_month: whole_number(1, 12) | None = None  # type: ignore[valid-type]
    birth_year: whole_number(1000, 9999) | None = None  # type: ignore[valid-type]
    company: Text | None = None
    occupation: Text | None = None
    avatar_url: Url | None = None
    joined_location_id: RowId | None = None
    joined_location_external_id: Name = ""
    joined_location_external_code: Name = ""
    preferred_location_id: RowId | None = None
    preferred_location_external_id: Name | None = None
    preferred_location_external_code: Name | None = None
    tags: Annotated[list[TagHandle], Field(max_length=MAX_TAGS)] | None = None
    identities: Annotated[list[IdentityEntry], Field(max_length=MAX_IDENTITIES)] | None = None
    custom_attributes: Annotated[list[CustomAttributeEntry], Field(max_length=MAX_ATTRIBUTES)] | None = None
    dates_attributes: Annotated[list[DateEntry], Field(max_length=MAX_DATES)] | None = None
    statuses: Annotated[list[Name], Field(max_length=MAX_REFERRALS)] | None = None
    addresses: Annotated[list[AddressEntry], Field(max_length=MAX_ADDRESSES)] | None = None
    comms_attributes: Annotated[CommsEntry, EmptyListAsObject] | None = None
    region_id: RowId = 0
    region: Name = ""
    region_country: Text | None = None
    region_state: Text | None = None
    regions: Annotated[list[RegionEntry], Field(max_length=MAX_REFERRALS)] | None = None
    organisations: Annotated[list[OrganisationEntry], Field(max_length=MAX_REFERRALS)] | None = None
    attributes: Annotated[AttributesEntry, EmptyListAsObject] | None = None
