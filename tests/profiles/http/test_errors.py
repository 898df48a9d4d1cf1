"""Every error below /api/ has the contract's shape, whatever raised it and wherever."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connections
from django.test import Client

from profiles.http import documents
from tests.builders import postgres_error, sqlite_error

pytestmark = pytest.mark.django_db
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"]


@pytest.fixture
def strict_client():
    """Return a client as from outside: CSRF is checked, and errors are answers."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


@pytest.fixture
def no_database(monkeypatch, request):
    """Let every statement fail as it does when the database has gone."""

    def fail(*_args, **_kwargs):
        raise request.param

    monkeypatch.setattr(type(connections["default"]), "cursor", fail)


@pytest.mark.parametrize("is_debug", [False, True])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/v3",
        "/api/v3/",
        "/api/v3/nothing",
        "/api/v3/profiles/",
        "/api/nothing/at/all",
        "/api/%0A",
    ],
)
def test_unknown_path_is_404_for_every_method(strict_client, settings, method, path, is_debug):
    settings.DEBUG = is_debug

    answer = strict_client.generic(method, path)

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json")
    assert answer.content == (b"" if method == "HEAD" else b'{"message":"Not found."}')


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
@pytest.mark.parametrize("path", ["/api/health", "/api/v3/docs/", "/api/v3/schema/", "/api/v3/batches"])
def test_other_methods_are_405_and_name_those_allowed(api_client, method, path):
    answer = api_client.generic(method, path)

    assert (answer.status_code, answer.headers["Content-Type"]) == (405, "application/json")
    assert answer.headers["Allow"] == "GET, HEAD"
    assert list(answer.json()) == ["message"]


@pytest.mark.parametrize("is_debug", [False, True])
@pytest.mark.parametrize("path", ["/api/v3/profiles", "/api/health", "/api/nothing"])
def test_unknown_host_is_400(strict_client, settings, path, is_debug):
    settings.DEBUG = is_debug
    settings.ALLOWED_HOSTS = ["hub.example.com"]

    answer = strict_client.get(path, HTTP_HOST="evil.example.com")

    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/json")
    assert list(answer.json()) == ["message"]


@pytest.mark.parametrize("path", ["/api/v3/profiles", "/api/v3/batches", "/api/v3/schema/"])
def test_too_many_query_fields_are_400(api_client, path):
    answer = api_client.get(f"{path}?{'a&' * 1_001}")

    assert (answer.status_code, answer.json()) == (400, {"message": "The query has too many fields."})


@pytest.mark.parametrize(
    ("query", "accept", "content_type", "beginning"),
    [
        ("", "*/*", "application/vnd.oai.openapi", b"openapi: 3.1.0"),
        ("", "application/json", "application/vnd.oai.openapi+json", b'{"openapi":"3.1.0"'),
        ("?format=json", "*/*", "application/vnd.oai.openapi+json", b'{"openapi":"3.1.0"'),
        ("?format=yaml", "application/json", "application/vnd.oai.openapi", b"openapi: 3.1.0"),
        ("?format=yaml&lang=%00&version=%0d%0a", "text/html", "application/vnd.oai.openapi", b"openapi: 3.1.0"),
    ],
)
def test_openapi_document_is_yaml_or_json(client, query, accept, content_type, beginning):
    answer = client.get(f"/api/v3/schema/{query}", HTTP_ACCEPT=accept)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)
    assert answer.content.startswith(beginning)


def test_openapi_document_in_another_format_is_422(client):
    answer = client.get("/api/v3/schema/?format=xml")

    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["format"])


BUSY = [sqlite_error("database is locked", sqlite3.SQLITE_BUSY), postgres_error(psycopg.errors.LockNotAvailable)]
AWAY = [
    OperationalError("connection refused"),
    InterfaceError("connection already closed"),
    sqlite_error("unable to open database file: /mnt/locked", sqlite3.SQLITE_CANTOPEN),
]


@pytest.mark.parametrize("is_debug", [False, True])
@pytest.mark.usefixtures("no_database")
@pytest.mark.parametrize("no_database", AWAY, indirect=True)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v3/profiles"),
        ("POST", "/api/v3/profiles/batch.json"),
        ("GET", "/api/v3/batches/00000000-0000-7000-8000-000000000000/items"),
    ],
)
def test_database_away_is_503_in_shape(strict_client, settings, method, path, is_debug):
    settings.DEBUG = is_debug

    answer = strict_client.generic(
        method, path, b"{}", content_type="application/json", HTTP_AUTHORIZATION="Bearer phub_any"
    )

    assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (
        503,
        "5",
        {"message": "The hub cannot reach its database; try again."},
    )


@pytest.mark.parametrize("is_debug", [False, True])
@pytest.mark.usefixtures("no_database")
@pytest.mark.parametrize("no_database", AWAY, indirect=True)
@pytest.mark.parametrize("path", ["/admin/", "/admin/profiles/profile/"])
def test_database_away_is_a_plain_503_for_the_desk(strict_client, settings, path, is_debug):
    settings.DEBUG = is_debug
    strict_client.cookies["sessionid"] = "a" * 32

    answer = strict_client.get(path)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert b"The hub cannot reach its database; try again." in answer.content


@pytest.mark.usefixtures("no_database")
@pytest.mark.parametrize("no_database", BUSY, indirect=True)
def test_busy_database_is_503(strict_client):
    answer = strict_client.get("/api/v3/profiles", HTTP_AUTHORIZATION="Bearer phub_any")

    assert (answer.status_code, answer.json()) == (503, {"message": "The hub is busy; try again."})


@pytest.mark.usefixtures("no_database")
@pytest.mark.parametrize("no_database", [OperationalError("connection refused")], indirect=True)
@pytest.mark.parametrize("path", ["/api/v3/nothing", "/api/health"])
def test_what_needs_no_database_is_answered_without(strict_client, path):
    assert strict_client.get(path).status_code == {"/api/v3/nothing": 404, "/api/health": 200}[path]


def test_openapi_document_may_be_asked_for_by_many_at_once(monkeypatch):
    monkeypatch.setattr(documents, "_written", cache(documents._written.__wrapped__))  # noqa: SLF001 as in a new process

    with ThreadPoolExecutor(8) as pool:
        written = set(pool.map(documents._document, ["json"] * 8))  # noqa: SLF001 likewise

    assert len(written) == 1
