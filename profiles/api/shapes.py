"""A profile as the contract shows it (rules 8.1)."""

import calendar
import datetime as dt
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import phonenumbers
from django.db.models import Model

from profiles import shape
from profiles.directory.ledgers import takers_of
from profiles.directory.wholes import WholeProfile, load_wholes
from profiles.history import without_origins
from profiles.http.wire import wire_time
from profiles.models import (
    Address,
    DateLink,
    Identity,
    ImportantDate,
    Location,
    OrganisationMembership,
    Profile,
    ProfileChange,
    ProfileRegion,
    ProfileStatus,
)
from profiles.reconcile.rows import is_held

# What the hub does not keep, but clients read.
_BALANCES: Final = (
    "reward_balance",
    "point_balance",
    "point_balance_dollars",
    "combined_balance_dollars",
    "benefit_balance",
    "credit_balance",
)


def profile_documents(profiles: Sequence[Profile], *, now: dt.datetime) -> list[dict[str, Any]]:
    """Return the profiles in the contract's read shape, as they are now; one query, however many."""
    return [_profile(whole, now=now) for whole in load_wholes([profile.pk for profile in profiles])]


def _times(row: Any) -> dict[str, str | None]:
    return {"created_at": wire_time(row.created_at), "updated_at": wire_time(row.updated_at)}


def _profile(whole: WholeProfile, *, now: dt.datetime) -> dict[str, Any]:
    profile = whole.profile
    addresses = [_address(row) for row in whole.addresses]
    regions = [(row.is_default, _region(row)) for row in whole.regions]
    statuses = sorted(whole.statuses, key=lambda row: (row.status.sort_order, row.status_id))
    attributes: dict[str, dict[str, Any]] = {}
    for row in whole.attributes:
        attributes.setdefault(row.namespace, {})[row.handle] = row.value
    return {
        "id": str(profile.id),
        "external_id": next((row.identifier for row in whole.identities if row.is_primary), None),
        **{name: getattr(profile, name) for name in shape.PLAIN_FIELDS},
        "full_name": profile.full_name,
        "joined_at": wire_time(profile.joined_at),
        **_phone_parts(profile.mobile_phone),
        **_birth_figures(profile, today=now.date()),
        "is_completed": profile.profile_type != "incomplete",
        "is_public": False,
        "joined_location": _location(profile.joined_location),
        "preferred_location": _location(profile.preferred_location),
        "joined_staff_id": None,
        "preferred_staff_id": None,
        "tier_handle": None,
        "tier": None,
        "identities": [identity_document(row) for row in whole.identities],
        "tags": sorted(row.tag_id for row in whole.tags),
        "statuses": [row.status_id for row in statuses if _is_held(row, now=now)],
        "statuses_original": [_status(row) for row in statuses],
        "attributes": {
            "comms": _comms(profile),
            "appearance": _appearance(profile),
            "dates": _dates(whole),
        },
        "custom_attributes": attributes,
        "address": next((address for address in addresses if address["is_default"]), None),
        "addresses": addresses,
        "region": next((region for is_default, region in regions if is_default), None),
        "regions": [region for _, region in regions],
        "organisations": [_organisation(row) for row in whole.memberships],
        "custom_fields": {},
        **dict.fromkeys(_BALANCES, 0),
        "created_by": None,
        **_times(profile),
    }


# --- What is worked out ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _phone_parts(number: str | None) -> dict[str, Any]:
    country = national = prefixed = None
    if number is not None:
        parsed = phonenumbers.parse(number)
        country = parsed.country_code
        national = phonenumbers.national_significant_number(parsed)
        written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
        prefixed = "".join(character for character in written if character.isdigit())
    return {
        "mobile_phone_country": country,
        "mobile_phone_national": national,
        "mobile_phone_national_prefix": prefixed,
        "mobile_phone_e164": number,
    }


def _birth_figures(profile: Profile, *, today: dt.date) -> dict[str, Any]:
    """Return the birth date where all of it is known, and the days to the next and since the last birthday."""
    day, month, year = profile.birth_day, profile.birth_month, profile.birth_year
    if day is None or month is None:
        return dict.fromkeys(("birth_date", "birth_days", "birth_days_past", "next_birthday"))
    coming = _birthday(today.year, month, day)
    if coming < today:
        coming = _birthday(today.year + 1, month, day)
    last = _birthday(today.year, month, day)
    if last > today:
        last = _birthday(today.year - 1, month, day)
    return {
        "birth_date": None if year is None else dt.date(year, month, day).isoformat(),
        "birth_days": (coming - today).days,
        "birth_days_past": (today - last).days,
        "next_birthday": coming.isoformat(),
    }


def _birthday(year: int, month: int, day: int) -> dt.date:
    """Return the birthday in a year: those of 29 February have theirs a day earlier in most."""
    return dt.date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _is_held(row: ProfileStatus, *, now: dt.datetime) -> bool:
    expires_at = None if row.expires_at is None else row.expires_at.isoformat()
    return is_held({"is_active": row.is_active, "expires_at": expires_at}, now=now)


# --- Its parts ------------------------------------------------------------------------------------------------------


def identity_document(row: Identity) -> dict[str, Any]:
    """Return an identity in the contract's read shape."""
    return {
        "id": row.pk,
        "handle": row.handle,
        "identifier": row.identifier,
        "is_primary": row.is_primary,
        "is_active": row.is_active,
        "profile_id": str(row.profile_id),
        "merged_from": None if row.merged_from is None else str(row.merged_from),
        **_times(row),
    }


def _address(row: Address) -> dict[str, Any]:
    return {
        "id": row.pk,
        **{name: getattr(row, name) for name in shape.ADDRESSES.fields},
        "latitude": None,
        "longitude": None,
        "name": None,
        "type": None,
        "phone": None,
        **_times(row),
    }


def _location(row: Location | None) -> dict[str, Any] | None:
    if row is None:
        return None
    names = ("name", "handle", "type", "description", "phone", "email", "timezone", "external_id", "external_code")
    flags = ("is_published", "is_permanently_closed", "country_iso_3")
    return {"id": row.pk, **{name: getattr(row, name) for name in (*names, *flags)}, **_times(row)}


def _region(row: ProfileRegion) -> dict[str, Any]:
    return {
        "id": row.region.pk,
        "name": row.region.name,
        "handle": row.region.handle,
        "country": row.country,
        "state": row.state,
        "is_active": row.is_active,
        **_times(row),
    }


def _status(row: ProfileStatus) -> dict[str, Any]:
    names = ("name", "handle", "sort_order", "description", "short_description", "colour", "icon", "image_url")
    terms = ("group_name", "group_handle", "period", "period_type")
    return {
        "id": row.status.pk,
        **_picked(row.status, *names, *terms),
        "absolute_expiry": wire_time(row.status.absolute_expiry),
        "expires_at": wire_time(row.expires_at),
        "is_active": row.is_active,
        **_times(row.status),
    }


def _organisation(row: OrganisationMembership) -> dict[str, Any]:
    role = row.role
    return {
        "id": row.organisation.pk,
        **_picked(row.organisation, "name", "handle", "type", "description", "short_description", "icon", "image_url"),
        "expires_at": wire_time(row.expires_at),
        "is_active": row.is_active,
        "role_definition": None if role is None else {"id": role.pk, **_picked(role, "name", "handle", "description")},
        **_times(row),
    }


def _comms(profile: Profile) -> dict[str, Any]:
    """Return every flag; null was never decided. `…_raw` says the same in numbers (rules 8.6)."""
    document: dict[str, Any] = {"profile_id": str(profile.id)}
    for name in (*shape.CONSENT_MEMBERS, *shape.CATEGORY_MEMBERS):
        value = profile.comms_categories.get(name) if name in shape.CATEGORY_MEMBERS else getattr(profile, name)
        document[name] = value
        document[f"{name}_raw"] = None if value is None else int(value)
    for name in shape.VERIFICATION_MEMBERS:
        document[name] = getattr(profile, name)
    for name in (*shape.CONSENT_TIMES, "terms_accepted_at"):
        document[name] = wire_time(getattr(profile, name))
    document["terms_accepted_version"] = profile.terms_accepted_version
    return document | _times(profile)


def _appearance(profile: Profile) -> dict[str, Any]:
    members = {name: profile.appearance.get(name) for name in shape.APPEARANCE_MEMBERS}
    return {"profile_id": str(profile.id), **members, **_times(profile)}


def _dates(whole: WholeProfile) -> list[dict[str, Any]]:
    links: dict[tuple[str, str], list[DateLink]] = {}
    for link in whole.date_links:
        links.setdefault((link.handle, link.relationship), []).append(link)
    return [_date(row, links.get((row.handle, row.relationship), [])) for row in whole.dates]


def _date(row: ImportantDate, links: Sequence[DateLink]) -> dict[str, Any]:
    return {
        "id": row.pk,
        "profile_id": str(row.profile_id),
        "date": row.date.isoformat(),
        "handle": row.handle,
        **_picked(row, "name", "is_recurring", "recurring_schedule", "role", "description", "note", "meta"),
        "relationship": row.relationship or None,
        "links": [
            {
                "id": link.pk,
                "attributes_date_id": row.pk,
                "profile_id": str(link.linked_profile_id),
                "relationship": link.link_relationship,
                "role": link.link_role,
                **_times(link),
            }
            for link in links
        ],
        **_times(row),
    }


def _picked(row: Model, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


# --- The ledger -----------------------------------------------------------------------------------------------------


def change_documents(changes: Sequence[ProfileChange]) -> list[dict[str, Any]]:
    """Return rows of profiles' ledgers: what changed, when, by what cause, and whether it is live; one query."""
    takers = takers_of({change.profile_id for change in changes})
    return [
        {
            "version": change.version,
            "action": change.action,
            "at": wire_time(change.at),
            "changes": without_origins(change.changes),
            "operation_id": None if change.operation_id is None else str(change.operation_id),
            "live": (change.profile_id, change.version) not in takers,
            "taken_back_by": takers.get((change.profile_id, change.version)),
            "takes_back": [] if change.reverts is None else change.reverts["versions"],
            "note": change.note or None,
            "cause": cause_document(change),
        }
        for change in changes
    ]


def cause_document(change: ProfileChange) -> dict[str, Any]:
    """Return what brought a change about."""
    return {
        "kind": change.cause_kind,
        "batch_id": None if change.batch_id is None else str(change.batch_id),
        "position": change.position,
        "actor_id": change.actor_id,
        "actor_label": change.actor_label,
        "request_id": change.request_id or None,
    }
