"""Finding whose row holds which key, all keys in one query."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db import connection

from profiles.db import engine, lookups
from profiles.keys import MatchKey, email_match_key, identity_match_key, mobile_match_key
from profiles.models import Identity, Profile
from profiles.values import ProfileSnapshot

_PROFILE: Final = Profile._meta.db_table
_IDENTITY: Final = Identity._meta.db_table
# Keeps the look-up of each key by itself, in an index, whatever the planner believes about the tables.
_ALONE: Final = "OFFSET 0"
_FIND: Final = engine.Statement(
    postgresql=f"""
        SELECT 'email', k.email, '', p.id, p.version, p.merged_into_id FROM unnest(%s::text[]) AS k(email)
        CROSS JOIN LATERAL (SELECT * FROM {_PROFILE} WHERE email_key = k.email {_ALONE}) p
        UNION ALL
        SELECT 'mobile', k.number, '', p.id, p.version, p.merged_into_id FROM unnest(%s::text[]) AS k(number)
        CROSS JOIN LATERAL (SELECT * FROM {_PROFILE} WHERE mobile_phone = k.number {_ALONE}) p
        UNION ALL
        SELECT 'identity', k.identifier, k.handle, p.id, p.version, p.merged_into_id
        FROM unnest(%s::text[], %s::text[]) AS k(handle, identifier)
        CROSS JOIN LATERAL (
            SELECT profile_id FROM {_IDENTITY} WHERE handle = k.handle AND identifier = k.identifier {_ALONE}
        ) i
        CROSS JOIN LATERAL (SELECT * FROM {_PROFILE} WHERE id = i.profile_id {_ALONE}) p
        UNION ALL
        SELECT '', '', '', p.id, p.version, p.merged_into_id FROM {_PROFILE} p WHERE p.id = ANY(%s::uuid[])
    """,
    sqlite=f"""
        SELECT 'email', email_key, '', id, version, merged_into_id FROM {_PROFILE}
        WHERE email_key IN (SELECT value FROM json_each(%s))
        UNION ALL
        SELECT 'mobile', mobile_phone, '', id, version, merged_into_id FROM {_PROFILE}
        WHERE mobile_phone IN (SELECT value FROM json_each(%s))
        UNION ALL
        SELECT 'identity', i.identifier, i.handle, p.id, p.version, p.merged_into_id
        FROM json_each(%s) AS k CROSS JOIN {_IDENTITY} i
        ON i.handle = json_extract(k.value, '$[0]') AND i.identifier = json_extract(k.value, '$[1]')
        CROSS JOIN {_PROFILE} p ON p.id = i.profile_id
        UNION ALL
        SELECT '', '', '', id, version, merged_into_id FROM {_PROFILE} WHERE id IN (SELECT value FROM json_each(%s))
    """,
)


@dataclass(slots=True)
class Found:
    """Who stands behind some keys and ids at one moment."""

    holders: dict[MatchKey, UUID] = field(default_factory=dict)
    survivors: dict[UUID, UUID] = field(default_factory=dict)
    versions: dict[UUID, int] = field(default_factory=dict)
    """Of the holders and the ids asked for, not of survivors."""

    @property
    def behind(self) -> set[UUID]:
        """Everybody who is to be locked, survivors of merged profiles among them."""
        return {*self.holders.values(), *self.survivors.keys(), *self.survivors.values()}

    def still_holds(self, profiles: Mapping[UUID, ProfileSnapshot]) -> bool:
        """Whether profiles read later are those of this moment; of merged ones, which are not read, nobody knows."""
        return not self.survivors and all(
            profile_id in profiles and profiles[profile_id].version == version
            for profile_id, version in self.versions.items()
        )


def find_holders(keys: Iterable[MatchKey], ids: Iterable[UUID]) -> Found:
    """Return whose row holds each key, and which of those (and of `ids`) live on in another profile."""
    emails, mobiles, handles, identifiers = [], [], [], []
    for key in keys:
        if key.kind == "email":
            emails.append(key.value)
        elif key.kind == "mobile":
            mobiles.append(key.value)
        else:
            handles.append(key.handle)
            identifiers.append(key.value)
    params = [
        *lookups.parameters(emails),
        *lookups.parameters(mobiles),
        *lookups.parameters(handles, identifiers),
        *lookups.parameters([lookups.stored_id(one) for one in ids]),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_FIND.text, params)
        rows = cursor.fetchall()
    found = Found()
    for kind, value, handle, profile_id, version, merged_into_id in rows:
        holder = _loaded_id(profile_id)
        found.versions[holder] = version
        if kind == "email":
            found.holders[email_match_key(value)] = holder
        elif kind == "mobile":
            found.holders[mobile_match_key(value)] = holder
        elif kind == "identity":
            found.holders[identity_match_key(handle, value)] = holder
        if merged_into_id is not None:
            found.survivors[holder] = _loaded_id(merged_into_id)
    return found


def find_merged(survivors: Iterable[UUID]) -> set[UUID]:
    """Return the ids of the profiles that were merged into these; queries."""
    merged = Profile.objects.filter(merged_into__among=list(survivors))
    return set(merged.values_list("id", flat=True))


def _loaded_id(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
