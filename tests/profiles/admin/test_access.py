"""The desk's pages about who may use the hub: tokens, users and failed logins."""

import datetime as dt
import itertools

import pytest
from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from profiles.admin.access import ApiTokenAdmin, TokenForm, UserAdmin
from profiles.models import ApiToken, User
from profiles.models.access import SCOPES

TOKENS, ATTEMPTS = ApiTokenAdmin(ApiToken, admin.site), "/admin/axes/accessattempt/"
HOUR = dt.timedelta(hours=1)


def client_with(*permissions):
    """Return a browser of somebody on the staff who may do these things alone."""
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize(
    ("typed", "scopes"),
    [
        (["read-profiles"], ["read-profiles"]),
        (["update-profiles", "read-profiles"], ["update-profiles", "read-profiles"]),
        (["read-profiles", "*"], ["*"]),
        ([], None),
        (["read-everything"], None),
    ],
)
def test_token_has_known_scopes_or_all_of_them(machine_user, typed, scopes):
    form = TokenForm({"label": "Till", "user": machine_user.pk, "scopes": typed})

    assert form.is_valid() == (scopes is not None)
    assert form.cleaned_data.get("scopes") == scopes
    assert set(form.errors) == ({"scopes"} if scopes is None else set())


def test_every_scope_can_be_given():
    assert [scope for scope, _ in TokenForm.base_fields["scopes"].choices] == ["*", *SCOPES]


@pytest.mark.parametrize(
    ("scopes", "labels", "cell"),
    [
        ([], [], ""),
        (["*"], ["everything"], "everything"),
        (["read-profiles", "read-audits"], ["read-profiles", "read-audits"], "read-profiles, read-audits"),
    ],
)
def test_token_tells_its_beginning_and_what_it_allows(scopes, labels, cell):
    token = ApiToken(token_key="abcd1234", scopes=scopes)

    assert TOKENS.starts_with(token) == "abcd1234…"
    assert (TOKENS.scope_labels(token), TOKENS.scopes_cell(token)) == (labels, cell)


@pytest.mark.parametrize(("lasts", "is_valid"), [(None, True), (HOUR, True), (-HOUR, False)])
def test_token_opens_something_until_its_end(lasts, is_valid):
    assert TOKENS.is_valid(ApiToken(expiry=None if lasts is None else timezone.now() + lasts)) == is_valid


def test_what_is_asked_of_a_new_token_is_shown_of_one_beside_its_beginning(rf):
    asked, shown = TOKENS.get_fields(rf.get("/")), TOKENS.get_fields(rf.get("/"), ApiToken())

    assert (asked, shown) == (
        ("label", "user", "scopes", "expiry"),
        ("label", "starts_with", "user", "scopes_cell", "created", "expiry"),
    )
    assert "digest" not in shown


@pytest.mark.parametrize(("is_staff", "is_active"), [*itertools.product([True, False], repeat=2)])
def test_user_is_marked_as_staff_and_active(is_staff, is_active):
    page, user = UserAdmin(User, admin.site), User(is_staff=is_staff, is_active=is_active)

    assert (page.staff(user), page.active(user)) == (is_staff, is_active)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("permissions", "status", "left"),
    [(["view_accessattempt"], 403, 1), (["view_accessattempt", "delete_accessattempt"], 302, 0)],
)
def test_failed_login_is_forgotten_by_whoever_may(permissions, status, left):
    attempt = AccessAttempt.objects.create(username="x", ip_address="192.0.2.1", failures_since_start=1)
    client = client_with(*permissions)

    page = client.get(ATTEMPTS)
    assert (page.status_code, "192.0.2.1" in page.content.decode()) == (200, True)
    assert client.post(f"{ATTEMPTS}{attempt.pk}/change/", {"username": "y"}).status_code == 403
    assert client.post(f"{ATTEMPTS}{attempt.pk}/delete/", {"post": "yes"}).status_code == status
    assert AccessAttempt.objects.count() == left
