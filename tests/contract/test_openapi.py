"""A live server answers whatever its OpenAPI document allows, as the document says, and never with a 5xx."""

import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = "200" if os.environ.get("HUB_TORTURE") else "25"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_live_server_keeps_its_word(hub):
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "run", f"{hub.url}/api/v3/schema/?format=json"),
            *("--header", f"Authorization: Bearer {hub.token}", "--checks", CHECKS, "--max-examples", EXAMPLES),
            *("--seed", "1", "--request-timeout", "20", "--continue-on-failure", "--no-color"),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=os.environ.get("TMPDIR", "/tmp"),  # noqa: S108 it writes its own cache there
    )

    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
