"""What a ledger shows of which some rows were taken back: all that was ever written, and of it the last that is live.

Found by walking, over and over: for each register the writes in their order, each with whether it is live.
"""

from dataclasses import dataclass
from typing import Any

from profiles.models import ProfileChange
from profiles.shape import COLLECTIONS

BIRTHDAY = ("/birth_day", "/birth_month", "/birth_year")
TERMS = ("/comms/terms_accepted_at", "/comms/terms_accepted_version")
PLAIN = ("created", "updated", "deleted", "restored")
FLAGS = {"identities": "is_primary", "addresses": "is_default", "regions": "is_default"}
TIGHT = {"promo": False, "optout": True, "bounced": True}

Path = tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """One write of one register."""

    version: int
    kind: str  # "set" of fields; "made", "removed", "changed" or "used" of a row; "flag" of a collection
    value: Any
    is_live: bool


class TakenBackLedger:
    """One profile's ledger, oldest row first."""

    def __init__(self, ledger: list[ProfileChange]) -> None:
        self.ledger = ledger
        self.fields: dict[tuple[str, ...], list[Written]] = {}
        self.rows: dict[Path, list[Written]] = {}
        self.flags: dict[str, list[Written]] = {}
        self.creation_shows = self._creation_shows()
        told: dict[str, Any] = {}
        for entry in ledger:
            for pointer, sides in entry.changes.items():
                if "to" in sides:
                    told[pointer] = sides["to"]
                else:
                    told.pop(pointer, None)
            if entry.action in PLAIN:
                self._note(entry, told)

    # --- Who is live ---------------------------------------------------------------------------------------------

    def is_live(self, entry: ProfileChange, register: str) -> bool:
        """Whether no live row takes the row back there."""
        return not any(
            entry.version in other.reverts["versions"]
            and register not in other.reverts["except"]
            and self.is_live(other, register)
            for other in self.ledger
            if other.reverts is not None
        )

    def _creation_shows(self) -> bool | None:
        """Whether the creation shows although it is dead, as somebody else stands on it; `None`: one is live."""
        creations = [entry for entry in self.ledger if entry.action == "created"]
        if any(self.is_live(entry, "no register") for entry in creations):
            return None
        creation = creations[-1]
        return any(
            self._stands(entry, creation)
            for entry in self.ledger
            if entry.action in PLAIN and entry.action != "created"
        )

    @property
    def _newest_creation(self) -> ProfileChange:
        return [entry for entry in self.ledger if entry.action == "created"][-1]

    def _stands(self, entry: ProfileChange, creation: ProfileChange) -> bool:
        if self.is_live(entry, "no register"):
            return entry.action != "deleted" or any(_tightens(*one) for one in entry.changes.items())
        excepted = {name for other in self.ledger if other.reverts for name in other.reverts["except"]}
        # What was excepted of a row is its own still; of the creation's own batch it is nobody else's word.
        return (creation.batch_id is None or entry.batch_id != creation.batch_id) and any(
            name in excepted and self.is_live(entry, name) for name in _registers(entry)
        )

    def _lives(self, entry: ProfileChange, register: str) -> bool:
        if entry.action == "created" and self.creation_shows is not None and entry is self._newest_creation:
            return self.creation_shows
        return self.is_live(entry, register)

    # --- All that was ever written -------------------------------------------------------------------------------

    def _note(self, entry: ProfileChange, told: dict[str, Any]) -> None:
        for pointer in entry.changes:
            if _place(pointer) is None:
                names = next((group for group in (BIRTHDAY, TERMS) if pointer in group), (pointer,))
                value = tuple(told.get(name) for name in names)
                live = self._lives(entry, names[0])
                self.fields.setdefault(names, []).append(Written(entry.version, "set", value, live))
        for path in dict.fromkeys(place for pointer in entry.changes if (place := _place(pointer)) is not None):
            self._note_row(entry, path, told)
        for name, flag in FLAGS.items():
            if any(_place(one) and one.split("/")[1] == name and one.endswith(f"/{flag}") for one in _flagging(entry)):
                bearer = next(
                    (_place(one) for one, value in told.items() if value is True and _is_flag(one, name)), None
                )
                live = self._lives(entry, f"/{name}")
                self.flags.setdefault(name, []).append(Written(entry.version, "flag", bearer, live))

    def _note_row(self, entry: ProfileChange, path: Path, told: dict[str, Any]) -> None:
        row = {pointer: value for pointer, value in told.items() if _place(pointer) == path}
        mine = {pointer: sides for pointer, sides in entry.changes.items() if _place(pointer) == path}
        events = self.rows.setdefault(path, [])
        register = _pointer(path)
        if all("to" not in sides for sides in mine.values()):
            events.append(Written(entry.version, "removed", None, self._lives(entry, register)))
        elif all("from" not in sides for sides in mine.values()):
            live = self._lives(entry, register)
            events.append(Written(entry.version, "made", row, live))
            if path[0] == "date_links" and live:
                date = ("dates", *path[1:3])
                self.rows.setdefault(date, []).append(Written(entry.version, "used", {}, is_live=True))
        else:
            for pointer in mine:
                if not _is_flag(pointer, path[0]):
                    names = [f"{register}/type", f"{register}/value"] if path[0] == "custom_attributes" else [pointer]
                    value = {name: row.get(name) for name in names}
                    live = self._lives(entry, names[0])
                    events.append(Written(entry.version, "changed", value, live))

    # --- What shows ----------------------------------------------------------------------------------------------

    @property
    def has_ended(self) -> bool:
        return self.creation_shows is False

    def shown_fields(self) -> dict[str, Any]:
        """Return the last live write of each field, those that are null left out."""
        found: dict[str, Any] = {}
        for names, writes in self.fields.items():
            for write in writes:
                if write.is_live:
                    found |= dict(zip(names, write.value, strict=True))
        return {pointer[1:]: value for pointer, value in found.items() if value is not None}

    def shown_rows(self) -> dict[str, dict[Path, dict[str, Any]]]:
        """Return the collections that have rows, with the members that are not null."""
        found: dict[str, dict[Path, dict[str, Any]]] = {}
        for path, events in self.rows.items():
            if (row := _shown(events)[0]) is not None:
                members = {pointer.removeprefix(f"{_pointer(path)}/"): value for pointer, value in row.items()}
                found.setdefault(path[0], {})[path[1:]] = {
                    _unescaped(name): value
                    for name, value in members.items()
                    if value is not None and not name.startswith("/") and name != FLAGS.get(path[0])
                }
        for name, flag in FLAGS.items():
            rows = found.get(name, {})
            bearer = self._bearer(name, rows) if rows else None
            for key, row in rows.items():
                row[flag] = key == bearer
        return found

    def _bearer(self, name: str, rows: dict[Path, dict[str, Any]]) -> Path | None:
        for write in reversed(self.flags.get(name, [])):
            bearer: Path | None = write.value
            if write.is_live and bearer is None:
                break
            if write.is_live and bearer is not None and self._was_there(bearer, rows, write.version):
                return bearer[1:]
        return min(rows) if name == "addresses" else None

    def _was_there(self, path: Path, rows: dict[Path, dict[str, Any]], version: int) -> bool:
        return path[1:] in rows and _shown(self.rows[path])[1] <= version


Shown = tuple[dict[str, Any] | None, int]
"""A row, if it is there, and the version that made it."""


def _shown(events: list[Written]) -> Shown:
    """Return the row after these writes."""
    if not events:
        return None, 0
    *earlier, last = events
    if last.kind in {"made", "removed"}:
        return (last.value, last.version) if last.is_live else _shown(earlier)
    before = _shown(earlier)
    if not last.is_live:
        return before
    row, version = _gone(earlier) if before[0] is None else before
    return (None if row is None else row | last.value), version


def _gone(events: list[Written]) -> Shown:
    """Return what a row that does not show would be, for who speaks of it all the same."""
    if not events:
        return None, 0
    *earlier, last = events
    if last.kind == "made" and not last.is_live:
        return last.value, last.version
    if last.kind == "removed" and last.is_live and _shown(earlier)[0] is not None:
        return _shown(earlier)
    return _gone(earlier)


# --- Pointers ----------------------------------------------------------------------------------------------------


def _place(pointer: str) -> Path | None:
    """Return the row that the pointer is about, the collection's name first."""
    name, *parts = pointer[1:].split("/")
    if name not in COLLECTIONS:
        return None
    return (name, *map(_unescaped, parts[: len(COLLECTIONS[name].key)]))


def _pointer(path: Path) -> str:
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in path)


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _is_flag(pointer: str, name: str) -> bool:
    return name in FLAGS and pointer.startswith(f"/{name}/") and pointer.endswith(f"/{FLAGS[name]}")


def _flagging(entry: ProfileChange) -> list[str]:
    """Return the pointers by which the row moves flags; a new row without the flag moves none."""
    return [
        pointer
        for pointer, sides in entry.changes.items()
        if any(_is_flag(pointer, name) for name in FLAGS) and ("from" in sides or sides["to"] is True)
    ]


def _registers(entry: ProfileChange) -> list[str]:
    """Return the names of all registers that the row wrote, or more."""
    return [
        *entry.changes,
        *(_pointer(place) for pointer in entry.changes if (place := _place(pointer)) is not None),
        *(f"/{name}" for name in FLAGS if any(_is_flag(one, name) for one in _flagging(entry))),
        *(group[0] for group in (BIRTHDAY, TERMS) if any(one in group for one in entry.changes)),
    ]


def _tightens(pointer: str, sides: dict[str, Any]) -> bool:
    return any(pointer.startswith("/comms/") and pointer.endswith(f"_{flag}") for flag in TIGHT) and (
        sides.get("to") is TIGHT[pointer.rpartition("_")[2]]
    )
