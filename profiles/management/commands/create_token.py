"""Make a bearer token."""

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.text import slugify

from profiles.keys import NAME_LENGTH
from profiles.models import ApiToken, User
from profiles.models.access import ALL_SCOPES, SCOPES


class Command(BaseCommand):
    """Make a bearer token for an integration and print it, alone, on standard output."""

    help = (
        "Make a bearer token and print it: it is shown this once, only its digest is kept. The user is made if "
        "missing, as a machine user who cannot enter the admin; one for each integration lets the ledger tell them "
        "apart."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what the token is for."""
        parser.add_argument("label", metavar="LABEL", help="What the token is for.")
        parser.add_argument("--user", metavar="NAME", help="Whose it is; a name made of the label unless told.")
        parser.add_argument(
            "--scopes",
            nargs="+",
            default=[ALL_SCOPES],
            metavar="SCOPE",
            help=f"All of them, or some of: {', '.join(SCOPES)}.",
        )
        parser.add_argument("--expires-in", type=int, metavar="DAYS", help="Days it is valid; for ever unless told.")

    def handle(
        self,
        *,
        label: str,
        user: str | None,
        scopes: list[str],
        expires_in: int | None,
        **options: Any,  # noqa: ANN401 Django's own options
    ) -> None:
        """Make the token and print it."""
        del options
        unknown = sorted(set(scopes) - {*SCOPES, ALL_SCOPES})
        if unknown:
            message = f"Unknown scope {', '.join(unknown)}; there are {', '.join(SCOPES)}."
            raise CommandError(message)
        if expires_in is not None and not 1 <= expires_in <= 36_500:  # noqa: PLR2004 a hundred years
            message = "--expires-in must be between 1 and 36500 days."
            raise CommandError(message)
        if not label.strip() or len(label) > NAME_LENGTH:
            message = f"The label must have 1 to {NAME_LENGTH} characters."
            raise CommandError(message)
        name = user or slugify(label) or "machine"
        with transaction.atomic():
            owner = User.objects.filter(username=name).first()
            if owner is None:
                owner = User(username=name[:150])
                owner.set_unusable_password()
                owner.save()
                self.stderr.write(f"Made the machine user {owner.username}.")
            _, token = ApiToken.objects.create(
                user=owner,
                expiry=None if expires_in is None else dt.timedelta(days=expires_in),
                label=label.strip(),
                scopes=scopes,
            )
        self.stdout.write(token)
