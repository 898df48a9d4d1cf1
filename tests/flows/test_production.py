"""The README's lines for production start the hub, from a shell in which nothing was set."""

import http.client
import json
import os
import re
import secrets
import signal
import subprocess
import threading
import time
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode, urlsplit

import psycopg
import pytest

from tests.flows.installation import ROOT, bare_shell, clone, free_port

pytestmark = pytest.mark.slow
HOST = "hub.example.com"
PASSWORD = "a long password of the tests"
README = (ROOT / "README.md").read_text()
INSTALL = [
    "python3 -m venv .venv",
    ".venv/bin/python -m pip install --require-hashes --no-deps -r requirements/base.txt",
]


def production_lines():
    """Return the README's lines after those that install, which this run's environment stands for."""
    lines = re.search(r"<!-- production -->\n```sh\n(.*?)```", README, re.DOTALL)[1].splitlines()
    assert lines[:2] == INSTALL
    return lines[2:]


@pytest.fixture
def database_url(engine, tmp_path):
    """Return the address of an empty database."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path}/production.sqlite3"
        return
    server = os.environ["DATABASE_URL"]
    with psycopg.connect(server, autocommit=True) as line:
        line.execute("CREATE DATABASE production")
        yield urlsplit(server)._replace(path="/production").geturl()
        line.execute("DROP DATABASE production WITH (FORCE)")


class Hub:
    """The hub as the README's lines start it."""

    def __init__(self, folder, port, database_url, log):
        self.folder, self.port, self.log = folder, port, log
        secret = {"SECRET_KEY=…": f"SECRET_KEY={secrets.token_urlsafe(50)}"}
        self.lines = "\n".join(production_lines())
        for written, meant in {**secret, "DATABASE_URL=postgres://…": f"DATABASE_URL='{database_url}'"}.items():
            assert written in self.lines
            self.lines = self.lines.replace(written, meant)

    def manage(self, *arguments, **variables):
        """Run a command where the hub runs, and return what it prints."""
        (export,) = (line for line in self.lines.splitlines() if line.startswith("export "))
        command = f"{export}\n.venv/bin/python manage.py {' '.join(arguments)}"
        return subprocess.run(
            ["/bin/sh", "-ec", command],
            cwd=self.folder,
            env=bare_shell(**variables),
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        ).stdout.strip()

    @contextmanager
    def running(self):
        """Run the lines, and end what they started."""
        with self.log.open("wb") as log:
            shell = subprocess.Popen(
                ["/bin/sh", "-ec", f"{self.lines} --port {self.port}"],
                cwd=self.folder,
                env=bare_shell(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            deadline = time.monotonic() + 120
            while "Profile Hub runs at" not in self.log.read_text():
                assert time.monotonic() < deadline, self.log.read_text()
                assert shell.poll() is None, self.log.read_text()
                time.sleep(0.1)
            yield
        finally:
            if shell.poll() is None:
                os.killpg(shell.pid, signal.SIGTERM)
            shell.wait(90)
            _wait_for_group(shell.pid)


def _wait_for_group(leader):
    """Wait until all that the shell has started has ended: it does not wait for them itself."""
    deadline = time.monotonic() + 90
    with suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.killpg(leader, 0)
            time.sleep(0.05)


class Proxy(BaseHTTPRequestHandler):
    """A proxy on another machine, to which browsers speak TLS: what it says of them is all that the hub knows."""

    protocol_version = "HTTP/1.1"
    port = 0

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        # Whoever asks from here is not the machine the hub runs on.
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30, source_address=("127.0.0.2", 0))
        with closing(line):
            kept = {name: value for name, value in self.headers.items() if not name.startswith("X-Forwarded-")}
            told = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
            line.request(self.command, self.path, body, kept | told)
            answer = line.getresponse()
            content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "content-length", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = pass_on  # noqa: N815 the names it is called by

    def log_message(self, *_):
        pass


@pytest.fixture
def proxy():
    """Return a proxy that passes on to the port it is given, and its own port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Proxy", (Proxy,), {"port": free_port()})) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


class Browser:
    """Speaks to the proxy and keeps cookies, secure ones too: its line is said to be TLS."""

    def __init__(self, port):
        self.port, self.cookies = port, {}

    def ask(self, method, path, body=None, headers=None):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Host": HOST, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        with closing(line):
            line.request(method, path, body, sent | (headers or {}))
            answer = line.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie") or []:
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return answer.status, answer.read().decode(), answer.headers

    def follow(self, path):
        """Return the page at the end of redirects, and how it is reached."""
        for _ in range(6):
            status, text, headers = self.ask("GET", path)
            if status not in {301, 302}:
                return status, text, path
            target = urlsplit(headers["Location"])
            assert (target.scheme or "https", target.netloc or HOST) == ("https", HOST)
            path = target._replace(scheme="", netloc="").geturl()
        pytest.fail("redirected for ever")


def test_readme_lines_start_the_hub_behind_a_proxy(tmp_path, database_url, proxy):
    hub = Hub(clone(tmp_path), proxy.RequestHandlerClass.port, database_url, tmp_path / "log")
    browser = Browser(proxy.server_address[1])

    with hub.running():
        token = hub.manage("create_token", "shop")
        staff = ("--noinput", "--username", "ann", "--email", "ann@example.com")
        hub.manage("createsuperuser", *staff, DJANGO_SUPERUSER_PASSWORD=PASSWORD)

        # The desk: found, styled, entered.
        status, page, path = browser.follow("/")
        assert (status, path) == (200, "/admin/login/?next=/admin/")
        styles = re.findall(r'href="(/static/[^"]+\.[0-9a-f]{12}\.css)"', page)
        assert styles
        assert {browser.ask("GET", style)[0] for style in styles} == {200}
        form = urlencode({"username": "ann", "password": PASSWORD, "next": "/admin/"} | csrf_of(page))
        origin = {"Origin": f"https://{HOST}", "Content-Type": "application/x-www-form-urlencoded"}
        assert browser.ask("POST", "/admin/login/", form, origin)[0] == 302
        status, page, path = browser.follow("/admin/")
        assert (status, path) == (200, "/admin/")

        # The API: a batch in, its outcomes out.
        bearer = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        batch = json.dumps({"match_criteria": "email", "profiles": [{"email": "ada@example.com"}]})
        status, answer, _ = browser.ask("POST", "/api/v3/profiles/batch.json", batch, bearer)
        assert status == 202
        items = f"/api/v3/batches/{json.loads(answer)['data']['batch_id']}/items"
        deadline = time.monotonic() + 30
        while (item := json.loads(browser.ask("GET", items, headers=bearer)[1])["data"][0])["outcome"] == "pending":
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert item["outcome"] == "created"

        # Without the proxy: the health check is answered, everything else sent to https.
        direct = Browser(hub.port)
        assert direct.ask("GET", "/api/health")[0] == 200
        assert direct.ask("GET", "/readyz")[0] == 200
        status, _, headers = direct.ask("GET", "/api/v3/batches")
        assert (status, headers["Location"]) == (301, f"https://{HOST}/api/v3/batches")

    told = hub.log.read_text()
    assert "HTTPS=1" not in told
    assert "not collected" not in told
    assert "Stopping; the batch in hand is finished first." in told
    assert "Traceback" not in told


def csrf_of(page):
    return {"csrfmiddlewaretoken": re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]}
