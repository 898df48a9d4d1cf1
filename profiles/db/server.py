"""What the hub asks of the server it stands on: that its locks exclude, that they find room, that a commit lasts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import randbelow
from typing import Final

from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from profiles.db.engine import is_postgresql, sqlstate
from profiles.sentences import ToldError

# A space of its own among two-part advisory locks: nobody waits for one of these.
_PROBE: Final = 0x6876
_PROTOCOL_VIOLATION: Final = "08P01"
_ASKED: Final = (
    "max_locks_per_transaction",
    "max_connections",
    "max_prepared_transactions",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
)
_WHY_ON: Final = {
    "fsync": "what was accepted may be lost, and the database broken, when the machine stops",
    "synchronous_commit": "what was accepted may be lost when the machine stops",
    "full_page_writes": "the database may be broken when the machine stops",
}


class LocksDoNotExcludeError(ToldError):
    """The database's advisory locks keep nobody out, so that two workers would write over each other.

    A pooler that gives each statement another connection does that: let it pool transactions, or go past it.
    """


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What the server says of itself; SQLite, which has one writer and settings of our own, has nothing to say."""

    locks_exclude: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def lock_room(self) -> int | None:
        """How many locks all transactions together may hold; `None` where nobody counts."""
        if not self.settings:
            return None
        return int(self.settings["max_locks_per_transaction"]) * _lockers(self.settings)


def look() -> ServerFacts:
    """Ask the server; opens two connections for a moment. Raises what the database raises."""
    if not is_postgresql():
        return ServerFacts()
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(_ASKED)])
        settings = dict(cursor.fetchall())
    return ServerFacts(locks_exclude=_locks_exclude(), settings=settings)


def _locks_exclude() -> bool:
    """Whether a lock that one transaction holds is refused to another, and is free again afterwards."""
    number = randbelow(2**31)
    holder, other = connection.copy(), connection.copy()
    try:
        for one in (holder, other):
            one.set_autocommit(False)
        taken = _try_lock(holder, number)
        refused = not _try_lock(other, number)
        holder.rollback()
        free_again = _try_lock(other, number)
        other.rollback()
    except OperationalError as error:
        # So says a pooler that lets nobody have a transaction.
        if sqlstate(error) != _PROTOCOL_VIOLATION:
            raise
        return False
    finally:
        holder.close()
        other.close()
    return taken and refused and free_again


def _try_lock(one: BaseDatabaseWrapper, number: int) -> bool:
    with one.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_PROBE, number])
        return bool(cursor.fetchone()[0])


def advice(facts: ServerFacts, *, workers: int, lock_budget: int) -> list[str]:
    """Return what an operator should change on the server, a sentence each; PURE."""
    sentences = [
        f"{name} is off: {why}. Set {name} = on." for name, why in _WHY_ON.items() if facts.settings.get(name) == "off"
    ]
    needed = workers * lock_budget
    if facts.lock_room is not None and needed > facts.lock_room:
        enough = -(-needed * 11 // (10 * _lockers(facts.settings)))  # a tenth more: tables need locks too; rounded up
        sentences.append(
            f"{workers} workers may need {needed:,} locks (HUB_LOCK_BUDGET = {lock_budget}), and the server has room "
            f"for {facts.lock_room:,}. Set max_locks_per_transaction = {enough} and restart the server, or "
            f"HUB_LOCK_BUDGET = {facts.lock_room // workers}."
        )
    return sentences


def _lockers(settings: Mapping[str, str]) -> int:
    return int(settings["max_connections"]) + int(settings["max_prepared_transactions"])
