"""A plan becomes rows and ledger."""

import datetime as dt

import pytest
from django.db import transaction

from profiles.directory import load_snapshots
from profiles.models import Profile
from profiles.values import Plan, ProfileResult
from profiles.writing import write_plan
from tests.builders import make_profile

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def write(*, results=(), changes=()):
    with transaction.atomic():
        write_plan(Plan(outcomes=[], results=results, changes=changes, duplicates=[]), now=NOW)


def snapshot_of(profile, *collections):
    return load_snapshots([profile.id], collections=collections)[profile.id]


def test_field_that_is_not_named_any_more_is_cleared():
    profile = make_profile(company="Acme", attributes={"appearance": {"size_hat": "7"}}, occupation="Nurse")
    before = snapshot_of(profile)
    cleared = {"company", "appearance/size_hat"}
    fields = {name: value for name, value in before.fields.items() if name not in cleared}

    write(results=[ProfileResult(before.id, before.version + 1, fields, {}, before)])

    stored = Profile.objects.get(id=profile.id)
    assert (stored.company, stored.appearance, stored.occupation) == (None, {}, "Nurse")
