"""Other work while the server is waited for."""

import pytest
from django.db import ProgrammingError, connection, transaction

from profiles.db import sets
from profiles.db.waiting import while_waiting

pytestmark = pytest.mark.django_db(transaction=True)


class Steps:
    """Work that can be divided into so many steps."""

    def __init__(self, left):
        self.left = left
        self.done = 0

    def step(self):
        self.done += self.left > 0
        self.left -= self.left > 0
        return self.left > 0


def ask(sql, params=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def test_steps_are_taken_while_the_server_works(engine):
    steps = Steps(5)

    with while_waiting(steps.step):
        assert ask("SELECT 1 FROM pg_sleep(0.05)" if engine == "postgres" else "SELECT 1") == [(1,)]

    assert steps.done == (5 if engine == "postgres" else 0)
    assert ask("SELECT 2") == [(2,)]
    assert steps.left == (0 if engine == "postgres" else 5)


def test_what_the_server_answers_stays_the_same(engine):
    if engine != "postgres":
        pytest.skip("only PostgreSQL has anybody wait")
    steps = Steps(10_000_000)
    large = "x" * 3_000_000

    with while_waiting(steps.step), transaction.atomic():
        assert ask("SELECT length(%s)", [large]) == [(3_000_000,)]
        with pytest.raises(ProgrammingError, match="nowhere"), transaction.atomic():
            ask("SELECT * FROM nowhere")
        with sets.pipelined(), connection.cursor() as one, connection.cursor() as other:
            one.execute("SELECT length(%s)", [large])
            other.execute("SELECT repeat('y', 3000000)")
            assert one.fetchone() == (3_000_000,)
            assert len(other.fetchone()[0]) == 3_000_000

    assert steps.done > 0
    assert "wait" not in vars(connection.connection)


def test_lost_connection_is_told_by_the_driver(engine):
    if engine != "postgres":
        pytest.skip("only PostgreSQL has connections to lose")
    ask("SELECT 1")

    with while_waiting(Steps(100).step), pytest.raises(connection.Database.OperationalError):
        connection.connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    connection.close()
    assert ask("SELECT 1") == [(1,)]
