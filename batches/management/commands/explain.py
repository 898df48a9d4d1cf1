"""Explain a record."""

import json
import sys
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils import timezone

from batches.database import trouble
from batches.explaining import Explanation, explain_body, explain_record
from batches.intake import BodyError, EnvelopeError
from profiles.management.arguments import CRITERIA, FAILED, find_user, read_match
from profiles.values import MobileClash, OutcomeKind

WOULD_BE_REJECTED: Final = 1
_LONGEST_SHOWN: Final = 200


class Command(BaseCommand):
    """Say what would become of one record, and why; write nothing."""

    help = (
        "Decide one record as if it came now, and say what would become of it: which rules were tried, what came of "
        "each, and what would change. Nothing is written. FILE holds one record, an object in JSON; without --match "
        "the body of a batch with one profile. Exit code: 0 it would be taken, 1 it would be rejected, 2 failed."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the record and how to match it."""
        parser.add_argument("file", metavar="FILE|-", help="- reads standard input.")
        parser.add_argument(
            "--match",
            metavar=CRITERIA,
            help="What to find profiles by; several are tried in order, as in shop,email.",
        )
        parser.add_argument(
            "--mobile-clash",
            choices=[str(kind) for kind in MobileClash],
            help="What becomes of a mobile number that somebody else has; as the hub is set unless told.",
        )
        parser.add_argument("--user", metavar="NAME", help="Whose system it would come from.")

    def handle(self, *, file: str, match: str | None, **options: Any) -> None:
        """Explain the record."""
        if match is None and options["mobile_clash"]:
            raise CommandError("--mobile-clash goes with --match; a batch's body says it itself.", returncode=FAILED)
        try:
            explanation = _explain(_content(file), match=match, **options)
        except EnvelopeError as error:
            said = " ".join(sentence for sentences in error.errors.values() for sentence in sentences)
            raise CommandError(
                f"{file} is no batch with one profile ({said}); --match takes a record.", returncode=FAILED
            ) from error
        except BodyError as error:
            raise CommandError(str(error), returncode=FAILED) from error
        except Error as error:
            if (told := trouble(error)) is None:
                raise
            raise CommandError(told, returncode=FAILED) from error
        self._tell(explanation)
        if explanation.item.outcome is OutcomeKind.REJECTED:
            sys.exit(WOULD_BE_REJECTED)

    def _tell(self, explanation: Explanation) -> None:
        write = self.stdout.write
        row = explanation.row
        if row.outcome == OutcomeKind.CREATED:
            write("It would be created: a new profile.")
        elif row.profile_id is None:
            write("It would be rejected.")
        else:
            write(f"It would be {row.outcome}: {row.profile_id}.")
        for title, findings in (("Errors", row.errors), ("Warnings", row.warnings)):
            if findings:
                write(f"\n{title}")
            for one in findings:
                write(f"  {one['code']}  {one['pointer'] or 'the record'}: {one['message']}")
        write("\nRules that were tried (profiles/README.md)")
        for step in explanation.steps:
            write(f"  {step.rule:>4}  {step.result.replace('_', ' '):<14}  {step.message}")
        if explanation.changes:
            write("\nWhat would change")
        for pointer, change in explanation.changes.items():
            write(f"  {pointer}: {_side(change, 'from')} -> {_side(change, 'to')}")
        write("\nNothing was written.")


def _content(file: str) -> bytes:
    most = settings.MAX_BODY_BYTES
    try:
        if file == "-":
            content = sys.stdin.buffer.read(most + 1)
        else:
            with Path(file).open("rb") as opened:
                content = opened.read(most + 1)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}.", returncode=FAILED) from error
    if len(content) > most:
        raise CommandError(f"{file} is larger than {most:,} bytes.", returncode=FAILED)
    return content


def _explain(
    content: bytes, *, match: str | None, mobile_clash: str | None, user: str | None, **options: Any
) -> Explanation:
    now = timezone.now()
    on_behalf_of = find_user(user)
    if match is None:
        return explain_body(content, now=now, on_behalf_of=on_behalf_of)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise BodyError(f"The record is not UTF-8 text: see byte {error.start + 1}.") from error
    return explain_record(
        text,
        criteria=read_match(match),
        mobile_clash=None if mobile_clash is None else MobileClash(mobile_clash),
        now=now,
        on_behalf_of=on_behalf_of,
    )


def _side(change: dict[str, Any], side: str) -> str:
    if side not in change:
        return "absent"
    told = json.dumps(change[side], ensure_ascii=False)
    return told if len(told) <= _LONGEST_SHOWN else f"{told[:_LONGEST_SHOWN]}…"
