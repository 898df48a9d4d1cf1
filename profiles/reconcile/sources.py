"""Late records: what a source has spoken about later already keeps its value (rules 3.7).

A source is the submitting user. What it speaks about is named as its records name it: a field, a member of a row by
the row's key, a set as a whole; an address by its external_id, or by its text. The times lie outside the ledger's
fold.
"""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from profiles import shape
from profiles.readings import JSON
from profiles.reconcile.addresses import address_text
from profiles.reconcile.consent import has_own_time, place_of_comms
from profiles.reconcile.difference import State, pointer_of, same
from profiles.reconcile.rows import is_held
from profiles.times import CLOCK_TOLERANCE
from profiles.values import (
    CauseKind,
    ErrorCode,
    Finding,
    ProfileDraft,
    Referral,
    Row,
    RowKey,
    Rows,
    SourceTimes,
    SourceWord,
    WarningCode,
)

NOBODY: Final = "0"
"""The source of what nobody is named for, as an operator's import; users are numbered from 1."""
_SETS: Final = frozenset({"tags", "statuses"})
# Rows whose members make sense together only.
_WHOLE: Final = frozenset({"custom_attributes"})
_TOGETHER: Final = dict.fromkeys(("birth_day", "birth_month", "birth_year"), "/birthday")


@dataclass(frozen=True, slots=True)
class Heard:
    """What of a draft counts, and what its source has spoken about by then."""

    draft: ProfileDraft
    times: SourceTimes
    errors: tuple[Finding, ...] = ()


def hear(draft: ProfileDraft, before: State | None, *, received_at: dt.datetime) -> Heard:
    """Return the draft without what its source has spoken about later, with a warning for each.

    What is left is spoken about as of the draft's time; a draft without one takes away the times of what it sets.
    """
    stored: SourceTimes = {} if before is None else before.source_times
    if draft.source_updated_at is None and not stored:
        return Heard(draft, stored)
    time = None if draft.source_updated_at is None else dt.datetime.fromisoformat(draft.source_updated_at)
    if time is not None and time > received_at + CLOCK_TOLERANCE:
        message = "The time lies in the future."
        return Heard(draft, stored, (Finding(ErrorCode.INVALID, "/source_updated_at", message),))
    source = NOBODY if draft.cause.actor_id is None else str(draft.cause.actor_id)
    words = dict(stored.get(source, {}))
    hearing = _Hearing(draft, State() if before is None else before, time, words, received_at=received_at)
    heard = hearing.heard()
    if hearing.words == stored.get(source, {}):
        return Heard(heard, stored)
    times = {**stored, source: hearing.words}
    return Heard(heard, {name: words for name, words in times.items() if words})


class _Hearing:
    """One draft, and what its source has said about what it names."""

    def __init__(
        self,
        draft: ProfileDraft,
        before: State,
        time: dt.datetime | None,
        words: dict[str, SourceWord],
        *,
        received_at: dt.datetime,
    ) -> None:
        self.words = words
        self._draft = draft
        self._before = before
        self._time = time
        self._received_at = received_at
        self._word = SourceWord(draft.source_updated_at or "", draft.cause.batch_id, draft.cause.position)
        self._warnings = list(draft.warnings)

    def heard(self) -> ProfileDraft:
        """Return what of the draft counts."""
        draft = self._draft
        fields = {name: value for name, value in draft.fields.items() if self._hears_field(name, value)}
        collections: dict[str, Rows] = {}
        for name, rows in draft.collections.items():
            if name in _SETS:
                if self._hears(f"/{name}", f"/{name}", is_news=self._is_other_set(name, rows)):
                    collections[name] = rows
            elif name != "date_links":
                collections[name] = self._rows(name, rows)
        gone = draft.collections.get("dates", {}).keys() - collections.get("dates", {}).keys()
        replaced = frozenset(date for date in draft.replaced_links - gone if self._hears_links(date))
        if (links := draft.collections.get("date_links")) is not None:
            collections["date_links"] = {key: row for key, row in links.items() if key[:2] in replaced}
        region = draft.default_region
        if region is not None:
            region, collections["regions"] = self._describe_region(region, collections["regions"])
        return dataclasses.replace(
            draft,
            fields=fields,
            collections=collections,
            replaced_links=replaced,
            default_region=region,
            warnings=tuple(self._warnings),
        )

    def _stored(self, name: str) -> Rows:
        return self._before.collections.get(name, {})

    def _hears_field(self, name: str, value: object) -> bool:
        if has_own_time(name):
            return True
        is_news = not same(self._before.fields.get(name), value)
        if name == "email" and self._draft.cause.kind is not CauseKind.ADMIN:
            is_news = self._before.email_key != self._draft.email_key  # only staff correct a spelling (rules 1.2)
        # What says nothing new counts all the same: who names a deletion knows of it (rules 2.5).
        return self._hears(_TOGETHER.get(name, f"/{name}"), self._place_of_field(name), is_news=is_news) or not is_news

    def _place_of_field(self, name: str) -> str:
        if name.startswith("comms/"):
            return place_of_comms(self._draft, name)
        return f"/attributes/{name}" if name.startswith("appearance/") else f"/{name}"

    def _is_other_set(self, name: str, rows: Rows) -> bool:
        """Whether the set is not the one stored; a status that is not held any more would begin anew (rules 4.6)."""
        stored = self._stored(name)
        if name == "statuses" and not all(is_held(row, now=self._received_at) for row in stored.values()):
            return True
        return rows.keys() != stored.keys()

    def _hears_links(self, date: RowKey) -> bool:
        sides = (self._draft.collections.get("date_links", {}), self._stored("date_links"))
        sent, stored = ({key: row for key, row in rows.items() if key[:2] == date} for rows in sides)
        pointer = self._draft.places.get(("dates", date), "/dates_attributes")
        return self._hears(pointer_of("date_links", *date), f"{pointer}/links", is_news=sent != stored)

    def _describe_region(self, region: Referral, heard: Rows) -> tuple[Referral, Rows]:
        """Return what counts of what describes the default region, and the regions with it.

        It is about the region that the draft names, if it names one: where that does not become the default, it does
        not go to the one that is.
        """
        sent, stored = self._draft.collections["regions"], self._stored("regions")
        named = next((key for key, row in sent.items() if row.get("is_default")), None)
        default = next((key for key, row in stored.items() if row["is_default"]), None)
        known = stored.get(named or default or (), {})
        row = {
            name: value
            for name, value in region.row.items()
            if self._hears(f"/region_{name}", f"/region_{name}", is_news=not same(known.get(name), value))
        }
        if named is not None and not heard.get(named, {}).get("is_default"):
            if named in heard:
                heard = {**heard, named: {**row, **heard[named]}}
            row = {}
        return dataclasses.replace(region, row=row), heard

    def _rows(self, name: str, rows: Rows) -> Rows:
        """Return what of the rows counts; one that is gone stays gone where any of it was spoken about later.

        Which row bears the flag is nothing of the row.
        """
        heard: dict[RowKey, Row] = {}
        flag = shape.COLLECTIONS[name].flag
        for key, row in rows.items():
            paths = _paths(name, key, row)
            late = {member for member, path in paths.items() if self._later_word(path) is not None}
            self._speak(path for member, path in paths.items() if member not in late)
            if not late:
                heard[key] = row
                continue
            stored = _stored_row(name, key, row, self._stored(name))
            is_gone = stored is None and any(paths[member] != f"/{name}" for member in late)
            if not is_gone and name not in _WHOLE:
                heard[key] = {member: value for member, value in row.items() if member not in late}
            known: Row = {flag: False} if stored is None else stored
            ignored = row.keys() if name in _WHOLE else late.intersection(row)
            if is_gone or any(not same(known.get(one), row[one]) for one in ignored):
                self._warn([paths[member] for member in late], self._place_of_row(name, key))
        return heard

    def _place_of_row(self, name: str, key: RowKey) -> str:
        return self._draft.places.get((name, key), f"/{'dates_attributes' if name == 'dates' else name}")

    def _hears(self, path: str, pointer: str, *, is_news: bool) -> bool:
        """Whether what the draft says there counts: it is spoken about then. What does not is told if it is news."""
        if self._later_word(path) is None:
            self._speak([path])
            return True
        if is_news:
            self._warn([path], pointer)
        return False

    def _later_word(self, path: str) -> SourceWord | None:
        word = self.words.get(path)
        return word if word is not None and self._time is not None and _moment(word) > self._time else None

    def _speak(self, paths: Iterable[str]) -> None:
        for path in paths:
            if self._time is None:
                self.words.pop(path, None)
            else:
                self.words[path] = self._word

    def _warn(self, paths: Iterable[str], pointer: str) -> None:
        word = max((self.words[path] for path in paths), key=_moment)
        record = ""
        if word.batch_id is not None:
            # A preview and its run say the same: neither names itself.
            batch = "of this batch" if word.batch_id == self._word.batch_id else f"of batch {word.batch_id}"
            record = f", record {word.position} {batch}"
        message = f"The same source has spoken about it later ({word.time}{record}); it stays as it is."
        self._warnings.append(Finding(WarningCode.OLDER_THAN_STORED, pointer, message))


def _moment(word: SourceWord) -> dt.datetime:
    return dt.datetime.fromisoformat(word.time)


def _paths(name: str, key: RowKey, row: Row) -> dict[str, str]:
    """Return what a row speaks about, by its members; under no name, that the row is there.

    Which row bears the collection's flag is one matter for all of them.
    """
    if name == "addresses":
        if (external_id := row.get("external_id")) is not None:
            key, unnamed = (external_id,), frozenset({"external_id"})
        else:
            digest = hashlib.blake2b("\x00".join(address_text(row)).encode(), digest_size=8).hexdigest()
            key, unnamed = ("", digest), frozenset({*shape.ADDRESS_LINES, "external_id"})
        row = {member: value for member, value in row.items() if member not in unnamed}
    paths = {"": pointer_of(name, *key)}
    if name not in _WHOLE:
        flag = shape.COLLECTIONS[name].flag
        paths |= {one: f"/{name}" if one == flag else pointer_of(name, *key, one) for one in row}
    return paths


def _stored_row(name: str, key: RowKey, row: Row, stored: Rows) -> Row | None:
    """Return the row as it is stored; `None` where it is not there, or not any more.

    Of addresses with one text it is the one that the draft would change (rules 4.2): one without a name first.
    """
    if name != "addresses":
        return stored.get(key)
    if (external_id := row.get("external_id")) is not None:
        return next((one for one in stored.values() if one["external_id"] == external_id), None)
    text = address_text(row)
    alike = [one for _, one in sorted(stored.items()) if address_text(one) == text]
    return min(alike, key=lambda one: one["external_id"] is not None, default=None)


# --- Kept ----------------------------------------------------------------------------------------------------------


def unite_sources(merged: SourceTimes, survivor: SourceTimes) -> SourceTimes:
    """Return what the sources have said about either of two profiles, of two words the later."""
    united = {source: dict(words) for source, words in survivor.items()}
    for source, words in merged.items():
        known = united.setdefault(source, {})
        for path, word in words.items():
            if path not in known or _moment(word) > _moment(known[path]):
                known[path] = word
    return united


def stored_sources(times: SourceTimes) -> JSON:
    """Return the words as they are stored, those of one record together; null where there are none.

    `{source: [[time, batch, position, [path, …]], …]}`
    """
    stored: dict[str, JSON] = {}
    for source, words in times.items():
        by_word: dict[SourceWord, list[JSON]] = {}
        for path, word in words.items():
            by_word.setdefault(word, []).append(path)
        stored[source] = [
            [word.time, None if word.batch_id is None else str(word.batch_id), word.position, paths]
            for word, paths in by_word.items()
        ]
    return stored or None


def loaded_sources(stored: Any) -> SourceTimes:
    """Return the words that are stored so."""
    return {
        source: {
            path: SourceWord(time, None if batch_id is None else UUID(batch_id), position)
            for time, batch_id, position, paths in records
            for path in paths
        }
        for source, records in (stored or {}).items()
    }
