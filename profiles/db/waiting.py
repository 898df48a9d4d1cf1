"""Other work for the time in which PostgreSQL makes us wait; on SQLite nobody waits.

A thread would do it too, but the two would hinder each other: whoever holds the interpreter keeps it for milliseconds
after the answer has come, at each of thirty statements.
"""

import select
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection
from psycopg.waiting import Ready, Wait

from profiles.db.engine import is_postgresql

_EVENTS: Final = {Wait.R: select.POLLIN, Wait.W: select.POLLOUT, Wait.RW: select.POLLIN | select.POLLOUT}
_READY: Final = {
    select.POLLIN: Ready.R,
    select.POLLOUT: Ready.W,
    select.POLLIN | select.POLLOUT: Ready.RW,
}


@contextmanager
def while_waiting(step: Callable[[], bool]) -> Iterator[None]:
    """Call `step` inside the block whenever an answer is not there yet, until it says that nothing is left to do.

    A step should take a fraction of a millisecond, must not raise and must not ask the database. On SQLite, which has
    nobody wait, it is never called.
    """
    if not is_postgresql():
        yield
        return
    connection.ensure_connection()
    driver = connection.connection

    def wait(exchange: Generator[Any, Any, Any], *arguments: Any, **options: Any) -> Any:
        return type(driver).wait(driver, _busy(exchange, driver.fileno(), step), *arguments, **options)

    driver.wait = wait
    try:
        yield
    finally:
        del driver.wait


def _busy(exchange: Generator[Any, Any, Any], fileno: int, step: Callable[[], bool]) -> Generator[Any, Any, Any]:
    """Go through the driver's exchange with the server, and have the driver itself wait once no step is left."""
    poll = select.poll()
    try:
        wanted = next(exchange)
        while True:
            poll.register(fileno, _EVENTS[wanted])
            while not (events := poll.poll(0)) and step():
                pass
            # The driver also knows what to do about a connection that has gone.
            ready = _READY.get(events[0][1]) if events else None
            wanted = exchange.send((yield wanted) if ready is None else ready)
    except StopIteration as end:
        return end.value
