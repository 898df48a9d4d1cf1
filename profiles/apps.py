"""The people the hub knows, and whom a record means."""

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    """Profiles: models, matching, writing, the ledger and the API about them."""

    name = "profiles"
    verbose_name = "Profiles"
