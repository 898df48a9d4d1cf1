"""What becomes of identities, tags, custom attributes, and dates with their links."""

from profiles import keys
from profiles.keys import MatchKey
from profiles.shape import COLLECTIONS
from profiles.values import ErrorCode, ProfileDraft
from tests.properties.reference.people import Person
from tests.properties.reference.told import Told
from tests.properties.reference.world import World


def set_identities(person: Person, draft: ProfileDraft, aliases: set[MatchKey]) -> None:
    """Add the identities the person lacks; of the others set only whether they are active, if the record says."""
    for (handle, identifier), row in draft.collections.get("identities", {}).items():
        if keys.identity_match_key(handle, identifier) in aliases:
            continue
        fresh = {"is_primary": False, "is_active": True, "merged_from": None}
        person.identities[handle, identifier] = person.identities.get((handle, identifier), fresh) | dict(row)


def set_tags(person: Person, draft: ProfileDraft) -> None:
    """Replace the tags, if the record has any say about them."""
    if "tags" in draft.collections:
        person.tags = {tag for (tag,) in draft.collections["tags"]}


def set_custom_attributes(person: Person, draft: ProfileDraft, told: Told) -> None:
    """Set each by its name; a value that is not sent stays, if there is one and it fits."""
    rows = person.rows["custom_attributes"]
    for key, sent in draft.collections.get("custom_attributes", {}).items():
        pointer = draft.places["custom_attributes", key]
        if "value" in sent:
            rows[key] = dict(sent)
        elif key not in rows:
            told.refuse(ErrorCode.INVALID, f"{pointer}/value")
        elif sent["type"] == "string" and type(rows[key]["value"]) is int:
            rows[key] = {"type": "string", "value": str(rows[key]["value"])}
        elif rows[key]["type"] == sent["type"] or rows[key]["value"] is None:
            rows[key] = {"type": sent["type"], "value": rows[key]["value"]}
        elif sent["type"] == "integer" and str(rows[key]["value"]).isdigit():
            rows[key] = {"type": "integer", "value": int(rows[key]["value"])}
        else:
            told.refuse(ErrorCode.INVALID, f"{pointer}/type")


def set_dates(person: Person, draft: ProfileDraft, told: Told) -> None:
    """Set each by handle and relationship."""
    rows = person.rows["dates"]
    for key, sent in draft.collections.get("dates", {}).items():
        if key not in rows:
            for part in ("date", "name"):
                if part not in sent:
                    told.refuse(ErrorCode.INVALID, f"{draft.places['dates', key]}/{part}")
            rows[key] = {**dict.fromkeys(COLLECTIONS["dates"].fields), "is_recurring": False}
        rows[key] = {**rows[key], **sent}


def set_links(person: Person, draft: ProfileDraft, world: World) -> None:
    """Replace the links of each date that the record gives links for."""
    rows = person.rows["date_links"]
    for key in [key for key in rows if key[:2] in draft.replaced_links]:
        del rows[key]
    for one in draft.referrals.get("date_links", ()):
        linked = world.by_id(one.names[0][0].value)
        if linked is not None:
            rows[*one.key, linked] = {**rows.get((*one.key, linked), {}), **one.row}
