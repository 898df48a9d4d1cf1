"""Look-ups that indexes serve on both engines: many values as one parameter, few words of our own, beginnings."""

import pytest
from django.db import connection

from batches.models import Batch
from batches.values import UNFINISHED
from profiles.db.lookups import array_literal, starts_with
from profiles.models import Identity, Profile, Tag
from tests.builders import make_profile


@pytest.mark.parametrize(
    ("values", "literal"),
    [
        ([], "{}"),
        ([1, -2], "{1,-2}"),
        (["a", ""], '{"a",""}'),
        (['say "hi"', "back\\slash", "{a,b}", "NULL"], '{"say \\"hi\\"","back\\\\slash","{a,b}","NULL"}'),
    ],
)
def test_array_is_written_as_postgresql_reads_it(values, literal):
    assert array_literal(values) == literal


ODD = ["plain", "", 'say "hi"', "back\\slash", "{a,b}", "NULL", "%s", "Zoë\u2028", "o'clock", "\U0001f600"]


@pytest.mark.django_db
@pytest.mark.parametrize("wanted", [[], ["missing"], ODD[:1], ODD])
def test_among_finds_what_in_would_find(wanted, django_assert_num_queries):
    Tag.objects.bulk_create(
        Tag(handle=handle, created_at="2026-01-01T00:00:00Z", updated_at="2026-01-01T00:00:00Z") for handle in ODD
    )

    with django_assert_num_queries(1):
        found = set(Tag.objects.filter(handle__among=wanted).values_list("handle", flat=True))

    assert found == {*wanted} - {"missing"}


@pytest.mark.django_db
def test_among_takes_ids_of_every_kind():
    people = [make_profile(identities=[{"handle": "pos", "identifier": str(number)}]) for number in range(3)]
    ids = [one.id for one in people[:2]]
    rows = Identity.objects.filter(profile__among=ids)

    assert {*Profile.objects.filter(id__among=ids)} == {*people[:2]}
    assert {one.identifier for one in rows} == {"0", "1"}
    assert Identity.objects.filter(id__among=[one.id for one in rows]).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("an", ["an", "ana", "anna"]),
        ("ann", ["anna"]),
        ("AN", ["AN"]),
        ("an%", []),
        ("b\U0001f600", ["b\U0001f600"]),
        ("z", []),
    ],
)
def test_beginning_is_taken_literally_and_by_its_case(prefix, expected):
    Tag.objects.bulk_create(
        Tag(handle=handle, created_at="2026-01-01T00:00:00Z", updated_at="2026-01-01T00:00:00Z")
        for handle in ("AN", "an", "ana", "anna", "ao", "b\U0001f600", "é")
    )

    found = Tag.objects.filter(starts_with("handle", prefix)).values_list("handle", flat=True)

    assert sorted(found) == expected


@pytest.mark.django_db
def test_what_waits_is_found_by_the_index_of_what_waits():
    waiting = Batch.objects.filter(state__one_of=UNFINISHED).order_by("received_at", "id")

    plan = waiting.explain()

    if connection.vendor == "sqlite":
        assert "batch_unfinished" in plan
    assert "'queued', 'running'" in str(waiting.query)


def test_words_of_others_are_refused():
    with pytest.raises(ValueError, match="words of our own"):
        str(Batch.objects.filter(state__one_of=["queued'; --"]).query)
