"""Paths of the API about profiles, below /api/v3/."""

from django.urls import path

from profiles.api import merges, once
from profiles.api.addresses import AddressUpsert, OneAddress, ProfileAddresses
from profiles.api.attributed import AttributedProfiles
from profiles.api.attributes import (
    Appearance,
    Attributes,
    Comms,
    CustomAttributes,
    Dates,
    OlderComms,
    OneCustomAttribute,
    OneDate,
)
from profiles.api.identities import OneIdentity, OneIdentityById, ProfileIdentities
from profiles.api.lookups import (
    IdentityList,
    IdentityProfiles,
    IdentitySearch,
    ProfileAvailability,
    ProfileExists,
    ProfileSearch,
)
from profiles.api.merges import ProfileMerges
from profiles.api.regions import OneRegion, OneRegionDefinition, ProfileRegions, Regions
from profiles.api.sync import ProfileResync, ProfileSync
from profiles.api.views import ProfileChanges, ProfileHistory
from profiles.api.writes import OneProfile, Profiles, ProfileTypeUpdate
from profiles.http.errors import add_answers

add_answers({**merges.ANSWERS, **once.ANSWERS})

urlpatterns = [
    path("profiles", Profiles.as_view(), name="profiles"),
    path("profiles/merge", ProfileMerges.as_view(), name="merge-profiles"),
    path("profiles/sync", ProfileSync.as_view(), name="sync-profiles"),
    path("profiles/<str:profile_id>/resync", ProfileResync.as_view(), name="resync-profile"),
    path("profiles/search-id", ProfileSearch.as_view(), name="search-profile-id"),
    path("profiles/exists", ProfileExists.as_view(), name="profile-exists"),
    path("profiles/availability", ProfileAvailability.as_view(), name="profile-availability"),
    path("profiles/attributes/custom", AttributedProfiles.as_view(), name="attributed-profiles"),
    path("regions", Regions.as_view(), name="regions"),
    path("regions/<str:region_id>", OneRegionDefinition.as_view(), name="region"),
    path("identities", IdentityList.as_view(), name="identities"),
    path("identities/search", IdentitySearch.as_view(), name="identity-search"),
    path("identities/search-profile/<str:identifier>", IdentityProfiles.as_view(), name="identity-profiles"),
    path("profiles/<str:profile_id>/update-type", ProfileTypeUpdate.as_view(), name="profile-type"),
    path("profiles/<str:profile_id>", OneProfile.as_view(), name="profile"),
    path("profiles/<str:profile_id>/identities", ProfileIdentities.as_view(), name="profile-identities"),
    path("profiles/<str:profile_id>/identities/id/<str:which>", OneIdentityById.as_view(), name="profile-identity-id"),
    path("profiles/<str:profile_id>/identities/<str:which>", OneIdentity.as_view(), name="profile-identity"),
    path("profiles/<str:profile_id>/addresses", ProfileAddresses.as_view(), name="profile-addresses"),
    path("profiles/<str:profile_id>/addresses/upsert", AddressUpsert.as_view(), name="profile-address-upsert"),
    path("profiles/<str:profile_id>/addresses/<str:address_id>", OneAddress.as_view(), name="profile-address"),
    path("profiles/<str:profile_id>/attributes", Attributes.as_view(), name="profile-attributes"),
    path("profiles/<str:profile_id>/attributes/comms", Comms.as_view(), name="profile-comms"),
    path("profiles/<str:profile_id>/comms", OlderComms.as_view(), name="profile-comms-older"),
    path("profiles/<str:profile_id>/attributes/appearance", Appearance.as_view(), name="profile-appearance"),
    path("profiles/<str:profile_id>/attributes/dates", Dates.as_view(), name="profile-dates"),
    path("profiles/<str:profile_id>/attributes/dates/<str:date_id>", OneDate.as_view(), name="profile-date"),
    path("profiles/<str:profile_id>/attributes/custom", CustomAttributes.as_view(), name="profile-custom-attributes"),
    path(
        "profiles/<str:profile_id>/attributes/custom/<str:namespace>:<str:handle>",
        OneCustomAttribute.as_view(),
        name="profile-custom-attribute",
    ),
    path("profiles/<str:profile_id>/regions", ProfileRegions.as_view(), name="profile-regions"),
    path("profiles/<str:profile_id>/regions/<str:region_id>", OneRegion.as_view(), name="profile-region"),
    path("profiles/<str:profile_id>/history", ProfileHistory.as_view(), name="profile-history"),
    path("profiles/<str:profile_id>/changes", ProfileChanges.as_view(), name="profile-changes"),
]
