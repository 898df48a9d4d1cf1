"""What the records of a batch ask for, each read when it is asked for or ahead."""

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Final
from uuid import UUID

import structlog

from batches.bodies import RawRecord, RecordReader, record_texts
from batches.files.faults import faults_of
from batches.models import Batch, BatchBody, BatchRecord, PreviewRecord
from batches.values import BatchSource
from profiles.directory import key_rule_texts, key_rules_of, load_key_rules
from profiles.keyrules import KeyRules
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind, ErrorCode, Finding, ProfileDraft

log = structlog.get_logger(__name__)


class Drafts:
    """What the records of a batch that have no outcome ask for, in order; each is read when it is asked for, or ahead.

    Of a dry run those are all, as each attempt at it begins anew.

    A record that cannot be read is a draft with an error, and nobody else's matter.
    """

    def __init__(self, batch: Batch) -> None:
        """Read the body; its records are left for later."""
        self._batch = batch
        # Not `batch.body`: the two would hold each other, and the bytes, until garbage is collected.
        bodies = BatchBody.objects.filter(batch=batch)
        content, *texts = bodies.values_list("content", *key_rule_texts()).get()
        self.key_rules = key_rules_of(*texts)  # they came with the body, in one statement
        start = 0 if batch.dry_run else batch.processed_count
        self._unread = deque(islice(enumerate(record_texts(content)), start, None))
        self._unreadable = _known_unreadable(batch)
        self._reader = RecordReader()
        self._read: deque[ProfileDraft] = deque()

    def __len__(self) -> int:
        return len(self._read) + len(self._unread)

    def read_one(self) -> bool:
        """Read one more record ahead; return whether there was one."""
        if not self._unread:
            return False
        position, text = self._unread.popleft()
        if position in self._unreadable:
            self._read.append(_unreadable(self._cause(position)))
        else:
            self._read.append(_read(self._batch, position, text, self._reader, self.key_rules))
        return True

    def take(self, count: int) -> list[ProfileDraft]:
        """Return the next so many, and forget them."""
        while len(self._read) < count and self.read_one():
            pass
        return [self._read.popleft() for _ in range(min(count, len(self._read)))]

    def skip(self) -> ProfileDraft:
        """Return the next one without reading it, with the error that it cannot be processed."""
        if self._read:
            return _unreadable(self._read.popleft().cause)
        position, _ = self._unread.popleft()
        return _unreadable(self._cause(position))

    def _cause(self, position: int) -> Cause:
        return _cause_of(self._batch, position)


def drafts_in(batch: Batch, content: bytes, rules: KeyRules) -> list[ProfileDraft]:
    """Return what the records of a body would ask for as a batch that is not stored; queries none."""
    reader = RecordReader()
    return [_read(batch, position, text, reader, rules) for position, text in enumerate(record_texts(content))]


def drafts_of(records: Iterable[BatchRecord]) -> dict[tuple[UUID, int], ProfileDraft]:
    """Return what records of any batches asked for, by batch and position, so far as that is kept and sound.

    Their batches must be loaded with them. Two queries, none where there are no records.
    """
    wanted: dict[UUID, dict[int, Batch]] = {}
    for record in records:
        wanted.setdefault(record.batch_id, {})[record.position] = record.batch
    found: dict[tuple[UUID, int], ProfileDraft] = {}
    if not wanted:
        return found
    rules, reader = load_key_rules(), RecordReader()
    bodies = BatchBody.objects.filter(batch__among=list(wanted), batch__redacted_at=None)
    # A few at a time: the bodies of many batches do not go into memory together.
    for batch_id, content in bodies.values_list("batch_id", "content").iterator(chunk_size=_BODIES_AT_ONCE):
        positions = wanted[batch_id]
        for position, text in enumerate(record_texts(content)):
            if (batch := positions.get(position)) is None:
                continue
            try:
                draft = _draft_of(batch, reader.read(position, text), _cause_of(batch, position), rules)
            except Exception:  # whatever it is: what it did is in the ledger
                log.exception("record_unreadable", batch_id=str(batch_id), position=position)
                continue
            if not draft.errors:
                found[batch_id, position] = draft
    return found


_BODIES_AT_ONCE: Final = 8


def _read(batch: Batch, position: int, text: str, reader: RecordReader, rules: KeyRules) -> ProfileDraft:
    """Return what a record asks for; whatever reading it may raise, the others have nothing to do with it."""
    cause = _cause_of(batch, position)
    try:
        return _draft_of(batch, reader.read(position, text), cause, rules)
    except Exception:
        log.exception("record_unreadable", batch_id=str(batch.id), position=position)
        return _unreadable(cause)


def _draft_of(batch: Batch, record: RawRecord, cause: Cause, rules: KeyRules) -> ProfileDraft:
    if batch.source == BatchSource.IMPORT and (faults := faults_of(record.value)):
        return ProfileDraft(cause=cause, errors=faults)
    return parse_record(record.value, cause=cause, flaws=record.flaws, blocked=rules.blocked)


def _cause_of(batch: Batch, position: int) -> Cause:
    return Cause(
        kind=CauseKind.BATCH,
        batch_id=batch.id,
        position=position,
        actor_id=batch.submitted_by_id,
        actor_label=batch.label,
    )


def _unreadable(cause: Cause) -> ProfileDraft:
    message = "The hub could not process this record; its operators can see why in the log."
    return ProfileDraft(cause=cause, errors=(Finding(ErrorCode.INTERNAL, "", message),))


def _known_unreadable(batch: Batch) -> set[int]:
    """Return the records that a preview found to be nothing the hub can process; no query for other batches.

    They are not read again: it may have been reading them that brought workers down.
    """
    if batch.pinned_to_id is None and not (batch.dry_run and batch.processed_count):
        return set()
    found = PreviewRecord.objects.filter(batch_id=batch.pinned_to_id or batch.id, error_code=ErrorCode.INTERNAL)
    return set(found.values_list("position", flat=True))
