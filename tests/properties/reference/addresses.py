"""Which address is meant, and what becomes of it."""

from collections.abc import Mapping
from typing import Any

from profiles.countries import country_code
from profiles.shape import ADDRESS_LINES, COLLECTIONS
from profiles.values import ErrorCode, ProfileDraft, WarningCode
from tests.properties.reference.people import Person
from tests.properties.reference.told import Told


def set_addresses(person: Person, draft: ProfileDraft, told: Told) -> None:
    """Find each address by its external_id, and after those the others by text, else add it; keep one default."""
    rows = person.rows["addresses"]
    sent = draft.collections.get("addresses", {})
    known = [row["external_id"] for row in rows.values() if row["external_id"] is not None]
    not_default = {}
    for place_key in sorted(sent, key=lambda one: sent[one].get("external_id") not in known):
        pointer = draft.places["addresses", place_key]
        key, new = address_after(rows, sent[place_key])
        for part in ("address_line_1", "city", "country"):
            if new[part] is None:
                told.refuse(ErrorCode.INVALID, f"{pointer}/{part}")
        if new["postcode"] == "" and new["country"] in {"AU", "NZ"}:
            told.refuse(ErrorCode.INVALID, f"{pointer}/postcode")
        is_default = not rows or rows.get(key, {}).get("is_default") is True
        if is_default and sent[place_key].get("is_default") is False:
            not_default[key] = pointer
        if sent[place_key].get("is_default"):
            is_default = True
            for row in rows.values():
                row["is_default"] = False
        rows[key] = {**new, "is_default": is_default}
    for key, pointer in not_default.items():
        if rows[key]["is_default"]:
            told.warn(WarningCode.DEFAULT_ADDRESS_KEPT, f"{pointer}/is_default")


def address_after(
    rows: Mapping[tuple[str, ...], dict[str, Any]], sent: Mapping[str, Any]
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return which address is meant and what becomes of it."""
    name = sent.get("external_id")
    for key, row in rows.items():
        if name is not None and row["external_id"] == name:
            return key, {**row, **sent}
    alike = [key for key, row in rows.items() if address_text(row) == address_text(sent)]
    nameless = [key for key in alike if rows[key]["external_id"] is None]
    if nameless and name is not None:
        return min(nameless), {**rows[min(nameless)], **sent}
    if alike and name is None:
        key = min(nameless or alike)
        kept = {part: value for part, value in sent.items() if part not in {*ADDRESS_LINES, "external_id"}}
        code = country_code(rows[key]["country"])
        return key, {**rows[key], **kept, "country": rows[key]["country"] if code is None else code}
    return (str(len(rows)),), {**dict.fromkeys(COLLECTIONS["addresses"].fields), "postcode": "", **sent}


def address_text(row: Mapping[str, Any]) -> list[str]:
    """Return the lines as they are compared, the country by its code."""
    lines = [" ".join((row.get(name) or "").split()).lower() for name in ADDRESS_LINES[:-1]]
    country = row.get("country") or ""
    return [*lines, country_code(country) or country.lower()]
