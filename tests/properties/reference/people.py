"""One person, as plain values."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from profiles import keys
from profiles.keys import MatchKey
from profiles.shape import COLLECTIONS

OTHER_COLLECTIONS = tuple(name for name in COLLECTIONS if name not in {"identities", "tags"})


def id_of(label: int) -> UUID:
    """Return the id under which the person of that number is stored, if they are there before all batches."""
    return UUID(int=(0x0190_0000_0000_7000_8000 << 48) + label)


@dataclass
class Person:
    """One profile. People are numbered in the order of their ids, the stored ones first."""

    label: int
    fields: dict[str, Any]
    identities: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    rows: dict[str, dict[tuple[str, ...], dict[str, Any]]] = field(
        default_factory=lambda: {name: {} for name in OTHER_COLLECTIONS}
    )
    """The other collections; addresses are numbered in the order of their making."""
    merged_into: int | None = None
    version: int = 0
    times: dict[str, str] = field(default_factory=dict)
    """When flags of consent are taken to have been decided, by field."""
    source_times: dict[str, dict[str, str]] = field(default_factory=dict)
    """When each source last spoke about what it speaks about, by its own clock."""
    is_stored: bool = False
    """Whether they were there before all batches: records can name these by id."""

    def holds(self, key: MatchKey) -> bool:
        """Whether the key is on this very person, merged or not."""
        if key.kind == "email":
            email = self.fields["email"]
            return email is not None and keys.email_key(email) == key.value
        if key.kind == "mobile":
            return bool(self.fields["mobile_phone"] == key.value)
        return (key.handle, key.value) in self.identities
