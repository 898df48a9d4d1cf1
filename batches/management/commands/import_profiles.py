"""Import a file of customer records."""

import contextlib
import io
import logging
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, ClassVar, Final, TextIO
from urllib.parse import quote

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from batches.database import DatabaseNotReadyError, check_database, trouble
from batches.files import (
    ENCODINGS,
    FORMATS,
    READY,
    STANDARD_INPUT,
    ColumnMapping,
    FileError,
    MappingError,
    RejectFile,
    RejectFileError,
    load_mapping,
)
from batches.files.cells import LEFT_OUT_ADDRESS
from batches.importing import (
    FileRun,
    Importer,
    ImportTerms,
    ResumeError,
    begin_import,
    resume_import,
    unfinished_import,
)
from batches.intake import BodyError, EnvelopeError
from batches.rehearsing import Rehearsal
from batches.worker import helping
from profiles.db.server import LocksDoNotExcludeError
from profiles.keys import NAME_LENGTH
from profiles.management.arguments import CRITERIA, FAILED, find_user, read_match
from profiles.models import User
from profiles.overlay import Overlay
from profiles.values import MobileClash

SOME_REJECTED: Final = 1
# Where nobody looks at a bar, a line is written now and then.
SECONDS_BETWEEN_LINES: Final = 30.0


class Command(BaseCommand):
    """Import JSON Lines, JSON or CSV files through the same door as the API."""

    help = (
        "Import records from .jsonl, .ndjson, .json, .csv or .tsv files (also .gz, .zst) in batches of 500. A CSV's "
        "header names fields, in any case, with blanks or underscores (batches/files/README.md has them all), or what "
        "--mapping knows; an empty cell leaves the field alone. A row that cannot be read is one rejected "
        "record. Exit code: 0 all well, 1 some records rejected, 2 failed."
    )
    # The checks would load the admin and the API, a third of the process: the web process has made them.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the file and how to match."""
        parser.add_argument(
            "files",
            metavar="FILE",
            nargs="+",
            type=Path,
            help="Several are imported in their order; - is standard input.",
        )
        parser.add_argument(
            "--match",
            required=True,
            metavar=CRITERIA,
            help="What to find profiles by; several are tried in order, as in shop,email.",
        )
        parser.add_argument(
            "--mobile-clash",
            choices=[str(kind) for kind in MobileClash],
            help="What becomes of a mobile number that somebody else has; as the hub is set unless told.",
        )
        parser.add_argument(
            "--mapping",
            metavar="NAME|FILE.toml",
            help=f"What the columns of a CSV are: one of {', '.join(READY)}, or a file of your own.",
        )
        parser.add_argument(
            "--encoding",
            choices=ENCODINGS,
            help="Of the file's text; found out, and told, where it is not UTF-8 (cp1252 is what older Excel writes).",
        )
        parser.add_argument(
            "--format",
            choices=FORMATS,
            dest="file_format",
            help="Of standard input, or where the file's name does not tell.",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Only tell what would become of the records, each seeing what those before it would have made.",
        )
        parser.add_argument(
            "--report",
            type=Path,
            metavar="FILE",
            help="With --dry-run: where every record's outcome and changes go, as JSON Lines.",
        )
        parser.add_argument("--limit", type=int, metavar="N", help="Take the first N records only.")
        parser.add_argument(
            "--reject-file",
            type=Path,
            metavar="FILE",
            help="Where rejected rows go as they came, each with its line and why; imported again once corrected.",
        )
        parser.add_argument(
            "--resume",
            action="store_true",
            help="Go on with the newest import of this file that did not come to its end; no record is sent twice.",
        )
        parser.add_argument("--label", default="", help="To find the batches by; the file's name unless told.")
        parser.add_argument("--user", metavar="NAME", help="On whose behalf.")

    def handle(
        self,
        *,
        files: list[Path],
        match: str,
        mobile_clash: str | None,
        mapping: str | None,
        encoding: str | None,
        file_format: str | None,
        dry_run: bool,
        report: Path | None,
        limit: int | None,
        reject_file: Path | None,
        resume: bool,
        label: str,
        user: str | None,
        **options: Any,
    ) -> None:
        """Import the files and say what became of each."""
        _check_together(files, dry_run=dry_run, report=report, reject_file=reject_file, resume=resume)
        criteria = read_match(match)
        columns, rejects = _read_terms(mapping, reject_file, limit)
        submitted_by = _checked_user(user)
        clash = None if mobile_clash is None else MobileClash(mobile_clash)
        terms = ImportTerms(criteria, clash, columns, encoding, file_format, limit)
        codes = []
        with Overlay() as overlay, _report_file(report) as told:
            for file in files:
                name = (label or file.name)[:NAME_LENGTH]
                try:
                    if dry_run:
                        rehearsal = Rehearsal(
                            file,
                            terms,
                            overlay=overlay,
                            label=name,
                            submitted_by=submitted_by,
                            rejects=rejects,
                            report=told,
                        )
                        codes.append(self._end(rehearsal, self._rehearse(rehearsal)))
                    else:
                        run = self._begin(file, terms, label=name, submitted_by=submitted_by, resume=resume)
                        run.rejects = rejects
                        codes.append(self._end(run, self._run(run)))
                except CommandError as error:
                    if file is files[-1]:
                        raise
                    # The others have nothing to do with it.
                    self.stderr.write(str(error))
                    codes.append(FAILED)
        if any(codes):
            sys.exit(max(codes))

    def _begin(
        self, file: Path, terms: ImportTerms, *, label: str, submitted_by: User | None, resume: bool
    ) -> Importer:
        """Begin an import, or take it up again; raises `CommandError`."""
        try:
            if resume:
                row = resume_import(file, terms)
            else:
                row = begin_import(file, terms, label=label, submitted_by=submitted_by)
        except FileError as error:
            raise CommandError(f"{file}: {error} Nothing was taken.", returncode=FAILED) from error
        except ResumeError as error:
            raise CommandError(f"{file}: {error}", returncode=FAILED) from error
        if not resume and (earlier := unfinished_import(row.file_sha256, besides=row.pk)) is not None:
            began = f"{earlier.started_at:%Y-%m-%d %H:%M} UTC"
            self.stderr.write(f"An import of this file, of {began}, is not at its end; --resume goes on with it.")
        return Importer(row, file, terms, is_resumed=resume)

    def _end(self, run: FileRun, failure: str) -> int:
        """Say what became of the file, and return the code of that; raises `CommandError`."""
        if run.rejects is not None:
            run.rejects.close()
        if run.taken or not failure:
            # Whether anybody reads it is no matter of the exit code.
            with contextlib.suppress(BrokenPipeError):
                self._summarise(run)
        if failure:
            raise CommandError(failure, returncode=FAILED)
        if run.stopped:
            raise CommandError(
                f"{_counted(run.stopped, 'batch', 'batches')} could not be processed; see the admin.",
                returncode=FAILED,
            )
        return SOME_REJECTED if run.counts["rejected"] else 0

    def _rehearse(self, run: Rehearsal) -> str:
        """Foretell; return why it ended before the file did, nothing if it did not."""
        try:
            with _progress(run.file.name) as progress:
                run.run(on_progress=progress.tell)
        except FileError as error:
            where = f"{run.file}, line {error.line}" if error.line else str(run.file)
            return f"{where}: {error}"
        except (RejectFileError, OSError) as error:
            return str(error)
        except Error as error:
            if (told := trouble(error)) is None:
                raise
            return told
        except KeyboardInterrupt:
            return "Interrupted."
        return ""

    def _run(self, run: Importer) -> str:
        """Import; return why it ended before the file did, nothing if it did not."""
        try:
            with _progress(run.file.name) as progress, helping(on_output=progress.above) as helper:
                run.run(helper, on_progress=progress.tell)
        except FileError as error:
            where = f"{run.file}, line {error.line}" if error.line else str(run.file)
            return f"{where}: {error} {_taken(run, 'before it ') if run.taken else 'Nothing was taken.'}"
        except EnvelopeError as error:
            return " ".join(sentence for sentences in error.errors.values() for sentence in sentences)
        except ResumeError as error:
            return f"{run.file}: {error}"
        except (BodyError, LocksDoNotExcludeError, RejectFileError) as error:
            reason = str(error)
        except Error as error:
            if (told := trouble(error)) is None:
                raise
            reason = told
        except KeyboardInterrupt:
            reason = "Interrupted."
        else:
            return ""
        again = " --resume goes on." if run.row.file_sha256 else ""
        return f"{reason} {_taken(run)} Those not decided yet stay queued.{again}"

    def _summarise(self, run: FileRun) -> None:
        """Say what became of the file, or would."""
        write = self.stdout.write
        is_told_only = isinstance(run, Rehearsal)
        would = "would be " if is_told_only else ""
        write(f"{run.file}: {_records(run.taken)}: {would}{_told(run)}.{' Nothing was written.' if would else ''}")
        for remark in run.told:
            write(remark)
        for rejection in run.rejections:
            for index, reason in enumerate(rejection.reasons):
                write(f"  line {rejection.line}: {reason}" if index == 0 else f"    {reason}")
        if more := run.counts["rejected"] - len(run.rejections):
            write(f"  and {more:,} more.")
        for warned in sorted(run.warnings.values(), key=lambda warned: (-warned.count, warned.code)):
            write(f"{_counted(warned.count, 'warning')} {warned.code}; the first in line {warned.line}: {warned.told}")
        if count := run.left_out[LEFT_OUT_ADDRESS]:
            write(f"{_counted(count, 'address', 'addresses')} left out for want of a first line, a city or a country.")
        for code, remark in run.remarks.items():
            write(f"Note: {remark} ({code})")
        if run.rejects is not None and run.rejects.count:
            rows = _counted(run.rejects.count, "rejected row")
            write(f"{run.rejects.path}: {rows}, to be corrected and imported again.")
        if run.counts["rejected"] and not is_told_only:
            write(
                f"Each rejected record is in the admin as it came, under the label {run.label}: "
                f"/admin/batches/batch/?q={quote(run.label)}"
            )


# --- Before anything is read -------------------------------------------------------------------------------------


def _check_together(
    files: list[Path], *, dry_run: bool, report: Path | None, reject_file: Path | None, resume: bool
) -> None:
    """Raise `CommandError` for options that do not go together."""
    faults = {
        "--resume goes on with an import; a dry run has nothing to go on with.": resume and dry_run,
        "--report is what a --dry-run tells.": report is not None and not dry_run,
        "--resume goes on with one file at a time.": resume and len(files) > 1,
        "--reject-file is for one file at a time: each has a header of its own.": reject_file and len(files) > 1,
        "Standard input is imported by itself.": STANDARD_INPUT in files and len(files) > 1,
    }
    for sentence, is_so in faults.items():
        if is_so:
            raise CommandError(sentence, returncode=FAILED)


def _read_terms(
    mapping: str | None, reject_file: Path | None, limit: int | None
) -> tuple[ColumnMapping | None, RejectFile | None]:
    """Return the mapping and where rejected rows go; raises `CommandError`."""
    if limit is not None and limit < 1:
        raise CommandError("--limit is a number of records, 1 at least.", returncode=FAILED)
    try:
        columns = None if mapping is None else load_mapping(mapping)
        return columns, None if reject_file is None else RejectFile(reject_file)
    except (RejectFileError, MappingError) as error:
        raise CommandError(str(error), returncode=FAILED) from error


@contextlib.contextmanager
def _report_file(path: Path | None) -> Iterator[IO[bytes] | None]:
    """Open the report, if there is to be one; raises `CommandError`."""
    if path is None:
        yield None
        return
    try:
        file = path.open("wb")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}.", returncode=FAILED) from error
    with file:
        yield file


def _checked_user(name: str | None) -> User | None:
    """Return on whose behalf it is, once the database is ready; raises `CommandError`."""
    try:
        check_database()
        return find_user(name)
    except DatabaseNotReadyError as error:
        raise CommandError(str(error), returncode=FAILED) from error
    except Error as error:
        if (told := trouble(error)) is None:
            raise
        raise CommandError(told, returncode=FAILED) from error


# --- Words -------------------------------------------------------------------------------------------------------


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def _records(count: int) -> str:
    return _counted(count, "record")


def _taken(run: FileRun, where: str = "") -> str:
    return f"{_records(run.taken)} {where}{'was' if run.taken == 1 else 'were'} taken."


def _told(run: FileRun) -> str:
    return ", ".join(f"{count:,} {outcome}" for outcome, count in run.counts.items())


# --- Progress ----------------------------------------------------------------------------------------------------


class _Lines:
    """Tells how far an import is, by a line now and then."""

    above: ClassVar = None  # what else is written may stand between the lines

    def __init__(self, title: str) -> None:
        self.title = title
        self.due = time.monotonic() + SECONDS_BETWEEN_LINES

    def tell(self, run: FileRun) -> None:
        if time.monotonic() < self.due:
            return
        self.due = time.monotonic() + SECONDS_BETWEEN_LINES
        print(f"{self.title}: {_records(run.taken)} so far: {_told(run)}.", file=sys.stderr, flush=True)  # noqa: T201 for a log file or cron's mail


class _Bar:
    """Tells how far an import is, by a bar on a terminal."""

    def __init__(self, title: str, progress: Progress) -> None:
        self.progress = progress
        self.task = progress.add_task(escape(title), total=None, told="")

    def tell(self, run: FileRun) -> None:
        self.progress.update(self.task, told=_told(run))

    def above(self, text: str) -> None:
        """Write what is no part of the bar, however long its lines are."""
        self.progress.console.print(Text(text), end="", soft_wrap=True)


@contextlib.contextmanager
def _progress(title: str) -> Iterator[_Bar | _Lines]:
    """Show how far an import is."""
    if not sys.stderr.isatty():
        yield _Lines(title)
        return
    columns = (TextColumn("{task.description}"), TextColumn("{task.fields[told]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = _Bar(title, progress)
        with _logs_above(bar, terminal=sys.stderr):
            yield bar


class _Above(io.TextIOBase):
    """A stream whose lines stand above the bar, however long they are."""

    def __init__(self, bar: _Bar) -> None:
        self.bar = bar

    def write(self, text: str) -> int:
        self.bar.above(text)
        return len(text)


@contextlib.contextmanager
def _logs_above(bar: _Bar, *, terminal: TextIO) -> Iterator[None]:
    """Have log lines written by the console: their handlers hold the terminal itself, and would tear the bar."""
    handlers = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is terminal
    ]
    for handler in handlers:
        handler.setStream(_Above(bar))
    try:
        yield
    finally:
        for handler in handlers:
            handler.setStream(terminal)
