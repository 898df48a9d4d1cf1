"""Reading what taking back needs of many profiles: their ledgers, and who stands on them."""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import connection

from profiles.db import engine, lookups
from profiles.models import DateLink, ProfileChange
from profiles.reconcile.replaying import lives_of
from profiles.times import as_utc, utc_text
from profiles.values import Cause, CauseKind, ChangeAction, LedgerRow, TakenBack

_TABLE: Final = ProfileChange._meta.db_table
_COLUMNS: Final = (
    *("c.profile_id", "c.version", "c.action", "c.changes", "c.times", "c.reverts", "c.at"),
    *("c.cause_kind", "c.batch_id", "c.position", "c.actor_id", "c.actor_label", "c.request_id"),
)
_FROM_VERSIONS: Final = engine.Statement(
    postgresql=f"""
        SELECT {", ".join(_COLUMNS)} FROM unnest(%s::uuid[], %s::integer[]) AS k(id, version)
        JOIN {_TABLE} c ON c.profile_id = k.id AND c.version >= k.version ORDER BY c.profile_id, c.version
    """,
    sqlite=f"""
        SELECT {", ".join(_COLUMNS)} FROM json_each(%s) AS k
        JOIN {_TABLE} c ON c.profile_id = json_extract(k.value, '$[0]') AND c.version >= json_extract(k.value, '$[1]')
        ORDER BY c.profile_id, c.version
    """,
)


def load_reverts(ids: Collection[UUID]) -> dict[UUID, dict[int, TakenBack]]:
    """Return what rows of the profiles' ledgers take others back, by their versions, in one statement."""
    found: dict[UUID, dict[int, TakenBack]] = {}
    rows = ProfileChange.objects.filter(profile__among=ids, reverts__isnull=False)
    for profile_id, version, reverts in rows.values_list("profile_id", "version", "reverts"):
        if reverts is not None:
            found.setdefault(profile_id, {})[version] = TakenBack.from_json(reverts)
    return found


def takers_of(ids: Collection[UUID]) -> dict[tuple[UUID, int], int]:
    """Return of rows that are dead, by profile and version, the newest live row that takes each back; one query."""
    found: dict[tuple[UUID, int], int] = {}
    for profile_id, reverts in load_reverts(ids).items():
        lives = lives_of(reverts)
        for version, taken in sorted(reverts.items()):
            if lives[version].is_live:
                found |= {(profile_id, target): version for target in taken.versions}
    return found


def load_rows(versions: Mapping[UUID, int]) -> dict[UUID, list[LedgerRow]]:
    """Return the rows of each profile's ledger from its version on, in their order, in one statement."""
    ids = [lookups.stored_id(profile_id) for profile_id in versions]
    with connection.cursor() as cursor:
        if not ids:
            return {}
        cursor.execute(_FROM_VERSIONS.text, lookups.parameters(ids, list(map(str, versions.values()))))
        rows = cursor.fetchall()
    found: dict[UUID, list[LedgerRow]] = {}
    for profile_id, *values in rows:
        found.setdefault(_as_id(profile_id), []).append(_row(*values))
    return found


def find_links(ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Return the other profiles that have dates which concern these, in one statement if there are any."""
    found: dict[UUID, list[UUID]] = {}
    links = DateLink.objects.filter(linked_profile__among=ids) if ids else DateLink.objects.none()
    for linked, holder in links.values_list("linked_profile_id", "profile_id").order_by("id"):
        if holder != linked:
            found.setdefault(linked, []).append(holder)
    return found


def _row(  # both engines hand JSON out as text
    version: int,
    action: str,
    changes: Any,
    times: Any,
    reverts: Any,
    at: Any,
    kind: str,
    batch_id: Any,
    position: int | None,
    actor_id: int | None,
    actor_label: str,
    request_id: str,
) -> LedgerRow:
    batch = None if batch_id is None else _as_id(batch_id)
    moment = at if isinstance(at, dt.datetime) else dt.datetime.fromisoformat(at)
    return LedgerRow(
        version=version,
        action=ChangeAction(action),
        changes=orjson.loads(changes),
        cause=Cause(CauseKind(kind), batch, position, actor_id, actor_label, request_id),
        at=utc_text(as_utc(moment)),
        times={} if times is None else orjson.loads(times),
        reverts=None if reverts is None else TakenBack.from_json(orjson.loads(reverts)),
    )


def _as_id(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
