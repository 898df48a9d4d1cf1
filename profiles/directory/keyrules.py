"""Reading what the hub's operators have laid down about keys: beside another question, or by itself (rules 1.13)."""

from functools import lru_cache

import orjson
from django.db import connection
from django.db.models.expressions import RawSQL

from profiles.db.families import whole_table
from profiles.keyrules import Blocked, BlockedEntry, KeyRules
from profiles.models import BlockedValue, IdentityLimit


def key_rule_texts() -> tuple[RawSQL, RawSQL]:
    """Return the expressions by which another question brings along what `key_rules_of` reads."""
    return (
        whole_table(BlockedValue, ("kind", "handle", "exact", "pattern"), where="is_active"),
        whole_table(IdentityLimit, ("handle", "most")),
    )


@lru_cache(maxsize=2)  # by what the tables say now: nothing here can be out of date
def key_rules_of(blocked: str | None, limits: str | None) -> KeyRules:
    """Return the rules that the texts tell of; the same texts are not read twice."""
    entries = (BlockedEntry(*row) for row in orjson.loads(blocked or "[]"))
    return KeyRules(Blocked(entries), dict(orjson.loads(limits or "[]")))


def load_key_rules() -> KeyRules:
    """Return the rules as they are now, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(text.sql for text in key_rule_texts())}")
        return key_rules_of(*cursor.fetchone())
