"""What several commands are told in the same words, and how they end where that is wrong."""

from typing import Final
from uuid import UUID

from django.core.management.base import CommandError

from profiles.criteria import Criteria, typed_criteria
from profiles.db.ids import read_id
from profiles.keys import InvalidValueError
from profiles.models import User
from profiles.values import Cause, CauseKind

FAILED: Final = 2
"""The exit code of a command that could not do its work; 1 is for what was refused or kept."""
CRITERIA: Final = "email|HANDLE|A,B"
"""What `--match` takes, as the help names it."""


def read_match(match: str) -> Criteria:
    """Return the criteria that `--match` names; raises `CommandError`."""
    try:
        return typed_criteria(match)
    except InvalidValueError as error:
        raise CommandError(f"--match: {error}", returncode=FAILED) from error


def find_user(username: str | None) -> User | None:
    """Return the user of that name, nobody for none; raises `CommandError`. Queries."""
    if username is None:
        return None
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is no user {username}.", returncode=FAILED)
    return user


def find_id(text: str) -> UUID:
    """Return the text as the id it is; raises `CommandError`."""
    found = read_id(text)
    if found is None:
        raise CommandError(f"{text} is not an id.", returncode=FAILED)
    return found


def cause_of(user: User | None) -> Cause:
    """Return the cause of what a command does, on a user's behalf or nobody's."""
    if user is None:
        return Cause(CauseKind.COMMAND)
    return Cause(CauseKind.COMMAND, actor_id=user.pk, actor_label=user.username)
