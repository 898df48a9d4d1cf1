"""Try a batch again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from batches.leases import requeue
from batches.models import Batch
from profiles.db.ids import read_id


class Command(BaseCommand):
    """Let a batch that was set aside or cancelled wait again."""

    help = "Let a batch that was set aside or cancelled wait again. Records that have their outcome keep it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the batch."""
        parser.add_argument("batch", metavar="BATCH", help="The batch's id.")

    def handle(self, *, batch: str, **options: Any) -> None:
        """Requeue it, or say why not."""
        batch_id = read_id(batch)
        if batch_id is None:
            raise CommandError(f"{batch} is not the id of a batch.")
        if not requeue(batch_id):
            found = Batch.objects.filter(id=batch_id).first()
            raise CommandError(
                f"There is no batch {batch_id}."
                if found is None
                else f"Batch {batch_id} is {found.state}: only one that was set aside or cancelled can be requeued."
            )
        self.stdout.write(f"Batch {batch_id} is queued again.")
