"""A limit on what one example may take, whatever holds it."""

import faulthandler
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS_OF_ANY = 1.0
SECONDS_PER_BYTE = 2e-5  # fifty times what the dearest shape takes


class TooLongError(AssertionError):
    """The example took longer than its bytes allow."""


@contextmanager
def within(size: int) -> Iterator[None]:
    """Fail when the block takes more of the processor than so many bytes may; a call in C that never ends is ended.

    What loops in Python is interrupted by a timer; what holds the interpreter ends the process, with its place told.
    """
    seconds = SECONDS_OF_ANY + size * SECONDS_PER_BYTE

    def give_up(*_: object) -> None:
        raise TooLongError(TooLongError.__doc__)

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    faulthandler.dump_traceback_later(100 * seconds, exit=True)
    began = time.process_time()
    try:
        yield
        if time.process_time() - began > seconds:
            raise TooLongError(TooLongError.__doc__)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        faulthandler.cancel_dump_traceback_later()
