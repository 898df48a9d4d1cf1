"""Where the hub listens, and what is said before it does."""

import pytest
from django.core.management import CommandError, call_command

from batches.management.commands.run import advice
from batches.supervisor import StartError, Supervisor, allowed_host, listen

# --- Where ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patterns", "host"),
    [
        (["hub.example.com", "localhost"], "hub.example.com"),
        ([".example.com"], "example.com"),
        (["*"], "localhost"),
        (["[::1]"], "[::1]"),
        ([], "localhost"),
    ],
)
def test_name_the_hub_answers_to(patterns, host):
    assert allowed_host(patterns) == host


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "::1", "[::1]", "::"])  # noqa: S104 the point
def test_port_in_use_is_refused_or_passed_over(host):
    with listen(host, 8_837, next_port=True) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError) as caught:
            listen(host, port, next_port=False)
        with listen(host, port, next_port=True) as other:
            assert other.getsockname()[1] > port

    told = f"Port {port} of {host.strip('[]')} is in use; stop what has it, or name another one with --port."
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("host", "port", "told"),
    [
        ("127.0.0.1", 0, "There is no port 0; they go from 1 to 65535."),
        ("127.0.0.1", 65_536, "There is no port 65536; they go from 1 to 65535."),
        ("192.0.2.1", 8_837, "Port 8837 of 192.0.2.1 cannot be used: Cannot assign requested address."),
        ("a..b", 8_837, "a..b is not the name of a host."),
    ],
)
@pytest.mark.parametrize("next_port", [True, False])
def test_place_that_cannot_be_listened_at(host, port, told, next_port):
    with pytest.raises(StartError) as caught:
        listen(host, port, next_port=next_port)

    assert str(caught.value) == told


def test_ports_end():
    with listen("127.0.0.1", 65_535, next_port=False), pytest.raises(StartError) as caught:
        listen("127.0.0.1", 65_535, next_port=True)

    assert str(caught.value) == "No port from 65535 to 65535 is free on 127.0.0.1."


# --- What is said at start -------------------------------------------------------------------------------------------

STATIC = "Static files are not collected; run `manage.py collectstatic --noinput` to have them served compressed."
TLS = (
    "HTTPS=1 without TRUST_PROXY=1: whatever comes in plain HTTP is sent to https://, which never ends behind a proxy "
    "that ends TLS. Let it set X-Forwarded-Proto, and set TRUST_PROXY=1."
)
NAMES = "ALLOWED_HOSTS names this machine alone: requests by any other name are answered with 400."
TRUSTED = ("HTTP_X_FORWARDED_PROTO", "https")


@pytest.mark.parametrize(
    ("host", "values", "collected", "told"),
    [
        ("127.0.0.1", {}, True, []),
        ("127.0.0.1", {}, False, [STATIC]),
        ("127.0.0.1", {"SECURE_SSL_REDIRECT": True}, True, [TLS]),
        ("127.0.0.1", {"SECURE_SSL_REDIRECT": True, "SECURE_PROXY_SSL_HEADER": TRUSTED}, True, []),
        ("0.0.0.0", {}, True, [NAMES]),  # noqa: S104 the point
        ("::", {"ALLOWED_HOSTS": ["[::1]"]}, True, [NAMES]),
        ("0.0.0.0", {"ALLOWED_HOSTS": ["hub.example.com"]}, True, []),  # noqa: S104 the point
        ("0.0.0.0", {"DEBUG": True, "SECURE_SSL_REDIRECT": True}, False, []),  # noqa: S104 the point
    ],
)
def test_what_would_be_regretted_is_said(settings, tmp_path, *, host, values, collected, told):
    settings.STATIC_ROOT = tmp_path
    if collected:
        (tmp_path / "staticfiles.json").touch()
    for name, value in {"ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"], **values}.items():
        setattr(settings, name, value)

    assert list(advice(host)) == told


# --- What runs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("workers", "commands"),
    [(0, []), (1, [["work"]]), (3, [["work", "--processes", "3"]])],
)
def test_one_process_sees_to_all_workers(workers, commands):
    hub = Supervisor(host="127.0.0.1", port=8_837, workers=workers)
    hub.stop()

    assert [child.command[2:] for child in hub.children if child is not hub.web] == commands


@pytest.mark.parametrize(
    ("arguments", "values", "told"),
    [
        (["--workers", "-1"], {}, "--workers must be 0 or more, and --web-workers 1 or more."),
        (["--web-workers", "0"], {}, "--workers must be 0 or more, and --web-workers 1 or more."),
        ([], {"ALLOWED_HOSTS": []}, "ALLOWED_HOSTS is empty: the hub would answer to no name."),
    ],
)
def test_what_nobody_can_mean_is_refused(settings, arguments, values, told):
    for name, value in values.items():
        setattr(settings, name, value)

    with pytest.raises(CommandError, match=told):
        call_command("run", *arguments)
