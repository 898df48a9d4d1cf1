"""How the pages' style sheets, scripts and fonts are named."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class CollectedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise comes without types
    """Names files by their content, for ever cached; by their own names where they have not been collected.

    Django itself would answer every page with 500 there.
    """

    def stored_name(self, name: str) -> str:
        """Return the name that the file is reached by."""
        try:
            return str(super().stored_name(name))
        except ValueError:  # it is not in the list of what has been collected, or there is none
            return name
