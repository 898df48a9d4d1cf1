"""Where requests come from, and how often somebody may ask (rules 8.17)."""

import pytest
from django.core.cache import cache
from django.test import RequestFactory

from profiles.http import limits
from profiles.http.limits import client_address, client_network
from profiles.models import User

PATH = "/api/v3/profiles"


@pytest.fixture(autouse=True)
def _count_anew(monkeypatch):
    """Let nobody have asked before, and the minute not end."""
    monkeypatch.setattr(limits.time, "time", lambda: 1_000_000_045.5)
    cache.clear()
    yield
    cache.clear()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, "10.0.0.1"),
        (0, "192.0.2.1", "10.0.0.1"),
        (1, None, "10.0.0.1"),
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "198.51.100.7, 192.0.2.1", "192.0.2.1"),
        (1, "198.51.100.7,192.0.2.1 ", "192.0.2.1"),
        (1, "2001:DB8::1", "2001:db8::1"),
        (1, "nonsense", "10.0.0.1"),
        (1, "192.0.2.1,", "10.0.0.1"),
        (2, "198.51.100.7, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
        (2, "192.0.2.1", "10.0.0.1"),
    ],
)
def test_proxies_are_believed_as_far_as_they_are_ours(settings, proxies, forwarded, address):
    settings.PROXIES = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}

    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="10.0.0.1")

    assert client_address(request) == address


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
    ],
)
def test_clients_are_counted_by_what_they_have_one_of(address, network):
    assert client_network(RequestFactory().get("/", REMOTE_ADDR=address)) == network


@pytest.mark.django_db
def test_user_may_ask_so_often_in_a_minute(settings, make_client):
    settings.REQUESTS_PER_MINUTE = 2
    other = make_client("*", user=User.objects.create(username="shop"))
    first, second = make_client("*"), make_client("*")

    answers = [client.get(PATH) for client in (first, second, first, other)]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 200]
    assert [(one.headers["X-RateLimit-Limit"], one.headers["X-RateLimit-Remaining"]) for one in answers] == [
        ("2", "1"),
        ("2", "0"),
        ("2", "0"),
        ("2", "1"),
    ]
    assert (answers[2].json(), answers[2].headers["Retry-After"]) == ({"message": "Too Many Attempts."}, "35")


@pytest.mark.django_db
def test_next_minute_counts_anew(settings, api_client, monkeypatch):
    settings.REQUESTS_PER_MINUTE = 1
    first, second = api_client.get(PATH), api_client.get(PATH)
    monkeypatch.setattr(limits.time, "time", lambda: 1_000_000_081.0)

    third = api_client.get(PATH)

    assert [first.status_code, second.status_code, third.status_code] == [200, 429, 200]


@pytest.mark.django_db
def test_no_limit_says_nothing(settings, api_client):
    settings.REQUESTS_PER_MINUTE = settings.UNAUTHENTICATED_PER_MINUTE = 0

    answer = api_client.get(PATH)

    assert (answer.status_code, "X-RateLimit-Limit" in answer.headers) == (200, False)


@pytest.mark.django_db
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer phub_guessed"}, {"Authorization": "Basic eDp5"}])
def test_guesses_are_refused_without_a_look(settings, client, django_assert_num_queries, header):
    settings.UNAUTHENTICATED_PER_MINUTE = 2
    before = [client.get(PATH, headers=header).status_code for _ in range(2)]

    with django_assert_num_queries(0):
        refused = client.get(PATH, headers=header)
    elsewhere = client.get(PATH, headers=header, REMOTE_ADDR="192.0.2.9")

    assert (before, refused.status_code, refused.json(), refused.headers["Retry-After"], elsewhere.status_code) == (
        [401, 401],
        429,
        {"message": "Too Many Attempts."},
        "35",
        401,
    )


@pytest.mark.django_db
def test_guesses_lock_nobody_out_who_was_right_a_while_ago(settings, client, api_client, make_client):
    settings.UNAUTHENTICATED_PER_MINUTE = 2
    api_client.get(PATH)
    for _ in range(3):
        client.get(PATH)

    assert [api_client.get(PATH).status_code, make_client("*").get(PATH).status_code] == [200, 429]


@pytest.mark.django_db
def test_token_that_was_right_a_while_ago_is_looked_at_all_the_same(settings, client, api_client, machine_user):
    settings.UNAUTHENTICATED_PER_MINUTE = 1
    api_client.get(PATH)
    client.get(PATH)
    machine_user.auth_token_set.all().delete()

    assert api_client.get(PATH).status_code == 401


# --- Log-ins --------------------------------------------------------------------------------------------------------


def log_in(client, name, *, password="wrong", address="192.0.2.1"):  # noqa: S107 a test's
    return client.post("/admin/login/", {"username": name, "password": password}, REMOTE_ADDR=address)


@pytest.mark.usefixtures("staff_user")
def test_name_is_refused_from_where_it_failed_often(client, settings):
    settings.AXES_FAILURE_LIMIT = 3
    for _ in range(3):
        log_in(client, "staff")

    refused = log_in(client, "staff", password="a long password")
    elsewhere = log_in(client, "staff", password="a long password", address="192.0.2.2")

    assert (refused.status_code, elsewhere.status_code) == (429, 302)


@pytest.mark.usefixtures("staff_user")
def test_address_is_refused_that_failed_with_many_names(client, settings):
    settings.LOGINS_PER_ADDRESS = 4
    for number in range(4):
        log_in(client, f"guess {number}")

    refused = log_in(client, "staff", password="a long password")
    elsewhere = log_in(client, "staff", password="a long password", address="192.0.2.2")

    assert (refused.status_code, elsewhere.status_code) == (429, 302)


@pytest.mark.usefixtures("staff_user")
def test_a_few_failures_of_others_lock_nobody_out(client):
    for number in range(20):
        log_in(client, f"colleague {number}")

    assert log_in(client, "staff", password="a long password").status_code == 302
