"""One file on its way through the same door as the API: slice after slice, never far ahead of what is decided."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, Self

from batches.files import ColumnMapping, FileError, Line, RejectFile, Slice, read_slices
from batches.intake import QueueFullError, submit_batch
from batches.models import Batch, BatchRecord
from batches.values import MAX_RECORDS, OUTCOMES, UNFINISHED, BatchSource, BatchState
from batches.worker import Helper
from profiles.criteria import Criteria
from profiles.models import User
from profiles.values import ErrorCode, MobileClash, OutcomeKind

# How many slices may wait: reading on would only fill the queue.
MOST_UNFINISHED: Final = 4
REJECTED_SHOWN: Final = 10


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


class Import:
    """A file, what of it was taken, and what became of that."""

    def __init__(
        self,
        *,
        file: Path,
        criteria: Criteria,
        mobile_clash: MobileClash | None = None,
        mapping: ColumnMapping | None = None,
        encoding: str | None = None,
        file_format: str | None = None,
        limit: int | None = None,
        rejects: RejectFile | None = None,
        label: str,
        submitted_by: User | None,
    ) -> None:
        self.file = file
        self.criteria = criteria
        self.mobile_clash = mobile_clash
        self.mapping = mapping
        self.encoding = encoding
        self.file_format = file_format
        self.limit = limit
        self.rejects = rejects
        self.label = label
        self.submitted_by = submitted_by
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
        # A queue of its own: its slices are processed in order, and nobody else's batches wait for them.
        self._queue_key = f"import-{token_hex(8)}"
        self._waiting: deque[tuple[Batch, tuple[Line, ...]]] = deque()

    def run(self, helper: Helper, *, on_progress: Callable[[Self], None]) -> None:
        """Have everything in the file decided; `on_progress` hears of each slice.

        Raises `FileError` where the file cannot be read (on); all that came before is decided then. Raises what
        `submit_batch` and the helper raise.
        """
        fault: FileError | None = None
        try:
            for part in self._slices():
                self._submit(part, helper)
                while len(self._waiting) >= MOST_UNFINISHED:
                    self._collect(helper)
                    on_progress(self)
        except FileError as error:
            fault = error
        while self._waiting:
            self._collect(helper)
            on_progress(self)
        if fault is not None:
            raise fault

    def _slices(self) -> Iterator[Slice]:
        """Yield the file's slices, up to the limit."""
        slices = read_slices(
            self.file,
            criteria=self.criteria,
            size=MAX_RECORDS if self.limit is None else min(MAX_RECORDS, self.limit),
            mapping=self.mapping,
            encoding=self.encoding,
            file_format=self.file_format,
            tell=self.told.append,
        )
        for part in slices:
            left = len(part.lines) if self.limit is None else self.limit - self.taken
            if left <= 0:
                return
            yield part if left >= len(part.lines) else Slice(part.lines[:left])

    def _submit(self, part: Slice, helper: Helper) -> None:
        body = part.body(self.criteria, mobile_clash=self.mobile_clash)
        while True:
            try:
                receipt = submit_batch(
                    body=body,
                    source=BatchSource.IMPORT,
                    submitted_by=self.submitted_by,
                    label=self.label,
                    queue_key=self._queue_key,
                )
            except QueueFullError as error:
                due = time.monotonic() + error.retry_after
                while time.monotonic() < due:
                    helper.pause()
            else:
                break
        self.taken += receipt.total_count
        self.left_out.update(line.left_out for line in part.lines if line.left_out)
        self._waiting.append((Batch(id=receipt.batch_id), part.lines))

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
        self._note_warnings(batch, lines)
        if batch.rejected_count and (self.rejects is not None or len(self.rejections) < REJECTED_SHOWN):
            self._note_rejections(batch, lines)

    def _note_warnings(self, batch: Batch, lines: tuple[Line, ...]) -> None:
        rows = BatchRecord.objects.filter(batch=batch).exclude(warnings=[]).order_by("position")
        for position, warnings in rows.values_list("position", "warnings"):
            for warning in warnings:
                code = warning["code"]
                first = self.warnings.setdefault(code, Warned(code, lines[position].number, _told(warning)))
                first.count += 1

    def _note_rejections(self, batch: Batch, lines: tuple[Line, ...]) -> None:
        rows = BatchRecord.objects.filter(batch=batch, outcome=OutcomeKind.REJECTED).order_by("position")
        left = None if self.rejects is not None else REJECTED_SHOWN - len(self.rejections)
        for position, errors in rows.values_list("position", "errors")[:left]:
            reasons = tuple(_told(error) for error in errors)
            if len(self.rejections) < REJECTED_SHOWN:
                self.rejections.append(Rejection(lines[position].number, reasons))
            if self.rejects is not None:
                self.rejects.write(lines[position], reasons)


def _told(fault: dict[str, Any]) -> str:
    if fault["code"] == ErrorCode.UNREADABLE:
        return str(fault["message"]).partition(": ")[2]  # the line is told anyway
    return f"{fault['pointer'] or 'the record'}: {fault['message']} ({fault['code']})"
