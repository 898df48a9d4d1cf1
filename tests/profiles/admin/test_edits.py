"""A staff edit: what was changed in the form becomes one draft, and what is wrong is told at its field."""

import datetime as dt

import pytest
from django.forms import modelform_factory

from profiles import shape
from profiles.admin.edits import EDITABLE, STALE_MESSAGE, ProfileForm
from profiles.models import BlockedValue, DuplicateCandidate, Profile, ProfileChange
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
JOINED = "2020-05-05T15:20:32Z"


def typed_into(profile, *, fields=EDITABLE, **typed):
    """Return the form as a browser sends it back: as it was opened, and what was typed into it."""
    kind = modelform_factory(Profile, form=ProfileForm, fields=fields)
    kind.cause, kind.now = Cause(CauseKind.ADMIN, actor_id=7, actor_label="clerk"), NOW
    opened = kind(instance=profile)
    sent = {name: opened.get_initial_for_field(field, name) for name, field in opened.fields.items()}
    return kind({name: value for name, value in (sent | typed).items() if value is not None}, instance=profile)


def ann():
    return make_profile(
        email="ann@example.com", first_name="Ann", company="Acme", birth_day=3, birth_month=2, birth_year=1985
    )


def test_what_staff_edit_are_plain_fields_of_the_record():
    assert set(shape.PLAIN_FIELDS) - set(EDITABLE) == {"joined_location_id", "preferred_location_id"}


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({}, {}),
        ({"company": "Bakers", "occupation": " Nurse "}, {"company": "Bakers", "occupation": "Nurse"}),
        ({"company": ""}, {"company": None}),
        ({"birth_day": "4"}, {"birth_day": 4, "birth_month": 2}),
        ({"birth_year": "1986"}, {"birth_year": 1986}),
        ({"joined_at": "2020-05-05 15:20:32"}, {"joined_at": JOINED}),
        ({"mobile_phone": "+61 404 000 001"}, {"mobile_phone": "+61404000001"}),
    ],
)
def test_draft_holds_what_was_changed_as_a_sender_writes_it(typed, fields):
    profile = ann()
    form = typed_into(profile, **typed)

    assert (form.is_valid(), form.draft.fields) == (True, fields)
    assert (form.draft.target, form.draft.expected_version, form.draft.is_explicit) == (profile.id, 1, True)
    assert ProfileChange.objects.count() == 1


def test_edit_is_written_once_it_is_applied():
    profile = ann()
    form = typed_into(profile, company="Bakers")
    assert form.is_valid()

    outcome = form.apply()

    change = ProfileChange.objects.get(version=2)
    assert (outcome.kind.value, outcome.profile_version) == ("updated", 2)
    assert (change.changes, change.at) == ({"/company": {"from": "Acme", "to": "Bakers"}}, NOW)
    assert (change.cause_kind, change.actor_id, change.actor_label) == ("admin", 7, "clerk")


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"first_name": ""}, {"first_name": "The field cannot be emptied."}),
        ({"company": "x" * 300}, {"company": "The text must not be longer than 255 characters."}),
        ({"email": "bob@example.com"}, {"email": "The email has already been taken."}),
        ({"email": "bob@example.com", "fields": ["company"]}, {}),
        ({"birth_year": "x"}, {"birth_year": "Enter a whole number."}),
        ({"version": ""}, {"version": "This field is required."}),
        ({"company": "Bakers", "version": "7"}, {"__all__": STALE_MESSAGE}),
        (
            {"mobile_phone": "+61404000999"},
            {"mobile_phone": "The value is blocked: it stands for nobody, and was left out."},
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_written(typed, errors):
    BlockedValue.objects.create(kind="mobile", exact="+61404000999")
    make_profile(email="bob@example.com")
    form = typed_into(ann(), **typed)

    assert form.errors == {name: [sentence] for name, sentence in errors.items()}
    assert (Profile.objects.filter(version__gt=1).count(), DuplicateCandidate.objects.count()) == (0, 0)


def test_refused_edit_that_is_applied_leaves_the_possible_duplicate_it_met():
    make_profile(email="bob@example.com")
    form = typed_into(ann(), email="bob@example.com")
    assert (form.is_valid(), form.is_refused) == (False, True)

    form.apply()

    assert (DuplicateCandidate.objects.count(), Profile.objects.filter(version__gt=1).count()) == (1, 0)


def test_edit_is_of_the_version_that_was_looked_at():
    profile = ann()
    process([{"email": "ann@example.com", "company": "Bakers"}])
    late = typed_into(profile, occupation="Nurse")
    unchanged = typed_into(profile)

    assert late.non_field_errors() == [STALE_MESSAGE]
    assert unchanged.non_field_errors() == [STALE_MESSAGE]


@pytest.mark.parametrize(("joined_at", "is_set"), [(None, False), (JOINED, True)])
def test_joining_time_is_set_once(joined_at, is_set):
    profile = make_profile(joined_at=joined_at)

    field = typed_into(profile).fields["joined_at"]

    assert (field.disabled, field.help_text) == (is_set, "It is set once and stays as it is." if is_set else "")


def test_forms_own_bounds_are_taken_out():
    fields = typed_into(ann()).fields

    assert [name for name, field in fields.items() if "maxlength" in field.widget.attrs] == []
    assert [name for name, field in fields.items() if field.required] == ["profile_type", "version"]
