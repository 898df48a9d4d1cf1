"""The document of one customer record (rules 8)."""

from collections.abc import Mapping
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
    Entry,
    Identifier,
    Name,
    Notes,
    Nullable,
    Phone,
    Postcode,
    ProfileId,
    RowId,
    StatusHandle,
    TagHandle,
    Text,
    Time,
    Truth,
    Url,
    one_of,
    whole_number,
)
from profiles.values import AttributeType, Gender, ProfileType, Verification

MOST_ENTRIES: Final = {
    "identities": shape.IDENTITIES.most,
    "custom_attributes": shape.CUSTOM_ATTRIBUTES.most,
    "addresses": shape.ADDRESSES.most,
    "dates_attributes": shape.DATES.most,
    "links": shape.LINKS_OF_DATE,
    "tags": shape.TAGS.most,
    "statuses": shape.STATUSES.most,
    "regions": shape.REGIONS.most,
    "organisations": shape.ORGANISATIONS.most,
}


_BLOCKED: Final = "a blocked value is left out with the warning blocked_value."


def at_most(name: str) -> Any:
    """Return the bound of the list of that name."""
    return Field(max_length=MOST_ENTRIES[name])


class IdentityEntry(TypedDict, total=False):
    """Another system's name for the person (rules 8.2)."""

    handle: Required[Name]
    identifier: Required[Annotated[Identifier, Field(description=f"The value there; {_BLOCKED}")]]
    is_active: Truth


class AddressEntry(TypedDict, total=False):
    """A full postal address (rules 8.3); the lines are needed where the address is new."""

    external_id: Nullable[Name]
    is_default: Truth
    company: Nullable[Text]
    address_line_1: Text
    address_line_2: Nullable[Text]
    address_line_3: Nullable[Text]
    city: Text
    postcode: Postcode
    state: Nullable[Text]
    country: Annotated[Text, Field(description="ISO 3166 code or English name.")]
    notes: Nullable[Notes]
    meta: Any
    iso: Nullable[Text]
    iso_state: Nullable[Text]


class CustomAttributeEntry(TypedDict, total=False):
    """A named, typed value (rules 8.4)."""

    namespace: Required[AttributeName]
    handle: Required[AttributeName]
    type: Required[one_of(AttributeType)]  # type: ignore[valid-type]
    value: Any


class DateLinkEntry(TypedDict, total=False):
    """Another profile that a date concerns (rules 8.5)."""

    profile_id: Required[ProfileId]
    relationship: Nullable[Text]
    role: Nullable[Text]


class DateEntry(TypedDict, total=False):
    """A day that matters (rules 8.5); `date` and `name` are needed where it is new."""

    handle: Required[Name]
    relationship: Nullable[Text]
    date: Date
    name: Text
    is_recurring: Truth
    recurring_schedule: Nullable[Text]
    role: Nullable[Text]
    description: Nullable[Notes]
    note: Nullable[Notes]
    meta: Any
    links: Nullable[Annotated[list[Entry[DateLinkEntry]], at_most("links")]]


class RegionEntry(TypedDict, total=False):
    """A region the person belongs to, by id or handle (rules 8.8)."""

    region_id: Nullable[RowId]
    handle: Nullable[Name]
    country: Nullable[Text]
    state: Nullable[Text]
    is_active: Truth


class OrganisationEntry(TypedDict, total=False):
    """An organisation the person is a member of (rules 8.9)."""

    id: Required[RowId]
    role_definition_id: Nullable[RowId]
    expires_at: Nullable[Time]
    is_active: Truth


if TYPE_CHECKING:

    class CommsEntry(TypedDict, total=False):
        """What the person agreed to be sent (rules 8.6)."""

    class AppearanceEntry(TypedDict, total=False):
        """Looks, sizes and measurements (rules 8.7)."""

else:

    def _comms_type(name: str) -> Any:
        if name in shape.VERIFICATION_MEMBERS:
            return Nullable[one_of(Verification)]
        if name == "terms_accepted_version":
            return Nullable[Text]
        if name == "terms_accepted_at" or name in shape.CONSENT_TIMES:
            return Nullable[Time]
        return Nullable[Truth]

    CommsEntry = TypedDict("CommsEntry", {name: _comms_type(name) for name in shape.COMMS_MEMBERS}, total=False)
    CommsEntry.__doc__ = "What the person agreed to be sent (rules 8.6)."
    _LOOKS = dict.fromkeys(shape.APPEARANCE_MEMBERS, Nullable[Text])
    AppearanceEntry = TypedDict("AppearanceEntry", _LOOKS, total=False)
    AppearanceEntry.__doc__ = "Looks, sizes and measurements (rules 8.7)."


class AttributesEntry(TypedDict, total=False):
    """The `attributes` of a record: consent once more, and appearance."""

    comms: Nullable[Annotated[CommsEntry, EmptyListAsObject]]
    appearance: Nullable[Annotated[AppearanceEntry, EmptyListAsObject]]


class Record(TypedDict, total=False):
    """One customer record: everything is optional, what is absent stays as it is."""

    reference: Annotated[Nullable[Name], Field(description="The sender's own name for the record; kept and echoed.")]
    source_updated_at: Annotated[
        Nullable[Time],
        Field(
            description="When the record was as it is in the sender's system: what the same sender has said of later "
            "already stays (the hub's own extension)."
        ),
    ]
    email: Annotated[Email, Field(description=f"One who gets it; {_BLOCKED}")]
    title: Nullable[Text]
    first_name: Text
    last_name: Text
    gender: Nullable[one_of(Gender)]  # type: ignore[valid-type]
    currency: Nullable[Currency]
    profile_type: one_of(ProfileType)  # type: ignore[valid-type]
    joined_at: Nullable[Time]
    mobile_phone: Annotated[Nullable[Phone], Field(description=f"One person's; {_BLOCKED}")]
    secondary_phone: Nullable[Phone]
    birth_day: Nullable[whole_number(1, 31)]  # type: ignore[valid-type]
    birth_month: Nullable[whole_number(1, 12)]  # type: ignore[valid-type]
    birth_year: Nullable[whole_number(1000, 9999)]  # type: ignore[valid-type]
    company: Nullable[Text]
    occupation: Nullable[Text]
    avatar_url: Nullable[Url]
    joined_location_id: Nullable[RowId]
    joined_location_external_id: Name
    joined_location_external_code: Name
    preferred_location_id: Nullable[RowId]
    preferred_location_external_id: Nullable[Name]
    preferred_location_external_code: Nullable[Name]
    tags: Nullable[Annotated[list[TagHandle], at_most("tags")]]
    identities: Nullable[Annotated[list[Entry[IdentityEntry]], at_most("identities")]]
    custom_attributes: Nullable[Annotated[list[Entry[CustomAttributeEntry]], at_most("custom_attributes")]]
    dates_attributes: Nullable[Annotated[list[Entry[DateEntry]], at_most("dates_attributes")]]
    statuses: Nullable[Annotated[list[StatusHandle], at_most("statuses")]]
    addresses: Nullable[Annotated[list[Entry[AddressEntry]], at_most("addresses")]]
    comms_attributes: Nullable[Annotated[CommsEntry, EmptyListAsObject]]
    region_id: RowId
    region: Name
    region_country: Nullable[Text]
    region_state: Nullable[Text]
    regions: Nullable[Annotated[list[Entry[RegionEntry]], at_most("regions")]]
    organisations: Nullable[Annotated[list[Entry[OrganisationEntry]], at_most("organisations")]]
    attributes: Nullable[Annotated[AttributesEntry, EmptyListAsObject]]


RECORD_FIELDS: Final = frozenset(Record.__annotations__)
RECORD: Final = TypeAdapter(Record)
"""Checks records; what comes out is a plain dict of what was sent, in normal form."""

ENTRIES: Final[Mapping[str, TypeAdapter[Any]]] = {
    "identities": TypeAdapter(IdentityEntry),
    "addresses": TypeAdapter(AddressEntry),
    "custom_attributes": TypeAdapter(CustomAttributeEntry),
    "dates_attributes": TypeAdapter(DateEntry),
    "regions": TypeAdapter(RegionEntry),
    "organisations": TypeAdapter(OrganisationEntry),
}
"""Check one entry by itself, by the name of its collection in a record; tags and statuses are replaced as sets."""

MEMBERS: Final[Mapping[str, frozenset[str]]] = {
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
"""What the objects within a record may have."""
