"""Import a file of customer records."""

import sys
import time
from collections import deque
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from batches.files import FileError, Slice, read_slices
from batches.intake import EnvelopeError, QueueFullError, submit_batch
from batches.models import Batch, BatchRecord
from batches.values import UNFINISHED, BatchSource, BatchState
from batches.worker import Helper, helping
from profiles.models import User
from profiles.values import OutcomeKind

SLICE_SIZE: Final = 500
# How many slices may wait: reading on would only fill the queue.
MOST_UNFINISHED: Final = 4
REJECTED_SHOWN: Final = 10
OUTCOMES: Final = ("created", "updated", "unchanged", "rejected")
SOME_REJECTED, FAILED = 1, 2


class Command(BaseCommand):
    """Import a JSON Lines or CSV file through the same door as the API."""

    help = (
        "Import records from a .jsonl, .ndjson or .csv file (also .gz) in batches of 500. CSV has a header of field "
        "names; identities.HANDLE columns hold identifiers, tags and statuses are lists separated by commas, an empty "
        "cell leaves the field alone. Exit code: 0 all well, 1 some records rejected, 2 failed."
    )
    # The checks would load the admin and the API, a third of the process: the web process has made them.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the file and how to match."""
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--match", required=True, metavar="email|HANDLE", help="What to find profiles by.")
        parser.add_argument("--label", default="", help="To find the batches by; the file's name unless told.")
        parser.add_argument("--user", metavar="NAME", help="On whose behalf.")

    def handle(self, *, file: Path, match: str, label: str, user: str | None, **options: Any) -> None:  # noqa: ANN401
        """Import the file and say what became of it."""
        del options
        owner = None
        if user is not None:
            owner = User.objects.filter(username=user).first()
            if owner is None:
                message = f"There is no user {user}."
                raise CommandError(message, returncode=FAILED)
        run = _Import(file=file, match=match, label=(label or file.name)[:255], owner=owner)
        try:
            with helping() as helper:
                run.run(helper)
        except FileError as error:
            where = f"{file}, line {error.line}" if error.line else str(file)
            taken = f" {run.taken:,} records before it were taken." if run.taken else " Nothing was taken."
            message = f"{where}: {error}{taken}"
            raise CommandError(message, returncode=FAILED) from error
        except EnvelopeError as error:
            message = " ".join(sentence for sentences in error.errors.values() for sentence in sentences)
            raise CommandError(message, returncode=FAILED) from error
        except KeyboardInterrupt as error:
            message = f"Interrupted. {run.taken:,} records were taken; those not decided yet stay queued."
            raise CommandError(message, returncode=FAILED) from error
        run.summarise(self.stdout)
        if run.stopped:
            message = f"{run.stopped} batches could not be processed; see the admin."
            raise CommandError(message, returncode=FAILED)
        if run.counts["rejected"]:
            sys.exit(SOME_REJECTED)


class _Import:
    """One file on its way."""

    def __init__(self, *, file: Path, match: str, label: str, owner: User | None) -> None:
        self.file = file
        self.match = match
        self.label = label
        self.owner = owner
        # A queue of its own: its slices are processed in order, and nobody else's batches wait for them.
        self.queue_key = f"import-{token_hex(8)}"
        self.taken = 0
        self.counts = dict.fromkeys(OUTCOMES, 0)
        self.stopped = 0
        self.waiting: deque[tuple[Batch, Slice]] = deque()
        self.rejected: list[tuple[int, str]] = []

    def run(self, helper: Helper) -> None:
        """Send slice after slice, never far ahead of what is decided."""
        columns = (TextColumn("{task.description}"), TextColumn("{task.fields[told]}"), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
            task = progress.add_task(self.file.name, total=None, told="")
            for part in read_slices(self.file, size=SLICE_SIZE):
                self._submit(part)
                while len(self.waiting) >= MOST_UNFINISHED:
                    self._collect(helper)
                    progress.update(task, told=self._told())
            while self.waiting:
                self._collect(helper)
                progress.update(task, told=self._told())

    def _submit(self, part: Slice) -> None:
        while True:
            try:
                receipt = submit_batch(
                    body=part.body(self.match),
                    source=BatchSource.IMPORT,
                    submitted_by=self.owner,
                    label=self.label,
                    queue_key=self.queue_key,
                )
            except QueueFullError as error:
                time.sleep(error.retry_after)
            else:
                break
        self.taken += receipt.total_count
        self.waiting.append((Batch(id=receipt.batch_id), part))

    def _collect(self, helper: Helper) -> None:
        """Wait until the oldest slice is decided, and count it."""
        batch, part = self.waiting[0]
        while True:
            batch.refresh_from_db()
            if batch.state not in UNFINISHED:
                break
            helper.pause()
        self.waiting.popleft()
        for name in OUTCOMES:
            self.counts[name] += getattr(batch, f"{name}_count")
        self.stopped += batch.state != BatchState.DONE
        if batch.rejected_count and len(self.rejected) < REJECTED_SHOWN:
            rows = BatchRecord.objects.filter(batch=batch, outcome=OutcomeKind.REJECTED).order_by("position")
            for row in rows[: REJECTED_SHOWN - len(self.rejected)]:
                error = row.errors[0]
                told = f"{error['pointer'] or 'the record'}: {error['message']} ({error['code']})"
                self.rejected.append((part.lines[row.position].number, told))

    def _told(self) -> str:
        return ", ".join(f"{count:,} {name}" for name, count in self.counts.items())

    def summarise(self, out: Any) -> None:  # noqa: ANN401 Django's output wrapper
        """Say what became of the file."""
        out.write(f"{self.file}: {self.taken:,} records: {self._told()}.")
        for number, told in self.rejected:
            out.write(f"  line {number}: {told}")
        if self.counts["rejected"] > len(self.rejected):
            out.write(
                f"  and {self.counts['rejected'] - len(self.rejected):,} more; find them by the label {self.label}."
            )
