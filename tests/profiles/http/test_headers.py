"""What answers say to browsers and caches."""

import pytest

from profiles.http.headers import CONTENT_SECURITY_POLICY
from tests.builders import make_profile


@pytest.fixture
def clients(client, staff_client, api_client):
    return {"nobody": client, "staff": staff_client, "api": api_client}


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("api", "/api/v3/profiles", 200),
        ("api", "/api/v3/profiles/{profile}", 200),
        ("api", "/api/v3/profiles/{profile}/history", 200),
        ("api", "/api/v3/batches", 200),
        ("api", "/api/v3/nowhere", 404),
        ("nobody", "/api/v3/profiles", 401),
        ("nobody", "/api/v3/docs/", 200),
        ("nobody", "/admin/login/", 200),
        ("nobody", "/admin/profiles/profile/", 302),
        ("staff", "/admin/", 200),
        ("staff", "/admin/profiles/profile/", 200),
        ("staff", "/admin/profiles/profile/{profile}/change/", 200),
        ("staff", "/admin/profiles/profile/{profile}/history/", 200),
    ],
)
def test_nothing_is_kept_run_or_framed(clients, who, path, status):
    profile = make_profile()

    answer = clients[who].get(path.format(profile=profile.pk))

    assert answer.status_code == status
    assert "no-store" in answer["Cache-Control"]
    assert answer["Permissions-Policy"].startswith("accelerometer=(), ")
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "object-src 'none'"
    )


def test_no_script_may_stand_in_a_page():
    assert "'unsafe-inline'" not in CONTENT_SECURITY_POLICY["script-src"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/api/v3/docs/"])
def test_pages_hold_no_script_of_their_own(client, path):
    page = client.get(path).content.decode()

    assert page.count("<script") == page.count("<script src=") > 0
