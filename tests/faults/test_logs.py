"""Nothing a process of the hub prints holds a person's data, whichever door it came through."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from urllib.parse import quote, urlencode

import pytest

from batches.models import Batch
from profiles.models import ApiToken, Profile, User
from tests.builders import body, make_profile, submit
from tests.faults.hub import ROOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

EMAIL = "marker.ada@example.com"
PHONE = "+61404987654"
NAME = "Markerlina"
IDENTIFIER = "MK-Marker-ID"
PASSWORD = "marker pass word"
RECORD = {
    "email": EMAIL,
    "mobile_phone": PHONE,
    "first_name": NAME,
    "identities": [{"handle": "pos", "identifier": IDENTIFIER}],
    "addresses": [
        {"address_line_1": "1 Marker St", "city": "Markerville", "postcode": "Marker 1", "country": "Markerland"}
    ],
    "custom_attributes": [{"namespace": "marker", "handle": "marker", "type": "string", "value": "marker"}],
}
WRONG = {**RECORD, "mobile_phone": "marker", "birth_day": "marker4711", "currency": "MARKER", "unheard_of": NAME}
# No short number: the log's own times and ids may hold any of them.
MARKERS = re.compile(r"marker|404987654", re.IGNORECASE)


@contextmanager
def process(*command, log, url):
    """Run a process of the hub in production."""
    clean = {name: value for name, value in os.environ.items() if name != "DEBUG"}
    with log.open("ab") as output:
        running = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            stdout=output,
            stderr=output,
            env={**clean, "DATABASE_URL": url, "SECRET_KEY": "marker-secret-key", "LOG_LEVEL": "DEBUG"},
        )
    try:
        yield running
    finally:
        running.terminate()
        running.wait(60)


def run(*command, log, url):
    with process(*command, log=log, url=url) as running:
        return running.wait(120)


class Web:
    """Asks a web process, each time on a new connection, and keeps the ids of its requests."""

    def __init__(self, port):
        self.port = port
        self.cookies = {}
        self.ids = []

    def __call__(self, method, path, content=b"", *, status, **headers):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with closing(connection):
            connection.request(method, path, body=content or None, headers=sent)
            answer = connection.getresponse()
            text = answer.read().decode()
        assert answer.status == status, (method, path, answer.status, text[:500])
        self.ids.append(answer.headers["X-Request-Id"])
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return text

    def raw(self, content):
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as line:
            line.sendall(content)
            line.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                while line.recv(65_536):
                    pass

    def post_form(self, path, *, status, **fields):
        fields["csrfmiddlewaretoken"] = self.cookies.get("csrftoken", "")
        kind = "application/x-www-form-urlencoded"
        return self("POST", path, urlencode(fields).encode(), status=status, Content_Type=kind)


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def web(log, url):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = ("-m", "gunicorn", "tests.faults.broken:application", "--bind", f"127.0.0.1:{port}")
    options = ("--worker-class", "gthread", "--threads", "2", "--log-level", "info", "--access-logfile", "-")
    with process(*server, *options, log=log, url=url):
        for _ in range(200):
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            time.sleep(0.1)
        yield Web(port)


def lines_of(log):
    """Return what is of note in the log, what the server says of its own start left out."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line["level"] != "debug"]


@pytest.fixture
def token():
    user = User(username="till")
    user.set_unusable_password()
    user.save()
    _, token = ApiToken.objects.create(user=user, label="test", scopes=["*"])
    return token


def test_api_tells_nobody(web, log, token):
    profile = make_profile(**RECORD)
    batch_id = submit([RECORD]).id
    bearer = {"Authorization": f"Bearer {token}"}
    as_json = {**bearer, "Content_Type": "application/json"}
    batch = "/api/v3/profiles/batch.json"

    web("GET", f"/api/v3/profiles?filter[email]={quote(EMAIL)}", status=200, **bearer)
    web("GET", f"/api/v3/profiles?filter[marker]={NAME}&page[size]=marker", status=422, **bearer)
    web("GET", f"/api/v3/profiles/{quote(EMAIL)}?identity[handle]=pos", status=404, **bearer)
    web("GET", f"/api/v3/profiles/{IDENTIFIER}", status=404, **bearer)
    web("GET", f"/api/v3/marker/{quote(PHONE)}", status=404, **bearer)
    web("GET", "/api/v3/batches", status=401, Authorization="Bearer phub_marker4711marker4711")
    web("GET", "/api/v3/batches", status=401, Authorization=f"Basic {EMAIL}")
    web("MARKER", "/api/v3/batches", status=405, **bearer)
    web("POST", f"{batch}?label={quote(NAME)}", body([RECORD, WRONG]), status=202, Queue_Key=NAME, **as_json)
    web("POST", batch, body([RECORD])[:-9], status=400, **as_json)
    web("POST", batch, body([RECORD], EMAIL * 50), status=422, **as_json)
    web("POST", batch, f'{{"{EMAIL}": 1}}'.encode(), status=422, **as_json)
    web("POST", batch, b"\xff" + EMAIL.encode(), status=400, **as_json)
    web("POST", batch, EMAIL.encode(), status=415, **bearer, Content_Type=f"text/{NAME}")
    web("POST", batch, body([RECORD]), status=202, Idempotency_Key=EMAIL, **as_json)
    web("POST", batch, body([WRONG]), status=409, Idempotency_Key=EMAIL, **as_json)
    web("GET", f"/api/v3/batches?x={EMAIL}", status=400, Host="marker.example.com")
    web("GET", "/api/health", status=200, X_Request_Id=EMAIL, User_Agent=NAME, Referer=f"http://localhost/{EMAIL}")
    ledger = web("GET", f"/api/v3/profiles/{profile.pk}/history?x={EMAIL}", status=500, **bearer)
    assert json.loads(ledger) == {"message": "Server error.", "request_id": web.ids[-1]}
    web("GET", f"/api/v3/batches/{batch_id}?x={EMAIL}", status=500, **bearer, X_Request_Id="given-1")
    head = f"POST {batch} HTTP/1.1\r\nHost: localhost\r\n" + "".join(f"{n}: {v}\r\n" for n, v in as_json.items())
    for broken in (
        f"GET /{EMAIL} HTTP/9.9\r\n\r\n",
        f"{NAME} {EMAIL}\r\n\r\n",
        f"GET /{EMAIL} HTTP/1.1\r\n{EMAIL}\r\n\r\n",
        f"GET /{EMAIL} HTTP/1.1\r\nHost: a\r\nX-{NAME}: {'marker' * 20_000}\r\n\r\n",
        f"{head}Transfer-Encoding: chunked\r\n\r\n{NAME}\r\n{EMAIL}\r\n",
        f"{head}Content-Length: 900\r\n\r\n{EMAIL}",
    ):
        web.raw(broken.encode())

    assert_nothing_is_told(log, token)
    lines = lines_of(log)
    told = {line.get("request_id") for line in lines}
    assert [name for name in web.ids if name not in told] == [web.ids[17]]  # health is not told of
    assert [line["request_id"] for line in lines if "error" in line] == [*web.ids[16:17], *web.ids[-2:]]
    assert_told_once(lines, web.ids[-2], route="api/v3/profiles/<str:profile_id>/history")
    assert_told_once(lines, "given-1", route="api/v3/batches/<str:batch_id>")
    assert Batch.objects.filter(request_id__in=web.ids).count() == 2


def test_desk_tells_nobody(web, log):
    profile = make_profile(**RECORD)
    User.objects.create_superuser("staff", password=PASSWORD)

    web("GET", f"/{quote(EMAIL)}?{EMAIL}", status=404)
    web("GET", "/admin/login/", status=200)
    for _ in range(11):
        locked = web.post_form("/admin/login/", username=EMAIL, password=PASSWORD, status=200 if _ < 9 else 429)
    assert locked
    web.post_form("/admin/login/?next=/admin/", username="staff", password=PASSWORD, status=302)
    for path, status in (
        (f"/admin/profiles/profile/?tag={NAME}", 200),
        (f"/admin/profiles/profile/{quote(EMAIL)}/change/", 302),
        (f"/admin/profiles/profilechange/?profile={EMAIL}", 400),
        (f"/admin/batches/batchrecord/?q={quote(EMAIL)}", 200),
        (f"/admin/nowhere/{quote(EMAIL)}/", 404),
    ):
        web("GET", path, status=status)
    change = f"/admin/profiles/profile/{profile.pk}/change/"
    web("GET", change, status=200)
    web.post_form(change, status=200, version="1", email=EMAIL, first_name=NAME, currency="MARKER", birth_day="marker")
    web("POST", change, urlencode({"email": EMAIL}).encode(), status=403)
    page = web("GET", f"/admin/profiles/profile/?q={quote(EMAIL)}", status=500)
    assert f"<code>{web.ids[-1]}</code>" in page

    assert_nothing_is_told(log, PASSWORD)
    assert_told_once(lines_of(log), web.ids[-1], route="admin/profiles/profile/")
    assert [name for name in web.ids if name not in log.read_text()] == []
    assert Profile.objects.get().first_name == NAME


def test_workers_and_files_tell_nobody(log, url, tmp_path):
    records = "".join(json.dumps(record) + "\n" for record in (RECORD, WRONG, {**RECORD, "email": "marker"}))
    good, broken, table = tmp_path / "a.jsonl", tmp_path / "b.jsonl", tmp_path / "c.csv"
    good.write_text(records)
    broken.write_text(f'{records}{{"email": "{EMAIL}",\n')
    table.write_text(f"email,first_name,mobile_phone\n{EMAIL},{NAME},{PHONE}\n{NAME},marker\n")
    for file in (good, broken, table):
        run("manage.py", "import_profiles", str(file), "--match", "email", log=log, url=url)
    for fault in ("deciding", "thread"):
        submit([RECORD, WRONG])
        submit([RECORD])
        assert run("-m", "tests.faults.broken", fault, "work", "--until-idle", log=log, url=url) == 0
    # A worker that cannot even claim is started again and again, until told to stop.
    with process("-m", "tests.faults.broken", "claiming", "work", "--until-idle", log=log, url=url):
        deadline = time.monotonic() + 60
        while not any(line["event"] == "uncaught" for line in lines_of(log)) and time.monotonic() < deadline:
            time.sleep(0.1)

    assert_nothing_is_told(log)
    events = Counter(line["event"] for line in lines_of(log))
    assert events["batch_failed"] >= 2
    assert events["uncaught"] >= 1
    assert events["uncaught_in_thread"] >= 1
    line = next(line for line in lines_of(log) if line["event"] == "uncaught")
    assert (line["error"], line["place"].split(":")[0]) == ("builtins.ValueError", "tests/faults/broken.py")
    assert [cause["error"] for cause in line["causes"]] == ["builtins.KeyError"]


def assert_nothing_is_told(log, *secrets):
    text = log.read_text()
    told = [line for line in text.splitlines() if MARKERS.search(line)]
    assert told == []
    assert [secret for secret in (*secrets, "Traceback") if secret in text] == []


def assert_told_once(lines, request_id, *, route):
    """See that one line tells of the exception, with class, place and stack, and one of the request."""
    failed, asked = [line for line in lines if line.get("request_id") == request_id]
    assert (failed["event"], failed["level"], failed["status"], failed["route"]) == (
        "request_failed",
        "error",
        500,
        route,
    )
    assert failed["error"] == "builtins.ValueError"
    assert re.fullmatch(r"tests/faults/broken\.py:\d+ fail", failed["place"])
    assert failed["stack"][-1] == failed["place"]
    assert all(re.fullmatch(r"\S+\.py:\d+ \S+", place) for place in failed["stack"])
    assert (asked["event"], asked["status"], asked["route"]) == ("request", 500, route)
