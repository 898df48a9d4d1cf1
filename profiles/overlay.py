"""What a dry run in several parts has made so far, laid over what is stored (way 4.7).

It is kept in a temporary file: however much a run foretells, memory stays flat.
"""

import pickle
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

import orjson

from profiles.directory import Scope
from profiles.keys import MatchKey
from profiles.reconcile.keeping import keys_of
from profiles.values import Directory, ProfileResult, ProfileSnapshot, Rows

_TABLES: Final = (
    "CREATE TABLE profiles (id BLOB PRIMARY KEY, profile BLOB) WITHOUT ROWID",
    "CREATE TABLE keys (key TEXT PRIMARY KEY, holder BLOB) WITHOUT ROWID",
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
)


@dataclass(frozen=True, slots=True)
class _Foretold:
    """A profile as it would be; of its collections those that a draft has touched."""

    version: int
    fields: Mapping[str, Any]
    collections: Mapping[str, Rows]
    email_key: str | None
    effective_times: Mapping[str, str]
    source_times: Mapping[str, Any]


class Overlay:
    """The profiles that earlier parts would have made or changed, and whose each key would be by now."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)  # a file without a name, gone once it is closed
        for statement in _TABLES:
            self._file.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._file.close()

    def widened(self, scope: Scope) -> Scope:
        """Return the scope with those who would hold its keys by now, so that what is stored of them is known too."""
        holders = {holder for holder in self._holders(scope.keys).values() if holder is not None}
        return replace(scope, targets=[*dict.fromkeys((*scope.targets, *sorted(holders)))])

    def over(self, directory: Directory, scope: Scope) -> Directory:
        """Return what is known with what would be so by now."""
        holders = dict(directory.holders)
        for key, holder in self._holders(scope.keys).items():
            if holder is None:
                holders.pop(key, None)
            else:
                holders[key] = holder
        ids = {*directory.profiles, *holders.values(), *scope.targets}
        profiles = dict(directory.profiles)
        for profile_id, foretold in self._profiles(ids).items():
            profiles[profile_id] = _laid_over(profile_id, foretold, profiles.get(profile_id), scope.collections)
        return replace(directory, holders=holders, profiles=profiles)

    def take(self, results: Sequence[ProfileResult]) -> None:
        """Keep what would become of profiles, for the parts that follow."""
        before = self._profiles([result.id for result in results])
        rows, freed, taken = [], [], []
        for result in results:
            known = before.get(result.id)
            foretold = _Foretold(
                result.version,
                result.fields,
                {**({} if known is None else known.collections), **result.collections},
                result.email_key,
                result.effective_times,
                result.source_times,
            )
            rows.append((result.id.bytes, pickle.dumps(foretold, pickle.HIGHEST_PROTOCOL)))
            held = set() if result.before is None else set(keys_of(result.before))
            holds = set(keys_of(_as_snapshot(result)))
            freed += [(_text(key), None) for key in held - holds]
            taken += [(_text(key), result.id.bytes) for key in holds - held]
        self._file.execute("BEGIN")
        self._file.executemany("INSERT OR REPLACE INTO profiles VALUES (?, ?)", rows)
        # What goes from one to another is taken last.
        self._file.executemany("INSERT OR REPLACE INTO keys VALUES (?, ?)", [*freed, *taken])
        self._file.execute("COMMIT")

    def _holders(self, keys: Iterable[MatchKey]) -> dict[MatchKey, UUID | None]:
        by_text = {_text(key): key for key in keys}
        found = self._file.execute(
            "SELECT key, holder FROM keys WHERE key IN (SELECT value FROM json_each(?))",
            [orjson.dumps(list(by_text)).decode()],
        )
        return {by_text[text]: None if holder is None else UUID(bytes=holder) for text, holder in found}

    def _profiles(self, ids: Iterable[UUID]) -> dict[UUID, _Foretold]:
        found = {}
        for profile_id in ids:
            row = self._file.execute("SELECT profile FROM profiles WHERE id = ?", [profile_id.bytes]).fetchone()
            if row is not None:
                found[profile_id] = pickle.loads(row[0])  # noqa: S301 what this process has written itself
        return found


def _text(key: MatchKey) -> str:
    return orjson.dumps([key.kind, key.handle, key.value]).decode()


def _as_snapshot(result: ProfileResult) -> ProfileSnapshot:
    return ProfileSnapshot(result.id, result.version, result.fields, result.collections, result.email_key)


def _laid_over(
    profile_id: UUID, foretold: _Foretold, stored: ProfileSnapshot | None, collections: Iterable[str]
) -> ProfileSnapshot:
    """Return the profile with the collections that are asked for: as foretold, else as stored, else without rows."""
    known = {} if stored is None else stored.collections
    return ProfileSnapshot(
        id=profile_id,
        version=foretold.version,
        fields=foretold.fields,
        collections={name: foretold.collections.get(name, known.get(name, {})) for name in collections},
        email_key=foretold.email_key,
        origins={name: {} for name in collections} if stored is None else stored.origins,
        effective_times=foretold.effective_times,
        source_times=foretold.source_times,
    )
