"""What a single write says: a profile as it is read, or parts of it, as a record (rules 12).

Pure: what was sent and the profile as it is read in, the record out.
"""

from collections.abc import Mapping
from typing import Any, Final

from profiles.attributes import type_of, typed_value
from profiles.keys import InvalidValueError

Document = Mapping[str, Any]
Types = Mapping[tuple[str, str], str]
"""The types of the profile's custom attributes, by namespace and handle."""

# What is told when a profile is read, and is nobody's to write.
_READ_ONLY: Final = frozenset(
    {
        *("id", "profile_id", "created_at", "updated_at", "is_primary", "merged_from", "latitude", "longitude"),
        *("attributes_date_id", "region_id_name"),
    }
)
_LISTS: Final = frozenset({"identities", "addresses", "regions", "organisations", "dates", "links"})


def record_of(sent: Document, current: Document, types: Types) -> dict[str, Any]:
    """Return as a record what was sent and is not as it is read: whoever sends back what they read changes nothing."""
    record = _changed(sent, current)
    for name in ("id", "created_at", "updated_at", "full_name", "external_id", "statuses_original", "address"):
        record.pop(name, None)
    attributes = record.get("attributes")
    if isinstance(attributes, dict) and (dates := attributes.pop("dates", None)) is not None:
        record.setdefault("dates_attributes", dates)
    if isinstance(custom := record.get("custom_attributes"), dict):
        record["custom_attributes"] = [
            {
                "namespace": namespace,
                "handle": handle,
                "type": _type(types.get((namespace, handle)), value),
                "value": value,
            }
            for namespace, values in custom.items()
            if isinstance(values, dict)
            for handle, value in values.items()
        ]
    if isinstance(region := record.get("region"), dict):
        record["region"] = region.get("handle")
    if isinstance(regions := record.get("regions"), list):
        record["regions"] = [region_entry(one) for one in regions]
    if isinstance(organisations := record.get("organisations"), list):
        record["organisations"] = [_organisation(one) for one in organisations]
    for name in ("identities", "addresses", "dates_attributes"):
        if isinstance(entries := record.get(name), list):
            record[name] = [written_entry(one) for one in entries]
    return record


def _changed(sent: Document, current: Document) -> dict[str, Any]:
    """Return the members that are not as they are read, and of lists the entries."""
    changed: dict[str, Any] = {}
    for name, value in sent.items():
        if name not in current:
            changed[name] = value
        elif value == current[name] and type(value) is type(current[name]):
            continue
        elif isinstance(value, dict) and isinstance(current[name], dict) and name != "region":
            changed[name] = _changed(value, current[name])
        elif name in _LISTS and isinstance(value, list) and isinstance(current[name], list):
            changed[name] = [entry for entry in value if entry not in current[name]]
        else:
            changed[name] = value
    return changed


def written_entry(entry: Any) -> Any:
    """Return an entry without what is only read; what is no object is the schema's to refuse."""
    if not isinstance(entry, dict):
        return entry
    return {
        name: [_link(one) for one in value] if name == "links" and isinstance(value, list) else value
        for name, value in entry.items()
        if name not in _READ_ONLY
    }


def _link(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    return {name: value for name, value in entry.items() if name in {"profile_id", "relationship", "role"}}


def region_entry(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    told = {name: value for name, value in entry.items() if name not in {*_READ_ONLY, "name"}}
    if "id" in entry and "region_id" not in entry:
        told["region_id"] = entry["id"]
    return told


def _organisation(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    told = {name: entry[name] for name in ("id", "role_definition_id", "expires_at", "is_active") if name in entry}
    if "role_definition" in entry and "role_definition_id" not in entry:
        role = entry["role_definition"]
        told["role_definition_id"] = role.get("id") if isinstance(role, dict) else role
    return told


def _type(stored: str | None, value: Any) -> str:
    """Return the type the attribute has if the value fits it, else the value's own."""
    if stored is not None:
        try:
            typed_value(stored, value)
        except InvalidValueError:
            pass
        else:
            return stored
    return type_of(value)
