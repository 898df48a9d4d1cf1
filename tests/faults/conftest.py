"""The database of this run, as other processes reach it."""

import os
from urllib.parse import urlsplit

import pytest
from django.db import connection


@pytest.fixture
def url(transactional_db):  # noqa: ARG001 other processes see only what is committed
    """Return the address of the test database."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    parts = urlsplit(os.environ["DATABASE_URL"])
    return parts._replace(path=f"/{name}").geturl()
