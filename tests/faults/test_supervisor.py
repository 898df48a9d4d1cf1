"""Web and workers of one machine that do not start, break down or hang."""

import http.client
import os
import signal
import socket
import threading
import time
from contextlib import closing

import pytest

from batches.stopping import Stop
from batches.supervisor import StartError, Supervisor
from tests.faults.hub import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _environment(url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("DEBUG", "1")


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answer(hub):
    line = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=30)
    with closing(line):
        line.request("GET", "/api/health")
        return line.getresponse().status


@pytest.mark.parametrize(
    ("names", "https"), [("hub.example.com", "1"), (".example.com", "1"), ("*", ""), ("[::1]", "")]
)
def test_hub_starts_whatever_names_it_answers_to(monkeypatch, settings, names, https):
    for name, value in {"ALLOWED_HOSTS": names, "HTTPS": https, "DEBUG": "", "SECRET_KEY": "x" * 50}.items():
        monkeypatch.setenv(name, value)
    settings.ALLOWED_HOSTS = [names]

    with Supervisor(host="127.0.0.1", port=8_838, workers=0, web_workers=1, quiet=True) as hub:
        assert not hub.has_died()


def test_web_server_that_ends_is_told(monkeypatch):
    for name in ("DEBUG", "SECRET_KEY"):  # the settings refuse to be read
        monkeypatch.delenv(name)
    hub = Supervisor(host="127.0.0.1", port=8_838, web_workers=1, quiet=True)

    with pytest.raises(StartError) as caught, hub:
        pass

    assert str(caught.value) == (
        "The web server ended with 3 instead of starting; its own words are above. Everything was stopped."
    )
    assert all(child.process.poll() is not None for child in hub.children)


def test_web_server_that_breaks_down_is_started_again(capfd):
    stop = Stop()
    with Supervisor(host="127.0.0.1", port=8_838, web_workers=1, quiet=True, stop=stop) as hub:
        worker = next(child.process.pid for child in hub.children if child is not hub.web)
        watching = threading.Thread(target=hub.watch)
        watching.start()
        broken = hub.web.process.pid
        os.killpg(broken, signal.SIGKILL)
        wait_until(lambda: hub.web.process is not None and hub.web.process.pid != broken)

        # Who asks meanwhile waits, and is answered.
        assert answer(hub) == 200
        assert next(child.process.pid for child in hub.children if child is not hub.web) == worker
        stop.ask()
        watching.join()

    assert "The web server was ended by SIGKILL; starting again in 1 s." in capfd.readouterr().err


def test_asked_twice_it_does_not_wait_for_what_hangs():
    stop = Stop()
    with Supervisor(host="127.0.0.1", port=8_838, web_workers=1, quiet=True, stop=stop) as hub:
        os.kill(hub.web.process.pid, signal.SIGSTOP)  # it will not hear of the end
        stop.ask()
        threading.Timer(1, stop.ask).start()
        began = time.monotonic()

    assert time.monotonic() - began < 20
    wait_until(lambda: not is_listening(hub.port))
