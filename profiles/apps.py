"""The people the hub knows, and whom a record means."""

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    """Profiles: models, matching, writing, the ledger and the API about them."""

    name = "profiles"
    verbose_name = "Profiles"

    def ready(self) -> None:
        """Tell lists of the fields that are no columns: asking for one of them must not be passed over either."""
        from profiles import shape  # noqa: PLC0415 once all is set up
        from profiles.http import narrowing  # noqa: PLC0415 likewise
        from profiles.schema import RECORD_FIELDS  # noqa: PLC0415 likewise

        narrowing.learn(RECORD_FIELDS, shape.COMMS_MEMBERS, shape.APPEARANCE_MEMBERS)
