"""`make demo`, as somebody meets it who has just cloned the hub."""

import http.client
import json
import re
import signal
import socket
import subprocess
from contextlib import closing

import pytest

from tests.flows.installation import bare_shell, clone, free_port, on_terminal

pytestmark = pytest.mark.slow
ENDS = "The hub stays up until Ctrl-C."


@pytest.fixture
def folder(tmp_path, engine):
    if engine != "sqlite":
        pytest.skip("a demo makes the SQLite hub of its folder")
    return clone(tmp_path)


@pytest.fixture
def port():
    return free_port()


def demo(folder, port, *arguments):
    command = [".venv/bin/python", "manage.py", "demo", "--customers", "60", "--port", str(port), *arguments]
    return {"command": command, "folder": folder, "environment": bare_shell(DEBUG="1")}


def without_terminal(folder, port, **variables):
    started = demo(folder, port)
    return subprocess.run(
        started["command"],
        cwd=folder,
        env={**started["environment"], **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def access(text):
    """Return where the hub is, and the login and token it was opened with."""
    return re.search(
        r"(http://127\.0\.0\.1:\d+)/admin/.*?user: (\S+)   password: (\S+)\n.*?token=(\S+)", text, re.DOTALL
    ).groups()


def answers_to(url, token):
    line = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    with closing(line):
        line.request("GET", "/api/v3/batches", headers={"Authorization": f"Bearer {token}"})
        return line.getresponse().status


def test_demo_ends_with_three_things_that_work(folder, port):
    with on_terminal(**demo(folder, port)) as terminal:
        text = terminal.wait_for(ENDS)
        script = re.search(r"became of it:\n(.*)\n\n", text.replace("\r", ""), re.DOTALL)[1].split(ENDS)[0]
        done = subprocess.run(
            ["/bin/sh"], input=script.replace("\n\n", "\nsleep 2\n"), capture_output=True, text=True, check=False
        )
        code = terminal.interrupt()

    assert [line for line in text.splitlines() if len(line.split("\r")[-1]) > 80] == []
    assert [re.sub(r"http\S+", "…", line) for line in re.findall(r"\d\. .*", text)] == [
        "1. The records that were rejected, and why, in the desk:",
        "2. The API's documentation:",
        "3. A batch of your own, and, a moment later, what became of it:",
    ]
    assert json.loads(done.stderr)["data"]["message"] == "Profiles queued for batch import."
    assert [item["outcome"] for item in json.loads(done.stdout)["data"]] == ["created"]
    assert code == 0
    assert "Traceback" not in terminal.text


def test_second_demo_leaves_the_first_its_login_and_token(folder, port):
    with on_terminal(**demo(folder, port)) as first:
        url, name, password, token = access(first.wait_for(ENDS))
        with on_terminal(**demo(folder, port)) as second:
            other = access(second.wait_for(ENDS))
            assert answers_to(url, token) == 200
            assert second.interrupt() == 0
        assert answers_to(url, token) == 200
        assert first.interrupt() == 0

    assert other[1:] == (name, password, token)
    assert other[0] != url
    assert f"Port {port} is in use; taking {other[0].rsplit(':')[-1]}." in second.text
    assert "This hub knew them all" in second.text
    assert (folder / ".run" / "demo.json").stat().st_mode & 0o777 == 0o600


def test_two_demos_at_one_moment(folder, port):
    with on_terminal(**demo(folder, port)) as one, on_terminal(**demo(folder, port)) as other:
        seen = [access(terminal.wait_for(ENDS)) for terminal in (one, other)]
        assert [answers_to(url, token) for url, _, _, token in seen] == [200, 200]
        assert [one.interrupt(), other.interrupt()] == [0, 0]

    assert seen[0][0] != seen[1][0]
    assert seen[0][1:] == seen[1][1:]
    assert "Traceback" not in one.text + other.text


def test_demo_without_its_file_takes_nothing_away(folder, port):
    with on_terminal(**demo(folder, port)) as first:
        url, name, _, token = access(first.wait_for(ENDS))
        (folder / ".run" / "demo.json").write_text("{")
        with on_terminal(**demo(folder, port)) as second:
            _, other_name, _, other_token = access(second.wait_for(ENDS))
            assert [answers_to(url, one) for one in (token, other_token)] == [200, 200]

    assert (name, other_name) == ("demo", "demo-2")


def test_demo_without_a_terminal_tells_no_login(folder, port):
    done = without_terminal(folder, port)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "password" not in done.stdout
    assert "phub_" not in done.stdout
    assert "The hub has stopped; it keeps what it holds in hub.sqlite3." in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_reasons_are_what_the_headline_says(folder, port):
    told = [without_terminal(folder, port).stdout for _ in range(2)]

    for text in told:
        shown = re.findall(r"was rejected: (.*)\.\n((?:  .*\n)+)", text)
        assert shown
        for headline, reasons in shown:
            codes = re.findall(r"\((ambiguous|claimed_elsewhere|invalid)\)$", reasons, re.MULTILINE)
            assert len(headline.split(", and ")) == len(set(codes)), (headline, reasons)


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("Setting up", signal.SIGINT),
        ("Posting", signal.SIGINT),
        ("until Ctrl-C", signal.SIGTERM),
        ("until Ctrl-C", signal.SIGHUP),  # the terminal was closed
    ],
)
def test_demo_is_left_at_any_time(folder, port, words, number):
    with on_terminal(**demo(folder, port)) as terminal:
        terminal.wait_for(words)
        code = terminal.interrupt(number)

    assert code == 0
    assert "Traceback" not in terminal.text
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert without_terminal(folder, port).returncode == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"no database at all", "CommandError: hub.sqlite3 cannot be used: file is not a database."),
        (None, "CommandError: hub.sqlite3 cannot be used: unable to open database file."),
    ],
)
def test_file_that_is_no_hub_is_told(folder, port, content, told):
    if content is None:
        (folder / "hub.sqlite3").mkdir()
    else:
        (folder / "hub.sqlite3").write_bytes(content * 100)

    done = without_terminal(folder, port)

    assert done.returncode == 1
    assert done.stderr == f'{told} README, "Operating it", says how to start over.\n'
