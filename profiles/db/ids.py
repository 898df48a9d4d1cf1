"""Identifiers of profiles, batches and addresses: how they are made, in the order of time, and read."""

import os
import secrets
import threading
import time
import uuid

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


def _part_from_parent() -> None:
    """Have a forked process make other ids than the one it came from, in the same millisecond too."""
    global _tail  # noqa: PLW0603 as above
    _tail = secrets.randbits(62)


os.register_at_fork(after_in_child=_part_from_parent)
