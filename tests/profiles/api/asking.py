"""What an answer says, once it is seen to be the one expected."""

import pytest

from profiles.models import ProfileChange

pytestmark = pytest.mark.django_db
POS = {"handle": "pos", "identifier": "7"}
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}


def data(answer, status=200):
    assert answer.status_code == status, answer.content
    return answer.json()["data"]


def errors(answer):
    assert answer.status_code == 422, answer.content
    return answer.json()["errors"]


def rows():
    return ProfileChange.objects.count()
