"""What the README's two commands install, by a Python that writes down what it is asked."""

import os
import subprocess
import sys

import pytest

from tests.flows.installation import ROOT

PYTHON = """#!/bin/sh
case "$*" in *--version) exit 0;; esac
sleep "${SECONDS_TO_INSTALL:-0}"
echo "$@" >> calls
exit "${EXIT_CODE:-0}"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "requirements").mkdir()
    for name in ("install.py", "base.txt", "dev.txt"):
        (tmp_path / "requirements" / name).write_bytes((ROOT / "requirements" / name).read_bytes())
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    return tmp_path


def start(folder, *names, **variables):
    return subprocess.Popen(
        [sys.executable, "requirements/install.py", *names],
        cwd=folder,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def install(folder, *names, **variables):
    with start(folder, *names, **variables) as process:
        return process.wait(60), process.stdout.read()


def calls(folder):
    """Return the files that were installed from."""
    written = folder / "calls"
    return [line.rsplit("/", 1)[1] for line in written.read_text().splitlines()] if written.exists() else []


def test_what_is_there_is_not_installed_again(folder):
    assert install(folder, "base") == (0, "Installing what the hub needs ...\n")
    assert install(folder, "base") == (0, "")
    assert install(folder, "dev") == (0, "Installing what working on the hub needs ...\n")
    assert install(folder, "base") == (0, "")

    assert calls(folder) == ["base.txt", "dev.txt"]
    assert "--require-hashes" in (folder / "calls").read_text()


def test_another_lock_is_installed(folder):
    install(folder, "base")
    done = (folder / ".venv" / ".base").stat().st_mtime
    os.utime(folder / "requirements" / "base.txt", (done + 10, done + 10))

    install(folder, "base")

    assert calls(folder) == ["base.txt", "base.txt"]


def test_what_failed_is_tried_again(folder):
    assert install(folder, "base", EXIT_CODE="3")[0] == 3
    assert install(folder, "base")[0] == 0

    assert calls(folder) == ["base.txt", "base.txt"]


def test_two_at_one_moment_install_once(folder):
    with (
        start(folder, "base", SECONDS_TO_INSTALL="2") as one,
        start(folder, "base", SECONDS_TO_INSTALL="2") as other,
    ):
        told = sorted((process.wait(60), process.stdout.read()) for process in (one, other))

    assert told == [
        (0, "Another one is installing into this folder; waiting for it.\n"),
        (0, "Installing what the hub needs ...\n"),
    ]
    assert calls(folder) == ["base.txt"]


@pytest.mark.parametrize("names", [[], ["all"], ["base", "dev"]])
def test_what_cannot_be_installed(folder, names):
    assert install(folder, *names) == (1, "Say what to install: base or dev.\n")
    assert calls(folder) == []
