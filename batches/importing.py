"""One file on its way through the same door as the API: slice after slice, never far ahead of what is decided.

Each slice is one batch that names its import and its number. These rows are the point where an import is taken up
again: the file is read from its beginning, and a slice that is there already is not sent again.
"""

import hashlib
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, Self
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from batches.files import ColumnMapping, FileError, Line, RejectFile, Slice, read_slices
from batches.intake import QueueFullError, submit_batch
from batches.models import Batch, BatchRecord, Import
from batches.values import MAX_RECORDS, OUTCOMES, UNFINISHED, BatchSource, BatchState
from batches.worker import Helper
from profiles.criteria import Criteria, criteria_text
from profiles.keys import NAME_LENGTH
from profiles.models import User
from profiles.sentences import ToldError
from profiles.values import ErrorCode, MobileClash, OutcomeKind

# How many slices may wait: reading on would only fill the queue.
MOST_UNFINISHED: Final = 4
REJECTED_SHOWN: Final = 10


class ResumeError(ToldError):
    """There is no unfinished import of this file that could be taken up again."""


@dataclass(frozen=True, slots=True)
class ImportTerms:
    """How a file is read and matched."""

    criteria: Criteria
    mobile_clash: MobileClash | None = None
    mapping: ColumnMapping | None = None
    encoding: str | None = None
    file_format: str | None = None
    limit: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the terms as they are kept, and compared where an import is taken up again."""
        return {
            "match": criteria_text(self.criteria),
            "mobile_clash": self.mobile_clash,
            "mapping": None if self.mapping is None else self.mapping.name,
            "encoding": self.encoding,
            "format": self.file_format,
            "limit": self.limit,
        }


@dataclass(frozen=True, slots=True)
class Rejection:
    """One record of the file that was rejected, and every reason."""

    line: int
    reasons: tuple[str, ...]


@dataclass(slots=True)
class Warned:
    """How often records got a warning, and the first of them."""

    code: str
    line: int
    told: str
    count: int = 0


# --- Beginning and taking up again -------------------------------------------------------------------------------


def begin_import(file: Path, terms: ImportTerms, *, label: str, submitted_by: User | None) -> Import:
    """Return a new import of the file; raises `FileError` where it cannot be read."""
    return Import.objects.create(
        name=file.name[:NAME_LENGTH],
        file_sha256=_sha256(file),
        terms=terms.as_json(),
        label=label,
        # A queue of its own: its slices are processed in order, and nobody else's batches wait for them.
        queue_key=f"import-{token_hex(8)}",
        submitted_by=submitted_by,
    )


def resume_import(file: Path, terms: ImportTerms) -> Import:
    """Return the newest unfinished import of the file; raises `FileError` and `ResumeError`."""
    found = unfinished_import(_sha256(file))
    if found is None:
        raise ResumeError
    told = terms.as_json()
    if other := [name for name, value in found.terms.items() if told[name] != value]:
        began = ", ".join(f"{name} {found.terms[name]}" for name in other)
        raise ResumeError(f"The import was begun otherwise: {began}. Take it up again with the same options.")
    return found


def unfinished_import(file_sha256: str, *, besides: UUID | None = None) -> Import | None:
    """Return the newest import of such a file that did not come to its end; one query."""
    if not file_sha256:
        return None
    unfinished = Import.objects.filter(file_sha256=file_sha256, finished_at=None)
    if besides is not None:
        unfinished = unfinished.exclude(id=besides)
    return unfinished.order_by("-started_at", "-id").first()


def _sha256(file: Path) -> str:
    """Return the hash of the file's content; nothing of what is no file and cannot be read again, such as a pipe."""
    if not file.is_file():
        return ""
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise FileError(f"{error.strerror or error}.") from error


# --- On its way --------------------------------------------------------------------------------------------------


class FileRun:
    """A file while its records are decided, or foretold: what of it was taken, and what became of that."""

    def __init__(self, file: Path, terms: ImportTerms, *, label: str, rejects: RejectFile | None = None) -> None:
        self.file = file
        self.terms = terms
        self.label = label
        self.rejects = rejects
        self.taken = 0
        self.counts = dict.fromkeys(map(str, OUTCOMES), 0)
        self.stopped = 0
        """How many batches could not be processed."""
        self.rejections: list[Rejection] = []
        """The first ones."""
        self.warnings: dict[str, Warned] = {}
        """By code."""
        self.left_out: Counter[str] = Counter()
        """What of rows the mapping left out, by its word."""
        self.told: list[str] = []
        """What was found out about the file."""
        self.remarks: dict[str, str] = {}
        """What was said of whole batches, by code."""

    @property
    def has_room(self) -> bool:
        """Whether anybody wants to know of more rejections."""
        return self.rejects is not None or len(self.rejections) < REJECTED_SHOWN

    def slices(self) -> Iterator[Slice]:
        """Yield the file's slices, up to the limit; raises `FileError`."""
        limit = self.terms.limit
        slices = read_slices(
            self.file,
            criteria=self.terms.criteria,
            size=MAX_RECORDS if limit is None else min(MAX_RECORDS, limit),
            mapping=self.terms.mapping,
            encoding=self.terms.encoding,
            file_format=self.terms.file_format,
            tell=self.told.append,
        )
        for part in slices:
            left = len(part.lines) if limit is None else limit - self.taken
            if left <= 0:
                return
            yield part if left >= len(part.lines) else Slice(part.lines[:left])

    def take(self, part: Slice) -> None:
        """Note that a slice is on its way."""
        self.taken += len(part.lines)
        self.left_out.update(line.left_out for line in part.lines if line.left_out)

    def note_warnings(self, line: Line, warnings: Iterable[Mapping[str, Any]]) -> None:
        """Note what was ignored of a record."""
        for warning in warnings:
            first = self.warnings.setdefault(warning["code"], Warned(warning["code"], line.number, _told(warning)))
            first.count += 1

    def note_rejection(self, line: Line, errors: Iterable[Mapping[str, Any]]) -> None:
        """Note why a record was refused, for those who want to know."""
        reasons = tuple(_told(error) for error in errors)
        if len(self.rejections) < REJECTED_SHOWN:
            self.rejections.append(Rejection(line.number, reasons))
        if self.rejects is not None:
            self.rejects.write(line, reasons)


class Importer(FileRun):
    """What takes a file in."""

    def __init__(
        self,
        row: Import,
        file: Path,
        terms: ImportTerms,
        *,
        rejects: RejectFile | None = None,
        is_resumed: bool = False,
    ) -> None:
        super().__init__(file, terms, label=row.label, rejects=rejects)
        self.row = row
        self.is_resumed = is_resumed
        self._waiting: deque[tuple[Batch, tuple[Line, ...]]] = deque()

    def run(self, helper: Helper, *, on_progress: Callable[[Self], None]) -> None:
        """Have everything in the file decided; `on_progress` hears of each slice.

        Raises `FileError` where the file cannot be read (on); all that came before is decided then. Raises
        `ResumeError` where it is read otherwise than before, and what `submit_batch` and the helper raise.
        """
        fault: FileError | None = None
        try:
            for number, part in enumerate(self.slices()):
                self._send(number, part, helper)
                while len(self._waiting) >= MOST_UNFINISHED:
                    self._collect(helper)
                    on_progress(self)
        except FileError as error:
            fault = error
        while self._waiting:
            self._collect(helper)
            on_progress(self)
        self._finish(fault)
        if fault is not None:
            raise fault

    def _finish(self, fault: FileError | None) -> None:
        """Note the end of the import; one of which nothing was taken has never been."""
        if fault is not None and not self.taken:
            self.row.delete()
        else:
            told = "" if fault is None else str(fault)
            Import.objects.filter(id=self.row.pk).update(finished_at=timezone.now(), fault=told)

    def _send(self, number: int, part: Slice, helper: Helper) -> None:
        """Have the slice be a batch, if it is none yet."""
        body = part.body(self.terms.criteria, mobile_clash=self.terms.mobile_clash)
        batch_id = self._sent(number, body) if self.is_resumed else None
        if batch_id is None:
            batch_id = self._submit(number, body, helper)
        self.take(part)
        self._waiting.append((Batch(id=batch_id), part.lines))

    def _sent(self, number: int, body: bytes) -> UUID | None:
        """Return the batch that the slice is already; raises `ResumeError` where it was something else."""
        found = Batch.objects.filter(part_of=self.row, slice=number).values_list("id", "body_sha256").first()
        if found is None:
            return None
        if found[1] != hashlib.sha256(body).hexdigest():
            raise ResumeError(f"Slice {number + 1} of the file is read otherwise than before; import it anew.")
        return found[0]

    def _submit(self, number: int, body: bytes, helper: Helper) -> UUID:
        while True:
            try:
                return submit_batch(
                    body=body,
                    source=BatchSource.IMPORT,
                    submitted_by=self.row.submitted_by,
                    label=self.row.label,
                    queue_key=self.row.queue_key,
                    part_of=(self.row.pk, number),
                ).batch_id
            except QueueFullError as error:
                due = time.monotonic() + error.retry_after
                while time.monotonic() < due:
                    helper.pause()
            except IntegrityError:  # somebody else takes the same import up again
                if (batch_id := self._sent(number, body)) is None:
                    raise
                return batch_id

    def _collect(self, helper: Helper) -> None:
        """Wait until the oldest slice is decided, and count it."""
        batch, lines = self._waiting[0]
        while True:
            batch.refresh_from_db()
            if batch.state not in UNFINISHED:
                break
            helper.pause()
        self._waiting.popleft()
        for name in OUTCOMES:
            self.counts[name] += getattr(batch, f"{name}_count")
        self.stopped += batch.state != BatchState.DONE
        self.remarks |= {one["code"]: one["message"] for one in batch.warnings}
        rows = BatchRecord.objects.filter(batch=batch).order_by("position")
        for position, warnings in rows.exclude(warnings=[]).values_list("position", "warnings"):
            self.note_warnings(lines[position], warnings)
        if batch.rejected_count and self.has_room:
            rejected = rows.filter(outcome=OutcomeKind.REJECTED).values_list("position", "errors")
            left = None if self.rejects is not None else REJECTED_SHOWN - len(self.rejections)
            for position, errors in rejected[:left]:
                self.note_rejection(lines[position], errors)


def _told(fault: Mapping[str, Any]) -> str:
    if fault["code"] == ErrorCode.UNREADABLE:
        return str(fault["message"]).partition(": ")[2]  # the line is told anyway
    return reason_of(fault)


def reason_of(fault: Mapping[str, Any]) -> str:
    """Return an error or a warning of a record in one line, with its place and its code."""
    return f"{fault['pointer'] or 'the record'}: {fault['message']} ({fault['code']})"
