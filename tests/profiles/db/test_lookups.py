"""Look-ups that indexes serve on both engines."""

import pytest
from django.db import connection

from batches.models import Batch
from batches.values import UNFINISHED
from profiles.models import Profile
from tests.builders import make_profile

pytestmark = pytest.mark.django_db


def test_what_waits_is_found_by_the_index_of_what_waits():
    waiting = Batch.objects.filter(state__one_of=UNFINISHED).order_by("received_at", "id")

    plan = waiting.explain()

    if connection.vendor == "sqlite":
        assert "batch_unfinished" in plan
    assert "'queued', 'running'" in str(waiting.query)


def test_words_of_others_are_refused():
    with pytest.raises(ValueError, match="words of our own"):
        str(Batch.objects.filter(state__one_of=["queued'; --"]).query)


def test_among_takes_any_number_of_values_in_one_parameter(django_assert_num_queries):
    people = [make_profile() for _ in range(3)]

    with django_assert_num_queries(1) as queries:
        found = set(Profile.objects.filter(id__among=[one.id for one in people[:2]]).values_list("id", flat=True))

    assert found == {one.id for one in people[:2]}
    assert len(queries) == 1
