"""A live server answers whatever its OpenAPI document allows, as the document says, and never with a 5xx."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from batches.supervisor import Supervisor

EXAMPLES = "200" if os.environ.get("HUB_TORTURE") else "25"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
ROOT = Path(__file__).parents[2]


def manage(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture(scope="module")
def hub():
    """Run a hub of its own, on the database this run was given, and return its address and a token."""
    manage("migrate", "--verbosity", "0")
    token = manage("create_token", "schemathesis")
    with pytest.MonkeyPatch.context() as patch:
        # The web server itself refuses the longest of the questions, before the hub sees them.
        patch.setenv("GUNICORN_CMD_ARGS", "--limit-request-line 0")
        with Supervisor(host="127.0.0.1", port=8700, web_workers=1, quiet=True) as supervisor:
            yield supervisor.url, token


def test_live_server_keeps_its_word(hub):
    url, token = hub

    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "run", f"{url}/api/v3/schema/?format=json"),
            *("--header", f"Authorization: Bearer {token}", "--checks", CHECKS, "--max-examples", EXAMPLES),
            *("--seed", "1", "--request-timeout", "20", "--continue-on-failure", "--no-color"),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=os.environ.get("TMPDIR", "/tmp"),  # noqa: S108 it writes its own cache there
    )

    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
