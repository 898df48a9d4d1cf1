"""Processing: a body's records as values, and any record's own bytes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from json.decoder import JSONDecoder
from typing import Any, Final

from batches.bodies.scanning import record_text, record_texts
from batches.values import MAX_RECORD_BYTES
from profiles import readings
from profiles.schema import pointer_to
from profiles.values import ErrorCode, Finding

MAX_MEMBERS: Final = 1_000
MAX_DEPTH: Final = 32
MAX_FLAWS_TOLD: Final = 20
_INT64: Final = range(readings.INT64_LOW, readings.INT64_HIGH + 1)
_LONGEST_INT64: Final = len(str(readings.INT64_LOW))

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One entry of `profiles`, as received."""

    position: int
    text: str
    value: Mapping[str, Any]
    """What is sound of it: a member with a flaw takes no further part."""
    flaws: tuple[Finding, ...]
    """What is wrong with the JSON itself."""

    @property
    def content(self) -> bytes:
        """The record's own bytes."""
        return self.text.encode()

    @property
    def reference(self) -> str:
        """The sender's own name for the record, before it was checked."""
        reference = self.value.get("reference")
        if isinstance(reference, int) and not isinstance(reference, bool):
            return str(reference)
        return reference if isinstance(reference, str) else ""


def iter_records(body: bytes, *, start: int = 0) -> Iterator[RawRecord]:
    """Yield the records of a body that was received, in order from `start`, each read when it is asked for."""
    reader = RecordReader()
    return (reader.read(position, text) for position, text in islice(enumerate(record_texts(body)), start, None))


def find_record(body: bytes, position: int) -> RawRecord | None:
    """Return the record at the position, `None` where there is none."""
    text = record_text(body, position)
    return None if text is None else RecordReader().read(position, text)


class _Flaw:
    """Stands where something was that cannot be read, until it is taken out."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        self.code = code
        self.message = message


_HUGE: Final = _Flaw(ErrorCode.INVALID, readings.BEYOND_64_BITS)
_TWICE: Final = _Flaw(ErrorCode.DUPLICATE_KEY, "The key stands twice.")
_CROWDED: Final = _Flaw(ErrorCode.TOO_MANY, f"The object has more than {MAX_MEMBERS:,} members.")
_DEEP: Final = _Flaw(ErrorCode.TOO_DEEP, f"The record is nested deeper than {MAX_DEPTH} levels.")
_LARGE: Final = _Flaw(ErrorCode.TOO_LARGE, f"The record is larger than {MAX_RECORD_BYTES:,} bytes.")
_NO_NUMBER: Final = _Flaw(ErrorCode.INVALID, "NaN and Infinity are no numbers of JSON.")


class RecordReader:
    """Makes values of records; notices whether the one in hand has flaws. Belongs to one thread."""

    def __init__(self) -> None:
        self.is_flawed = False
        self.decoder = JSONDecoder(
            object_pairs_hook=self._object, parse_int=self._int, parse_constant=lambda _: self._flawed(_NO_NUMBER)
        )

    def read(self, position: int, text: str) -> RawRecord:
        """Return the record with what is sound of its value, and what is wrong with its JSON."""
        if len(text) > MAX_RECORD_BYTES or (not text.isascii() and len(text.encode()) > MAX_RECORD_BYTES):
            return RawRecord(position, text, {}, (_error(_LARGE, ()),))
        self.is_flawed = False
        try:
            value, _ = self.decoder.raw_decode(text)
        except RecursionError:
            return RawRecord(position, text, {}, (_error(_DEEP, ()),))
        if not self.is_flawed and text.count("[") + text.count("{") <= MAX_DEPTH:
            return RawRecord(position, text, value, ())
        return _without_flaws(position, text, value)

    def _flawed(self, flaw: _Flaw) -> _Flaw:
        self.is_flawed = True
        return flaw

    def _object(self, pairs: list[tuple[str, Any]]) -> "dict[str, Any] | _Flaw":
        value = dict(pairs)
        if len(pairs) > MAX_MEMBERS:
            return self._flawed(_CROWDED)
        if len(value) != len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    value[key] = self._flawed(_TWICE)
                seen.add(key)
        return value

    def _int(self, digits: str) -> "int | _Flaw":
        if len(digits) > _LONGEST_INT64 or (value := int(digits)) not in _INT64:
            return self._flawed(_HUGE)
        return value


def _without_flaws(position: int, text: str, value: Any) -> RawRecord:
    """Take out each member in which a flaw is found, and say where it stood.

    Of a list no entry is taken out, as the others would no longer stand where they stood, but the member that holds
    the list; a record that is too deep loses the member of its own.
    """
    if isinstance(value, _Flaw):
        return RawRecord(position, text, {}, (_error(value, ()),))
    search = _FlawSearch(value)
    search.look_into(value, (), value, "")
    for holder, name in search.faulty:
        holder.pop(name, None)
    return RawRecord(position, text, value, tuple(sorted(search.told.values(), key=lambda flaw: flaw.pointer)))


class _FlawSearch:
    """Walks through a record in order and notes which members to take out, and of the flaws the first few."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record
        self.faulty: list[tuple[dict[str, Any], str]] = []
        self.told: dict[tuple[str, str], Finding] = {}

    def look_into(self, item: Any, path: Path, holder: dict[str, Any], name: str) -> None:
        """Look at what an object or list holds; what a list holds belongs to the member `name` of `holder`."""
        is_object = isinstance(item, dict)
        for key, member in item.items() if is_object else enumerate(item):
            if not isinstance(member, _WORTH_A_LOOK):
                continue
            if is_object:
                holder, name = item, str(key)
            if isinstance(member, _Flaw):
                self._note(member, (*path, key), holder, name)
            elif len(path) + 1 >= MAX_DEPTH:
                self._note(_DEEP, path[:1], self.record, str(path[0]))
            elif member:
                self.look_into(member, (*path, key), holder, name)

    def _note(self, flaw: _Flaw, path: Path, holder: dict[str, Any], name: str) -> None:
        self.faulty.append((holder, name))
        if len(self.told) < MAX_FLAWS_TOLD:
            error = _error(flaw, path)
            self.told[error.pointer, error.code] = error


_WORTH_A_LOOK: Final = (dict, list, _Flaw)


def _error(flaw: _Flaw, path: Path) -> Finding:
    return Finding(flaw.code, pointer_to(*path), flaw.message)
