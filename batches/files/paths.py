"""Paths: where in a record the cells of a column go.

A path is written with dots: `first_name`, `comms_attributes.email_promo`, `identities.HANDLE`,
`addresses[NAME].city`, `dates[HANDLE].date`, `custom_attributes.NAMESPACE.HANDLE:TYPE`, or `birth_date` for a day that
becomes three fields. Names are compared without case, blanks and underscores; handles are as written. Every path that
is accepted here makes a record the schema knows.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from profiles import keys, shape
from profiles.schema import MEMBERS, RECORD_FIELDS
from profiles.values import AttributeType

_NESTED: Final = frozenset({
    "identities", "custom_attributes", "dates_attributes", "addresses", "comms_attributes", "regions", "organisations",
    "attributes",
})  # fmt: skip
_LISTS: Final = frozenset({"tags", "statuses"})
_TRUTH_MEMBERS: Final = frozenset({*shape.CONSENT_MEMBERS, *shape.CATEGORY_MEMBERS})
_ENTRY: Final = re.compile(r"(addresses|dates(?:_?attributes)?)\[([^\[\]]*)\]\.(.+)", re.IGNORECASE | re.DOTALL)
# A date's links, and free JSON, come by JSON Lines.
_ENTRY_MEMBERS: Final[Mapping[str, frozenset[str]]] = {
    "addresses": MEMBERS["addresses"] - {"meta"},
    "dates_attributes": MEMBERS["dates_attributes"] - {"meta", "links", "handle"},
}


class Reading(StrEnum):
    """How the cells of a column are read."""

    TEXT = "text"
    LIST = "list"
    TRUTH = "truth"
    MEASURE = "measure"
    NUMBER = "number"
    JSON = "json"
    DATE = "date"
    TIME = "time"
    BIRTHDAY = "birthday"
    PHONE = "phone"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class Column:
    """Where the cells of one column go, and how they are read."""

    path: tuple[str, ...]
    """Names of members, from the record inwards; of an entry of a list from that inwards."""
    reading: Reading = Reading.TEXT
    collection: str = ""
    """The list whose entry it belongs to."""
    key: tuple[tuple[str, str], ...] = ()
    """Members that tell the entry from others of its list."""
    entry: str = ""
    """What the entry is called in paths."""

    @property
    def is_plain(self) -> bool:
        """Whether a cell is the value of the record's own field, as it stands; most are, and are read quickly."""
        return self.reading is Reading.TEXT and len(self.path) == 1 and not self.collection

    @property
    def name(self) -> str:
        """The path in full."""
        return f"{self.entry}.{'.'.join(self.path)}" if self.path and self.entry else self.entry or ".".join(self.path)


def folded(name: str) -> str:
    """Return a name as it is compared."""
    return re.sub(r"[\s_]+", "", name).lower()


def _reading(name: str) -> Reading:
    if name in _LISTS:
        return Reading.LIST
    if name in _TRUTH_MEMBERS or name.startswith("is_"):
        return Reading.TRUTH
    if name.endswith("_phone"):
        return Reading.PHONE
    if name == "date":
        return Reading.DATE
    return Reading.TIME if name.endswith("_at") else Reading.TEXT


def _known_columns() -> Iterator[tuple[str, Column]]:
    for name in RECORD_FIELDS - _NESTED:
        yield name, Column((name,), _reading(name))
    yield "birth_date", Column(("birth_date",), Reading.BIRTHDAY)
    for name in shape.COMMS_MEMBERS:
        for path in (("comms_attributes", name), ("attributes", "comms", name)):
            yield ".".join(path), Column(path, _reading(name))
        yield name, Column(("comms_attributes", name), _reading(name))
    for name in shape.APPEARANCE_MEMBERS:
        yield f"attributes.appearance.{name}", Column(("attributes", "appearance", name), Reading.MEASURE)


KNOWN: Final[Mapping[str, Column]] = {folded(name): column for name, column in _known_columns()}
"""The columns with fixed names, by their folded names."""


def column_of(path: str) -> Column | None:
    """Return where the path leads; `None` where it is none."""
    path = path.strip()
    if (entry := _ENTRY.fullmatch(path)) is not None:
        return _column_of_entry(*entry.groups())
    head, dot, rest = path.partition(".")
    try:
        if dot and folded(head) == "identities":
            handle = keys.name(rest)
            return Column((), Reading.IDENTIFIER, "identities", (("handle", handle),), f"identities.{handle}")
        if dot and folded(head) == "customattributes":
            return _column_of_attribute(rest)
    except keys.InvalidValueError:
        return None
    return KNOWN.get(folded(path))


def _column_of_entry(head: str, name: str, member: str) -> Column | None:
    collection = "addresses" if head.lower() == "addresses" else "dates_attributes"
    try:
        name = keys.name(name)
    except keys.InvalidValueError:
        return None
    members = {folded(one): one for one in _ENTRY_MEMBERS[collection]}
    if (found := members.get(folded(member))) is None:
        return None
    key = "external_id" if collection == "addresses" else "handle"
    return Column((found,), _reading(found), collection, ((key, name),), f"{head.lower()}[{name}]")


def _column_of_attribute(rest: str) -> Column | None:
    names, _, kind = rest.rpartition(":") if ":" in rest else (rest, "", "string")
    namespace, dot, handle = names.partition(".")
    if not dot or ":" in namespace or kind not in [*AttributeType]:
        return None
    readings = {
        AttributeType.STRING: Reading.TEXT,
        AttributeType.BOOLEAN: Reading.TRUTH,
        AttributeType.INTEGER: Reading.NUMBER,
        AttributeType.FLOAT: Reading.NUMBER,
    }
    key = (("namespace", keys.name(namespace)), ("handle", keys.name(handle)), ("type", kind))
    entry = f"custom_attributes.{namespace}.{handle}:{kind}"
    return Column((), readings.get(AttributeType(kind), Reading.JSON), "custom_attributes", key, entry)
