"""Export profiles to a file of records."""

import contextlib
import datetime as dt
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils import timezone

from batches.database import trouble
from batches.exporting import STANDARD_OUTPUT, OutputError, Sink, Summary, write_records, writing_to
from batches.files import Column, UnknownColumnError, columns_asked
from profiles.exporting import LeftOut, Wanted, export_profiles
from profiles.keys import InvalidValueError, name
from profiles.management.arguments import CRITERIA, FAILED, read_match
from profiles.times import as_utc
from profiles.values import ProfileType

SECONDS_BETWEEN_LINES: Final = 10.0
REASONS: Final = {
    LeftOut.NO_MATCH_VALUE: "Left out, with nothing to be matched by: {}.",
    LeftOut.DELETED: "Left out, deleted: {}.",
    LeftOut.EXPIRED_STATUS: "Without their statuses, as one has expired and would begin anew: {}.",
    LeftOut.TOO_MANY: "Without their tags or statuses, as there are more than a record may name: {}.",
}


class Command(BaseCommand):
    """Export profiles as JSON Lines that can be imported again."""

    help = (
        "Export profiles as records in JSON Lines, or as a CSV, all as they are at one moment, to FILE (.gz and .zst "
        "are compressed) or to standard output. Importing the file again changes nothing; profiles merged into others "
        "are not in it, and who else is not is told. Exit code: 0 all well, 1 something was left out, 2 failed."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the file, and which profiles."""
        parser.add_argument("file", metavar="FILE", type=Path, nargs="?", default=STANDARD_OUTPUT)
        parser.add_argument(
            "--match",
            default="email",
            metavar=CRITERIA,
            help="What the records will be matched by when they are imported: email unless told.",
        )
        parser.add_argument(
            "--columns",
            metavar="PATH,PATH",
            help="Those of a CSV, such as email,identities.shop,addresses[default].city; the usual ones unless told.",
        )
        parser.add_argument("--csv", action="store_true", help="Write CSV, as a name that ends in .csv does too.")
        parser.add_argument("--since", metavar="TIME", help="Only what has changed since, such as 2026-01-31T15:20Z.")
        parser.add_argument(
            "--type",
            action="append",
            default=[],
            dest="types",
            metavar="TYPE",
            choices=[str(kind) for kind in ProfileType if kind is not ProfileType.DELETED],
            help="Only of this type; may be given several times.",
        )
        parser.add_argument(
            "--tag", action="append", default=[], dest="tags", help="Only who bears it; given twice, who bears both."
        )
        parser.add_argument(
            "--region", action="append", default=[], dest="regions", metavar="HANDLE", help="Only who belongs to one."
        )
        parser.add_argument("--left-out", type=Path, metavar="FILE", help="Where to name who is left out, and why.")

    def handle(self, *, file: Path, left_out: Path | None, **options: Any) -> None:
        """Export, and say what came of it."""
        wanted = Wanted(
            criteria=read_match(options["match"]),
            since=None if options["since"] is None else _time(options["since"]),
            profile_types=options["types"],
            tags=[_name("--tag", tag) for tag in options["tags"]],
            regions=[_name("--region", region) for region in options["regions"]],
        )
        is_csv = options["csv"] or ".csv" in file.suffixes
        if options["columns"] is not None and not is_csv:
            raise CommandError("--columns are those of a CSV: name the file .csv, or give --csv.", returncode=FAILED)
        try:
            columns = columns_asked(options["columns"], wanted.criteria) if is_csv else None
        except UnknownColumnError as error:
            raise CommandError(f"--columns: {error}", returncode=FAILED) from error
        try:
            summary = self._write(wanted, file, left_out, columns)
        except OutputError as error:
            raise CommandError(str(error), returncode=FAILED) from error
        except Error as error:
            if (told := trouble(error)) is None:
                raise
            raise CommandError(told, returncode=FAILED) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted; nothing was written.", returncode=FAILED) from None
        self._tell(summary, file)
        if summary.left_out:
            sys.exit(1)

    def _write(self, wanted: Wanted, file: Path, left_out: Path | None, columns: Sequence[Column] | None) -> Summary:
        told = _Lines(self.stderr)
        with contextlib.ExitStack() as files:
            output = files.enter_context(writing_to(file))
            names: Sink | None = None if left_out is None else files.enter_context(writing_to(left_out))
            profiles = files.enter_context(contextlib.closing(export_profiles(wanted, now=timezone.now())))
            return write_records(profiles, output, columns=columns, left_out=names, on_progress=told.tell)

    def _tell(self, summary: Summary, file: Path) -> None:
        """Say on standard error, as the records may go to standard output, what is in the file and what is not."""
        where = "" if file == STANDARD_OUTPUT else f" in {file}"
        lines = f"{summary.records:,} record{'' if summary.records == 1 else 's'}"
        self.stderr.write(f"{_profiles(summary.profiles)}, {lines}{where}.", ending="\n")
        for code, count in summary.left_out.items():
            self.stderr.write(REASONS[LeftOut(code)].format(_profiles(count)), ending="\n")


class _Lines:
    """Tells now and then how far the export is."""

    def __init__(self, stderr: Any) -> None:
        self._stderr = stderr
        self._due = time.monotonic() + SECONDS_BETWEEN_LINES

    def tell(self, summary: Summary) -> None:
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + SECONDS_BETWEEN_LINES
            self._stderr.write(f"{_profiles(summary.profiles)} so far.", ending="\n")


def _profiles(count: int) -> str:
    return f"{count:,} profile{'' if count == 1 else 's'}"


def _name(option: str, value: str) -> str:
    try:
        return name(value)
    except InvalidValueError as error:
        raise CommandError(f"{option}: {error}", returncode=FAILED) from error


def _time(value: str) -> dt.datetime:
    try:
        return as_utc(dt.datetime.fromisoformat(value))
    except (ValueError, OverflowError) as error:
        raise CommandError("--since: The time must be such as 2026-01-31T15:20Z.", returncode=FAILED) from error
