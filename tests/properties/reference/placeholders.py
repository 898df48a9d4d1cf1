"""What stands for nobody, told character by character on the record as it was sent (rules 1.13 and 2.10)."""

import unicodedata
from typing import Any

PASSED_OVER = set("+-.()/'\"=")


def without_placeholders(record: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the record without its placeholders, and where they stood; an identity leaves a blank behind."""
    left = dict(record)
    pointers = []
    if is_nobodys_email(record.get("email")):
        del left["email"]
        pointers.append("/email")
    for name in ("mobile_phone", "secondary_phone"):
        if is_placeholder(record.get(name)):
            del left[name]
            pointers.append(f"/{name}")
    if isinstance(record.get("identities"), list) and len(record["identities"]) <= 100:
        left["identities"] = list(record["identities"])
        for place, entry in enumerate(record["identities"]):
            if isinstance(entry, dict) and is_placeholder(entry.get("identifier")):
                left["identities"][place] = None
                pointers.append(f"/identities/{place}")
    return left, pointers


def is_placeholder(value: object) -> bool:
    """Whether what is left of the text without signs and blanks is one digit, often, or 1234567890."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return False
    digits = [c for c in str(value) if c not in PASSED_OVER and not c.isspace() and unicodedata.category(c) != "Cf"]
    if not all(c.isdecimal() for c in digits):
        return False
    read = [unicodedata.decimal(c) for c in digits]
    return read == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0] or (len(read) >= 7 and len(set(read)) == 1)


def is_nobodys_email(value: object) -> bool:
    """Whether there is one sign in the text, and what stands before it is a word that people write for want of one."""
    if not isinstance(value, str) or value.count("@") != 1:
        return False
    return value[: value.index("@")].strip().lower() in {"noemail", "test"}
