"""Rows with all their children, in one query and as the values of states."""

import pytest

from profiles.db.families import read_families
from profiles.models import CustomAttribute, Identity, Profile, ProfileStatus, Status
from tests.builders import make_profile

pytestmark = pytest.mark.django_db

CHILDREN = {
    "identities": (Identity, ("handle", "identifier", "is_active", "is_primary")),
    "custom_attributes": (CustomAttribute, ("handle", "value")),
    "statuses": (ProfileStatus, ("status", "expires_at", "is_active")),
}
COLUMNS = ("id", "first_name", "version", "joined_at", "appearance")


def families(*people):
    return sorted(
        read_families(Profile, COLUMNS, [one.id for one in people], children=CHILDREN, parent="profile_id"),
        key=lambda family: family[0][0],
    )


def test_family_is_read_as_json_values():
    Status.objects.create(handle="gold", name="Gold", period=1, period_type="days")
    profile = make_profile(
        first_name='Zoë "Z"',
        joined_at="2020-05-05T15:20:32.5+10:00",
        identities=[{"handle": "pos", "identifier": "007", "is_active": False}],
        custom_attributes=[
            {"namespace": "n", "handle": "j", "type": "json", "value": {"a": [1, 1.5, True, None, "ü"]}},
            {"namespace": "n", "handle": "t", "type": "boolean", "value": True},
        ],
        statuses=["gold"],
        attributes={"appearance": {"eye_colour": "brown"}},
    )

    ((values, rows),) = families(profile)

    assert values == [str(profile.id), 'Zoë "Z"', 1, "2020-05-05T05:20:32.500000Z", {"eye_colour": "brown"}]
    assert rows["identities"] == [["pos", "007", False, False]]
    assert sorted(rows["custom_attributes"]) == [["j", {"a": [1, 1.5, True, None, "ü"]}], ["t", True]]
    ((handle, expires_at, is_active),) = rows["statuses"]
    assert (handle, is_active, expires_at[-1]) == ("gold", True, "Z")


def test_each_has_its_own_children_or_none():
    one = make_profile(identities=[{"handle": "pos", "identifier": "1"}])
    other = make_profile()

    (_, rows), (_, no_rows) = families(one, other)

    assert rows["identities"] == [["pos", "1", True, False]]
    assert no_rows == {"identities": [], "custom_attributes": [], "statuses": []}


@pytest.mark.parametrize("count", [1, 3, 40])
def test_one_query_however_many(django_assert_num_queries, count):
    people = [make_profile() for _ in range(count)]

    with django_assert_num_queries(1):
        found = families(*people)

    assert [values[0] for values, _ in found] == sorted(str(one.id) for one in people)


def test_nobody_asked_for_is_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert families() == []
