"""Where a worker waits to be woken."""

import os
import threading
import time

import pytest
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from batches.leases import wake_workers
from batches.worker import bell
from batches.worker.bell import Bell
from profiles.db import calls
from tests.builders import raw_record, submit


def url_of_this_database():
    parameters = connection.get_connection_params()
    return f"postgresql://{parameters['user']}@/{parameters['dbname']}?host={parameters['host']}"


@pytest.fixture
def _postgres(engine):
    if engine == "sqlite":
        pytest.skip("nobody rings on SQLite")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_postgres")
@pytest.mark.parametrize("own_line", [False, True])
def test_a_batch_rings(settings, monkeypatch, own_line):
    settings.LISTEN_DATABASE_URL = url_of_this_database() if own_line else None
    monkeypatch.setattr(bell, "POLL_SECONDS", 20)
    stop = threading.Event()
    with Bell() as ours:
        ours.wait(stop)  # the line stands now
        assert ours.line is not None
        submit([raw_record()])

        began = time.monotonic()
        ours.wait(stop)

        assert time.monotonic() - began < 10


@pytest.mark.django_db
@pytest.mark.usefixtures("_postgres")
def test_own_line_has_the_options_of_the_database(monkeypatch):
    own = connection.settings_dict["OPTIONS"]
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {**own, "application_name": "told", "sslmode": "disable"})

    with calls.listen("hub_test", url=None) as line:
        given = line.info.get_parameters()

    assert (given["application_name"], given["sslmode"]) == ("told", "disable")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_postgres")
def test_empty_means_never_listening(settings):
    settings.LISTEN_DATABASE_URL = ""
    with Bell() as ours:
        ours.wait(threading.Event())
        wake_workers()

        began = time.monotonic()
        ours.wait(threading.Event())

        assert ours.line is None
        assert time.monotonic() - began >= settings.POLL_SECONDS


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_postgres")
def test_where_nobody_answers_it_looks_for_itself_and_says_so(settings):
    settings.LISTEN_DATABASE_URL = "postgres://hub:secret@127.0.0.1:1/hub"

    with structlog.testing.capture_logs() as lines, Bell() as ours:
        ours.wait(threading.Event())
        ours.wait(threading.Event())

    assert ours.line is None
    assert [line["event"] for line in lines] == ["not_listening"]  # once is enough
    assert "secret" not in str([line for line in lines if line.pop("exc_info")])


def test_what_is_no_address_is_refused(monkeypatch):
    from config import settings as module  # noqa: PLC0415 to be read again

    monkeypatch.setitem(os.environ, "LISTEN_DATABASE_URL", "direct.example.com")
    source = module.__spec__.loader.get_source(module.__name__)

    with pytest.raises(ImproperlyConfigured, match="LISTEN_DATABASE_URL must begin with postgres://"):
        exec(compile(source, module.__file__, "exec"), {"__name__": "again", "__file__": module.__file__})  # noqa: S102
