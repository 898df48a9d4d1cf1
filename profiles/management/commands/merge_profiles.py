"""Merge two profiles."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from profiles import keys
from profiles.keys import NOTES_LENGTH, InvalidValueError
from profiles.management.arguments import FAILED, cause_of, find_id, find_user
from profiles.merging import Merge, MergeError, merge_profiles, plan_merge
from profiles.models import Profile
from profiles.values import Cause


class Command(BaseCommand):
    """Merge one profile into another, as staff and the API can."""

    help = (
        "Merge the profile SOURCE into DESTINATION: it means that one from then on, which takes what it lacks. "
        "Without --yes it is shown first, and asked for. Exit code: 0 merged, 2 not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the two profiles and the terms."""
        parser.add_argument("source", metavar="SOURCE", help="The id of the profile that ends.")
        parser.add_argument("destination", metavar="DESTINATION", help="The id of the profile that stays.")
        parser.add_argument("--note", default="", help="Why, for the ledger.")
        parser.add_argument("--user", metavar="NAME", help="Who does it, for the ledger.")
        parser.add_argument(
            "--despite-verdict", action="store_true", help="Merge what staff have called different people."
        )
        parser.add_argument("--dry-run", action="store_true", help="Show what would change, and write nothing.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def handle(self, *, source: str, destination: str, note: str, user: str | None, **options: Any) -> None:
        """Show what would change, and merge once that is confirmed."""
        try:
            merge = Merge(
                find_id(source),
                find_id(destination),
                despite_verdict=options["despite_verdict"],
                note=keys.text(note, length=NOTES_LENGTH, notes=True),
            )
            self._merge(merge, cause_of(find_user(user)), dry_run=options["dry_run"], yes=options["yes"])
        except (MergeError, InvalidValueError) as error:
            raise CommandError(str(error), returncode=FAILED) from error

    def _merge(self, merge: Merge, cause: Cause, *, dry_run: bool, yes: bool) -> None:
        if dry_run or not yes:
            versions = self._show(merge, cause)
            if dry_run:
                self.stdout.write("Nothing was written.")
                return
            if input("Merge them? [y/N] ").strip().lower() not in {"y", "yes"}:
                raise CommandError("Nothing was merged.", returncode=FAILED)
            merge = replace(merge, expected_versions=versions)
        with transaction.atomic(durable=True):
            operation_id = merge_profiles(merge, cause=cause, now=timezone.now())
        self.stdout.write(f"{merge.merged_id} means {merge.survivor_id} from now on (operation {operation_id}).")

    def _show(self, merge: Merge, cause: Cause) -> dict[UUID, int]:
        """Write what would change, and return the versions that was seen by."""
        with transaction.atomic():
            plan = plan_merge(merge, cause=cause, now=timezone.now())
        names = Profile.objects.in_bulk([change.profile_id for change in plan.changes])
        for change in plan.changes:
            self.stdout.write(f"{names[change.profile_id]} ({change.profile_id}), {len(change.changes):,} changes:")
            for pointer in change.changes:
                self.stdout.write(f"  {pointer}")
        return {result.id: result.before.version for result in plan.results[:2] if result.before is not None}
