"""Two people who were merged, for those who take them apart."""

import pytest
from django.db import transaction
from django.utils import timezone

from profiles.merging import Merge, merge_profiles
from tests.batches.asking import CAUSE
from tests.builders import make_profile, process


@pytest.fixture
def pair():
    """Return two who are merged, the merged one first, with a record since by each one's key."""
    ann = make_profile(first_name="Ann", email="ann@example.com", mobile_phone="+61404000001")
    anna = make_profile(first_name="Anna", email="anna@example.com", occupation="Nurse")
    with transaction.atomic():
        merge_profiles(Merge(anna.id, ann.id), cause=CAUSE, now=timezone.now())
    process([{"email": "anna@example.com", "title": "Dr"}, {"email": "ann@example.com", "company": "Acme"}])
    return anna, ann
