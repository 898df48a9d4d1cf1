"""Send records again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from batches.intake import QueueFullError
from batches.models import Batch
from batches.resending import ResendingError, failed_positions, resend
from batches.values import BatchSource
from profiles.db.ids import read_id


class Command(BaseCommand):
    """Let rejected records be processed once more, as they were received."""

    help = (
        "Send records of a batch again, as they were received, each as a batch of one: those the hub itself failed "
        "at (code internal), or the rejected ones at the positions named. What became of them first stays on record."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the batch and the positions."""
        parser.add_argument("batch", metavar="BATCH", help="The batch's id.")
        parser.add_argument(
            "positions", metavar="POSITION", type=int, nargs="*", help="Index in the batch's profiles, from 0."
        )

    def handle(self, *, batch: str, positions: list[int], **options: Any) -> None:
        """Send them and say which batches they are now."""
        batch_id = read_id(batch)
        if batch_id is None:
            raise CommandError(f"{batch} is not the id of a batch.")
        found = Batch.objects.select_related("submitted_by").filter(id=batch_id).first()
        if found is None:
            raise CommandError(f"There is no batch {batch}.")
        positions = sorted(set(positions)) or failed_positions(found)
        if not positions:
            self.stdout.write("The hub failed at none of its records, or they have been sent again.")
            return
        try:
            for position, receipt in resend(found, positions, source=BatchSource.COMMAND):
                self.stdout.write(f"record {position}: batch {receipt.batch_id}")
        except (ResendingError, QueueFullError) as error:
            raise CommandError(str(error)) from error
