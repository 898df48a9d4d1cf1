"""A database that is not there yet, or for a while: told once, waited for, and nothing is lost."""

import os
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from batches.models import Batch
from tests.builders import submit
from tests.faults.hub import ROOT, Worker, killed_at_exit, wait_until
from tests.flows.installation import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


class Line:
    """A way to the server of this run that can be cut: a port that passes on to its socket."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.server = Path(parse_qs(parts.query)["host"][0]) / ".s.PGSQL.5432"
        self.port = free_port()
        self.url = f"postgres://hub@127.0.0.1:{self.port}{parts.path}"
        self.listener, self.open = None, []

    def connect(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=[self.listener], daemon=True).start()

    def cut(self):
        if self.listener is not None:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        for one in self.open:
            with closing(one), suppress(OSError):  # the other end may have left
                one.shutdown(socket.SHUT_RDWR)
        self.open.clear()

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self.server))
            self.open += [client, server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=[source, target], daemon=True).start()

    @staticmethod
    def _pass_on(source, target):
        try:
            while part := source.recv(65_536):
                target.sendall(part)
            target.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


@pytest.fixture
def line(url, engine):
    if engine == "sqlite":
        pytest.skip("a file does not go away")
    line = Line(url)
    with ExitStack() as stack:
        stack.callback(line.cut)
        yield line


@contextmanager
def running(url, log, *arguments):
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run", "--web-workers", "1", *arguments],
            cwd=ROOT,
            stdout=output,
            stderr=output,
            env={**os.environ, "DATABASE_URL": url, "DEBUG": "1", "LOG_LEVEL": "INFO"},
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(90)


def test_run_waits_for_a_server_at_start(line, tmp_path):
    log = tmp_path / "log"
    with running(line.url, log, "--port", str(free_port())) as hub:
        wait_until(lambda: "waiting for it." in log.read_text())
        batch = submit([{"email": "a@example.com"}])
        line.connect()
        wait_until(lambda: "Profile Hub runs at" in log.read_text())
        wait_until(lambda: Batch.objects.get(id=batch.id).state == "done")
        assert hub.poll() is None

    told = log.read_text().splitlines()
    assert told[0].startswith("The database cannot be reached (connection failed: ")
    assert told[0].endswith("Connection refused); waiting for it.")
    assert told[1] == "The database is there."


def test_run_outlives_a_server_that_goes(line, tmp_path):
    log = tmp_path / "log"
    line.connect()
    with running(line.url, log, "--port", str(free_port())) as hub:
        wait_until(lambda: "Profile Hub runs at" in log.read_text())
        first = submit([{"email": "a@example.com"}])
        wait_until(lambda: Batch.objects.get(id=first.id).state == "done")
        line.cut()
        wait_until(lambda: "database_away" in log.read_text())
        second = submit([{"email": "b@example.com"}])
        threading.Event().wait(3)  # several tries
        line.connect()
        wait_until(lambda: Batch.objects.get(id=second.id).state == "done")
        assert hub.poll() is None

    told = log.read_text()
    assert (told.count("database_away"), told.count("database_back")) == (1, 1)
    assert "starting again" not in told
    assert "Traceback" not in told


def test_worker_waits_for_a_server_at_start(line, tmp_path):
    submit([{"email": "a@example.com"}])
    log = tmp_path / "log"
    worker = Worker(line.url, "--until-idle", log=log)
    with killed_at_exit([worker]):
        wait_until(lambda: "waiting for it." in log.read_text())
        line.connect()
        assert worker.finish() == 0

    assert log.read_text().count("cannot be reached") == 1
    assert Batch.objects.get().state == "done"


@pytest.mark.parametrize("command", ["run", "work"])
def test_hub_waits_for_the_folder_of_its_file(command, tmp_path, engine):
    if engine != "sqlite":
        pytest.skip("it is about the file")
    folder, log = tmp_path / "mounted later", tmp_path / "log"
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{folder}/hub.sqlite3", "DEBUG": "1"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", command], cwd=ROOT, stdout=output, stderr=output, env=environment
        )
    wait_until(lambda: "waiting for it." in log.read_text())
    folder.mkdir()

    assert process.wait(60) == 1
    assert log.read_text().splitlines() == [
        "The database cannot be reached (unable to open database file); waiting for it.",
        "CommandError: The database is not up to date; run `manage.py migrate` first.",
    ]
