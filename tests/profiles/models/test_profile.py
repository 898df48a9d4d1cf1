"""The row of a person: which columns it has, what it is called, and what the database never lets it hold."""

import pytest
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError

from profiles import shape
from profiles.models import Location, Profile
from tests.builders import make_profile

COLUMNS = {field.attname: field for field in Profile._meta.concrete_fields}


def test_every_field_of_the_shape_has_its_column():
    apart = {"id", "email_key", "effective_times", "source_times", "search_name", "search_last", "version"}
    times = {"created_at", "updated_at"}

    assert {*shape.COLUMNS.values(), *shape.JSON_COLUMNS} == COLUMNS.keys() - apart - times


@pytest.mark.parametrize("name", [*shape.COLUMNS.values()])
def test_field_may_be_null_unless_every_profile_has_one(name):
    assert COLUMNS[name].null == (name not in {"first_name", "last_name", "profile_type"})


def test_times_and_flags_are_columns_of_their_kind():
    kinds = {name: type(COLUMNS[shape.COLUMNS[name]]) for name in shape.COLUMNS}

    assert [name for name, kind in kinds.items() if kind is models.DateTimeField] == [*shape.TIME_FIELDS]
    assert [name for name, kind in kinds.items() if kind is models.BooleanField] == [
        f"comms/{name}" for name in shape.CONSENT_MEMBERS
    ]


@pytest.mark.parametrize(
    ("names", "full", "shown"),
    [
        ({"first_name": "Ann", "last_name": "Ng"}, "Ann Ng", "Ann Ng"),
        ({"first_name": "Ann"}, "Ann", "Ann"),
        ({"last_name": "Ng"}, "Ng", "Ng"),
        ({}, "", None),
    ],
)
def test_profile_is_called_by_its_name_or_its_id(names, full, shown):
    one = Profile(**names)

    assert (one.full_name, str(one)) == (full, shown or str(one.id))


def test_new_profile_is_active_and_was_never_asked_for_consent():
    one, other = Profile(), Profile()

    assert (one.profile_type, one.version, one.appearance, one.comms_categories) == ("active", 0, {}, {})
    assert {getattr(one, name) for name in shape.CONSENT_MEMBERS} == {None}
    assert one.id != other.id
    assert one.appearance is not other.appearance


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"email_key": "ann@example.com"},
        {"mobile_phone": "+61404000001"},
        {"birth_day": 3},
        {"birth_month": 2},
        {"birth_year": 1985},
        {"birth_day": 3, "birth_year": 1985},
    ],
)
def test_database_refuses_what_no_profile_may_hold(fields):
    make_profile(email="ann@example.com", mobile_phone="+61404000001")
    bob = make_profile()

    with pytest.raises(IntegrityError), transaction.atomic():
        Profile.objects.filter(id=bob.id).update(**fields)


@pytest.mark.django_db
def test_many_may_have_no_key_and_the_same_second_phone():
    people = [make_profile(birth_day=3, birth_month=2) for _ in range(2)]

    shared = {"email_key": None, "mobile_phone": None, "secondary_phone": "+61404000001", "birth_year": None}

    assert Profile.objects.filter(id__in=[one.id for one in people]).update(**shared) == 2


@pytest.mark.django_db
def test_what_a_profile_stands_on_cannot_go():
    shop = Location.objects.create(name="Sydney")
    ann, old = make_profile(), make_profile()
    Profile.objects.filter(id=old.id).update(merged_into=ann, joined_location=shop, preferred_location=shop)
    old.changes.all().delete()
    ann.changes.all().delete()

    for one in (ann, shop):
        with pytest.raises(ProtectedError):
            one.delete()
    old.delete()
    ann.delete()
    shop.delete()

    assert (Profile.objects.count(), Location.objects.count()) == (0, 0)


def test_staff_may_be_allowed_what_the_writer_does():
    assert {code for code, _ in Profile._meta.permissions} == {"merge_profile", "undo_change", "override_undo"}
