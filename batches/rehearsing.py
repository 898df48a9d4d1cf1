"""What an import would come to, told and not done (way 4.7): slice after slice, each seeing what those before it made.

By the same decisions as a run, in this process: nothing is queued and nothing is written, so that nobody waits for it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Self

import orjson
from django.conf import settings
from django.utils import timezone

from batches.drafts import drafts_in
from batches.files import FileError, Line, RejectFile, Slice
from batches.importing import FileRun, ImportTerms
from batches.models import Batch
from batches.outcomes import batch_warnings
from batches.values import BatchSource
from profiles.applying import foretell_drafts
from profiles.criteria import criteria_text
from profiles.db.ids import new_id
from profiles.db.moments import one_moment
from profiles.directory import load_key_rules
from profiles.history import without_origins
from profiles.models import User
from profiles.overlay import Overlay
from profiles.values import Decision, MobileClash, OutcomeKind


class Rehearsal(FileRun):
    """A file whose records are foretold, on what files before it would have made (`overlay`)."""

    def __init__(
        self,
        file: Path,
        terms: ImportTerms,
        *,
        overlay: Overlay,
        label: str,
        submitted_by: User | None,
        rejects: RejectFile | None = None,
        report: IO[bytes] | None = None,
    ) -> None:
        super().__init__(file, terms, label=label, rejects=rejects)
        self._overlay = overlay
        self._submitted_by = submitted_by
        self._report = report
        self._handles: set[str] = set()

    def run(self, *, on_progress: Callable[[Self], None]) -> None:
        """Have everything in the file foretold; `on_progress` hears of each slice.

        Raises `FileError` where the file cannot be read (on); all that came before is foretold then. Queries.
        """
        fault: FileError | None = None
        try:
            for part in self.slices():
                self._foretell(part)
                on_progress(self)
        except FileError as error:
            fault = error
        if self.taken:
            remarks = batch_warnings(Batch(match_criteria=self._criteria), new_handles=self._handles)
            self.remarks = {one["code"]: one["message"] for one in remarks}
        if fault is not None:
            raise fault

    def _foretell(self, part: Slice) -> None:
        clash = self.terms.mobile_clash or MobileClash(settings.MOBILE_CLASH)
        batch = Batch(
            id=new_id(),
            match_criteria=self._criteria,
            source=BatchSource.IMPORT,
            submitted_by=self._submitted_by,
            label=self.label,
        )
        now = timezone.now()
        with one_moment():
            rules = load_key_rules()
            decisions = foretell_drafts(
                drafts_in(batch, part.body(self.terms.criteria), rules),
                criteria=self.terms.criteria,
                now=now,
                received_at=now,
                mobile_clash=clash,
                identity_limits=rules.identity_limits,
                source=batch.id,
                overlay=self._overlay,
            )
        self.take(part)
        for line, decision in zip(part.lines, decisions, strict=True):
            self._note(line, decision)

    @property
    def _criteria(self) -> str:
        return criteria_text(self.terms.criteria)

    def _note(self, line: Line, decision: Decision) -> None:
        outcome = decision.outcome
        self.counts[outcome.kind] += 1
        self.note_warnings(line, [warning.as_json() for warning in outcome.warnings])
        if outcome.kind is OutcomeKind.REJECTED and self.has_room:
            self.note_rejection(line, [error.as_json() for error in outcome.errors])
        self._handles |= {pointer.split("/")[2] for pointer in decision.changes if pointer.startswith("/identities/")}
        if self._report is not None:
            self._report.write(orjson.dumps(_told(line, decision), option=orjson.OPT_APPEND_NEWLINE))


def _told(line: Line, decision: Decision) -> dict[str, Any]:
    """Return what a record would come to, as the report has it; who would be new has no id yet."""
    outcome = decision.outcome
    is_new = outcome.kind is OutcomeKind.CREATED
    return {
        "line": line.number,
        "outcome": outcome.kind,
        "reference": outcome.reference or None,
        "profile_id": None if is_new or outcome.profile_id is None else str(outcome.profile_id),
        "rule": outcome.rule,
        "key": None if outcome.key is None else outcome.key.as_json(),
        "errors": [error.as_json() for error in outcome.errors],
        "warnings": [warning.as_json() for warning in outcome.warnings],
        "changes": without_origins(decision.changes),
    }
