"""Reading as of one moment: no question sees what somebody else writes meanwhile, and nobody is held up."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from profiles.db.engine import is_postgresql


@contextmanager
def one_moment() -> Iterator[None]:
    """See the database inside the block as it is at the first question, and write nothing.

    Inside a transaction of the caller's it is that one's view which counts.
    """
    if connection.in_atomic_block:
        yield
    elif is_postgresql():
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        connection.ensure_connection()
        driver = connection.connection
        wrapper: Any = connection  # of SQLite
        usual = wrapper.transaction_mode
        try:
            wrapper.transaction_mode = "DEFERRED"  # the usual one takes the file for itself
            with transaction.atomic():
                wrapper.transaction_mode = usual
                driver.execute("PRAGMA query_only = ON")
                yield
        finally:
            wrapper.transaction_mode = usual
            driver.execute("PRAGMA query_only = OFF")
