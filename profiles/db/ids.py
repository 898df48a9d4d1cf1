"""Identifiers of profiles, batches and addresses: how they are made, in the order of time, and read."""

import datetime as dt
import os
import secrets
import threading
import time
import uuid
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import Final

_lock = threading.Lock()
_last = 0
_tail = 0


def read_id(text: str) -> uuid.UUID | None:
    """Return the text as the id it is, `None` where it is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def new_id() -> uuid.UUID:
    """Return a version 7 UUID (RFC 9562) later than every one this process made before.

    Rows made together then lie together in the index, so that inserts stay local. Python 3.11 has no
    `uuid.uuid7`. The 48 bits of milliseconds are followed by 12 bits of counting within the millisecond;
    when those run out, the next millisecond is borrowed. The 62 bits at the end are random, new ones for each
    millisecond: asking the system for each id would take longer than all the rest.
    """
    global _last, _tail  # noqa: PLW0603 the process's own clock hand
    with _lock:
        ticks = max(time.time_ns() // 1_000_000 << 12, _last + 1)
        if ticks >> 12 != _last >> 12:
            _tail = secrets.randbits(62)
        _last = ticks
        tail = _tail
    return uuid.UUID(int=(ticks >> 12) << 80 | 0x7 << 76 | (ticks & 0xFFF) << 64 | 0b10 << 62 | tail)


_BITS_OF_PLACE: Final = 6
_BITS_OF_POSITION: Final = 20
_BITS_OF_SOURCE: Final = 48
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@lru_cache(maxsize=16)  # the source is hashed once, not for each of its ids
def derived_ids(source: uuid.UUID, *, at: dt.datetime) -> Callable[[int, int], uuid.UUID]:
    """Return what names the places at each position of a source, the same whenever it is asked.

    What is decided twice then bears one name, and can be named before it is made. The layout is version 7 too, in the
    order of time, position and place: 48 bits of milliseconds, 20 of position and 6 of place, and at the end 48 bits
    of the source's hash, which tell sources of one millisecond apart. What it returns raises `ValueError` past those
    bits.
    """
    milliseconds = (at - _EPOCH) // dt.timedelta(milliseconds=1)
    digest = blake2b(source.bytes, digest_size=_BITS_OF_SOURCE // 8).digest()
    stem = milliseconds << 80 | 0x7 << 76 | 0b10 << 62 | int.from_bytes(digest)

    def name(position: int, place: int) -> uuid.UUID:
        if position >> _BITS_OF_POSITION or place >> _BITS_OF_PLACE:
            raise ValueError(f"no id has room for place {place} at position {position}")
        spot = position << _BITS_OF_PLACE | place
        return uuid.UUID(int=stem | spot >> 14 << 64 | (spot & 0x3FFF) << _BITS_OF_SOURCE)

    return name


def _part_from_parent() -> None:
    """Have a forked process make other ids than the one it came from, in the same millisecond too."""
    global _tail  # noqa: PLW0603 as above
    _tail = secrets.randbits(62)


os.register_at_fork(after_in_child=_part_from_parent)
