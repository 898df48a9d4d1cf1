"""Every route of the API, with no, a wrong, an expired and a right token, and pages of other origins."""

import datetime as dt
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.urls import get_resolver
from django.utils import timezone

from profiles.models import ApiToken

pytestmark = pytest.mark.django_db
METHODS = ("get", "post", "put", "delete")
OPEN = {"schema", "docs"}


def routes():
    """Return the name, path and methods of every route below /api/v3/."""
    found = []
    for include in get_resolver().url_patterns:
        if not str(include.pattern).startswith("api/v3/"):
            continue
        for pattern in getattr(include, "url_patterns", [include]):
            path = str(pattern.pattern)
            for part in ("<str:profile_id>", "<str:batch_id>", "<uuid:batch_id>"):
                path = path.replace(part, str(uuid4()))
            path = path.replace("<str:namespace>:<str:handle>", "a:b")
            parts = ["1" if part.startswith("<") else part for part in path.split("/")]
            view = pattern.callback.view_class
            if pattern.name not in OPEN:
                methods = [method for method in METHODS if hasattr(view, method)]
                found.append((pattern.name, f"/api/v3/{'/'.join(parts)}", methods, view))
    return found


ROUTES = [(name, path, method, view) for name, path, methods, view in routes() for method in methods]


@pytest.mark.parametrize(
    ("name", "path", "method", "view"), ROUTES, ids=lambda one: one if isinstance(one, str) else ""
)
def test_route_opens_for_the_right_token_alone(client, make_client, name, path, method, view):
    scopes = view.required_scopes[method.upper()]
    assert scopes

    def ask(asker, **headers):
        return getattr(asker, method)(path, data="{}", content_type="application/json", headers=headers)

    def ask_get(asker, **headers):
        return asker.get(path, headers=headers)

    ask = ask_get if method == "get" else ask
    right = make_client(*scopes)
    assert ask(client).status_code == 401
    assert ask(client).json() == {"message": "Unauthenticated."}
    assert ask(client, Authorization="Bearer wrong").status_code == 401
    assert ask(make_client("read-nothing")).status_code == 403
    assert ask(right).status_code not in {401, 403, 405, 500}
    ApiToken.objects.update(expiry=timezone.now() - dt.timedelta(seconds=1))
    assert ask(right).status_code == 401


def test_every_view_of_the_api_is_walked():
    assert len(ROUTES) > 50


@pytest.mark.parametrize("method", [*METHODS, "patch"])
@pytest.mark.parametrize("with_token", [True, False])
def test_unknown_path_is_404_in_json_for_every_method(client, api_client, method, with_token):
    answer = getattr(api_client if with_token else client, method)("/api/v3/nothing/there")

    assert (answer.status_code, answer.json()) == (404, {"message": "Not found."})


# --- Pages of other origins --------------------------------------------------------------------------------------

APP = "https://app.example.com"


def preflight(client, origin=APP):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return client.options("/api/v3/profiles", headers=headers)


def test_page_of_an_allowed_origin_may_ask(client, api_client, settings):
    settings.CORS_ALLOWED_ORIGINS = [APP]

    asked = preflight(client)
    answer = api_client.get("/api/v3/profiles", headers={"Origin": APP})

    assert (asked.status_code, asked["Access-Control-Allow-Origin"]) == (200, APP)
    assert "authorization" in asked["Access-Control-Allow-Headers"]
    assert "PUT" in asked["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Credentials" not in asked
    assert answer["Access-Control-Allow-Origin"] == APP
    assert {"ETag", "Location", "Retry-After"} <= set(answer["Access-Control-Expose-Headers"].split(", "))


def test_pages_of_other_origins_may_not(client, settings):
    assert settings.CORS_ALLOWED_ORIGINS == []
    assert "Access-Control-Allow-Origin" not in preflight(client)
    settings.CORS_ALLOWED_ORIGINS = [APP]
    assert "Access-Control-Allow-Origin" not in preflight(client, "https://evil.example.com")


# --- How often ---------------------------------------------------------------------------------------------------


def test_user_may_have_a_limit_of_their_own(api_client, machine_user):
    cache.clear()  # others have asked as this user in this minute
    machine_user.throttle = 2
    machine_user.save()

    answers = [api_client.get("/api/v3/profiles") for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[0]["X-RateLimit-Limit"] == "2"
    assert int(answers[2]["Retry-After"]) > 0
