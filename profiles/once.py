"""Writes that are sent again under the same idempotency key are done once (rules 12.14).

The key is claimed first of all in the transaction that does the write: whoever sends the same at the same time waits
for its end, and is then answered with what it has made.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import orjson
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from profiles.models import SentWrite
from profiles.sentences import ToldError

_ATTEMPTS: Final = 5
_Answer = TypeVar("_Answer")


class KeyConflictError(ToldError):
    """The idempotency key was used for something else."""


class KeyFoughtOverError(ToldError):
    """The idempotency key is fought over; try again."""


class _SentMeanwhileError(Exception):
    """Somebody else has claimed the key since it was looked for."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A write as it was sent: who sent it, under which key, and the hash of all that makes it this one."""

    user_id: int
    key: str
    sha256: str

    @classmethod
    def of(cls, user_id: int, key: str, *said: Any) -> "Sent":
        """Return the write that says this, in JSON values."""
        text = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
        return cls(user_id, key, hashlib.sha256(text).hexdigest())

    def made(self) -> list[str] | None:
        """Return the ids of what the same write has made, if it was done; queries.

        Raises `KeyConflictError` where the key was used for another write. One that has lapsed is free again.
        """
        sent = SentWrite.objects.filter(user=self.user_id, key=self.key).first()
        if sent is None:
            return None
        if sent.sent_at < timezone.now() - dt.timedelta(days=settings.IDEMPOTENCY_DAYS):
            SentWrite.objects.filter(pk=sent.pk, sent_at=sent.sent_at).delete()
            return None
        if sent.request_sha256 != self.sha256:
            raise KeyConflictError
        return list(sent.made)

    def claim(self, made: Sequence[str]) -> int:
        """Claim the key within the transaction that does the write, and return the row's id.

        `made` is what is known before of what will be made.
        """
        try:
            row = SentWrite.objects.create(
                user_id=self.user_id, key=self.key, request_sha256=self.sha256, made=made, sent_at=timezone.now()
            )
        except IntegrityError as error:
            raise _SentMeanwhileError from error
        return row.pk


Keep = Callable[[Sequence[object]], None]
"""What is told the ids of what was made."""


@contextmanager
def kept_once(sent: Sent | None, *, making: Sequence[object] | None = None) -> Iterator[Keep]:
    """Commit what is done in the block, together with the memory of having done it, where it was sent under a key.

    The block tells what it made, unless the ids are known before (`making`); a block that does not was refused, and
    its key is as unused as before.
    """
    known = made = None if making is None else [str(one) for one in making]

    def keep(ids: Sequence[object]) -> None:
        nonlocal made
        made = [str(one) for one in ids]

    with transaction.atomic(durable=True):
        row_id = None if sent is None else sent.claim(known or [])
        yield keep
        if row_id is not None and (made is None or made != known):
            claimed = SentWrite.objects.filter(pk=row_id)
            claimed.delete() if made is None else claimed.update(made=made)


def once(
    sent: Sent | None,
    write: Callable[[], _Answer],
    again: Callable[[list[str]], _Answer],
    *,
    claims_first: bool = False,
) -> _Answer:
    """Return what the write comes to, or what is `again` there of what the same write made earlier.

    `write` commits by `kept_once`. Where it `claims_first`, and looks at nothing before that, it is tried before the
    key is looked for: most are sent once. Raises `KeyConflictError` and `KeyFoughtOverError`.
    """
    if sent is None:
        return write()
    for attempt in range(_ATTEMPTS):
        if (not claims_first or attempt) and (made := sent.made()) is not None:
            return again(made)
        try:
            return write()
        except _SentMeanwhileError:
            continue  # it is there now, or was refused, or lapsed
    raise KeyFoughtOverError
