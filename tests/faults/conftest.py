"""The database of this run, as other processes reach it."""

import os
from urllib.parse import urlsplit

import pytest
from django.db import connection

from profiles.reference_data import example_data, load_reference_data


@pytest.fixture
def url(transactional_db):
    """Return the address of the test database."""
    document = dict(example_data())
    # Tests that commit leave an empty database behind, without the countries it began with.
    document["regions"] = [{"handle": one["handle"], "name": one["name"]} for one in document["regions"]]
    load_reference_data(document)
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    parts = urlsplit(os.environ["DATABASE_URL"])
    return parts._replace(path=f"/{name}").geturl()
