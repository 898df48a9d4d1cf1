"""What the hub asks of its server."""

import pytest
from django.db import connection

from profiles.db import server
from profiles.db.server import LocksDoNotExcludeError, ServerFacts, advice

STOCK = {
    "max_locks_per_transaction": "64",
    "max_connections": "100",
    "max_prepared_transactions": "0",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}


@pytest.mark.parametrize(
    ("changed", "workers", "budget", "expected"),
    [
        ({}, 0, 2_500, []),
        ({}, 2, 2_500, []),
        (
            {},
            3,
            2_500,
            [
                (
                    "3 workers may need 7,500 locks (HUB_LOCK_BUDGET = 2500), and the server has room for 6,400. Set "
                    "max_locks_per_transaction = 83 and restart the server, or HUB_LOCK_BUDGET = 2133."
                )
            ],
        ),
        ({}, 64, 100, []),
        ({"max_prepared_transactions": "20"}, 3, 2_500, []),
        ({"max_locks_per_transaction": "83"}, 3, 2_500, []),
        (
            {"fsync": "off"},
            1,
            2_500,
            [
                (
                    "fsync is off: what was accepted may be lost, and the database broken, when the machine stops. "
                    "Set fsync = on."
                )
            ],
        ),
        (
            {"synchronous_commit": "off"},
            1,
            2_500,
            [
                (
                    "synchronous_commit is off: what was accepted may be lost when the machine stops. Set "
                    "synchronous_commit = on."
                )
            ],
        ),
        ({"synchronous_commit": "local"}, 1, 2_500, []),
        (
            {"full_page_writes": "off"},
            1,
            2_500,
            ["full_page_writes is off: the database may be broken when the machine stops. Set full_page_writes = on."],
        ),
    ],
)
def test_advice_names_the_setting_and_its_value(changed, workers, budget, expected):
    assert advice(ServerFacts(settings=STOCK | changed), workers=workers, lock_budget=budget) == expected


def test_embedded_database_has_nothing_to_mend():
    assert advice(ServerFacts(), workers=100, lock_budget=2_500) == []


@pytest.mark.django_db
def test_server_says_what_it_is(engine):
    facts = server.look()

    if engine == "sqlite":
        assert facts == ServerFacts()
    else:
        assert facts.locks_exclude
        assert facts.settings.keys() == STOCK.keys()
        assert facts.lock_room == 64 * 60  # as tests.postgres sets it up


@pytest.mark.django_db
@pytest.mark.parametrize(
    "stand_in",
    [
        "SELECT true",  # everybody gets it
        "SELECT false",  # nobody does
        "SELECT (SELECT true FROM pg_advisory_unlock_all()) OR %s = %s",  # as a connection that is cleaned between
        "DO $$ BEGIN RAISE EXCEPTION 'no transactions' USING ERRCODE = '08P01'; END $$",  # as a pooler of statements
    ],
)
def test_locks_that_do_not_exclude_are_found_out(engine, monkeypatch, stand_in):
    if engine == "sqlite":
        pytest.skip("SQLite has one writer")

    def try_lock(one, number):
        with one.cursor() as cursor:
            cursor.execute(stand_in, [number, number] if "%s" in stand_in else None)
            return bool(cursor.fetchone()[0])

    monkeypatch.setattr(server, "_try_lock", try_lock)

    assert not server.look().locks_exclude


def test_why_a_worker_leaves_is_one_sentence_after_another():
    assert str(LocksDoNotExcludeError()) == (
        "The database's advisory locks keep nobody out, so that two workers would write over each other. A pooler "
        "that gives each statement another connection does that: let it pool transactions, or go past it."
    )


@pytest.mark.django_db
def test_look_leaves_no_connection_open(engine):
    if engine == "sqlite":
        pytest.skip("SQLite has no connections to count")
    with connection.cursor() as cursor:
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        cursor.execute(count)
        before = cursor.fetchone()

        server.look()

        cursor.execute("SELECT pg_sleep(0.1)")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(count)
        assert cursor.fetchone() == before
