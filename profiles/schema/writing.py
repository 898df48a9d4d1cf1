"""Profiles as records: what is stored, said in the words in which it would be sent (way 1.9).

A record made here, sent to the hub that it comes from, changes nothing. Pure: a snapshot with all its collections in,
records out.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from profiles import shape
from profiles.criteria import EMAIL, Criteria
from profiles.reconcile.rows import is_held
from profiles.values import ProfileSnapshot, ProfileType, Row, RowKey

Record = dict[str, Any]


class LeftOut(StrEnum):
    """Why a profile, or a part of it, is in no record."""

    NO_MATCH_VALUE = "no_match_value"
    """It has nothing to be matched by."""
    DELETED = "deleted"
    """A record does not restore what was deleted."""
    EXPIRED_STATUS = "expired_status"
    """One of its statuses has run out and would begin anew: none of them is told."""
    TOO_MANY = "too_many"
    """It has more tags or statuses than a record may name; they are replaced as sets, so that none of them is told."""


@dataclass(frozen=True, slots=True)
class ReferenceIds:
    """The ids by which a record names what the ledger names by handle."""

    organisations: Mapping[str, int] = field(default_factory=dict)
    roles: Mapping[str, int] = field(default_factory=dict)


_NO_IDS: Final = ReferenceIds()


@dataclass(frozen=True, slots=True)
class Told:
    """A profile as records: one, or several where it has more than one of them may say."""

    records: Sequence[Record]
    left_out: Sequence[LeftOut] = ()


def tell(profile: ProfileSnapshot, *, criteria: Criteria, ids: ReferenceIds, now: dt.datetime) -> Told:
    """Return the profile as records that mean it by the criteria, or why there is none."""
    if profile.fields["profile_type"] == ProfileType.DELETED:
        return Told((), (LeftOut.DELETED,))
    meaning = _meaning(profile, criteria)
    if meaning is None:
        return Told((), (LeftOut.NO_MATCH_VALUE,))
    record = _fields(profile) | meaning
    left_out = []
    for name, why in _sets(profile, record, now=now):
        del record[name]
        left_out.append(why)
    records = [record]
    for name, entries in _ENTRIES.items():
        said = meaning.get(name, [])
        rest = [entry for entry in entries(profile, ids) if entry not in said]
        most = _MOST[name] - len(said)
        for number, start in enumerate(range(0, len(rest), most)):
            if number == len(records):
                records.append(dict(meaning))
            records[number][name] = [*said, *rest[start : start + most]]
    return Told(tuple(records), tuple(left_out))


def _meaning(profile: ProfileSnapshot, criteria: Criteria) -> Record | None:
    """Return what each record says to mean the profile: its email, or one of its identities."""
    for criterion in criteria:
        if criterion == EMAIL:
            if (email := profile.fields["email"]) is not None:
                return {"email": email}
        else:
            for entry in _identities(profile, _NO_IDS):
                if entry["handle"] == criterion:
                    return {"identities": [entry]}
    return None


# --- Fields ------------------------------------------------------------------------------------------------------

_UNTOLD: Final = frozenset({"merged_into", "ended"})


def _fields(profile: ProfileSnapshot) -> Record:
    """Return the fields that have a value, and the default region; what is null in a new profile need not be said."""
    record: Record = {}
    comms: dict[str, Any] = {}
    appearance: dict[str, Any] = {}
    for name, value in profile.fields.items():
        if value is None or name in _UNTOLD:
            continue
        if name.startswith("comms/"):
            comms[name.removeprefix("comms/")] = value
        elif name.startswith("appearance/"):
            appearance[name.removeprefix("appearance/")] = value
        else:
            record[name] = value
    if comms:
        record["comms_attributes"] = comms
    if appearance:
        record["attributes"] = {"appearance": appearance}
    for (handle,), row in profile.collections["regions"].items():
        if row["is_default"]:
            record["region"] = handle
    return record


def _sets(profile: ProfileSnapshot, record: Record, *, now: dt.datetime) -> Iterator[tuple[str, LeftOut]]:
    """Put tags and statuses into the record, which replaces them as sets; yield those that cannot be told."""
    tags, statuses = profile.collections["tags"], profile.collections["statuses"]
    if tags:
        record["tags"] = [tag for (tag,) in tags]
    if statuses:
        record["statuses"] = [status for (status,) in statuses]
    if len(tags) > shape.TAGS.most:
        yield "tags", LeftOut.TOO_MANY
    if len(statuses) > shape.STATUSES.most:
        yield "statuses", LeftOut.TOO_MANY
    elif not all(is_held(row, now=now) for row in statuses.values()):
        yield "statuses", LeftOut.EXPIRED_STATUS


# --- Rows --------------------------------------------------------------------------------------------------------


def _filled(row: Row, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names if row[name] is not None}


def _identities(profile: ProfileSnapshot, ids: ReferenceIds) -> Iterator[Record]:
    for (handle, identifier), row in profile.collections["identities"].items():
        yield {"handle": handle, "identifier": identifier, "is_active": row["is_active"]}


def _addresses(profile: ProfileSnapshot, ids: ReferenceIds) -> Iterator[Record]:
    """Yield the default one first: the first address that somebody gets becomes the default."""
    rows = profile.collections["addresses"].values()
    for row in sorted(rows, key=lambda row: not row["is_default"]):
        yield _filled(row, *(name for name in shape.ADDRESSES.fields if name != "is_default"))


def _custom_attributes(profile: ProfileSnapshot, ids: ReferenceIds) -> Iterator[Record]:
    for (namespace, handle), row in profile.collections["custom_attributes"].items():
        yield {"namespace": namespace, "handle": handle, **row}


def _dates(profile: ProfileSnapshot, ids: ReferenceIds) -> Iterator[Record]:
    links: dict[RowKey, list[Record]] = {}
    for (handle, relationship, linked), row in profile.collections["date_links"].items():
        told = {"profile_id": linked, "relationship": row["link_relationship"], "role": row["link_role"]}
        links.setdefault((handle, relationship), []).append(told)
    for (handle, relationship), row in profile.collections["dates"].items():
        date: Record = {"handle": handle, **_filled(row, *shape.DATES.fields)}
        if relationship:
            date["relationship"] = relationship
        if (handle, relationship) in links:
            date["links"] = links[handle, relationship]
        yield date


def _regions(profile: ProfileSnapshot, ids: ReferenceIds) -> Iterator[Record]:
    for (handle,), row in profile.collections["regions"].items():
        yield {"handle": handle, **_filled(row, "country", "state", "is_active")}


def _organisations(profile: ProfileSnapshot, ids: ReferenceIds) -> Iterator[Record]:
    for (handle,), row in profile.collections["organisations"].items():
        told: Record = {"id": ids.organisations[handle], **_filled(row, "expires_at", "is_active")}
        if row["role"] is not None:
            told["role_definition_id"] = ids.roles[row["role"]]
        yield told


_ENTRIES: Final = {
    "identities": _identities,
    "addresses": _addresses,
    "custom_attributes": _custom_attributes,
    "dates_attributes": _dates,
    "regions": _regions,
    "organisations": _organisations,
}
"""By their names in a record; entries are added to what is stored, so that they may stand in several records."""
_MOST: Final = {
    "identities": shape.IDENTITIES.most,
    "addresses": shape.ADDRESSES.most,
    "custom_attributes": shape.CUSTOM_ATTRIBUTES.most,
    "dates_attributes": shape.DATES.most,
    "regions": shape.REGIONS.most,
    "organisations": shape.ORGANISATIONS.most,
}
