"""Export rejected records to a file, to be corrected and imported again."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from batches.correcting import rejected_texts
from batches.database import trouble
from batches.files import Line, RejectFile, RejectFileError
from batches.importing import reason_of
from batches.models import Batch, BatchRecord
from profiles.management.arguments import FAILED, find_id
from profiles.values import OutcomeKind

SOME_GONE = 1


class Command(BaseCommand):
    """Write the rejected records of batches as they came, each with why."""

    help = (
        "Write the rejected records of a batch, an import or a label to FILE as JSON Lines, each as it came, with why "
        "it was rejected; corrected, the file is imported like any other. Exit code: 0 all, 1 some are not kept "
        "any more, 2 failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare whose rejected records, and where they go."""
        parser.add_argument("file", metavar="FILE", type=Path, help="A new file.")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--batch", metavar="ID", help="Those of one batch.")
        what.add_argument("--label", help="Those of all batches with this label, such as those of one file.")
        what.add_argument("--import", dest="of_import", metavar="ID", help="Those of one import.")

    def handle(self, *, file: Path, **options: Any) -> None:
        """Write them and say how many they were."""
        try:
            rejects = RejectFile(file)
            gone = sum(_write(batch, rejects) for batch in _batches(options))
            rejects.close()
        except RejectFileError as error:
            raise CommandError(str(error), returncode=FAILED) from error
        except Error as error:
            if (told := trouble(error)) is None:
                raise
            raise CommandError(told, returncode=FAILED) from error
        if not rejects.count:
            self.stdout.write(f"No rejected record is kept; {file} was not written.")
        else:
            records = f"{rejects.count:,} {'record' if rejects.count == 1 else 'records'}"
            self.stdout.write(f"{file}: {records}, to be corrected and imported again.")
        if gone:
            bodies = f"{gone:,} {'record is' if gone == 1 else 'records are'} not among them"
            raise CommandError(f"{bodies}: what was received is no longer kept.", returncode=SOME_GONE)


def _batches(options: dict[str, Any]) -> list[Batch]:
    """Return the batches in the order received; raises `CommandError` where there are none. Queries."""
    batches = Batch.objects.filter(dry_run=False).defer("record_digests").order_by("received_at", "id")
    if options["batch"] is not None:
        batches = batches.filter(id=find_id(options["batch"]))
    elif options["of_import"] is not None:
        batches = batches.filter(part_of=find_id(options["of_import"]))
    else:
        batches = batches.filter(label=options["label"])
    if not (found := list(batches)):
        raise CommandError("There is no such batch.", returncode=FAILED)
    return found


def _write(batch: Batch, rejects: RejectFile) -> int:
    """Write a batch's rejected records, and return how many are not kept; queries."""
    rows = BatchRecord.objects.filter(batch=batch, outcome=OutcomeKind.REJECTED).order_by("position")
    reasons = list(rows.values_list("position", "errors"))
    texts = rejected_texts(batch.pk) if reasons else []
    for (position, errors), text in zip(reasons, texts, strict=False):
        rejects.write(Line(position, text.encode()), [reason_of(error) for error in errors])
    return len(reasons) - len(texts)
