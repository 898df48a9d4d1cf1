"""Hanging is crashing: an attempt that takes too long ends the process.

The timer is a thread in C, which neither a loop in Python nor a call in C that keeps the interpreter can hold up. It
prints where each thread stands (files and lines, no values) and leaves without another word, heartbeat and all; the
lease runs out, and the attempt counts against the batch like any other crash.
"""

import contextlib
import faulthandler
from collections.abc import Iterator
from typing import Final

from django.conf import settings

_STANDARD_ERROR: Final = 2  # the descriptor: it is there whatever Python's own file has become


@contextlib.contextmanager
def within_bounds() -> Iterator[None]:
    """End the process unless the block ends within `ATTEMPT_SECONDS`."""
    try:
        faulthandler.dump_traceback_later(settings.ATTEMPT_SECONDS, exit=True, file=_STANDARD_ERROR)
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
