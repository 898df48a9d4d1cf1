"""Ann, and what asks about her parts."""

import json

import pytest

from tests.builders import make_profile

pytestmark = pytest.mark.django_db
POS = {"handle": "pos", "identifier": "7"}
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}


@pytest.fixture
def ann():
    return make_profile(email="ann@example.com", identities=[POS])


@pytest.fixture
def ask(api_client, ann):
    """Return what asks about Ann."""

    def asking(method, path, body=None, *, of=ann, **headers):
        content = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return getattr(api_client, method)(f"/api/v3/profiles/{of.id}/{path}", headers=headers, **content)

    return asking
