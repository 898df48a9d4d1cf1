"""What a profile consists of: its fields and its collections, listed once.

Reading (`directory`), deciding (`reconcile`), writing (`writing`) and folding the ledger (`history`) all walk
these lists, so that a new field or collection has one place to be named.

A state holds JSON values only: text, integers, floats, booleans, null, lists and objects. Times are ISO 8601
text in UTC, dates ISO 8601 text, UUIDs text.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Collection:
    """A set of rows a profile carries, each with a natural key that names it in the ledger."""

    name: str
    key: tuple[str, ...]
    """Columns of the natural key; their values make the row's path: `/identities/pos/7`."""
    fields: tuple[str, ...]
    """Columns beside the key. None of them: the row is its key alone, and its path leads to `true`."""


PROFILE_FIELDS: Final = (
    "email",
    "title",
    "first_name",
    "last_name",
    "gender",
    "currency",
    "profile_type",
    "joined_at",
    "mobile_phone",
    "secondary_phone",
    "birth_day",
    "birth_month",
    "birth_year",
    "company",
    "occupation",
    "avatar_url",
)

IDENTITIES: Final = Collection("identities", ("handle", "identifier"), ("is_primary", "is_active", "merged_from"))
TAGS: Final = Collection("tags", ("tag",), ())

COLLECTIONS: Final = {collection.name: collection for collection in (IDENTITIES, TAGS)}


def utc_text(moment: dt.datetime) -> str:
    """Return a time as states and the ledger write it: `2020-05-05T15:20:32Z`, with microseconds if it has any."""
    return f"{moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat()}Z"
