"""Workers' signs of life, and what is said where there are none."""

import datetime as dt
import os
import socket
import threading

import pytest
import structlog
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.db.models.functions import Now

from batches import leases, signs
from batches.models import Batch, Worker
from batches.signs import Signs
from batches.worker import work
from config.health import look_at_server
from profiles.db import server
from tests.builders import raw_record, submit

HOUR = dt.timedelta(hours=1)


@pytest.mark.django_db
def test_a_worker_says_that_it_lives_until_it_leaves():
    with Signs("a:1:x") as mine:
        mine.give()
        row = Worker.objects.get()
        assert (row.name, row.host, row.pid) == ("a:1:x", socket.gethostname(), os.getpid())
        assert signs.count_living() == 1

    assert signs.count_living() == 0
    assert not Worker.objects.exists()


@pytest.mark.django_db
def test_signs_are_cheap(django_assert_num_queries):
    with Signs("a:1:x") as mine:
        mine.give()

        with django_assert_num_queries(0):
            for _ in range(1_000):
                mine.give()


@pytest.mark.django_db
def test_signs_come_several_times_in_a_lease(settings, monkeypatch):
    settings.LEASE_SECONDS = 60
    clock = 1_000.0
    monkeypatch.setattr(signs.time, "monotonic", lambda: clock)
    with Signs("a:1:x") as mine:
        mine.give()
        Worker.objects.update(seen_at=Now() - HOUR)
        clock += 9
        mine.give()
        assert signs.count_living() == 0

        clock += 1
        mine.give()

        assert signs.count_living() == 1


@pytest.mark.django_db
def test_silence_is_death_and_is_cleared_away():
    Worker.objects.create(name="killed", host="h", pid=1)
    assert signs.count_living() == 1
    Worker.objects.update(seen_at=Now() - dt.timedelta(seconds=61))
    assert signs.count_living() == 0

    Worker.objects.update(seen_at=Now() - HOUR)
    with Signs("a:1:x") as mine:
        mine.give()
        assert list(Worker.objects.values_list("name", flat=True)) == ["a:1:x"]


@pytest.mark.django_db
def test_a_lease_is_a_sign_too():
    submit([raw_record()])
    assert leases.claim(worker="busy") is not None
    assert signs.count_living() == 1

    Batch.objects.update(lease_until=Now() - dt.timedelta(seconds=1))

    assert signs.count_living() == 0


@pytest.mark.django_db
def test_a_row_that_was_cleared_away_comes_back(monkeypatch):
    clock = 1_000.0
    monkeypatch.setattr(signs.time, "monotonic", lambda: clock)
    with Signs("a:1:x") as mine:
        mine.give()
        Worker.objects.all().delete()
        clock += 60
        mine.give()

        assert signs.count_living() == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_lives_while_it_waits():
    stop = threading.Event()
    living = []

    def look(batch):
        del batch
        living.append(signs.count_living())
        stop.set()

    submit([raw_record()])
    work(stop=stop, on_batch=look)

    assert living == [1]
    assert not Worker.objects.exists()


@pytest.mark.django_db
def test_a_server_that_cannot_be_asked_keeps_nobody_from_a_sign(monkeypatch):
    def fail():
        raise OperationalError

    monkeypatch.setattr(server, "look", fail)
    with Signs("a:1:x") as mine:
        mine.give()

        assert signs.count_living() == 1


# --- Where it is said ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_readiness_tells_of_work_that_waits_for_nobody(client):
    empty = client.get("/readyz")
    submit([raw_record()])
    stuck = client.get("/readyz")
    Worker.objects.create(name="w", host="h", pid=1)
    well = client.get("/readyz")

    assert [answer.status_code for answer in (empty, stuck, well)] == [200, 200, 200]
    assert [answer.json()["status"] for answer in (empty, stuck, well)] == ["ok", "no_worker", "ok"]
    assert [answer.json()["workers"] for answer in (empty, stuck, well)] == [0, 0, 1]
    assert stuck.json()["warnings"][0] == "Work waits and no worker lives: start `manage.py work`."
    assert stuck.json()["oldest_unfinished_batch_seconds"] >= 0


@pytest.mark.django_db
def test_first_page_tells_of_work_that_waits_for_nobody(staff_client):
    def page():
        return staff_client.get("/admin/").content.decode()

    assert "no worker lives" not in page()
    submit([raw_record()])
    assert "Work waits and no worker lives" in page()
    Worker.objects.create(name="w", host="h", pid=1)
    assert "no worker lives" not in page()
    assert "1 worker lives" in page()
    Worker.objects.create(name="v", host="h", pid=2)
    assert "2 workers live." in page()


@pytest.fixture
def locks_exclude_nobody(monkeypatch):
    monkeypatch.setattr(server, "look", lambda: server.ServerFacts(locks_exclude=False))
    look_at_server.cache_clear()
    yield
    look_at_server.cache_clear()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("locks_exclude_nobody")
def test_nobody_works_where_locks_do_not_exclude(client):
    submit([raw_record()])

    with pytest.raises(CommandError, match="advisory locks keep nobody out"):
        call_command("work", until_idle=True)

    assert Batch.objects.get().state == "queued"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"], answer["Retry-After"]) == (503, "unavailable", "5")
    assert "advisory locks keep nobody out" in answer.json()["warnings"][0]


@pytest.mark.django_db
def test_worker_logs_what_the_server_lacks(monkeypatch, settings):
    settings.HUB_LOCK_BUDGET = 7_000
    stock = {"max_locks_per_transaction": "64", "max_connections": "100", "max_prepared_transactions": "0"}
    monkeypatch.setattr(server, "look", lambda: server.ServerFacts(settings=stock))

    with structlog.testing.capture_logs() as lines, Signs("a:1:x") as mine:
        mine.give()

    assert lines == [
        {
            "event": "server_setting",
            "log_level": "warning",
            "advice": "1 workers may need 7,000 locks (HUB_LOCK_BUDGET = 7000), and the server has room for 6,400. "
            "Set max_locks_per_transaction = 77 and restart the server, or HUB_LOCK_BUDGET = 6400.",
        }
    ]
