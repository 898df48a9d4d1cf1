"""The people the hub knows."""

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    """People, how they are matched and written, and who may ask about them."""

    name = "profiles"
    verbose_name = "Profiles"
