"""Two people who were merged are two again, whatever has come between."""

import datetime as dt

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from batches.unmerging import records_of
from profiles import models
from profiles.history import fold
from profiles.merging import Merge, MergeError, merge_profiles
from profiles.reconcile.consent import is_tight
from profiles.shape import CONSENT_MEMBERS
from profiles.unmerging import Unmerge, unmerge_profiles
from profiles.values import Cause, CauseKind
from tests.properties.stored import START, decide, described_database, rolled_back, state_of_fields, store
from tests.properties.strategies import examples, furnished_worlds, retellings, submissions, worlds
from tests.properties.test_ledger_folds import collections_of, known

pytestmark = pytest.mark.django_db

CAUSE = Cause(CauseKind.ADMIN, actor_id=1, actor_label="staff")
FLAGS = [f"comms/{name}" for name in CONSENT_MEMBERS]


@examples(60, torture=3_000)
@given(world=worlds(), batches=st.lists(submissions(), max_size=2), order=st.permutations(range(9)))
def test_unmerge_right_after_the_merge_leaves_both_as_they_were(world, batches, order):
    with rolled_back():
        labels = store(world)
        for number, batch in enumerate(batches):
            decide(batch.drafts(number), batch.criteria, labels, now=START + dt.timedelta(days=number + 1))
        merged, survivor = choose(order)
        before = everybody(labels)
        merge(merged, survivor)

        plan = unmerge_profiles(Unmerge(merged), cause=CAUSE, now=START, records_of=records_of)

        after = everybody(labels)
        assert {
            (label, name): (value, after[label][name])
            for label, person in before.items()
            for name, value in person.items()
            if value != after[label][name]
        } == {}
        assert plan.kept == []
        check_ledgers()


@examples(60, torture=3_000)
@given(
    world=st.one_of(worlds(), furnished_worlds()),
    between=st.one_of(st.lists(submissions(), min_size=1, max_size=3), retellings()),
    order=st.permutations(range(9)),
)
def test_unmerge_after_anything_is_sound(world, between, order):
    with rolled_back():
        labels = store(world)
        merged, survivor = choose(order)
        tight = {profile_id: flags_of(profile_id) for profile_id in (merged, survivor)}
        merge(merged, survivor)
        for number, batch in enumerate(between):
            decide(batch.drafts(number), batch.criteria, labels, now=START + dt.timedelta(days=number + 1))
        since = flags_of(survivor)
        assume(models.Profile.objects.get(id=survivor).ended is None)

        unmerge_profiles(Unmerge(merged), cause=CAUSE, now=START + dt.timedelta(days=9), records_of=records_of)

        check_ledgers()
        assert models.Profile.objects.get(id=merged).merged_into_id is None
        # Who the records came by is not stored here, so that what they refused is refused of both.
        own = since - tight[merged]
        assert flags_of(survivor) >= own
        assert flags_of(merged) >= tight[merged] | (own - tight[survivor])


def choose(order):
    """Return two who can be merged."""
    ids = sorted(models.Profile.objects.filter(merged_into=None, ended=None).values_list("id", flat=True))
    assume(len(ids) > 1)
    merged, survivor = sorted(range(len(ids)), key=lambda place: order[place % len(order)])[:2]
    return ids[merged], ids[survivor]


def merge(merged, survivor):
    try:
        merge_profiles(Merge(merged, survivor, despite_verdict=True), cause=CAUSE, now=START)
    except MergeError:
        reject()


def everybody(labels):
    """Describe everybody, but for how often they changed."""
    people = described_database(labels)["people"]
    for person in people.values():
        del person["version"]
    return people


def flags_of(profile_id):
    fields = state_of_fields(models.Profile.objects.get(id=profile_id))
    return {name for name in FLAGS if is_tight(name, fields[name])}


def check_ledgers():
    """Find that each ledger still folds to its profile."""
    for profile in models.Profile.objects.all():
        ledger = list(models.ProfileChange.objects.filter(profile=profile).order_by("version"))
        assert [entry.version for entry in ledger] == list(range(1, profile.version + 1))
        folded = fold(entry.changes for entry in ledger)
        fields = {name: value for name, value in folded.fields.items() if name != "merged_into"}
        assert known(fields) == known(state_of_fields(profile))
        assert {name: rows for name, rows in folded.collections.items() if rows} == collections_of(profile)
