"""Fixtures of all tests."""

import os

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from hypothesis import HealthCheck, settings

from batches.worker import bell, loop
from profiles.models import ApiToken, User
from tests.builders import process_waiting
from tests.documented import DocumentedClient

settings.register_profile("hub", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("torture", parent=settings.get_profile("hub"), max_examples=2_000)
settings.load_profile("torture" if os.environ.get("HUB_TORTURE") else "hub")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch, settings):
    """Let workers in this process neither wait for posters nor look seldom."""
    monkeypatch.setattr(loop, "SQLITE_PAUSE_SECONDS", 0)
    monkeypatch.setattr(bell, "POLL_SECONDS", 0.05)
    settings.POLL_SECONDS = 0.02


@pytest.fixture
def engine():
    """Return "sqlite" or "postgres"."""
    return os.environ["HUB_ENGINE"]


@pytest.fixture
def machine_user(db):
    """Return the user of an integration."""
    user = User(username="till")
    user.set_unusable_password()
    user.save()
    return user


@pytest.fixture
def make_client(machine_user):
    """Return a function from scopes to an API client that bears them."""

    def make(*scopes: str, user: User = machine_user, **options) -> DocumentedClient:
        _, token = ApiToken.objects.create(user=user, label="test", scopes=list(scopes), **options)
        client = DocumentedClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return client

    return make


@pytest.fixture
def api_client(make_client):
    """Return an API client that may do everything."""
    return make_client("*")


@pytest.fixture
def staff_user(db):
    """Return a member of staff who may do everything."""
    return User.objects.create_superuser("staff", password="a long password")


@pytest.fixture
def staff_client(staff_user):
    """Return a browser that a member of staff is signed in with."""
    client = Client()
    client.force_login(staff_user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def viewing_client(django_user_model):
    """Return a browser of somebody on the staff who may look at everything and change nothing."""
    viewer = django_user_model.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(viewer, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def process_all(db):
    """Return a function that processes every waiting batch in this process."""
    return process_waiting
