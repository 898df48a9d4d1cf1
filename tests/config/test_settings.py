"""Settings come from the environment, and what cannot be meant stops the hub with a sentence."""

import os
import subprocess
import sys

import pytest

from tests.flows.installation import ROOT

SHOW = "import config.settings as s; print(s.DEBUG, s.CORS_ALLOWED_ORIGINS, s.PROXIES, repr(s.LISTEN_DATABASE_URL))"


def start(**environment):
    """Load the settings in a process of their own, and return how it ended and what it said."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        env={**kept, "SECRET_KEY": "x" * 50, "ALLOWED_HOSTS": "hub.example.com", **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.strip(), done.stderr


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "False [] 0"),
        ({"DEBUG": "1"}, "True [] 0"),
        ({"CORS_ORIGINS": "https://a.example.com,https://b.example.com"}, "['https://a.example.com', 'https://b"),
        ({"TRUST_PROXY": "1", "PROXIES": "2"}, "False [] 2"),
        ({"PROXIES": "2"}, "False [] 0 None"),
        ({"LISTEN_DATABASE_URL": ""}, "False [] 0 ''"),
    ],
)
def test_environment_is_read(environment, told):
    code, said, error = start(**environment)

    assert (code, told in said) == (0, True), error


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"MOBILE_CLASH": "ignore"}, "MOBILE_CLASH must be reject or secondary."),
        ({"LISTEN_DATABASE_URL": "sqlite:///x"}, "LISTEN_DATABASE_URL must begin with postgres://"),
    ],
)
def test_value_that_cannot_be_meant_stops_the_hub(environment, told):
    code, _, error = start(**environment)

    assert code != 0
    assert told in error
