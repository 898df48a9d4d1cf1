"""The desk for people: profiles, tags, possible duplicates, the ledger, and who may use the hub."""

from profiles.admin import access, duplicates, ledger, profiles, reference, tags

__all__ = ["access", "duplicates", "ledger", "profiles", "reference", "tags"]
