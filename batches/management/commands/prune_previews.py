"""Remove what old previews have shown."""

from typing import Any

from django.core.management.base import BaseCommand

from batches.previewing import prune_previews


class Command(BaseCommand):
    """Make room: previews that are too old to be confirmed need not be kept. Safe to run at any time."""

    help = (
        "Remove what previews have shown that are older than PREVIEW_DAYS. The previews themselves stay, as expired, "
        "and so do those whose run has not ended. Run it every night."
    )

    def handle(self, **options: Any) -> None:
        """Remove it, and say of how many."""
        count = prune_previews()
        self.stdout.write(f"{count:,} preview{'' if count == 1 else 's'} expired.")
