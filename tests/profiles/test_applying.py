"""Locks, and what happens when somebody else is faster."""

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from profiles import conducting, directory
from profiles.models import Profile, ProfileChange
from tests.builders import make_profile, process, raw_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls(monkeypatch):
    """Note the calls of a module's function; something may be done before the first one."""

    def watch(module, name, before=None):
        made = []
        function = getattr(module, name)

        def call(*args, **options):
            made.append(args)
            if before is not None and len(made) == 1:
                before()
            return function(*args, **options)

        monkeypatch.setattr(module, name, call)
        return made

    return watch


@pytest.fixture
def _locks():
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer")


@pytest.mark.parametrize(("budget", "takes_all"), [(4, False), (3, True), (1, True)])
def test_past_the_lock_budget_the_whole_hub_is_taken(settings, budget, takes_all):
    people = [make_profile(), make_profile()]
    settings.HUB_LOCK_BUDGET = budget  # two keys and two profiles are to be locked

    with CaptureQueriesContext(connection) as queries:
        batch = process([raw_record(email=one.email, company="Acme") for one in people])

    assert batch.updated_count == 2
    if connection.vendor == "postgresql":
        taken = [query["sql"] for query in queries if "pg_advisory_xact_lock(26741, 1)" in query["sql"]]
        assert bool(taken) is takes_all


def test_profile_changed_by_somebody_else_is_decided_anew(calls):
    profile = make_profile()

    def change():
        Profile.objects.filter(id=profile.id).update(version=F("version") + 1)

    # After the plan was made and before it is written.
    plans = calls(conducting, "write_plan", before=change)
    batch = process([raw_record(email=profile.email, company="Acme")])

    assert len(plans) == 2
    assert batch.updated_count == 1
    assert batch.records.count() == 1  # the outcomes of the first attempt went with it
    assert list(
        ProfileChange.objects.filter(profile=profile).order_by("version").values_list("version", flat=True)
    ) == [
        1,
        2,
    ]


@pytest.mark.usefixtures("_locks")
def test_profile_changed_before_its_lock_was_held_is_looked_up_again(calls):
    profile = make_profile()

    def change():
        Profile.objects.filter(id=profile.id).update(version=7)

    finds = calls(directory, "find_holders")
    calls(directory, "lock_profiles", before=change)
    batch = process([raw_record(email=profile.email, company="Acme")])

    assert len(finds) == 2
    assert batch.updated_count == 1
    assert Profile.objects.get(id=profile.id).version == 8


@pytest.mark.usefixtures("_locks")
def test_profile_merged_before_its_lock_was_held_is_locked_with_its_survivor(calls):
    profile, survivor = make_profile(), make_profile()

    def merge():
        Profile.objects.filter(id=profile.id).update(version=7, merged_into=survivor)

    # The attempt that notices is taken back, and this merge with it.
    locks = calls(directory, "lock_profiles", before=merge)
    batch = process([raw_record(email=profile.email, company="Acme")])

    assert [set(ids) for (ids,) in locks] == [{profile.id}, {profile.id, survivor.id}]
    assert batch.updated_count == 1
