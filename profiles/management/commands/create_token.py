"""Make a bearer token."""

import datetime as dt
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.text import slugify

from profiles import keys
from profiles.models import ApiToken, User
from profiles.models.access import ALL_SCOPES, SCOPES

USERNAME_LENGTH: Final = 150


class Command(BaseCommand):
    """Make a bearer token for an integration and print it, alone, on standard output."""

    help = (
        "Make a bearer token and print it: it is shown this once, only its digest is kept. It is a machine user's, "
        "who cannot enter the admin and is made where there is none named after the label; one for each integration "
        "lets the ledger tell them apart."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what the token is for."""
        parser.add_argument("label", metavar="LABEL", help="What the token is for.")
        parser.add_argument("--user", metavar="NAME", help="Whose it is; a name made of the label unless told.")
        parser.add_argument("--create", action="store_true", help="Make the machine user NAME where there is none.")
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
        create: bool,
        scopes: list[str],
        expires_in: int | None,
        **options: Any,
    ) -> None:
        """Make the token and print it."""
        unknown = sorted(set(scopes) - {*SCOPES, ALL_SCOPES})
        if unknown:
            raise CommandError(f"Unknown scope {', '.join(unknown)}; there are {', '.join(SCOPES)}.")
        if expires_in is not None and not 1 <= expires_in <= 36_500:  # noqa: PLR2004 a hundred years
            raise CommandError("--expires-in must be between 1 and 36500 days.")
        label = _name(label, "LABEL")
        # A name that was told may be a slip of the keyboard; one made of the label means what it says.
        name = (slugify(label) or "machine")[:USERNAME_LENGTH] if user is None else _name(user, "--user")
        with transaction.atomic():
            owner = User.objects.filter(username=name).first() or self._make(name, may=create or user is None)
            _, token = ApiToken.objects.create(
                user=owner,
                expiry=None if expires_in is None else dt.timedelta(days=expires_in),
                label=label,
                scopes=scopes,
            )
        self.stdout.write(token)

    def _make(self, name: str, *, may: bool) -> User:
        if not may:
            raise CommandError(f"There is no user {name}; add --create to make a machine user of that name.")
        owner = User(username=name)
        owner.set_unusable_password()
        try:
            owner.full_clean()
        except ValidationError as error:
            raise CommandError(f"The user cannot be named {name}: {' '.join(error.messages)}") from error
        owner.save()
        self.stderr.write(f"Made the machine user {owner.username}.")
        return owner


def _name(text: str, argument: str) -> str:
    try:
        return keys.name(text)
    except keys.InvalidValueError as error:
        raise CommandError(f"{argument}: {error}") from error
