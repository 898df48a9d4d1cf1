"""The desk for people: profiles, tags, who may be one or several, the ledger, what is no key, who may use the hub."""

from profiles.admin import access, alarms, duplicates, keyrules, ledger, profiles, reference, tags

__all__ = ["access", "alarms", "duplicates", "keyrules", "ledger", "profiles", "reference", "tags"]
