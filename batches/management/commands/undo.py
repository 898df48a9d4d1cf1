"""Take something back."""

import sys
from itertools import islice
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from batches.intake import QueueFullError
from batches.models import Batch
from batches.reverting import foretell, records_since
from batches.undoing import (
    Part,
    Tally,
    UndoError,
    batches_of,
    batches_of_import,
    parts_of,
    submit_undos,
    targets_of,
    undo_under_way,
)
from batches.values import UNFINISHED, BatchState
from batches.worker import helping
from profiles import keys
from profiles.keys import NOTES_LENGTH, InvalidValueError
from profiles.management.arguments import FAILED, cause_of, find_id, find_user
from profiles.models import User
from profiles.reverting import SENTENCES
from profiles.undoing import Reversal, Target, UndoOptions, take_back, target_of_change
from profiles.values import Cause, WarningCode

SOME_KEPT: Final = 1


class Command(BaseCommand):
    """Take back what a batch did, or one change of a profile, as if it had never been."""

    help = (
        "Take back what a batch did, some of its records, or one change of a profile, but for what others have said "
        "since. Without --yes it is shown first, and asked for. It can be taken back too. Exit code: 0 all of it, "
        "1 something stays as it is, 2 failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what is taken back, and on what terms."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--batch", nargs="+", metavar="ID", help="What these batches did, the newest first.")
        what.add_argument("--label", help="What all batches with this label did, such as those of one file.")
        what.add_argument("--import", dest="of_import", metavar="ID", help="What all of one import did.")
        what.add_argument(
            "--change", nargs=2, metavar=("PROFILE", "VERSION"), help="What this row of a profile's ledger did."
        )
        parser.add_argument("--positions", nargs="+", type=int, metavar="N", help="Of the batch, these records only.")
        parser.add_argument(
            "--force", nargs="+", default=[], metavar="ID", help="Profiles that end although others have used them."
        )
        parser.add_argument(
            "--loosen-consent", action="store_true", help="Let consent go back to what allows sending."
        )
        parser.add_argument(
            "--ledger-only",
            action="store_true",
            help="Do not read later records again: what they repeated goes back too.",
        )
        parser.add_argument("--note", default="", help="Why, for the ledger.")
        parser.add_argument("--user", metavar="NAME", help="Who does it, for the ledger.")
        parser.add_argument("--dry-run", action="store_true", help="Show what it comes to, and write nothing.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def handle(self, **options: Any) -> None:
        """Show what it comes to, and do it once that is confirmed."""
        try:
            kept = self._handle(**options)
        except (UndoError, QueueFullError, InvalidValueError) as error:
            raise CommandError(str(error), returncode=FAILED) from error
        if kept:
            sys.exit(SOME_KEPT)

    def _handle(
        self,
        *,
        batch: list[str] | None,
        label: str | None,
        of_import: str | None,
        change: list[str] | None,
        **options: Any,
    ) -> bool:
        terms = UndoOptions(
            frozenset(map(find_id, options["force"])),
            loosen_consent=options["loosen_consent"],
            by_ledger_alone=options["ledger_only"],
        )
        note = keys.text(options["note"], length=NOTES_LENGTH, notes=True)
        user = find_user(options["user"])
        cause = cause_of(user)
        if change is not None:
            return self._take_change_back(
                _target(*change), terms, cause, note=note, dry_run=options["dry_run"], yes=options["yes"]
            )
        if label is not None:
            batches = batches_of(label)
        elif of_import is not None:
            batches = batches_of_import(find_id(of_import))
        else:
            batches = list({one.pk: one for one in map(_batch, batch or [])}.values())
        parts = _parts(batches, options["positions"])
        shown = None
        if options["dry_run"] or not options["yes"]:
            every = [target for part in parts for target in part.targets]
            with transaction.atomic():
                shown = foretell(
                    every,
                    options=terms,
                    cause=cause,
                    now=timezone.now(),
                    besides=[part.batch.pk for part in parts],
                )
            if self._is_enough(shown, dry_run=options["dry_run"], batches=len(parts)):
                return _stays(Tally.of(shown))
        kept = False
        is_usual = not options["positions"] and terms == UndoOptions()
        left = iter(shown or ())
        for part in parts:
            of_part = None if shown is None else list(islice(left, len(part.targets)))
            kept |= self._take_part_back(part, of_part, is_usual=is_usual, options=terms, note=note, user=user)
        return kept

    def _take_change_back(
        self, target: Target, terms: UndoOptions, cause: Cause, *, note: str, dry_run: bool, yes: bool
    ) -> bool:
        if dry_run or not yes:
            with transaction.atomic():
                shown = foretell([target], options=terms, cause=cause, now=timezone.now())
            if self._is_enough(shown, dry_run=dry_run, batches=1):
                return _stays(Tally.of(shown))
        with transaction.atomic(durable=True):
            done = take_back(
                [target], cause=cause, now=timezone.now(), options=terms, note=note, records_since=records_since
            )
        tally = Tally.of(done)
        self.stdout.write(f"Taken back: {tally.sentence}")
        return _stays(tally)

    def _is_enough(self, shown: list[Reversal], *, dry_run: bool, batches: int) -> bool:
        """Show what it comes to; return whether that is all, and ask where it is not."""
        tally = Tally.of(shown)
        self._show(shown, tally, batches=batches)
        if dry_run:
            self.stdout.write("Nothing was written.")
        else:
            _confirm(tally)
        return dry_run

    def _take_part_back(
        self, part: Part, shown: list[Reversal] | None, *, is_usual: bool, user: User | None, **terms: Any
    ) -> bool:
        """Have the batch taken back as it was shown, and wait for it; one that is taken back already is only told of.

        Whoever asks for more than an undo does by itself asks anew: what stayed the last time may go then.
        """
        undo = undo_under_way(part.batch, targets=len(part.targets)) if is_usual else None
        if undo is None:
            (receipt,) = submit_undos([part], shown=shown, submitted_by=user, **terms)
            undo = Batch.objects.get(id=receipt.batch_id)
        with helping() as helper:
            while undo.state in UNFINISHED:
                helper.pause()
                undo.refresh_from_db()
        if undo.state != BatchState.DONE:
            raise CommandError(f"It could not be taken back ({undo.error}); see batch {undo.id}.", returncode=FAILED)
        self.stdout.write(
            f"Batch {undo.id} took {part.batch.id} back: {undo.updated_count:,} updated, "
            f"{undo.unchanged_count:,} unchanged, {undo.rejected_count:,} rejected."
        )
        return bool(undo.rejected_count) or undo.records.exclude(warnings=[]).exists()

    def _show(self, shown: list[Reversal], tally: Tally, *, batches: int) -> None:
        what = "it" if batches == 1 else f"{batches:,} batches"
        self.stdout.write(f"Taking {what} back: {tally.sentence}")
        for code, count in sorted(tally.kept.items()):
            self.stdout.write(f"  {count:,} {code}: {SENTENCES[WarningCode(code)]}")
        for message in sorted({error.message for one in shown for error in one.outcome.errors}):
            self.stdout.write(f"  Cannot be taken back: {message}")


def _stays(tally: Tally) -> bool:
    return bool(tally.kept or tally.refused)


def _confirm(tally: Tally) -> None:
    """Ask, and raise `CommandError` unless that is answered; of many people the number is typed."""
    number = str(tally.touched)
    wanted = {number} if tally.must_be_typed else {"y", "yes", number}
    question = f"Type {number} to take it back: " if tally.must_be_typed else "Take it back? [y/N] "
    if input(question).strip().lower() not in wanted:
        raise CommandError("Nothing was taken back.", returncode=FAILED)


def _batch(text: str) -> Batch:
    batch = Batch.objects.filter(id=find_id(text)).first()
    if batch is None:
        raise CommandError(f"There is no batch {text}.", returncode=FAILED)
    return batch


def _parts(batches: list[Batch], positions: list[int] | None) -> list[Part]:
    """Return what is taken back; raises `UndoError` and `CommandError`."""
    if not positions:
        return parts_of(batches)
    if len(batches) > 1:
        raise CommandError("--positions are those of one batch.", returncode=FAILED)
    return [Part(batches[0], targets_of(batches[0], positions=positions))]


def _target(profile: str, version: str) -> Target:
    is_version = version.isascii() and version.isdigit() and len(version) < 10  # noqa: PLR2004 of 32 bits
    target = target_of_change(find_id(profile), int(version)) if is_version else None
    if target is None:
        raise CommandError(f"The profile {profile} has no version {version}.", returncode=FAILED)
    return target
