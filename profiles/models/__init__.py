"""What the hub stores about people; one file per subject."""

from collections.abc import Mapping
from typing import Final

from django.db.models import Model

from profiles import shape
from profiles.models.access import ApiToken, User
from profiles.models.address import Address
from profiles.models.alarms import OvermergeAlarm
from profiles.models.attributes import CustomAttribute
from profiles.models.dates import DateLink, ImportantDate
from profiles.models.duplicates import DuplicateCandidate
from profiles.models.identity import Identity
from profiles.models.keyrules import BlockedValue, IdentityLimit
from profiles.models.ledger import ProfileChange
from profiles.models.locations import Location
from profiles.models.names import MiddleName
from profiles.models.once import SentWrite
from profiles.models.organisations import Organisation, OrganisationMembership, RoleDefinition
from profiles.models.profile import Profile
from profiles.models.regions import Country, ProfileRegion, Region
from profiles.models.statuses import ProfileStatus, Status
from profiles.models.sync import SyncRequest
from profiles.models.tags import ProfileTag, Tag

COLLECTION_MODELS: Final[Mapping[str, type[Model]]] = {
    shape.IDENTITIES.name: Identity,
    shape.TAGS.name: ProfileTag,
    shape.STATUSES.name: ProfileStatus,
    shape.ADDRESSES.name: Address,
    shape.CUSTOM_ATTRIBUTES.name: CustomAttribute,
    shape.DATES.name: ImportantDate,
    shape.DATE_LINKS.name: DateLink,
    shape.REGIONS.name: ProfileRegion,
    shape.ORGANISATIONS.name: OrganisationMembership,
}
"""Where each collection of a profile is stored."""

__all__ = [
    "COLLECTION_MODELS",
    "Address",
    "ApiToken",
    "BlockedValue",
    "Country",
    "CustomAttribute",
    "DateLink",
    "DuplicateCandidate",
    "Identity",
    "IdentityLimit",
    "ImportantDate",
    "Location",
    "MiddleName",
    "Organisation",
    "OrganisationMembership",
    "OvermergeAlarm",
    "Profile",
    "ProfileChange",
    "ProfileRegion",
    "ProfileStatus",
    "ProfileTag",
    "Region",
    "RoleDefinition",
    "SentWrite",
    "Status",
    "SyncRequest",
    "Tag",
    "User",
]
