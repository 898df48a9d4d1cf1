"""The reference data that records name, and what their names mean."""

from profiles.values import ErrorCode, ProfileDraft, ReferenceName, WarningCode
from tests.properties.reference.told import Told
from tests.properties.reference.world import World

# The reference data of `profiles.reference_data.example_data`, as far as records name it.
REGIONS = ("new-south-wales", "victoria", "north-island")
STATUSES = {"gold": 365, "silver": 365, "trial": 30}  # days, where the years are not leap years
# Id -> handle, as the database has them; filled by the fixture that loads the reference data.
ORGANISATIONS: dict[int, str] = {}
ROLES: dict[int, str] = {}
LOCATIONS: dict[int, dict[str, str]] = {}
"""Id -> what else the location is named by, its id among it."""


def look_up(draft: ProfileDraft, told: Told, world: World) -> None:
    """Tell of everything the record names that is not there, or that it names twice."""
    alone = [*draft.locations.values(), *([] if draft.default_region is None else [draft.default_region])]
    for name, referrals in [*draft.referrals.items(), ("", tuple(alone))]:
        seen = set()
        for one in referrals:
            meanings: list[object] = []
            for reference, pointer in one.names:
                meaning = meaning_of(reference, world)
                if meaning is None and reference.kind == "status":
                    told.warn(WarningCode.UNKNOWN_STATUS, pointer)
                elif meaning is None:
                    told.errors.add((ErrorCode.UNKNOWN_REFERENCE.value, pointer))
                elif name in {"regions", "organisations", "date_links"} and (one.key, meaning) in seen:
                    told.warn(WarningCode.DUPLICATE_ENTRY, one.pointer)
                elif meanings and meaning != meanings[0]:
                    told.errors.add((ErrorCode.CONFLICT.value, pointer))
                if meaning is not None:
                    meanings.append(meaning)
                    seen.add((one.key, meaning))


def meaning_of(name: ReferenceName, world: World) -> object:
    """Return what the name means, `None` where it means nothing."""
    if name.kind == "status":
        return name.value if name.value in STATUSES else None
    if name.kind == "region":
        return name.value if name.value in REGIONS else None
    if name.kind == "location":
        return location_of(name)
    if name.kind == "profile":
        return world.by_id(name.value)
    return {"organisation": ORGANISATIONS, "role": ROLES}[name.kind].get(int(name.value))


def location_of(name: ReferenceName) -> int | None:
    """Return the id of the location that the name means."""
    return next((id_ for id_, names in LOCATIONS.items() if names[name.by] == name.value), None)
