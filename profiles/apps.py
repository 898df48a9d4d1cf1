"""The people the hub knows, and whom a record means."""

import importlib

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    """Profiles: models, matching, writing, the ledger and the API about them."""

    name = "profiles"
    verbose_name = "Profiles"

    def ready(self) -> None:
        """Let the OpenAPI document read the schema's own models."""
        importlib.import_module("drf_spectacular.contrib.pydantic")
