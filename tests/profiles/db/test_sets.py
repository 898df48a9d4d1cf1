"""Many rows of any model in one statement, on both engines."""

import datetime as dt
from uuid import UUID

import pytest
from django.db import IntegrityError

from profiles.db import sets
from profiles.models import CustomAttribute, Identity, ProfileChange, Tag
from tests.builders import make_profile

pytestmark = pytest.mark.django_db
MOMENT = "2026-01-02T03:04:05.678901Z"


def tag(handle, moment=MOMENT):
    return {"handle": handle, "created_at": moment, "updated_at": moment}


def attribute(profile, handle, value):
    row = {"profile_id": str(profile.id), "namespace": "n", "handle": handle, "type": "json", "value": value}
    return {**row, "created_at": MOMENT, "updated_at": MOMENT}


@pytest.mark.parametrize("count", [1, 3, 500])
def test_rows_are_inserted_in_one_statement(django_assert_num_queries, count):
    rows = [tag(f"tag-{number:03}") for number in range(count)]

    with django_assert_num_queries(1):
        sets.insert_rows(Tag, rows)

    assert [one.handle for one in Tag.objects.order_by("handle")] == [row["handle"] for row in rows]
    assert {one.created_at for one in Tag.objects.all()} == {dt.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=dt.UTC)}


def test_nothing_to_write_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        sets.insert_rows(Tag, [])
        count = sets.update_rows(Tag, [])
        sets.delete_rows(Tag, [])

    assert count() == 0


@pytest.mark.parametrize(
    "value",
    [None, True, 1, 1.5, 0.1, "", "12", 'a "quoted" \\ text', "Zoë\u2028", [], {}, {"b": [1, None], "a": {"1": True}}],
)
def test_json_is_stored_as_it_is(value):
    profile = make_profile()

    sets.insert_rows(CustomAttribute, [attribute(profile, "h", value)])

    stored = CustomAttribute.objects.get(profile=profile)
    assert (stored.value, type(stored.value)) == (value, type(value))
    assert isinstance(stored.profile_id, UUID)


def test_row_known_to_a_unique_rule_is_an_error_unless_it_may_be_there():
    sets.insert_rows(Tag, [tag("vip")])

    sets.insert_rows(Tag, [tag("new"), tag("vip", "2030-01-01T00:00:00Z")], unless_there=True)

    assert Tag.objects.get(handle="vip").created_at.year == 2026
    assert Tag.objects.filter(handle="new").exists()
    with pytest.raises(IntegrityError):
        sets.insert_rows(Tag, [tag("vip")])


def test_rows_are_updated_by_their_ids_and_counted(django_assert_num_queries):
    profile = make_profile(identities=[{"handle": "pos", "identifier": str(number)} for number in range(3)])
    first, second, third = Identity.objects.filter(profile=profile).order_by("identifier")

    with django_assert_num_queries(1):
        count = sets.update_rows(
            Identity,
            [{"id": first.id, "is_active": False}, {"id": third.id, "is_active": True}, {"id": 0, "is_active": False}],
        )

    assert count() == 2
    assert [one.is_active for one in Identity.objects.order_by("identifier")] == [False, True, True]
    assert second.identifier == "1"


@pytest.mark.parametrize(("read", "expected"), [(1, (1, 7)), (2, (0, 1))])
def test_guarded_row_is_updated_only_while_it_is_as_it_was_read(read, expected):
    profile = make_profile()

    count = sets.update_rows(
        type(profile), [{"id": profile.id, "version": 7, "read": read}], guards={"version": "read"}
    )

    profile.refresh_from_db()
    assert (count(), profile.version) == expected


def test_time_of_another_zone_is_stored_in_utc():
    sets.insert_rows(Tag, [tag("vip", "2026-01-02T13:04:05+10:00")])

    assert Tag.objects.get().created_at == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def test_only_the_rows_named_are_deleted(django_assert_num_queries):
    profile = make_profile(identities=[{"handle": "pos", "identifier": name} for name in "abc"])
    ids = dict(profile.identities.values_list("identifier", "id"))

    with django_assert_num_queries(1):
        sets.delete_rows(Identity, [ids["a"], ids["c"]])

    assert [one.identifier for one in profile.identities.all()] == ["b"]


def test_pipeline_tells_of_a_violation_by_its_end():
    sets.insert_rows(Tag, [tag("vip")])

    with pytest.raises(IntegrityError), sets.pipelined():
        sets.insert_rows(Tag, [tag("vip")])


def test_pipeline_counts_at_its_end():
    profile = make_profile()

    with sets.pipelined():
        count = sets.update_rows(ProfileChange, [{"id": profile.changes.get().id, "actor_label": "till"}])

    assert count() == 1
    assert profile.changes.get().actor_label == "till"
