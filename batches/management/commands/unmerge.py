"""Take two profiles apart that were merged."""

import sys
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from batches.unmerging import records_of, sentences
from profiles import keys
from profiles.keys import NOTES_LENGTH, InvalidValueError
from profiles.management.arguments import FAILED, cause_of, find_id, find_user
from profiles.unmerging import PartingPlan, Unmerge, UnmergeError, unmerge_profiles
from profiles.values import Cause

SOME_KEPT: Final = 1


class Command(BaseCommand):
    """Take a profile out of the one it was merged into, with what came since by its keys."""

    help = (
        "Take a profile out of the one it was merged into: both are as if they had never been merged, and what came "
        "since goes to the side whose key it came by. They are remembered as different people. Without --yes it is "
        "shown first, and asked for. Exit code: 0 all of it, 1 something stays as it is, 2 failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare who is taken out of whom."""
        parser.add_argument("source", metavar="SOURCE", help="The id of the profile that was merged.")
        parser.add_argument(
            "destination", metavar="DESTINATION", nargs="?", help="The one it was merged into, unless that is plain."
        )
        parser.add_argument(
            "--to-merged",
            nargs="+",
            type=int,
            default=[],
            metavar="VERSION",
            help="Changes of the destination since that are the source's, although no key says so.",
        )
        parser.add_argument("--note", default="", help="Why, for the ledger.")
        parser.add_argument("--user", metavar="NAME", help="Who does it, for the ledger.")
        parser.add_argument("--dry-run", action="store_true", help="Show what it comes to, and write nothing.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def handle(self, *, source: str, destination: str | None, **options: Any) -> None:
        """Show what it comes to, and do it once that is confirmed."""
        try:
            unmerge = Unmerge(
                find_id(source),
                None if destination is None else find_id(destination),
                options["to_merged"],
                note=keys.text(options["note"], length=NOTES_LENGTH, notes=True),
            )
            plan = self._unmerge(
                unmerge, cause_of(find_user(options["user"])), dry_run=options["dry_run"], yes=options["yes"]
            )
        except (UnmergeError, InvalidValueError) as error:
            raise CommandError(str(error), returncode=FAILED) from error
        if plan.kept:
            sys.exit(SOME_KEPT)

    def _unmerge(self, unmerge: Unmerge, cause: Cause, *, dry_run: bool, yes: bool) -> PartingPlan:
        if dry_run or not yes:
            with transaction.atomic():
                plan = unmerge_profiles(unmerge, cause=cause, now=timezone.now(), records_of=records_of, write=False)
            for sentence in sentences(plan):
                self.stdout.write(sentence)
            if dry_run:
                self.stdout.write("Nothing was written.")
                return plan
            if input("Take them apart? [y/N] ").strip().lower() not in {"y", "yes"}:
                raise CommandError("Nothing was taken apart.", returncode=FAILED)
        with transaction.atomic(durable=True):
            plan = unmerge_profiles(unmerge, cause=cause, now=timezone.now(), records_of=records_of)
        self.stdout.write("They are two again.")
        return plan
